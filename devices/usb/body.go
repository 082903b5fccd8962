package usb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"padarozhnik/devices"
)

// smallBody is a request's body that goes with its length: it is in memory, and cannot break off.
const smallBody = 64 << 10

// errShut: the body is not read any further.
var errShut = errors.New("body was shut")

// gate is the body of a request. When it is shut nobody reads the caller's body any more, not even one who
// began before.
type gate struct {
	mu     sync.Mutex
	body   io.ReadCloser // guarded by mu; nil for none
	closed bool          // guarded by mu
	broke  error         // guarded by mu; what the caller's body failed with
}

// Read implements io.Reader.
func (g *gate) Read(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return 0, errShut
	}
	n, err := g.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		g.broke = err
	}
	return n, err
}

// shut closes the caller's body.
func (g *gate) shut() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.body == nil {
		return nil
	}
	g.closed = true
	return g.body.Close()
}

// failure is what the caller's body failed with.
func (g *gate) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.broke
}

// Write implements io.Writer for the request.
func (x *exchange) Write(b []byte) (int, error) {
	n, err := x.loan.write(x.ctx, b)
	if n > 0 {
		x.moved()
	}
	return n, err
}

// send sends the request. Where that fails there may still be an answer that says why; it has a moment to come.
func (x *exchange) send() error {
	const moment = 300 * time.Millisecond
	err := x.write()
	if err != nil {
		t := time.AfterFunc(moment, func() { x.cancel(err) })
		go func() {
			<-x.over
			t.Stop()
		}()
	}
	return err
}

func (x *exchange) write() error {
	quirk := x.loan.open.quirk
	if quirk.RequestDelay > 0 {
		select {
		case <-time.After(quirk.RequestDelay):
		case <-x.ctx.Done():
			return x.ctx.Err()
		}
	}
	out := bufio.NewWriterSize(x, writeBytes)
	fmt.Fprintf(out, "%s %s HTTP/1.1\r\nHost: localhost\r\n", x.request.Method, x.request.URL.RequestURI())
	h := x.request.Header.Clone()
	for _, name := range []string{"Host", "Expect", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Content-Length",
		"Transfer-Encoding"} {
		h.Del(name)
	}
	if quirk.Connection != "" {
		h.Set("Connection", quirk.Connection)
	}
	if err := h.Write(out); err != nil {
		return err
	}
	if err := x.writeBody(out, no(quirk.Chunked)); err != nil {
		return err
	}
	return out.Flush()
}

// writeBody ends the header and sends the body: with its length where it is small, else in chunks. One that breaks
// off in chunks is ended in order: the device does not take what comes next for more of it.
func (x *exchange) writeBody(out *bufio.Writer, whole bool) error {
	length := x.request.ContentLength
	if x.body.body == nil || x.body.body == http.NoBody {
		if x.request.Method == http.MethodPost || x.request.Method == http.MethodPut {
			_, _ = out.WriteString("Content-Length: 0\r\n")
		}
		_, err := out.WriteString("\r\n")
		return err
	}
	if whole || length > 0 && length <= smallBody {
		return x.writeWhole(out)
	}
	_, _ = out.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	chunks := httputil.NewChunkedWriter(out)
	_, err := io.CopyBuffer(chunks, struct{ io.Reader }{x.body}, make([]byte, writeBytes/2))
	if err != nil && x.body.failure() == nil && !errors.Is(err, errShut) {
		return err
	}
	_, err = out.WriteString("0\r\n\r\n")
	return err
}

// maxWhole bounds a body that is held in memory for a device that takes none in chunks.
const maxWhole = 128 << 20

// writeWhole sends a body with its length. One that breaks off before is not begun.
func (x *exchange) writeWhole(out *bufio.Writer) error {
	b, err := io.ReadAll(io.LimitReader(x.body, maxWhole+1))
	if err == nil && len(b) > maxWhole {
		err = fmt.Errorf("body of more than %d bytes: %w", maxWhole, devices.ErrUnsupported)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Content-Length: %d\r\n\r\n", len(b))
	_, err = out.Write(b)
	return err
}

// sink takes the body of an answer for its reader, and drops it once nobody reads.
type sink struct {
	to      *io.PipeWriter // nil once nobody reads
	dropped int
}

func (s *sink) Write(b []byte) (int, error) {
	if s.to != nil {
		if _, err := s.to.Write(b); err == nil {
			return len(b), nil
		}
		s.to = nil
	}
	if s.dropped += len(b); s.dropped > maxDrained {
		return 0, fmt.Errorf("answer does not end: %w", devices.ErrProtocol)
	}
	return len(b), nil
}

// deliver hands the answer over and its body behind it, and gives the interface back when the last byte came.
func (x *exchange) deliver(in *bufio.Reader, r *http.Response, broken error) {
	ctx, raw := x.request.Context(), r.Body
	if r.ContentLength >= 0 && r.ContentLength <= smallAnswer {
		b, err := io.ReadAll(raw)
		if err != nil {
			x.finish(in, x.brokenBody(err))
			return
		}
		x.giveBack(in, broken)
		r.Body = io.NopCloser(bytes.NewReader(b))
		x.publish(r, nil)
		return
	}
	from, to := io.Pipe()
	r.Body = &answerBody{from, x}
	stop := context.AfterFunc(ctx, func() {
		x.leave()
		_ = from.CloseWithError(ctx.Err())
	})
	x.publish(r, nil)
	_, err := io.Copy(&sink{to: to}, raw)
	stop()
	if err != nil {
		err = x.brokenBody(err)
		x.giveBack(in, err)
		_ = to.CloseWithError(err)
		return
	}
	x.giveBack(in, broken)
	_ = to.Close()
}

// brokenBody names why an answer's body did not come to its end.
func (x *exchange) brokenBody(err error) error {
	if known := x.failure(err); known != nil {
		return known
	}
	return fmt.Errorf("%w: body of the answer: %w", devices.ErrProtocol, err)
}

// answerBody is the body of an answer, as its reader has it.
type answerBody struct {
	*io.PipeReader
	exchange *exchange
}

// Close implements io.Closer: the rest is drained behind it.
func (b *answerBody) Close() error {
	b.exchange.leave()
	return b.PipeReader.Close()
}
