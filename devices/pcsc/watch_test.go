package pcsc_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// watching runs a watch and hands out its events.
type watching struct {
	t      *testing.T
	events chan pcsc.Event
	ended  chan error
	stop   context.CancelFunc
}

func watch(t *testing.T, s *pcsc.Service) *watching {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &watching{t: t, events: make(chan pcsc.Event, 200), ended: make(chan error, 1), stop: stop}
	go func() { w.ended <- s.Watch(ctx, func(e pcsc.Event) { w.events <- e }) }()
	t.Cleanup(stop)
	return w
}

// wants passes events by until the one comes.
func (w *watching) wants(change pcsc.Change, reader string) pcsc.Event {
	w.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case e := <-w.events:
			if e.Change == change && e.Reader == reader {
				return e
			}
		case err := <-w.ended:
			w.t.Fatalf("watch ended: %v", err)
		case <-limit:
			w.t.Fatalf("no %q at %q", change, reader)
		}
	}
}

func TestWatchReportsChips(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	w := watch(t, d.service)
	w.wants(pcsc.ReaderCame, d.ReaderName)
	c := chiptest.Insert(t, chiptest.NewBlank(t))
	takeAway := d.insert(t, c)
	if e := w.wants(pcsc.ChipCame, d.ReaderName); !bytes.Equal(e.ATR, c.ATR()) {
		t.Errorf("answer to reset % X, want % X", e.ATR, c.ATR())
	}
	takeAway()
	w.wants(pcsc.ChipGone, d.ReaderName)
	began := time.Now()
	w.stop()
	if err := <-w.ended; !errors.Is(err, context.Canceled) || time.Since(began) > 2*time.Second {
		t.Errorf("cancelled: %v after %s", err, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.service.Watch(ctx, func(pcsc.Event) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// TestWatchOutlivesTheService stops pcscd under a watch, starts it with two readers, and then with
// all. Nothing of the program is started again.
func TestWatchOutlivesTheService(t *testing.T) {
	ctx, x, service := alone(t)
	w := watch(t, service)
	other := x.Other()
	w.wants(pcsc.ReaderCame, other.ReaderName)
	step := func(fn func(context.Context) error) {
		t.Helper()
		if err := fn(ctx); err != nil {
			t.Fatal(err)
		}
	}
	step(x.Stop)
	w.wants(pcsc.ReaderGone, other.ReaderName)
	w.wants(pcsc.ServiceGone, "")
	if _, err := service.Reader(other.ReaderName).Connect(ctx); !errors.Is(err, devices.ErrServiceStopped) {
		t.Errorf("stopped: %v, want ErrServiceStopped", err)
	}
	step(x.StartFew)
	w.wants(pcsc.ServiceCame, "")
	w.wants(pcsc.ReaderCame, x.ReaderName)
	if _, err := service.Reader(other.ReaderName).Connect(ctx); !errors.Is(err, devices.ErrNoReader) {
		t.Errorf("pulled: %v, want ErrNoReader", err)
	}
	if err := service.Reader(other.ReaderName).WaitChip(ctx); !errors.Is(err, devices.ErrNoReader) {
		t.Errorf("waiting at a pulled reader: %v, want ErrNoReader", err)
	}
	step(x.Stop)
	w.wants(pcsc.ServiceGone, "")
	step(x.Start)
	w.wants(pcsc.ReaderCame, other.ReaderName)
	d := desk{Lease: &other, service: service}
	defer d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	w.wants(pcsc.ChipCame, other.ReaderName)
	card, err := service.Reader(other.ReaderName).Connect(ctx)
	if err != nil {
		t.Fatalf("plugged in again: %v", err)
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
}

// TestOnlyReader chooses the reader with a chip, where there is no choice.
func TestOnlyReader(t *testing.T) {
	ctx, x, service := alone(t)
	keep, err := service.Keep(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer keep()
	if name, err := service.Only(ctx); !errors.Is(err, devices.ErrNoChip) {
		t.Errorf("no chip: %q, %v", name, err)
	}
	one, other := desk{Lease: &x.Lease, service: service}, x.Other()
	defer one.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	if name, err := service.Only(ctx); err != nil || name != x.ReaderName {
		t.Errorf("one chip: %q, %v", name, err)
	}
	places, err := service.Look(ctx)
	if err != nil || len(places) != 8 {
		t.Errorf("%d readers, %v", len(places), err)
	}
	for _, p := range places {
		if here := p.Reader == x.ReaderName; p.Present != here || (len(p.ATR) > 0) != here {
			t.Errorf("%+v", p)
		}
	}
	two := desk{Lease: &other, service: service}
	defer two.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	if name, err := service.Only(ctx); !errors.Is(err, devices.ErrTwoChips) {
		t.Errorf("two chips: %q, %v", name, err)
	}
}

// TestSwappedInTheMiddle lays another chip on the reader while the first is held.
func TestSwappedInTheMiddle(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	takeAway := d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))
	r := d.service.Reader(d.ReaderName)
	card, err := r.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	command := []byte{0, 0xB0, 0x81, 0, 0}
	if _, err := card.Transmit(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	takeAway()
	defer d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	if _, err := card.Transmit(t.Context(), command); !errors.Is(err, devices.ErrChipRemoved) {
		t.Errorf("command for the first chip: %v, want ErrChipRemoved", err)
	}
	if err := card.Reset(t.Context()); !errors.Is(err, devices.ErrChipRemoved) && err != nil {
		t.Errorf("reset: %v", err)
	}
	_ = card.Close()
	if card, err = r.Connect(t.Context()); err != nil {
		t.Fatalf("the second chip: %v", err)
	}
	if rate, err := card.(*pcsc.Card).Rate(t.Context()); err != nil || rate != 0 {
		t.Errorf("the virtual reader tells %d kbit/s, %v", rate, err)
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
}
