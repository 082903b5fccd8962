package usb_test

import (
	"context"
	"errors"
	"testing"

	"padarozhnik/devices/usb"
)

// TestList runs against the machine's own bus, whatever hangs on it: every device found must be one
// that we can drive, and a machine without USB is no error.
func TestList(t *testing.T) {
	found, err := usb.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		if len(d.Kinds) == 0 || d.Identity.URI == "" {
			t.Errorf("found %+v", d)
		}
	}
	t.Logf("%d devices", len(found))
}

func TestListEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := usb.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
