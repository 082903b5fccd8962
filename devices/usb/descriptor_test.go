package usb_test

import (
	"testing"

	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/usbip"
)

// shaped is a device that is hostile in one way.
func shaped(word string) []byte {
	d := usbip.Printer(nil, serial, false)
	defer d.Close()
	if word != "" {
		d.Plant(usbip.Fault{Kind: usbip.BadShape, Word: word})
	}
	return d.Descriptors()
}

func TestLayout(t *testing.T) {
	l, err := usb.ParseLayout(shaped(""))
	if err != nil || l.Vendor != 0x1209 || l.Product != 1 || l.Release != 0x0102 || len(l.Configs) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	s := l.Configs[0].Settings
	if len(s) != 3 || s[0].Protocol != 2 || s[1].Alternate != 1 || s[2].Interface != 1 ||
		s[2].In != (usb.Endpoint{Address: 0x82, Packet: 512}) {
		t.Errorf("settings %+v", s)
	}
	if _, err := usb.ParseLayout([]byte{18, 2}); err == nil {
		t.Error("half a descriptor was understood")
	}
}

// FuzzLayout: whatever a device says of itself, what is kept is bounded, and nothing is out of its range.
func FuzzLayout(f *testing.F) {
	for _, word := range append(usbip.Shapes(), "") {
		f.Add(shaped(word))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var l usb.Layout
		var err error
		bounded.Memory(t, len(b), 64<<10, 64, func() { l, err = usb.ParseLayout(b) })
		if err != nil {
			return
		}
		settings := 0
		for _, c := range l.Configs {
			settings += len(c.Settings)
			for _, s := range c.Settings {
				if s.Interface > 255 || s.Out.Address&0x80 != 0 ||
					s.In.Address != 0 && (s.In.Packet == 0 || s.In.Address&0x80 == 0) {
					t.Errorf("setting %+v", s)
				}
			}
		}
		if settings > 256 || len(l.Configs) > 8000 {
			t.Errorf("%d settings in %d configurations", settings, len(l.Configs))
		}
	})
}
