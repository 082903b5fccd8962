//go:build !guest

package usb_test

import (
	"testing"
	"time"
)

// silence is how long a pipe may stand still in tests of what goes wrong.
const silence = time.Second

// hostilities are the bad answers that are tried.
func hostilities(all []string) []string { return all }

// pageDPI is how fine pages are that are printed in order: as an office prints them where a kernel carries them.
const pageDPI = 300

// newBus is a bus of this process.
func newBus(t *testing.T) bus {
	t.Helper()
	return newCableBus(t)
}
