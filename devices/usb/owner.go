package usb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"padarozhnik/devices"
)

// ask is somebody who wants an interface.
type ask struct {
	ctx    context.Context
	kind   Kind
	answer chan answer
}

type answer struct {
	loan *loan
	err  error
}

// returned is an interface that came back, with what went wrong with it.
type returned struct {
	loan *loan
	err  error
}

// owner is the goroutine that owns an open device. Its fields without a mark belong to that goroutine.
type owner struct {
	link  *Link
	asks  chan *ask
	backs chan returned
	ctx   context.Context // ends with stop
	stop  context.CancelFunc
	done  chan struct{}

	open    *open  // nil while the device is closed
	waiting []*ask // oldest first
	// broken counts exchanges in a row that broke, by interface.
	broken map[int]int
}

// open is a device that is open.
type open struct {
	handle Handle
	calls  sync.WaitGroup // that were made and have not come back
	at     Plugged
	quirk  Quirk
	layout Layout
	free   []*loan
	lent   map[int]bool // interfaces that somebody has
	lost   error        // why the device is closed as soon as nobody has an interface; nil while it is well
	reset  bool         // of the port, before it is closed
	stuck  []*loan      // whose transfer does not come back
}

func newOwner(l *Link) *owner {
	o := &owner{
		link: l, asks: make(chan *ask), backs: make(chan returned), done: make(chan struct{}), broken: map[int]int{},
	}
	o.ctx, o.stop = context.WithCancel(context.Background())
	return o
}

// run serves who asks until nothing was to be done for a while, or the link was closed.
func (o *owner) run() {
	defer close(o.done)
	defer o.stop()
	idle := time.NewTimer(o.link.timing.Idle)
	defer idle.Stop()
	ended := o.ctx.Done()
	for {
		select {
		case a := <-o.asks:
			o.waiting = append(o.waiting, a)
		case b := <-o.backs:
			o.takeBack(b)
			if o.open.lost != nil && len(o.open.lent) == 0 {
				o.shut(o.open.lost) // the kernel's driver gets the device back, and what is left of it is let go
			}
		case <-idle.C:
		case <-ended:
			ended = nil // those who have an interface give it back now
		}
		if o.ctx.Err() == nil {
			o.serve()
		} else {
			o.refuse(fmt.Errorf("link was closed: %w", devices.ErrUnreachable))
		}
		busy := len(o.waiting) > 0 || o.open != nil && len(o.open.lent) > 0
		if !busy && (o.open == nil || o.ctx.Err() != nil || !idle.Stop()) {
			break
		}
		idle.Reset(o.link.timing.Idle)
	}
	o.shut(nil)
	o.link.forget(o) // not before: the next owner finds everything given back
}

// refuse answers everybody who waits with an error.
func (o *owner) refuse(err error) {
	for _, a := range o.waiting {
		a.answer <- answer{err: err}
	}
	o.waiting = nil
}

// serve gives interfaces to those who wait, as far as there are any.
func (o *owner) serve() {
	o.waiting = slices.DeleteFunc(o.waiting, func(a *ask) bool {
		if err := a.ctx.Err(); err != nil {
			a.answer <- answer{err: err}
			return true
		}
		p, err := o.find(a)
		if p == nil && err == nil {
			return false
		}
		a.answer <- answer{p, err}
		return true
	})
}

// find gets an interface: a free one, or one that is claimed now, on a device that is opened now. It returns
// nothing while there is none.
func (o *owner) find(a *ask) (*loan, error) {
	for tries := 0; ; tries++ {
		if o.open != nil && o.open.lost != nil {
			if len(o.open.lent) > 0 {
				return nil, nil
			}
			o.shut(o.open.lost)
		}
		if o.open == nil {
			if err := o.unlock(a.ctx); err != nil {
				return nil, condition(err)
			}
		}
		p, err := o.claim(a.kind)
		if err == nil {
			return p, nil
		}
		o.open.lost = err
		again := errors.Is(err, ErrGone) || errors.Is(err, ErrStalled) || errors.Is(err, ErrBroken)
		if tries > 0 || !again || len(o.open.lent) > 0 {
			return nil, condition(err)
		}
	}
}

// unlock opens the device.
func (o *owner) unlock(ctx context.Context) error {
	p, err := o.link.find(ctx)
	if err != nil {
		return err
	}
	if err := o.link.free(ctx, p); err != nil {
		return err
	}
	config, settings := p.Layout.speaking(IPP)
	if c, more := p.Layout.speaking(Pipe); len(settings) == 0 {
		config, settings = c, more
	}
	if len(settings) == 0 {
		return fmt.Errorf("%s is no printer or scanner: %w", o.link.address, devices.ErrUnsupported)
	}
	d := &open{at: p, quirk: o.link.quirks.of(p), layout: p.Layout, lent: map[int]bool{}}
	d.layout.Configs = slices.DeleteFunc(slices.Clone(p.Layout.Configs), func(c Config) bool { return c.Value != config })
	h, err := within(o.link.timing.Open, &d.calls, func() (Handle, error) { return o.link.bus.Open(p, config) },
		func(h Handle) { _ = h.Close() })
	if errors.Is(err, devices.ErrHangs) {
		o.link.leave(p, &d.calls, func() {})
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", o.link.address, err)
	}
	d.handle = h
	o.open = d
	if d.quirk.Reset == "port" {
		if err := o.call(d.handle.Reset); err != nil {
			d.lost = err
			o.shut(err)
			return fmt.Errorf("reset %s: %w", o.link.address, err)
		}
	}
	time.Sleep(d.quirk.OpenDelay)
	return nil
}

// call makes a call that has no end of its own.
func (o *owner) call(f func() error) error {
	_, err := within(o.link.timing.Open, &o.open.calls, func() (struct{}, error) { return struct{}{}, f() }, nil)
	return err
}

// within makes a call and waits for it so long. One that does not come back is left behind: it returns
// devices.ErrHangs, and late gets what the call brings in the end.
func within[T any](limit time.Duration, calls *sync.WaitGroup, call func() (T, error), late func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done, left := make(chan result), make(chan struct{})
	calls.Go(func() {
		value, err := call()
		select {
		case done <- result{value, err}:
		case <-left:
			if err == nil && late != nil {
				late(value)
			}
		}
	})
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-t.C:
		close(left)
		var none T
		return none, fmt.Errorf("no return within %v: %w", limit, devices.ErrHangs)
	}
}

// claim gets a free interface of a kind, or claims one. An interface that is claimed for another kind, by
// another of its alternate settings, is given up for it while nobody has it.
func (o *owner) claim(kind Kind) (*loan, error) {
	d := o.open
	for n, p := range d.free {
		if p.kind == kind {
			d.free = slices.Delete(d.free, n, n+1)
			d.lent[p.setting.Interface] = true
			return p, nil
		}
	}
	_, settings := d.layout.speaking(kind)
	if len(settings) == 0 {
		return nil, fmt.Errorf("%s does not speak %s: %w", o.link.address, kind, devices.ErrUnsupported)
	}
	if most := d.quirk.MaxInterfaces; kind == IPP && most > 0 {
		settings = settings[:min(most, len(settings))]
	}
	var taken error // by somebody else, who may leave us another interface
	for _, s := range settings {
		if d.lent[s.Interface] {
			continue
		}
		if at := slices.IndexFunc(d.free, func(p *loan) bool { return p.setting.Interface == s.Interface }); at >= 0 {
			other := d.free[at]
			d.free = slices.Delete(d.free, at, at+1)
			if err := o.call(other.face.Close); err != nil {
				return nil, err
			}
		}
		p, err := o.take(s, kind)
		if errors.Is(err, devices.ErrTaken) {
			taken = err
			continue
		}
		if err != nil {
			return nil, err
		}
		d.lent[s.Interface] = true
		return p, nil
	}
	if len(d.lent) > 0 {
		return nil, nil // one of ours comes back
	}
	return nil, taken
}

// take claims an interface and brings both sides to a beginning.
func (o *owner) take(s Setting, kind Kind) (*loan, error) {
	d := o.open
	p := &loan{owner: o, open: d, setting: s, kind: kind}
	face, err := within(o.link.timing.Open, &d.calls, func() (Interface, error) {
		return d.handle.Claim(s, no(d.quirk.SetInterface))
	}, func(i Interface) { _ = i.Close() })
	if err != nil {
		return nil, fmt.Errorf("interface %d of %s: %w", s.Interface, o.link.address, err)
	}
	p.face = face
	if d.quirk.Reset == "soft" {
		err = p.softReset()
	}
	if err == nil && s.In.Address != 0 && !no(d.quirk.ReadBack) {
		err = p.settle()
	}
	if err != nil {
		if !errors.Is(err, devices.ErrHangs) {
			err = errors.Join(err, o.call(face.Close))
		}
		return nil, fmt.Errorf("interface %d of %s: %w", s.Interface, o.link.address, err)
	}
	return p, nil
}

// takeBack takes an interface from who had it. One with which something went wrong is claimed anew before
// anybody gets it again, and so set up on both sides; where that did not help, the port is reset.
func (o *owner) takeBack(b returned) {
	d, p := b.loan.open, b.loan
	at := p.setting.Interface
	delete(d.lent, at)
	if b.err == nil {
		o.broken[at] = 0
		if d.lost == nil {
			d.free = append(d.free, p)
			return
		}
	}
	switch {
	case errors.Is(b.err, devices.ErrHangs):
		d.lost = b.err
		d.stuck = append(d.stuck, p)
		return
	case errors.Is(b.err, ErrGone):
		d.lost = b.err
	case b.err != nil:
		if o.broken[at]++; o.broken[at] > 1 && d.lost == nil {
			d.lost, d.reset = b.err, true
		}
	}
	if err := o.call(p.face.Close); errors.Is(err, devices.ErrHangs) {
		d.lost = err
	}
}

// shut gives everything back and closes the device. One with a call that does not come back is closed by
// whoever waits for that call.
func (o *owner) shut(cause error) {
	d := o.open
	o.open = nil
	if d == nil {
		return
	}
	bury := func() (struct{}, error) {
		var err error
		for _, p := range slices.Concat(d.free, d.stuck) {
			err = errors.Join(err, p.face.Close())
		}
		if d.reset {
			err = errors.Join(err, d.handle.Reset())
		}
		return struct{}{}, errors.Join(err, d.handle.Close())
	}
	if len(d.stuck) > 0 || errors.Is(cause, devices.ErrHangs) {
		o.link.leave(d.at, &d.calls, func() { _, _ = bury() })
		return
	}
	_, _ = within(o.link.timing.Open, &d.calls, bury, nil)
}
