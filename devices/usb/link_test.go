package usb_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/usbip"
)

// bent is a bus on which something is wrong with the calls, not with the device.
type bent struct {
	bus
	hold   chan struct{} // transfers do not come back while it is open, whatever their context says
	held   atomic.Int32  // how many were held
	most   int32         // of them
	change func([]usb.Plugged) []usb.Plugged
}

func (b *bent) Look(ctx context.Context) ([]usb.Plugged, error) {
	found, err := b.bus.Look(ctx)
	if b.change != nil {
		found = b.change(found)
	}
	return found, err
}

func (b *bent) Open(p usb.Plugged, config int) (usb.Handle, error) {
	h, err := b.bus.Open(p, config)
	if err != nil {
		return nil, err
	}
	return &bentHandle{h, b}, nil
}

type bentHandle struct {
	usb.Handle
	bent *bent
}

func (h *bentHandle) Claim(s usb.Setting, bare bool) (usb.Interface, error) {
	i, err := h.Handle.Claim(s, bare)
	if err != nil {
		return nil, err
	}
	return &bentInterface{i, h.bent}, nil
}

type bentInterface struct {
	usb.Interface
	bent *bent
}

func (i *bentInterface) Write(ctx context.Context, b []byte) (int, error) {
	if i.bent.hold != nil && i.bent.held.Add(1) <= i.bent.most {
		<-i.bent.hold
	}
	return i.Interface.Write(ctx, b)
}

// TestWatchdog: a call that does not come back is left behind. Whoever waited is told in time; while the call is
// stuck the device is in its hands; when it comes back the device works again, and nothing is lost.
func TestWatchdog(t *testing.T) {
	b := begin(t)
	b.timing.Stuck, b.timing.Silence = 100*time.Millisecond, 300*time.Millisecond
	hold := make(chan struct{})
	b.bus = &bent{bus: b.bus, hold: hold, most: 1}
	b.withPrinter()
	b.book("U0000001", desk.Printer, small)
	p := ippOn(t, b.link(usbip.PrinterProduct))
	if _, err := p.Identify(t.Context()); !errors.Is(err, devices.ErrHangs) {
		t.Errorf("while a call is stuck: %v", err)
	}
	close(hold)
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, err := p.Identify(t.Context())
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after the call came back: %v", err)
		}
	}
	if err := p.Print(t.Context(), sheet(small), nil); err != nil {
		t.Error(err)
	}
}

// TestFoundBySerial: a page must not come out of another printer that is alike.
func TestFoundBySerial(t *testing.T) {
	b := begin(t)
	two := usbip.Printer(b.printer, "U0002", false)
	defer two.Close()
	b.withPrinter()
	b.bus.plug(t, two)
	o := usb.Options{Bus: b.bus, Timing: quick}
	any := usb.NewLink(usb.Address{Vendor: usbip.Vendor, Product: usbip.PrinterProduct}, o)
	defer any.Close()
	if _, err := any.Port().State(t.Context()); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("two alike: %v", err)
	}
	named := usb.NewLink(usb.Address{Vendor: usbip.Vendor, Product: usbip.PrinterProduct, Serial: "U0002"}, o)
	defer named.Close()
	if id, err := named.Port().Identify(t.Context()); err != nil || id.Serial != "U0002" {
		t.Errorf("%+v, %v", id, err)
	}
	two.Unplug()
	if _, err := named.Port().Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("unplugged: %v", err)
	}
}

func TestDenied(t *testing.T) {
	b := begin(t)
	b.bus = &bent{bus: b.bus, change: func(all []usb.Plugged) []usb.Plugged {
		for n := range all {
			all[n].Denied = true
		}
		return all
	}}
	b.withPrinter()
	if _, err := b.link(usbip.PrinterProduct).Port().State(t.Context()); !errors.Is(err, devices.ErrDenied) {
		t.Errorf("got %v", err)
	}
	found, err := usb.ListOn(t.Context(), b.bus)
	if err != nil || len(found) != 1 || !errors.Is(found[0].Err, devices.ErrDenied) {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestShared: two programs find an interface each; a third is told that the device is taken, and gets one when they
// have given theirs back.
func TestShared(t *testing.T) {
	b := begin(t)
	b.with(usbip.Scanner(b.scannerOf(), serial))
	b.device.Plant(usbip.Fault{Kind: usbip.Slow, Delay: 100 * time.Millisecond})
	var work sync.WaitGroup
	for range 2 {
		s := scannerOn(t, b.link(usbip.ScannerProduct))
		work.Go(func() {
			if _, err := s.Identify(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	third := scannerOn(t, b.link(usbip.ScannerProduct))
	if _, err := third.Identify(t.Context()); err != nil && !errors.Is(err, devices.ErrTaken) {
		t.Errorf("got %v", err)
	}
	for _, l := range b.links[:2] {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := third.Identify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWatch: who watches is told of what is there, what goes and what comes.
func TestWatch(t *testing.T) {
	b := begin(t).withPrinter()
	ctx, stop := context.WithCancel(t.Context())
	events, done := make(chan usb.Event), make(chan error, 1)
	go func() { done <- usb.Watch(ctx, b.bus, 10*time.Millisecond, func(e usb.Event) { events <- e }) }()
	next := func(came bool) {
		t.Helper()
		select {
		case e := <-events:
			if e.Came != came || e.Device.Identity.Serial != serial {
				t.Errorf("event %+v", e)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no event")
		}
	}
	next(true)
	b.device.Unplug()
	next(false)
	b.bus.plug(t, b.device)
	next(true)
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
