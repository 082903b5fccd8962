package issuance_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/watchdog"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// deaf is a driver that heeds neither cancel nor deadline.
type deaf struct{ devices.Printer }

// Identify implements devices.Printer.
func (p deaf) Identify(ctx context.Context) (devices.Identity, error) {
	return p.Printer.Identify(context.WithoutCancel(ctx))
}

// State implements devices.Printer.
func (p deaf) State(ctx context.Context) (devices.PrinterState, error) {
	return p.Printer.State(context.WithoutCancel(ctx))
}

// Print implements devices.Printer.
func (p deaf) Print(ctx context.Context, s devices.Sheet, r devices.Report) error {
	return p.Printer.Print(context.WithoutCancel(ctx), s, r)
}

// TestPrinterHangsInMidPrint: the printer stops answering while it lays ink, and its driver does not come
// back. The watchdog ends the call; the booklet is in doubt; until the driver is back the printer is gone,
// with a sentence, and asking for it again and again leaves no goroutine behind. Then the next book is printed.
func TestPrinterHangsInMidPrint(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	driver := must(ipp.New(o.inkURL, nil, ipp.Options{Answer: time.Hour, Send: time.Hour, Poll: 20 * time.Millisecond}))(t)
	d.Printer = watchdog.NewPrinter(deaf{driver}, watchdog.Limits{Grace: 200 * time.Millisecond})
	c := o.encoded(d)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.printer.Slow(2 * time.Second)
	hangs := sync.OnceFunc(func() {
		o.plant(t, virtualprinter.Hang)
		cancel()
	})
	err := d.Produce(ctx, o.seat(d, "O"), c.Token, func(p devices.Progress) {
		if p.Step == "print" {
			hangs()
		}
	})
	if !errors.Is(err, devices.ErrHangs) || !errors.Is(err, issuance.ErrInDoubt) {
		t.Fatalf("got %v", err)
	}
	if got := o.recorded(d, c.Serial); got != station.StateInking {
		t.Errorf("booklet is %s", got)
	}
	for range 5 {
		if _, err := d.Health(t.Context(), issuance.KindPrinter); !errors.Is(err, devices.ErrHangs) ||
			issuance.Cure(err) != "driver-hangs" {
			t.Errorf("while it hangs: %v", err)
		}
	}
	if after := runtime.NumGoroutine(); after > before+6 { // the call that hangs and both ends of its connection
		t.Errorf("%d goroutines before, %d while the printer hangs", before, after)
	}
	o.printer.Slow(time.Millisecond)
	o.plant(t, virtualprinter.NoFault)
	end := time.Now().Add(time.Minute)
	for {
		_, err := d.Health(t.Context(), issuance.KindPrinter) // waits for the call that hangs
		if err == nil {
			break
		}
		if !errors.Is(err, devices.ErrHangs) || time.Now().After(end) {
			t.Fatalf("when the printer is back: %v", err)
		}
	}
	if _, err := o.next(t.Context(), d); err != nil { // a person looks at the booklet and decides
		t.Fatal(err)
	}
	o.finish(d)
}
