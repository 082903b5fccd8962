//go:build guest

package issuance_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"padarozhnik/devices/virtual/hub"
)

// newSockets is the kernel's bus inside the guest.
func newSockets(t *testing.T) sockets {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "modprobe", "vhci-hcd").CombinedOutput(); err != nil {
		t.Fatalf("modprobe: %v: %s", err, out)
	}
	return hub.NewKernel()
}

// cableSilence is how long a pipe may stand still: a kernel under emulation takes its time.
const cableSilence = 20 * time.Second

// sittings are three cables, one for each outcome, and a page after them: under emulation a booklet takes twenty times
// as long as it does on the host. There are thirty where there is time.
func sittings() []sitting {
	if os.Getenv("PADAROZHNIK_TORTURE") == "" {
		return []sitting{{seed: 9, pulls: 3, well: 3, job: 600_000}}
	}
	return []sitting{{seed: 9, pulls: 30, well: 5}}
}

// TestGuestUnpluggedInMidPrint is TestUnpluggedInMidPrint through gousb, libusb, usbfs and a host controller.
func TestGuestUnpluggedInMidPrint(t *testing.T) { TestUnpluggedInMidPrint(t) }
