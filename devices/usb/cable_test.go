package usb_test

import (
	"testing"

	"padarozhnik/devices/virtual/hub"
	"padarozhnik/devices/virtual/usbip"
)

// cableBus is a bus without a kernel.
type cableBus struct{ hub.Bus }

func newCableBus(t *testing.T) *cableBus {
	b := &cableBus{}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("served: %v", err)
		}
	})
	return b
}

func (b *cableBus) plug(t *testing.T, d *usbip.Device) {
	t.Helper()
	if err := b.Plug(d); err != nil {
		t.Fatal(err)
	}
}

func (b *cableBus) gone(t *testing.T) {
	t.Helper()
	if err := b.Gone(); err != nil {
		t.Errorf("served: %v", err)
	}
}
