package usb

import (
	"fmt"
	"strconv"
	"strings"

	"padarozhnik/devices"
)

// Address names a device: vendor and product, and the serial number where several are alike.
type Address struct {
	Vendor, Product uint16
	Serial          string // "" takes the only one that is there
}

// ParseAddress reads usb:VID:PID[:SERIAL].
func ParseAddress(uri string) (Address, error) {
	bad := fmt.Errorf("device address %q: want usb:VID:PID[:SERIAL]: %w", uri, devices.ErrUnsupported)
	rest, ok := strings.CutPrefix(uri, "usb:")
	parts := strings.SplitN(rest, ":", 3)
	if !ok || len(parts) < 2 {
		return Address{}, bad
	}
	var a Address
	for n, into := range []*uint16{&a.Vendor, &a.Product} {
		v, err := strconv.ParseUint(parts[n], 16, 16)
		if err != nil || len(parts[n]) != 4 {
			return Address{}, bad
		}
		*into = uint16(v)
	}
	if len(parts) == 3 {
		a.Serial = parts[2]
	}
	return a, nil
}

// String is the address as ParseAddress reads it.
func (a Address) String() string {
	s := fmt.Sprintf("usb:%04x:%04x", a.Vendor, a.Product)
	if a.Serial != "" {
		s += ":" + a.Serial
	}
	return s
}

// matches tells whether a device is the one meant.
func (a Address) matches(p Plugged) bool {
	return p.Layout.Vendor == a.Vendor && p.Layout.Product == a.Product && (a.Serial == "" || p.Serial == a.Serial)
}
