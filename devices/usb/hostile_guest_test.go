//go:build guest

package usb_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// shapes are what the driver says of a device whose descriptors lie: an error, or nothing where it can be worked with
// all the same.
func shapes() map[string]error {
	return map[string]error{
		"cut":         devices.ErrProtocol,
		"long":        nil,
		"loop":        devices.ErrUnsupported, // nothing is left that prints
		"numbers":     devices.ErrProtocol,
		"many":        devices.ErrProtocol,
		"no-endpoint": devices.ErrUnsupported,
		"text":        nil, // has no serial number
		"twice":       nil,
	}
}

// hostileProduct is the number of the device that lies.
const hostileProduct = 0x0008

// TestGuestHostileShapes plugs in devices whose descriptors lie, beside one that is in order. The driver says of each
// what is wrong with that one, by itself and in time; what is listed of it is text; and the other one prints.
func TestGuestHostileShapes(t *testing.T) {
	b := begin(t).patient().withPrinter()
	k, ok := b.bus.(*kernelBus)
	if !ok {
		t.Fatal("not in the guest")
	}
	good := b.link(usbip.PrinterProduct)
	want := shapes()
	for _, word := range usbip.Shapes() {
		t.Run(word, func(t *testing.T) {
			before := holding(t)
			shape := usbip.Shape{Vendor: usbip.Vendor, Product: hostileProduct, Maker: "Utopia", Model: "Liar", Serial: "H0001"}
			hostile := usbip.New(shape, []usbip.Function{usbip.Class(b.printer, shape, false, nil), usbip.Web(b.printer, nil)},
				[]usbip.Function{usbip.Web(b.printer, nil)})
			hostile.Plant(usbip.Fault{Kind: usbip.BadShape, Word: word})
			k.attach(t, hostile)
			k.await(t, usbip.Shape{Product: hostileProduct}, 1)
			saysOf(t, word, want[word])
			if err := b.print(ippOn(t, good), "H"+strings.ToUpper(strings.ReplaceAll(word, "-", "")))(t.Context(), 1); err != nil {
				t.Errorf("the other one: %v", err)
			}
			hostile.Close()
			k.await(t, usbip.Shape{Product: hostileProduct}, 0)
			if err := good.Close(); err != nil {
				t.Error(err)
			}
			b.device.Restart()
			before.settle(t, word)
		})
	}
}

// saysOf holds what the driver says of the hostile device against what it should.
func saysOf(t *testing.T, word string, want error) {
	t.Helper()
	found, err := usb.List(t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, d := range found {
		if !utf8.ValidString(d.Identity.Maker+d.Identity.Model+d.Identity.Serial) || word == "text" && d.Identity.Serial == "H0001" {
			t.Errorf("listed %+v", d)
		}
	}
	l := usb.NewLink(usb.Address{Vendor: usbip.Vendor, Product: hostileProduct}, usb.Options{Timing: quick})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err = l.Port().State(ctx)
	switch {
	case ctx.Err() != nil:
		t.Errorf("did not end by itself: %v", err)
	case want == nil && err != nil, !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	case err != nil && !strings.Contains(err.Error(), l.Address().String()):
		t.Errorf("does not name the device: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
