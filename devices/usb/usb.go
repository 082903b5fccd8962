// Package usb drives printers and scanners that hang on a USB cable.
//
// It looks for the interface class of printers: 07/01/01 and 07/01/02 are the printer class's
// pipes, 07/01/04 is IPP over USB, which carries printing and scanning alike.
//
// # Life of a device
//
// List tells what is plugged in, from what the kernel knows; it opens nothing, so it disturbs no job. A
// Link is the way to one device. It opens the device when something is to be done, takes the interface
// from the kernel's driver (usblp), and gives both back when nothing was to be done for a while. One
// goroutine, the link's owner, opens, claims, resets and closes; whoever works with an interface borrows
// it from the owner. Each call has an end: one that does not come back within its time is left behind
// with its handle, and the device is opened anew. A device that was unplugged is found again, by its
// serial number, with the next thing to be done.
//
// # What goes over it
//
// Link.Transport is HTTP over an interface of IPP over USB, for devices/ipp and devices/escl. Link.Port is the
// pipe of the printer class, for devices/stream. What makes of devices are known to do differently stands as
// data in quirks.toml.
package usb

import (
	"context"
	"fmt"
	"sort"

	"padarozhnik/devices"
	"padarozhnik/devices/ieee1284"
)

// Kind is what an interface of a device speaks.
type Kind string

// Kinds of interfaces.
const (
	Pipe Kind = "printer-class" // 07/01/01 and 07/01/02
	IPP  Kind = "ipp-over-usb"  // 07/01/04
)

// Device is one device with an interface that we can drive. Err says why it could not be opened, where that
// is known without trying.
type Device struct {
	Identity devices.Identity `json:"identity"`
	Kinds    []Kind           `json:"kinds"`
	Commands []string         `json:"commands,omitempty"` // page languages, where a driver of the kernel has asked
	Err      error            `json:"-"`
}

// List returns the devices on the machine's bus that are plugged in now, by address. A machine without any
// USB has none.
func List(ctx context.Context) ([]Device, error) { return ListOn(ctx, NewKernel()) }

// ListOn is List for another bus.
func ListOn(ctx context.Context, bus Bus) ([]Device, error) {
	plugged, err := bus.Look(ctx)
	if err != nil {
		return nil, err
	}
	var found []Device
	for _, p := range plugged {
		kinds := p.Layout.kinds()
		if len(kinds) == 0 || known.of(p).Ignore {
			continue
		}
		d := Device{Kinds: kinds, Identity: p.identity()}
		d.Commands = ieee1284.Parse(p.DeviceID).Commands
		switch {
		case p.Hangs:
			d.Err = devices.ErrHangs
		case p.Denied:
			d.Err = devices.ErrDenied
		}
		found = append(found, d)
	}
	sort.Slice(found, func(i, k int) bool { return found[i].Identity.URI < found[k].Identity.URI })
	return found, nil
}

// identity is what a device says of itself in its descriptors and, where that is known, its identity string. Makers
// count the firmware, or the hardware, in the release of the device (bcdDevice; USB 2.0, 9.6.1).
func (p Plugged) identity() devices.Identity {
	a := Address{p.Layout.Vendor, p.Layout.Product, p.Serial}
	id := devices.Identity{URI: a.String(), Maker: p.Maker, Model: p.Model, Serial: p.Serial}
	if r := p.Layout.Release; r != 0 {
		id.Firmware = fmt.Sprintf("%x.%02x", r>>8, r&0xff)
	}
	return said(id, ieee1284.Parse(p.DeviceID))
}

// said adds what a printer's identity string says to what its descriptors say. The serial number of the
// descriptors stays: by it the device is found.
func said(id devices.Identity, s ieee1284.ID) devices.Identity {
	for _, f := range []struct {
		into *string
		text string
	}{{&id.Maker, s.Maker}, {&id.Model, s.Model}, {&id.Firmware, s.Firmware}} {
		if f.text != "" {
			*f.into = f.text
		}
	}
	if id.Serial == "" {
		id.Serial = s.Serial
	}
	return id
}
