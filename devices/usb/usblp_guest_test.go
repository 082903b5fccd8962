//go:build guest

package usb_test

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/gadget"
	"padarozhnik/devices/virtual/usbip"
)

// lp is the node of the kernel's own driver while it has a printer.
const lp = "/dev/usb/lp0"

// usblp loads the kernel's own driver.
func usblp(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("modprobe", "usblp").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("rmmod", "usblp").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// bound holds against what should be whether the kernel's own driver has the printer.
func bound(t *testing.T, want bool, when string) {
	t.Helper()
	if err := gadget.Await(lp, want); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

// TestGuestUsblpGetsItBack: the printer that the kernel itself is belongs to usblp. A link takes it away to print, and
// gives it back when it is closed, when it was idle for a while, and after an exchange that broke.
func TestGuestUsblpGetsItBack(t *testing.T) {
	usblp(t)
	device, err := gadget.Plug("MFG:Utopia;MDL:Gadget;CMD:PJL,PWGRaster;  ", "G1")
	if err != nil {
		t.Fatal(err)
	}
	p := &press{printer: device, pulled: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run()
	}()
	timing := quick
	timing.Silence, timing.Idle = silence, time.Minute
	a := usb.Address{Vendor: gadget.Vendor, Product: gadget.Product, Serial: "G1"}
	l := usb.NewLink(a, usb.Options{Timing: timing})
	printer := stream.New(l.Port(), stream.PWG{})
	closed := func(when string) {
		t.Helper()
		bound(t, false, when)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		bound(t, true, when+", and closed")
		p.take()
	}
	bound(t, true, "plugged in")
	if err := printer.Print(t.Context(), sheet(small), nil); err != nil {
		t.Error(err)
	}
	closed("printed")
	p.mu.Lock() // the printer takes nothing
	if err := printer.Print(t.Context(), sheet(300), nil); !errors.Is(err, devices.ErrUnreachable) ||
		!errors.Is(err, devices.ErrPrintInDoubt) {
		t.Errorf("on a printer that takes nothing: %v", err)
	}
	p.mu.Unlock()
	if _, err := l.Port().State(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
	closed("broken off")
	idle := usb.NewLink(a, usb.Options{Timing: quick})
	if err := stream.New(idle.Port(), stream.PWG{}).Print(t.Context(), sheet(small), nil); err != nil {
		t.Error(err)
	}
	bound(t, true, "idle")
	if err := device.Unplug(); err != nil {
		t.Error(err)
	}
	<-done
	bound(t, false, "unplugged")
}

// TestGuestUsblpAfterHang: a device that hung and was opened anew belongs to usblp again when the link is closed.
func TestGuestUsblpAfterHang(t *testing.T) {
	b := begin(t)
	usblp(t)
	b.timing.Silence, b.timing.Stuck, b.timing.Idle = silence, silence/2, time.Minute
	b.withPrinter()
	bound(t, true, "plugged in")
	l := b.link(usbip.PrinterProduct)
	print := b.print(pipeOn(l), "L")
	b.device.Plant(usbip.Fault{Kind: usbip.HeldOut, At: 5000})
	if err := print(t.Context(), 1); !errors.Is(err, devices.ErrHangs) {
		t.Errorf("got %v", err)
	}
	b.device.Cure()
	bound(t, true, "lives again") // what was left behind came back, and gave back what it held
	if err := print(t.Context(), 2); err != nil {
		t.Error(err)
	}
	bound(t, false, "opened anew")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	bound(t, true, "closed")
}
