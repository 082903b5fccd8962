package usb_test

import (
	"slices"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/usbip"
)

func TestListed(t *testing.T) {
	b := begin(t).patient().withPrinter()
	found, err := usb.ListOn(t.Context(), b.bus)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(found, func(d usb.Device) bool { return d.Identity.Serial == serial })
	if at < 0 {
		t.Fatalf("found %+v", found)
	}
	d := found[at]
	if d.Err != nil || d.Identity.URI != "usb:1209:0001:"+serial || d.Identity.Maker != "Padarozhnik" ||
		d.Identity.Model != "Virtual passport printer" || !slices.Equal(d.Kinds, []usb.Kind{usb.IPP, usb.Pipe}) {
		t.Errorf("found %+v", d)
	}
}

// TestPrintOverIPP prints a page over 07/01/04.
func TestPrintOverIPP(t *testing.T) {
	b := begin(t).patient().withPrinter()
	b.book("U0000001", desk.Printer, middle)
	p := ippOn(t, b.link(usbip.PrinterProduct))
	id, err := p.Identify(t.Context())
	if err != nil || id.Maker != "Padarozhnik" || id.Firmware == "" {
		t.Fatalf("%+v, %v", id, err)
	}
	if err := p.Print(t.Context(), sheet(pageDPI), nil); err != nil {
		t.Fatal(err)
	}
	if !b.inked("U0000001") {
		t.Error("no ink on the page")
	}
}

// TestPrintOverPipe prints a page over 07/01/02.
func TestPrintOverPipe(t *testing.T) {
	b := begin(t).patient().withPrinter()
	b.book("U0000001", desk.Printer, middle)
	l := b.link(usbip.PrinterProduct)
	id, err := l.Port().Identify(t.Context())
	if err != nil || id.Maker != "Padarozhnik" || id.Firmware != "1.02" || id.Serial != serial {
		t.Fatalf("%+v, %v", id, err)
	}
	if words, err := l.Port().Commands(t.Context()); err != nil || !slices.Equal(words, []string{"PJL", "PWGRaster"}) {
		t.Fatalf("commands %v, %v", words, err)
	}
	if err := pipeOn(l).Print(t.Context(), sheet(pageDPI), nil); err != nil {
		t.Fatal(err)
	}
	if !b.inked("U0000001") {
		t.Error("no ink on the page")
	}
	s, err := l.Port().State(t.Context())
	if err != nil || s.Idle || len(s.Conditions) != 1 || s.Conditions[0] != devices.ErrNoBooklet {
		t.Errorf("after the page was ejected: %+v, %v", s, err)
	}
}

// TestScanOverCable scans the whole glass.
func TestScanOverCable(t *testing.T) {
	b := begin(t).patient()
	b.with(usbip.Scanner(b.scannerOf(), serial))
	b.book("U0000001", desk.Scanner, middle)
	page, err := scannerOn(t, b.link(usbip.ScannerProduct)).Scan(t.Context(), devices.ScanSettings{DPI: middle}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if page.Type != "image/jpeg" || len(page.Data) < 1000 {
		t.Errorf("%s of %d bytes", page.Type, len(page.Data))
	}
}

// TestComposite prints and scans over one cable at the same time.
func TestComposite(t *testing.T) {
	b := begin(t).patient()
	b.with(usbip.Composite(b.printer, b.scannerOf(), serial))
	b.book("U0000001", desk.Printer, middle)
	b.book("U0000002", desk.Scanner, middle)
	l := b.link(usbip.CompositeProduct)
	scanned := make(chan error, 1)
	s := scannerOn(t, l)
	go func() {
		_, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
		scanned <- err
	}()
	if err := ippOn(t, l).Print(t.Context(), sheet(middle), nil); err != nil {
		t.Error(err)
	}
	if err := <-scanned; err != nil {
		t.Error(err)
	}
	if !b.inked("U0000001") {
		t.Error("no ink on the page")
	}
}
