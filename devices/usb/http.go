package usb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"padarozhnik/devices"
)

// Bounds of an exchange.
const (
	maxHeader   = 96 << 10 // of an answer, with what is read ahead
	maxInterim  = 10       // answers of the kind "100 Continue"
	maxDrained  = 16 << 20 // bytes of an answer that nobody wants
	smallAnswer = 64 << 10 // an answer that is read before it is handed over
)

// Transport returns HTTP over the device's interfaces of IPP over USB. Whatever host a request names, the
// device is meant. Each interface carries one exchange at a time, and every exchange is brought to its end: when
// the context of a request ends, RoundTrip and the body's Read return at once, while what is on its way is
// finished and the answer drained behind them, within Timing.Drain, so that the pipe can be used again. Bodies
// without a small known length are sent in chunks: one that breaks off ends its exchange in order. After a broken
// exchange the interface is set up anew. Errors wrap conditions of package devices.
func (l *Link) Transport() http.RoundTripper { return transport{l} }

type transport struct{ link *Link }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body := &gate{body: req.Body}
	p, err := t.link.borrow(ctx, IPP)
	if err != nil {
		return nil, errors.Join(err, body.shut())
	}
	x := &exchange{
		loan: p, request: req, body: body,
		answered: make(chan struct{}), left: make(chan struct{}), over: make(chan struct{}),
	}
	x.ctx, x.cancel = context.WithCancelCause(p.owner.ctx)
	x.moved()
	go x.watch()
	go x.run()
	select {
	case <-x.answered:
		return x.response, x.err
	case <-ctx.Done():
		x.leave()
		return nil, errors.Join(ctx.Err(), body.shut())
	}
}

// exchange is one request and its answer on one interface.
type exchange struct {
	loan    *loan
	request *http.Request
	body    *gate

	ctx    context.Context // of the transfers; ends when there is no hope
	cancel context.CancelCauseFunc
	over   chan struct{} // closed when the interface was given back

	once sync.Once
	left chan struct{} // closed when nobody waits for the answer any more

	answered chan struct{} // closed when response and err are there
	response *http.Response
	err      error

	mu   sync.Mutex
	last time.Time // guarded by mu; when something moved

	rest   []byte // read and not yet taken
	header bool   // the answer's header is being read
	budget int    // bytes that it may still have
}

func (x *exchange) moved() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = time.Now()
}

// leave notes that nobody waits for the answer any more.
func (x *exchange) leave() { x.once.Do(func() { close(x.left) }) }

// watch ends an exchange on which nothing moves, or that nobody waits for and that does not end.
func (x *exchange) watch() {
	timing := x.loan.owner.link.timing
	silence := time.NewTimer(timing.Silence)
	defer silence.Stop()
	left := x.left
	var drain <-chan time.Time
	for {
		select {
		case <-x.over:
			return
		case <-x.ctx.Done():
			return
		case <-left:
			left = nil
			t := time.NewTimer(timing.Drain)
			defer t.Stop()
			drain = t.C
		case <-drain:
			x.cancel(fmt.Errorf("answer could not be drained: %w", devices.ErrUnreachable))
			return
		case <-silence.C:
			x.mu.Lock()
			quiet := time.Since(x.last)
			x.mu.Unlock()
			if quiet >= timing.Silence {
				x.cancel(fmt.Errorf("nothing moved for %v: %w", timing.Silence, devices.ErrUnreachable))
				return
			}
			silence.Reset(timing.Silence - quiet)
		}
	}
}

// run makes the exchange and gives the interface back.
func (x *exchange) run() {
	sent := make(chan error, 1)
	go func() { sent <- x.send() }()
	in := bufio.NewReaderSize(x, readBytes)
	response, err := x.head(in)
	if err != nil {
		x.cancel(err)
	}
	if sendErr := x.sending(sent); err == nil || errors.Is(sendErr, devices.ErrHangs) {
		err = errors.Join(err, sendErr)
	}
	switch {
	case err != nil && response == nil:
		x.finish(nil, err)
	case err == nil && x.body.failure() != nil: // the request was no whole one; the answer says nothing
		_, err = io.Copy(&sink{}, response.Body)
		x.giveBack(in, err)
		x.publish(nil, x.body.failure())
	default:
		x.deliver(in, response, err)
	}
}

// sending waits for the end of the request. A device that has answered before has some time to take the rest.
func (x *exchange) sending(sent chan error) error {
	const rest = 2 * time.Second
	t := time.NewTimer(rest)
	defer t.Stop()
	select {
	case err := <-sent:
		return errors.Join(err, x.body.shut())
	case <-t.C:
		return errors.Join(x.body.shut(), <-sent) // a body that ends here; the watch ends what does not
	}
}

// head reads the answer's status and header.
func (x *exchange) head(in *bufio.Reader) (*http.Response, error) {
	x.header, x.budget = true, maxHeader
	for range maxInterim {
		r, err := http.ReadResponse(in, x.request)
		if err != nil {
			if known := x.failure(err); known != nil {
				return nil, known
			}
			return nil, fmt.Errorf("%w: answer is no HTTP: %w", devices.ErrProtocol, err)
		}
		if r.StatusCode >= 100 && r.StatusCode < 200 {
			continue
		}
		x.header = false
		if r.ContentLength < 0 && len(r.TransferEncoding) == 0 && r.Body != http.NoBody {
			return nil, fmt.Errorf("answer without a length: %w", devices.ErrProtocol)
		}
		return r, nil
	}
	return nil, fmt.Errorf("nothing but interim answers: %w", devices.ErrProtocol)
}

// failure is why a transfer failed, where err comes from one. That a transfer hangs matters more than what it was called
// off for: its interface is not to be had.
func (x *exchange) failure(err error) error {
	if errors.Is(err, devices.ErrHangs) {
		return err
	}
	if cause := context.Cause(x.ctx); cause != nil {
		return condition(cause)
	}
	for _, e := range []error{ErrGone, ErrStalled, ErrBabble, ErrBroken, devices.ErrProtocol} {
		if errors.Is(err, e) {
			return condition(err)
		}
	}
	return nil
}

// Read implements io.Reader for the answer: an empty transfer is not its end, but a device that has nothing to
// say yet.
func (x *exchange) Read(b []byte) (int, error) {
	if x.header && x.budget <= 0 { // a reader of lines swallows one error: it gets the same again
		return 0, fmt.Errorf("header of more than %d bytes: %w", maxHeader, devices.ErrProtocol)
	}
	const shortest, longest = 10 * time.Millisecond, time.Second
	for pause := shortest; len(x.rest) == 0; {
		data, err := x.loan.read(x.ctx)
		if len(data) > 0 {
			x.moved()
			x.rest = data
			break
		}
		if err != nil {
			return 0, err
		}
		select {
		case <-time.After(pause):
		case <-x.ctx.Done():
			return 0, x.ctx.Err()
		}
		pause = min(2*pause, longest)
	}
	n := copy(b, x.rest)
	x.rest = x.rest[n:]
	x.budget -= n
	return n, nil
}

// publish hands the answer to who waits for it.
func (x *exchange) publish(r *http.Response, err error) {
	x.response, x.err = r, err
	close(x.answered)
}

// finish gives the interface back and says why there is no answer.
func (x *exchange) finish(in *bufio.Reader, err error) {
	x.giveBack(in, err)
	x.publish(nil, condition(err))
}

// giveBack gives the interface back. Bytes that belong to no answer make it one to be set up anew.
func (x *exchange) giveBack(in *bufio.Reader, err error) {
	if known := x.failure(err); err != nil && known != nil {
		err = known
	}
	if err == nil && in != nil && in.Buffered()+len(x.rest) > 0 {
		err = fmt.Errorf("bytes behind the answer: %w", devices.ErrProtocol)
	}
	x.loan.giveBack(err)
	close(x.over)
	x.cancel(nil)
}
