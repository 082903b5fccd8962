// Package usb finds the printers and scanners that hang on a USB cable.
//
// It looks for the interface class of printers: 07/01/01 and 07/01/02 are the printer class's
// pipes, 07/01/04 is IPP over USB, which carries printing and scanning alike. Looking opens a
// device only to read its names and claims nothing, so it disturbs no job.
package usb

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/google/gousb"

	"padarozhnik/devices"
)

// ErrDenied: the device is there, but this user may not open it. The udev rule of the package gives
// the permission.
var ErrDenied = errors.New("no permission to open the USB device")

// Kind is what an interface of a device speaks.
type Kind string

// Kinds of interfaces.
const (
	Pipe Kind = "printer-class" // 07/01/01 and 07/01/02
	IPP  Kind = "ipp-over-usb"  // 07/01/04
)

// Device is one device with an interface that we can drive. The names of Identity are empty, and Err
// says why, where the device could not be opened.
type Device struct {
	Identity devices.Identity `json:"identity"`
	Kinds    []Kind           `json:"kinds"`
	Err      error            `json:"-"`
}

// List returns the devices that are plugged in now, by address. A machine without any USB has none.
func List(ctx context.Context) (found []Device, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	usb := gousb.NewContext()
	defer func() { err = errors.Join(err, usb.Close()) }()
	var descriptions []*gousb.DeviceDesc
	_, err = usb.OpenDevices(func(d *gousb.DeviceDesc) bool {
		if len(kindsOf(d)) > 0 {
			descriptions = append(descriptions, d)
		}
		return false
	})
	if err != nil {
		return nil, fmt.Errorf("list USB devices: %w", err)
	}
	for _, d := range descriptions {
		found = append(found, describe(usb, d))
	}
	sort.Slice(found, func(i, k int) bool { return found[i].Identity.URI < found[k].Identity.URI })
	return found, nil
}

// kindsOf lists what the interfaces of a device speak.
func kindsOf(d *gousb.DeviceDesc) []Kind {
	seen := map[Kind]bool{}
	var out []Kind
	for _, config := range d.Configs {
		for _, face := range config.Interfaces {
			for _, alt := range face.AltSettings {
				kind, ok := kindOf(alt)
				if ok && !seen[kind] {
					seen[kind] = true
					out = append(out, kind)
				}
			}
		}
	}
	return out
}

func kindOf(alt gousb.InterfaceSetting) (Kind, bool) {
	if alt.Class != gousb.ClassPrinter || alt.SubClass != 1 {
		return "", false
	}
	switch alt.Protocol {
	case 1, 2:
		return Pipe, true
	case 4:
		return IPP, true
	}
	return "", false
}

// describe reads a device's names.
func describe(usb *gousb.Context, d *gousb.DeviceDesc) Device {
	out := Device{Kinds: kindsOf(d), Identity: devices.Identity{URI: fmt.Sprintf("usb:%s:%s", d.Vendor, d.Product)}}
	opened, err := usb.OpenDevices(func(o *gousb.DeviceDesc) bool { return o.Bus == d.Bus && o.Address == d.Address })
	for _, o := range opened {
		defer o.Close()
	}
	switch {
	case errors.Is(err, gousb.ErrorAccess):
		out.Err = ErrDenied
		return out
	case err != nil || len(opened) != 1:
		out.Err = fmt.Errorf("open %s: %w", out.Identity.URI, errors.Join(err, devices.ErrUnreachable))
		return out
	}
	dev := opened[0]
	for _, field := range []struct {
		into *string
		read func() (string, error)
	}{
		{&out.Identity.Maker, dev.Manufacturer}, {&out.Identity.Model, dev.Product}, {&out.Identity.Serial, dev.SerialNumber},
	} {
		if text, err := field.read(); err == nil {
			*field.into = text
		}
	}
	if out.Identity.Serial != "" {
		out.Identity.URI += ":" + out.Identity.Serial
	}
	return out
}
