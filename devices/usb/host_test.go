//go:build !guest

package usb_test

import (
	"testing"
	"time"
)

// silence is how long a pipe may stand still in tests of devices that fall silent.
const silence = 500 * time.Millisecond

// pageDPI is how fine pages are that are printed in order: as an office prints them where a kernel carries them.
const pageDPI = 300

// newBus is a bus of this process.
func newBus(t *testing.T) bus {
	t.Helper()
	return newCableBus(t)
}
