//go:build !guest

package usb_test

import (
	"testing"
	"time"
)

// silence is how long a pipe may stand still in tests of what goes wrong.
const silence = time.Second

// newBus is a bus of this process.
func newBus(t *testing.T) bus {
	t.Helper()
	return newCableBus(t)
}
