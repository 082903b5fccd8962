// Package watchdog stands between the workflow and drivers that may never come back: a library in C that
// waits for a cable, a share that is gone, a maker's driver.
//
// A call whose context has ended, or that takes longer than any call may, gets a grace in which the driver
// brings the device to rest. Past it the caller goes on with devices.ErrHangs, and the call ends whenever
// its driver does. Until then the device counts as gone: every other call is refused with the same error
// at once, so that no second call runs into the first, nothing of an old job mixes with a new one, and
// one goroutine at most waits for a device, however often it is asked. When the driver comes back the
// device is there again by itself.
package watchdog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"padarozhnik/devices"
)

// Limits are the longest that calls of a device may take. Zero fields take the defaults.
type Limits struct {
	Ask   time.Duration // who it is, how it is; 30 s
	Scan  time.Duration // one page; 5 min
	Print time.Duration // one page; 15 min
	Grace time.Duration // to come to rest once the context ended; 5 s, for a print that is called off 45 s
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&l.Ask, 30 * time.Second}, {&l.Scan, 5 * time.Minute}, {&l.Print, 15 * time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}

// grace is how long a call may take to come to rest.
func (l Limits) grace(otherwise time.Duration) time.Duration {
	if l.Grace > 0 {
		return l.Grace
	}
	return otherwise
}

// Graces of calls: a printer calls its job off and looks what became of it, which takes time.
const (
	askGrace   = 5 * time.Second
	printGrace = 45 * time.Second
)

// device is what hangs of one device.
type device struct {
	mu    sync.Mutex
	stuck map[chan struct{}]bool // guarded by mu; closed when the call that hangs has ended
}

// free returns nil where no call hangs. One that is about to end is waited for a moment.
func (d *device) free(ctx context.Context, grace time.Duration) error {
	patience := time.NewTimer(grace)
	defer patience.Stop()
	for {
		hangs := d.hanging()
		if hangs == nil {
			return nil
		}
		select {
		case <-hangs:
		case <-patience.C:
			return fmt.Errorf("an earlier call: %w: %w", devices.ErrHangs, devices.ErrUnreachable)
		case <-ctx.Done():
			return fmt.Errorf("an earlier call: %w: %w", devices.ErrHangs, ctx.Err())
		}
	}
}

// hanging is one of the calls that hang, nil where none does.
func (d *device) hanging() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.stuck {
		return c
	}
	return nil
}

// leave counts a call as hanging until it has ended.
func (d *device) leave(ended chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stuck == nil {
		d.stuck = map[chan struct{}]bool{}
	}
	d.stuck[ended] = true
}

func (d *device) back(ended chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.stuck, ended)
}

// soon is how long a caller waits for an earlier call that hangs.
const soon = 500 * time.Millisecond

// call makes one call of a driver.
func call[T any](ctx context.Context, d *device, limit, grace time.Duration, do func(context.Context) (T, error)) (T, error) {
	var none T
	if err := d.free(ctx, min(soon, grace)); err != nil {
		return none, err
	}
	within, cancel := context.WithTimeout(ctx, limit)
	type answer struct {
		value T
		err   error
	}
	done, ended := make(chan answer, 1), make(chan struct{})
	go func() { // ends when the driver does
		defer cancel()
		v, err := do(within)
		done <- answer{v, err}
		close(ended)
		d.back(ended)
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-within.Done():
	}
	last := time.NewTimer(grace)
	defer last.Stop()
	select {
	case a := <-done:
		return a.value, a.err
	case <-last.C:
	}
	d.leave(ended)
	select {
	case <-ended: // it came back in this moment
		d.back(ended)
	default:
	}
	return none, fmt.Errorf("%w: %w", devices.ErrHangs, errors.Join(devices.ErrUnreachable, ctx.Err()))
}
