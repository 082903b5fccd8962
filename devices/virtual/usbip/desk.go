package usbip

import (
	"net/http"
	"strings"

	"padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/scanner"
)

// Numbers of the virtual devices: a range that is free for tests (pid.codes).
const (
	Vendor           = 0x1209
	PrinterProduct   = 0x0001
	ScannerProduct   = 0x0002
	CompositeProduct = 0x0003
)

const release = 0x0102

// Printer returns a passport printer on a cable. Its first interface is the printer class, and IPP over USB as
// the alternate setting; a second one is IPP over USB alone. A plain one knows no PJL.
func Printer(p *printer.Printer, serial string, plain bool) *Device {
	shape := Shape{Vendor, PrinterProduct, release, "Padarozhnik", "Virtual passport printer", serial}
	d := New(shape)
	lost := d.Unplug
	d.add([]Function{Class(p, shape, plain, lost), Web(p, lost)}, []Function{Web(p, lost)})
	return d
}

// Scanner returns a document scanner on a cable: eSCL over two interfaces of IPP over USB.
func Scanner(s *scanner.Scanner, serial string) *Device {
	d := New(Shape{Vendor, ScannerProduct, release, "Padarozhnik", "Virtual document scanner", serial})
	d.add([]Function{Web(s, d.Unplug)}, []Function{Web(s, d.Unplug)})
	return d
}

// Composite returns a passport printer and a document scanner behind one cable: the interfaces of IPP over USB
// carry both.
func Composite(p *printer.Printer, s *scanner.Scanner, serial string) *Device {
	shape := Shape{Vendor, CompositeProduct, release, "Padarozhnik", "Virtual desk", serial}
	d := New(shape)
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/eSCL/") {
			s.ServeHTTP(w, r)
			return
		}
		p.ServeHTTP(w, r)
	})
	d.add([]Function{Class(p, shape, false, d.Unplug), Web(both, d.Unplug)}, []Function{Web(both, d.Unplug)},
		[]Function{Web(both, d.Unplug)})
	return d
}

// add gives a device interfaces before it is served.
func (d *Device) add(interfaces ...[]Function) {
	for _, settings := range interfaces {
		d.interfaces = append(d.interfaces, &face{settings: settings})
	}
}
