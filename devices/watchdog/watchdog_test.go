package watchdog_test

import (
	"context"
	"errors"
	"image"
	"runtime"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/watchdog"
)

// driver is a device that answers when it is let go, whatever its caller's context says.
type driver struct {
	asked chan struct{} // a value for each call that came in
	let   chan struct{} // closed: answers at once
}

func newDriver() *driver { return &driver{asked: make(chan struct{}, 100), let: make(chan struct{})} }

func (d *driver) wait() {
	d.asked <- struct{}{}
	<-d.let
}

func (d *driver) Identify(context.Context) (devices.Identity, error) {
	d.wait()
	return devices.Identity{Serial: "1"}, nil
}

func (d *driver) Scan(context.Context, devices.ScanSettings, devices.Report) (devices.Scan, error) {
	d.wait()
	return devices.Scan{DPI: 300}, nil
}

func (d *driver) State(context.Context) (devices.PrinterState, error) {
	d.wait()
	return devices.PrinterState{Idle: true}, nil
}

func (d *driver) Print(context.Context, devices.Sheet, devices.Report) error {
	d.wait()
	return nil
}

var short = watchdog.Limits{Ask: 10 * time.Millisecond, Scan: 10 * time.Millisecond, Print: 10 * time.Millisecond,
	Grace: 10 * time.Millisecond}

// TestCallEnds: a call ends by its limit or with its context, the device is gone until its driver is back,
// and only one call waits for it meanwhile.
func TestCallEnds(t *testing.T) {
	for name, end := range map[string]func(cancel context.CancelFunc){
		"limit": func(context.CancelFunc) {}, "cancel": func(cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			d, limits := newDriver(), short
			if name == "cancel" {
				limits.Scan = time.Hour
			}
			s := watchdog.NewScanner(d, limits)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { <-d.asked; end(cancel) }()
			_, err := s.Scan(ctx, devices.ScanSettings{}, nil)
			if !errors.Is(err, devices.ErrHangs) || !errors.Is(err, devices.ErrUnreachable) ||
				errors.Is(err, context.Canceled) != (name == "cancel") {
				t.Errorf("a scan that hangs: %v", err)
			}
			before := runtime.NumGoroutine()
			for range 20 {
				if _, err := s.Identify(t.Context()); !errors.Is(err, devices.ErrHangs) {
					t.Errorf("while it hangs: %v", err)
				}
			}
			if len(d.asked) != 0 || runtime.NumGoroutine() > before+1 {
				t.Errorf("%d calls ran into the one that hangs, %d goroutines more", len(d.asked), runtime.NumGoroutine()-before)
			}
			close(d.let)
			for {
				if id, err := s.Identify(t.Context()); err == nil && id.Serial == "1" {
					break
				} else if !errors.Is(err, devices.ErrHangs) {
					t.Fatalf("when it is back: %v", err)
				}
			}
		})
	}
}

// TestPrintInDoubt: ink may lie where a print hangs; where it was refused because another call hangs, none
// does. A printer without eyes says so.
func TestPrintInDoubt(t *testing.T) {
	d := newDriver()
	p := watchdog.NewPrinter(d, short)
	sheet := devices.Sheet{Image: image.NewGray(image.Rect(0, 0, 1, 1)), DPI: 300}
	if err := p.Print(t.Context(), sheet, nil); !errors.Is(err, devices.ErrHangs) || !errors.Is(err, devices.ErrPrintInDoubt) {
		t.Errorf("a print that hangs: %v", err)
	}
	if err := p.Print(t.Context(), sheet, nil); !errors.Is(err, devices.ErrHangs) || errors.Is(err, devices.ErrPrintInDoubt) {
		t.Errorf("a print that did not begin: %v", err)
	}
	if _, err := p.Loaded(t.Context()); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("a printer without eyes: %v", err)
	}
	close(d.let)
}

// TestGoodCallsPass: what a driver answers in time comes through as it is.
func TestGoodCallsPass(t *testing.T) {
	d := newDriver()
	close(d.let)
	p, s := watchdog.NewPrinter(d, watchdog.Limits{}), watchdog.NewScanner(d, watchdog.Limits{})
	state, err := p.State(t.Context())
	if err != nil || !state.Idle {
		t.Errorf("state: %+v, %v", state, err)
	}
	if err := p.Print(t.Context(), devices.Sheet{}, nil); err != nil {
		t.Errorf("print: %v", err)
	}
	if scan, err := s.Scan(t.Context(), devices.ScanSettings{}, nil); err != nil || scan.DPI != 300 {
		t.Errorf("scan: %+v, %v", scan, err)
	}
}
