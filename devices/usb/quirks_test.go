package usb_test

import (
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
)

func plugged(vendor, product uint16, model string) usb.Plugged {
	return usb.Plugged{Model: model, Layout: usb.Layout{Vendor: vendor, Product: product}}
}

func TestQuirksOfKnownDevices(t *testing.T) {
	for _, c := range []struct {
		name string
		p    usb.Plugged
		ok   func(usb.Quirk) bool
	}{
		{"by product", plugged(0x03f0, 0x0304, "DeskJet"), func(q usb.Quirk) bool {
			return q.ReadBack != nil && !*q.ReadBack
		}},
		{"by vendor and name", plugged(0x03f0, 0xffff, "HP OfficeJet Pro 8730"), func(q usb.Quirk) bool {
			return q.Connection == "close"
		}},
		{"one interface", plugged(0x03f0, 0xffff, "HP ScanJet Pro 4500 fn1"), func(q usb.Quirk) bool {
			return q.MaxInterfaces == 1
		}},
		{"another maker's name", plugged(0x04a9, 0xffff, "OfficeJet Pro 8730"), func(q usb.Quirk) bool {
			return q == usb.Quirk{}
		}},
		{"none", plugged(0x1209, 0x0001, ""), func(q usb.Quirk) bool {
			return q == usb.Quirk{}
		}},
	} {
		if q := usb.Known.Of(c.p); !c.ok(q) {
			t.Errorf("%s: %+v", c.name, q)
		}
	}
}

func TestQuirksOfATechnician(t *testing.T) {
	more, err := usb.ParseQuirks([]byte(`
[[device]]
id = ["03f0:*"]
model = "*8730*"
connection = ""
request-delay = "20ms"
[[device]]
id = ["03f0:ffff"]
connection = "keep-alive"
`))
	if err != nil {
		t.Fatal(err)
	}
	q := usb.Known.And(more).Of(plugged(0x03f0, 0xffff, "OfficeJet Pro 8730"))
	if q.Connection != "keep-alive" || q.RequestDelay != 20*time.Millisecond {
		t.Errorf("%+v", q)
	}
}

func TestQuirksRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no toml": "[[device", "no id": "[[device]]", "a wild id": "[[device]]\nid=[\"*\"]",
		"a word nobody knows": "[[device]]\nid=[\"03f0:*\"]\nreset=\"hard\"",
		"a long delay":        "[[device]]\nid=[\"03f0:*\"]\nopen-delay=\"2h\"",
	} {
		if _, err := usb.ParseQuirks([]byte(text)); !errors.Is(err, devices.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
