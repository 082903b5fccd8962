package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/resources"
)

// TestPermit installs the udev rule, and says who must do it where this user may not.
func TestPermit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.d", "60.rules")
	if out, stderr, status := stationctl(t, "devices", "permit", "--path", path); status != 0 || !strings.Contains(out, path) {
		t.Fatalf("%d: %s%s", status, out, stderr)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != string(resources.UdevRule) {
		t.Errorf("installed %q, %v", b, err)
	}
	if _, stderr, status := stationctl(t, "devices", "permit", "--path", "/proc/none/60.rules"); status != 1 ||
		!strings.HasPrefix(stderr, sentence(t, "device-denied")) {
		t.Errorf("%d: %s", status, stderr)
	}
	if out, _, _ := stationctl(t, "devices", "permit", "--show"); !strings.Contains(out, `ENV{ID_USB_INTERFACES}`) {
		t.Errorf("shown %q", out)
	}
}
