package usbip

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// web is IPP over USB: HTTP on a pair of pipes.
type web struct {
	server *http.Server
	door   *door
	out    outbox
	stop   context.CancelFunc
	ctx    context.Context
	work   sync.WaitGroup
	hangUp func() // called when the handler closed its connection without an answer

	mu      sync.Mutex
	conn    net.Conn // guarded by mu; our end of the server's connection, nil without one
	over    bool     // guarded by mu; the server has closed it
	hostile string   // guarded by mu; a word of Hostilities, for the next answer
	mute    bool     // guarded by mu; what comes is dropped until the next reset
	decent  bool     // guarded by mu; the hostile answer has an end, and is over when it was taken
}

// Web returns a function of IPP over USB with a handler behind it. hangUp, which may be nil, is called when the
// handler hangs up: a device that lost its power.
func Web(handler http.Handler, hangUp func()) Function {
	w := &web{door: &door{accept: make(chan net.Conn), done: make(chan struct{})}, hangUp: hangUp}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateHijacked && w.hangUp != nil {
				go w.hangUp()
			}
		},
	}
	w.work.Go(func() { _ = w.server.Serve(w.door) })
	return w
}

// door is where the server waits for its host.
type door struct {
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

// Accept implements net.Listener: a connection for each time the host begins anew.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.accept:
		return c, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.once.Do(func() { close(d.done) })
	return nil
}

// Addr implements net.Listener.
func (*door) Addr() net.Addr { return &net.UnixAddr{Name: "usb", Net: "unix"} }

// Protocol implements Function.
func (*web) Protocol() uint8 { return protocolIPPOver }

// Request implements Function: this class has no requests that matter.
func (*web) Request(Setup) ([]byte, error) { return nil, errStall }

// Out implements Function.
func (w *web) Out(ctx context.Context, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	conn, err := w.connection(ctx)
	if err != nil || conn == nil {
		return err
	}
	release := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	_, err = conn.Write(b)
	if !release() {
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return nil // a server that has closed does not listen; the host finds its answer on the other pipe
}

// connection is where bytes of the host go to: nil drops them.
func (w *web) connection(ctx context.Context) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mute && w.decent && w.out.size() == 0 {
		w.mute = false
	}
	if w.hostile != "" {
		w.mute, w.decent = true, w.hostile == "html" || w.hostile == "tail"
		w.out.mu.Lock()
		w.out.data, w.out.more = hostility(w.hostile)
		w.out.poke()
		w.out.mu.Unlock()
		w.hostile = ""
	}
	if w.mute {
		return nil, nil
	}
	if w.conn != nil && w.over && w.out.size() == 0 {
		w.conn = nil // the last answer was taken: the host begins anew
	}
	if w.conn != nil {
		return w.conn, nil
	}
	ours, theirs := net.Pipe()
	select {
	case w.door.accept <- theirs:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.ctx.Done():
		return nil, w.ctx.Err()
	}
	w.conn, w.over = ours, false
	w.work.Go(func() { w.pump(ours) })
	return ours, nil
}

// pump brings what the server writes to the host's side.
func (w *web) pump(conn net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := conn.Read(buf)
		w.mu.Lock()
		current := w.conn == conn
		if err != nil && current {
			w.over = true
		}
		w.mu.Unlock()
		if err != nil || !current || w.out.put(w.ctx, buf[:n]) != nil {
			_ = conn.Close()
			return
		}
	}
}

// Await implements Function.
func (w *web) Await(ctx context.Context) error { return w.out.await(ctx) }

// In implements Function.
func (w *web) In(most int) []byte { return w.out.take(most) }

// Reset implements Function.
func (w *web) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.conn, w.over, w.mute = nil, false, false
	w.out.empty()
}

// plant makes the next answer a hostile one; "" takes that back.
func (w *web) plant(word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hostile = word
}

// Close implements Function.
func (w *web) Close() {
	w.Reset()
	w.stop()
	_ = w.server.Close()
	w.work.Wait()
}
