package usb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"padarozhnik/devices"
)

// Timing says how patient a link is. The zero value of a field takes the one of DefaultTiming.
type Timing struct {
	Open     time.Duration // one call that opens, claims, resets or closes
	Idle     time.Duration // how long a device stays open with nothing to do
	Silence  time.Duration // nothing moved on a pipe
	Drain    time.Duration // how long an answer is drained that nobody waits for any more
	Stuck    time.Duration // how long a transfer may take to come back after it was cancelled
	Quiet    time.Duration // silence that ends what is left of an older exchange
	Poll     time.Duration // between two looks at the port's status
	Ask      time.Duration // how long a printer may take to say how it is
	Patience time.Duration // how long a printer may stand for a condition in the middle of a page
	Job      time.Duration // from the last byte to the end of a page
}

// DefaultTiming suits printers and scanners of a desk: a lamp warms up within a minute.
var DefaultTiming = Timing{
	Open: 10 * time.Second, Idle: 5 * time.Second, Silence: 2 * time.Minute, Drain: 20 * time.Second,
	Stuck: 3 * time.Second, Quiet: 50 * time.Millisecond, Poll: 300 * time.Millisecond,
	Ask: 2 * time.Second, Patience: 10 * time.Second, Job: 3 * time.Minute,
}

func (t Timing) orDefault() Timing {
	for _, f := range []struct{ have, want *time.Duration }{
		{&t.Open, &DefaultTiming.Open}, {&t.Idle, &DefaultTiming.Idle}, {&t.Silence, &DefaultTiming.Silence},
		{&t.Drain, &DefaultTiming.Drain}, {&t.Stuck, &DefaultTiming.Stuck}, {&t.Quiet, &DefaultTiming.Quiet},
		{&t.Poll, &DefaultTiming.Poll}, {&t.Ask, &DefaultTiming.Ask},
		{&t.Patience, &DefaultTiming.Patience}, {&t.Job, &DefaultTiming.Job},
	} {
		if *f.have <= 0 {
			*f.have = *f.want
		}
	}
	return t
}

// Options shape a link. Zero fields take the defaults.
type Options struct {
	Bus    Bus // the machine's own
	Timing Timing
	Quirks *Quirks // of a technician, behind those that the program knows
}

// Link is the way to one device. Its methods may be called from several goroutines.
type Link struct {
	address Address
	bus     Bus
	timing  Timing
	quirks  *Quirks

	mu    sync.Mutex
	owner *owner // guarded by mu; nil while the device is closed
	hang  *hang  // guarded by mu; nil where no call was left behind
}

// NewLink returns the way to the device of an address. It opens nothing.
func NewLink(a Address, o Options) *Link {
	l := &Link{address: a, bus: o.Bus, timing: o.Timing.orDefault(), quirks: known}
	if l.bus == nil {
		l.bus = NewKernel()
	}
	if o.Quirks != nil {
		l.quirks = known.And(o.Quirks)
	}
	return l
}

// Address is where the link leads.
func (l *Link) Address() Address { return l.address }

// Close ends what is on its way, gives the interfaces back and closes the device. The link can be used again.
func (l *Link) Close() error {
	l.mu.Lock()
	o := l.owner
	l.mu.Unlock()
	if o == nil {
		return nil
	}
	o.stop()
	<-o.done
	return nil
}

// Kinds tells what the device speaks, without opening it. It returns an error wrapping devices.ErrUnreachable
// while it is not plugged in.
func (l *Link) Kinds(ctx context.Context) ([]Kind, error) {
	p, err := l.find(ctx)
	if err != nil {
		return nil, err
	}
	return p.Layout.kinds(), nil
}

// Identity is what the device says of itself before it is opened. It returns an error wrapping
// devices.ErrUnreachable while it is not plugged in.
func (l *Link) Identity(ctx context.Context) (devices.Identity, error) {
	p, err := l.find(ctx)
	if err != nil {
		return devices.Identity{URI: l.address.String()}, err
	}
	return p.identity(), nil
}

// find looks for the device on the bus. Where several fit, the address must name the serial number: a page
// must not come out of another printer.
func (l *Link) find(ctx context.Context) (Plugged, error) {
	all, err := l.bus.Look(ctx)
	if err != nil {
		return Plugged{}, err
	}
	var found []Plugged
	hangs := false
	for _, p := range all {
		switch {
		case l.address.matches(p):
			found = append(found, p)
		case p.Hangs && p.Layout.Vendor == l.address.Vendor && p.Layout.Product == l.address.Product:
			hangs = true
		}
	}
	switch {
	case len(found) == 0 && hangs:
		return Plugged{}, fmt.Errorf("%s does not say who it is: %w", l.address, devices.ErrHangs)
	case len(found) == 0:
		return Plugged{}, fmt.Errorf("%s is not plugged in: %w", l.address, devices.ErrUnreachable)
	case len(found) > 1:
		return Plugged{}, fmt.Errorf("%d devices are %s, and no serial number tells which: %w", len(found), l.address,
			devices.ErrUnsupported)
	case found[0].Hangs:
		return found[0], fmt.Errorf("open %s: %w", l.address, devices.ErrHangs)
	case found[0].Denied:
		return found[0], fmt.Errorf("open %s: %w", l.address, devices.ErrDenied)
	}
	return found[0], nil
}

// borrow waits for an interface of a kind. Whoever gets it gives it back.
func (l *Link) borrow(ctx context.Context, kind Kind) (*loan, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o := l.current()
		a := &ask{ctx: ctx, kind: kind, answer: make(chan answer, 1)}
		select {
		case o.asks <- a:
		case <-o.done:
			continue // it ended while we asked
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case r := <-a.answer:
			return r.loan, r.err
		case <-ctx.Done():
			go func() { // the owner answers everybody
				if r := <-a.answer; r.loan != nil {
					r.loan.giveBack(nil)
				}
			}()
			return nil, ctx.Err()
		}
	}
}

// current is the owner, started where there is none.
func (l *Link) current() *owner {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner == nil {
		l.owner = newOwner(l)
		go l.owner.run()
	}
	return l.owner
}

// forget makes the next borrower start another owner.
func (l *Link) forget(o *owner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner == o {
		l.owner = nil
	}
}
