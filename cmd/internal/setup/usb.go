package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
)

// onUSB begins the address of a device on a cable.
const onUSB = "usb:"

// quirksPath is a technician's own file of what makes of devices do otherwise (devices/usb/quirks.toml).
const quirksPath = "/etc/padarozhnik/usb-quirks.toml"

// openUSB returns the way to a device on a cable. It need not be plugged in yet.
func openUSB(uri string) (*usb.Link, error) {
	a, err := usb.ParseAddress(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	var o usb.Options
	raw, err := os.ReadFile(quirksPath)
	if err == nil {
		o.Quirks, err = usb.ParseQuirks(raw)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: %w", ErrConfig, quirksPath, err)
	}
	return usb.NewLink(a, o), nil
}

// openUSBScanner returns the scanner of an address: eSCL over its interfaces of IPP over USB.
func openUSBScanner(uri string) (devices.Scanner, error) {
	link, err := openUSB(uri)
	if err != nil {
		return nil, err
	}
	s, err := escl.New("http://localhost/eSCL", link.Transport(), escl.Timing{})
	if err != nil {
		return nil, err
	}
	return usbScanner{s, link}, nil
}

// usbScanner is a scanner under its address on the bus.
type usbScanner struct {
	*escl.Scanner
	link *usb.Link
}

// Identify implements devices.Scanner.
func (s usbScanner) Identify(ctx context.Context) (devices.Identity, error) {
	id, err := s.Scanner.Identify(ctx)
	return onCable(ctx, s.link, id, err)
}

// Close gives the device back to other programs. It can be used again.
func (s usbScanner) Close() error { return s.link.Close() }

// onCable is who a device is that said so over its protocol. Its serial number is the one by which it is found on the
// bus, whatever it speaks; a firmware that it does not name, as no scanner does over eSCL, is that of its descriptors.
func onCable(ctx context.Context, link *usb.Link, id devices.Identity, err error) (devices.Identity, error) {
	id.URI = link.Address().String()
	if err != nil {
		return id, err
	}
	plugged, err := link.Identity(ctx)
	id.Serial, id.Firmware = cmp.Or(plugged.Serial, id.Serial), cmp.Or(id.Firmware, plugged.Firmware)
	return id, err
}

// openUSBPrinter returns the printer of an address.
func openUSBPrinter(uri string) (devices.Printer, error) {
	link, err := openUSB(uri)
	if err != nil {
		return nil, err
	}
	return usbPrinter{link}, nil
}

// usbPrinter speaks with a printer on a cable as it can be spoken with: IPP, else a page language over the pipe of
// the printer class. That is known only when it is plugged in, and may change when another one is.
type usbPrinter struct{ link *usb.Link }

var (
	_ devices.Printer = usbPrinter{}
	_ devices.Feeder  = usbPrinter{}
)

// speaks returns the driver for the printer that is plugged in.
func (p usbPrinter) speaks(ctx context.Context) (devices.Printer, error) {
	kinds, err := p.link.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	if slices.Contains(kinds, usb.IPP) {
		return ipp.New("ipp://localhost/ipp/print", p.link.Transport(), ipp.Options{})
	}
	port := p.link.Port()
	commands, err := port.Commands(ctx)
	if err != nil {
		return nil, err
	}
	language, err := stream.Choose(commands)
	if err != nil {
		return nil, err
	}
	return stream.New(port, language), nil
}

// Identify implements devices.Printer.
func (p usbPrinter) Identify(ctx context.Context) (devices.Identity, error) {
	d, err := p.speaks(ctx)
	if err != nil {
		return devices.Identity{URI: p.link.Address().String()}, err
	}
	id, err := d.Identify(ctx)
	return onCable(ctx, p.link, id, err)
}

// Close gives the device back to other programs. It can be used again.
func (p usbPrinter) Close() error { return p.link.Close() }

// State implements devices.Printer.
func (p usbPrinter) State(ctx context.Context) (devices.PrinterState, error) {
	d, err := p.speaks(ctx)
	if err != nil {
		return devices.PrinterState{}, err
	}
	return d.State(ctx)
}

// Print implements devices.Printer.
func (p usbPrinter) Print(ctx context.Context, s devices.Sheet, report devices.Report) error {
	d, err := p.speaks(ctx)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return d.Print(ctx, s, report)
}

// Loaded implements devices.Feeder.
func (p usbPrinter) Loaded(ctx context.Context) (devices.Loaded, error) {
	d, err := p.speaks(ctx)
	if err != nil {
		return devices.Loaded{}, err
	}
	if f, ok := d.(devices.Feeder); ok {
		return f.Loaded(ctx)
	}
	return devices.Loaded{}, fmt.Errorf("booklet in the printer: %w", devices.ErrUnsupported)
}
