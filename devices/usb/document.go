package usb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"padarozhnik/devices"
)

// emptyPause is how long a device that says nothing is left alone.
const emptyPause = 20 * time.Millisecond

func pauseFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// document is a page on its way through the printer class's pipe. While it is written the port's status is
// looked at, and what the printer says is read: a printer that cannot get rid of its words stops taking bytes.
type document struct {
	loan *loan
	pjl  bool
	name string

	ctx    context.Context
	cancel context.CancelCauseFunc
	work   sync.WaitGroup
	ended  chan int // pages, once the printer says that the job has ended

	buffer  bytes.Buffer
	begun   bool // bytes went over the cable
	sent    int64
	stop    func() bool
	mu      sync.Mutex
	writing bool      // guarded by mu; a transfer is on its way
	last    time.Time // guarded by mu; when bytes went over
	status  error     // guarded by mu; what the printer stands for
	since   time.Time // guarded by mu; since when it does
	emptied bool      // guarded by mu; the printer has no booklet and no error
	broken  error     // guarded by mu; what went wrong on either pipe
}

func newDocument(ctx context.Context, i *loan, pjl bool, title, extension string) *document {
	d := &document{loan: i, pjl: pjl, name: plainName(title), ended: make(chan int, 1), last: time.Now()}
	d.ctx, d.cancel = context.WithCancelCause(i.owner.ctx)
	d.stop = context.AfterFunc(ctx, func() { d.cancel(ctx.Err()) })
	if pjl {
		d.buffer.WriteString(jobHead(d.name, extension))
	}
	d.work.Go(d.look)
	if i.readable() {
		d.work.Go(d.listen)
	}
	return d
}

// Write implements io.Writer. Bytes go over in transfers of a bounded size.
func (d *document) Write(b []byte) (int, error) {
	d.buffer.Write(b)
	for d.buffer.Len() >= writeBytes {
		if err := d.flush(writeBytes); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// flush sends so many bytes of what waits.
func (d *document) flush(n int) error {
	part := d.buffer.Next(n)
	if len(part) == 0 {
		return nil
	}
	d.begun = true
	d.moves(true)
	sent, err := d.loan.write(d.ctx, part)
	d.moves(false)
	d.sent += int64(sent)
	if err == nil && sent == len(part) {
		return nil
	}
	if cause := context.Cause(d.ctx); cause != nil && !errors.Is(err, devices.ErrHangs) {
		err = cause
	}
	d.mu.Lock()
	d.broken = errors.Join(d.broken, err) // whoever ends the page need not know
	d.mu.Unlock()
	d.cancel(err)
	return condition(err)
}

// moves notes that a transfer begins or has ended.
func (d *document) moves(begins bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writing, d.last = begins, time.Now()
}

// look looks at the port's status, and ends a page that does not get on.
func (d *document) look() {
	timing := d.loan.owner.link.timing
	for {
		pauseFor(d.ctx, timing.Poll)
		if d.ctx.Err() != nil {
			return
		}
		s, err := d.loan.status()
		if err != nil {
			d.cancel(err)
			return
		}
		found := s.conditions()
		d.mu.Lock()
		d.emptied = len(found) > 0 && errors.Is(found[0], devices.ErrNoBooklet)
		switch {
		case len(found) == 0:
			d.status = nil
		case d.status == nil:
			d.status, d.since = found[0], time.Now()
		}
		stands := d.status != nil && time.Since(d.since) > timing.Patience && time.Since(d.last) > timing.Patience
		silent := d.writing && time.Since(d.last) > timing.Silence
		cause := d.status
		d.mu.Unlock()
		switch {
		case stands:
			d.cancel(cause)
			return
		case silent:
			d.cancel(fmt.Errorf("printer takes nothing for %v: %w", timing.Silence, devices.ErrUnreachable))
			return
		}
	}
}

// listen reads what the printer says.
func (d *document) listen() {
	var in messages
	for {
		b, err := d.loan.read(d.ctx)
		for _, m := range in.take(b) {
			d.hear(m)
		}
		if err != nil {
			if d.ctx.Err() == nil || errors.Is(err, devices.ErrHangs) {
				d.mu.Lock()
				d.broken = errors.Join(d.broken, err)
				d.mu.Unlock()
				d.cancel(err)
			}
			return
		}
		if len(b) == 0 {
			pauseFor(d.ctx, emptyPause)
		}
	}
}

// hear takes one message.
func (d *document) hear(m message) {
	if ended, pages := m.ended(d.name); ended {
		select {
		case d.ended <- pages:
		default:
		}
	}
}

// Finish implements stream.Document.
func (d *document) Finish(ctx context.Context) error {
	if d.pjl {
		d.buffer.WriteString(jobTail(d.name))
	}
	for d.buffer.Len() > 0 {
		if err := d.flush(writeBytes); err != nil {
			return d.doubt(err)
		}
	}
	if err := d.close(); err != nil {
		return d.doubt(err)
	}
	err := d.await(ctx)
	if err != nil {
		return d.doubt(err)
	}
	d.end(nil)
	return nil
}

// close ends the last transfer, where that filled its last packet: a device that waits for a short one would
// wait for ever.
func (d *document) close() error {
	if d.sent == 0 || d.sent%int64(d.loan.setting.Out.Packet) != 0 || d.loan.open.quirk.ZeroLength {
		return nil
	}
	_, err := d.loan.transfer(d.ctx, func(ctx context.Context) (int, error) { return d.loan.face.Write(ctx, nil) })
	return condition(err)
}

// errSilent: nobody can know what became of a page.
var errSilent = errors.New("printer does not say when a page is done")

// await waits until the printer says that the page is done, by the way that it has to say so.
func (d *document) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.loan.owner.link.timing.Job)
	defer cancel()
	eject := d.loan.open.quirk.End == endEject
	if !d.pjl && !eject {
		return errSilent
	}
	for {
		select {
		case pages := <-d.ended:
			if pages > 0 {
				return nil
			}
			return d.why(fmt.Errorf("printer ended the job with %d pages: %w", pages, devices.ErrProtocol))
		case <-d.ctx.Done():
			return condition(context.Cause(d.ctx))
		case <-ctx.Done():
			return d.why(ctx.Err())
		case <-time.After(d.loan.owner.link.timing.Poll):
			d.mu.Lock()
			out := d.emptied
			d.mu.Unlock()
			if eject && out {
				return nil
			}
		}
	}
}

// why adds what the printer stands for to an error.
func (d *document) why(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status != nil {
		return errors.Join(d.status, err)
	}
	return err
}

// doubt ends a page of which bytes went over.
func (d *document) doubt(cause error) error {
	d.end(cause)
	if !d.begun {
		return cause
	}
	return fmt.Errorf("%w: %w", devices.ErrPrintInDoubt, cause)
}

// end stops what goes on beside the page, and gives the interface back. After a failure the printer is told to
// forget what it has.
func (d *document) end(cause error) {
	d.stop()
	d.cancel(nil)
	d.work.Wait()
	d.mu.Lock()
	if d.broken != nil {
		cause = errors.Join(cause, d.broken)
	}
	d.mu.Unlock()
	if cause != nil && !errors.Is(cause, errSilent) && !errors.Is(cause, ErrGone) && !errors.Is(cause, devices.ErrHangs) {
		if err := d.loan.softReset(); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	if errors.Is(cause, errSilent) {
		cause = nil
	}
	d.loan.giveBack(cause)
}

// Abort implements stream.Document. What went over the cable cannot be taken back for certain.
func (d *document) Abort() error {
	d.end(errAborted)
	if d.begun {
		return errAborted
	}
	return nil
}

// errAborted: the page was broken off on this side.
var errAborted = errors.New("page was broken off")
