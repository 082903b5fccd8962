package usb_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/virtual/usbip"
)

// The tests of this package run twice. On any machine the bus is one of this process (cable_test.go), which
// speaks USB/IP to the emulators. In the guest (kernel_guest_test.go) it is the kernel's own: the emulators are plugged
// into its virtual host controller, and gousb, libusb and usbfs stand between.

// quick are deadlines that are short where a test of what goes wrong waits for them, and long where nothing should. A
// kernel under emulation takes longer.
var quick = usb.Timing{
	Open: 20 * time.Second, Idle: 300 * time.Millisecond, Silence: 30 * time.Second, Drain: 3 * time.Second,
	Stuck: 10 * time.Second, Quiet: 30 * time.Millisecond, Poll: 50 * time.Millisecond, Patience: time.Second,
	Job: 10 * time.Second, Ask: silence,
}

// Resolutions of pages: small is as little as a test of faults needs, to go over in more than one transfer; at desk's is
// for what a page looks like.
const (
	small  = 75
	middle = 150
)

const serial = "U0001"

// bench is a desk with one device on a cable.
type bench struct {
	t       *testing.T
	bus     bus
	desk    *desk.Desk
	printer *printer.Printer
	device  *usbip.Device
	timing  usb.Timing
	links   []*usb.Link
}

// bus is where a test plugs devices in.
type bus interface {
	usb.Bus
	// plug plugs a device in, and returns when the bus lists it.
	plug(t *testing.T, d *usbip.Device)
	// gone waits until the bus no longer lists the device.
	gone(t *testing.T)
}

// begin makes a bench and checks at the end that nothing of it is left.
func begin(t *testing.T) *bench {
	t.Helper()
	noneLost(t)
	dir := t.TempDir()
	d, err := desk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := printer.Open(dir, printer.Options{
		PrintTime: time.Millisecond, Resolutions: []int{small, middle, 300, 600},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Work(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return &bench{t: t, timing: quick, bus: newBus(t), desk: d, printer: p}
}

// withPrinter plugs a passport printer in.
func (b *bench) withPrinter() *bench { return b.with(usbip.Printer(b.printer, serial, false)) }

// with plugs a device in.
func (b *bench) with(d *usbip.Device) *bench {
	b.t.Helper()
	b.device = d
	b.t.Cleanup(d.Close)
	b.bus.plug(b.t, d)
	return b
}

// scannerOf is a virtual scanner of the desk.
func (b *bench) scannerOf() *scanner.Scanner {
	return scanner.New(scanner.Settings{Desk: b.desk, Quality: 80})
}

// patient lets the device take its time: for tests of what is in order, on machines that are slow.
func (b *bench) patient() *bench {
	b.timing.Silence, b.timing.Job, b.timing.Ask = time.Minute, time.Minute, time.Minute
	return b
}

// book lays a new book on a place of the desk, with a page of so many dots per inch: a white one to be printed, a
// printed one to be scanned.
func (b *bench) book(serial string, at desk.Place, dpi int) {
	b.t.Helper()
	if _, err := b.desk.AddBook(serial); err != nil {
		b.t.Fatal(err)
	}
	page := blankPage(dpi)
	if at == desk.Scanner {
		page = printedPage(dpi)
	}
	if err := os.WriteFile(b.desk.PagePath(serial), page, 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := b.desk.Move(serial, at); err != nil {
		b.t.Fatal(err)
	}
}

// link is the way to the device by the address of its make.
func (b *bench) link(product uint16) *usb.Link {
	a := usb.Address{Vendor: usbip.Vendor, Product: product, Serial: serial}
	l := usb.NewLink(a, usb.Options{Bus: b.bus, Timing: b.timing})
	b.links = append(b.links, l)
	b.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return l
}

// ippOn is the printer behind a link, over IPP.
func ippOn(t *testing.T, l *usb.Link) *ipp.Printer {
	t.Helper()
	p, err := ipp.New("ipp://localhost/ipp/print", l.Transport(), ipp.Options{
		Answer: 20 * time.Second, Send: 40 * time.Second, Job: 40 * time.Second, Poll: 20 * time.Millisecond,
		Reach: 300 * time.Millisecond, Cancel: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pipeOn is the printer behind a link, over the printer class.
func pipeOn(l *usb.Link) *stream.Printer { return stream.New(l.Port(), stream.PWG{}) }

// scannerOn is the scanner behind a link.
func scannerOn(t *testing.T, l *usb.Link) *escl.Scanner {
	t.Helper()
	s, err := escl.New("http://localhost/eSCL", l.Transport(), escl.Timing{
		Call: 20 * time.Second, Page: 40 * time.Second, Busy: 2 * time.Second, MinPause: 10 * time.Millisecond,
		MaxPause: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cleared tells whether an error is a condition that a person can do something about.
func cleared(err error) bool {
	for _, c := range []error{devices.ErrUnreachable, devices.ErrProtocol, devices.ErrBusy, devices.ErrPrintInDoubt,
		devices.ErrHangs, devices.ErrNoBooklet, devices.ErrTrouble} {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}
