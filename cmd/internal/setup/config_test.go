package setup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "station.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(values map[string]string) func(string) (string, bool) {
	return func(key string) (string, bool) {
		v, ok := values[key]
		return v, ok
	}
}

func TestLoad(t *testing.T) {
	path := write(t, "language = \"en\"\n[devices]\nscanner = \"http://a/eSCL\"\nhand = \"desk:table\"\n")
	c, err := setup.Load(path, environment(map[string]string{
		"PADAROZHNIK_DEVICES_SCANNER": "http://b/eSCL", "PADAROZHNIK_PAGE_DPI": "1200",
	}))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	for name, pair := range map[string][2]string{
		"a default, beside the file":      {c.Store, filepath.Join(dir, "station.db")},
		"a value of the file":             {c.Language, "en"},
		"the environment over the file":   {c.Devices.Scanner, "http://b/eSCL"},
		"a directory, beside the file":    {c.Devices.Hand, "desk:" + filepath.Join(dir, "table")},
		"a default that is left as it is": {c.Devices.Printer, ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", name, pair[0], pair[1])
		}
	}
	if c.Page.DPI != 1200 {
		t.Errorf("resolution %d", c.Page.DPI)
	}
}

// TestLoadNamesFileLineAndKey: whoever reads the error can put the cursor on the mistake.
func TestLoadNamesFileLineAndKey(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		env  map[string]string
		want []string
	}{
		"unknown key":         {"language = \"en\"\n[devices]\nscaner = \"x\"\n", nil, []string{"station.toml", "line 3", "devices.scaner"}},
		"wrong type":          {"\n\n[page]\ndpi = \"much\"\n", nil, []string{"station.toml", "line 4", "page.dpi"}},
		"broken syntax":       {"language = \n", nil, []string{"station.toml", "line 1"}},
		"value out of bounds": {"[page]\ndpi = 72\n", nil, []string{"station.toml", "line 2", "page.dpi", "300 to 1200"}},
		"unknown language":    {"language = \"xx\"\n", nil, []string{"station.toml", "line 1", "language", "be or en"}},
		"plain http":          {"[headquarters]\nurl = \"http://x\"\n", nil, []string{"headquarters.url", "https://"}},
		"a proxy of another kind": {"[headquarters]\nproxy = \"http://x\"\n", nil,
			[]string{"line 2", "headquarters.proxy", "socks5://"}},
		"number in the environment": {"", map[string]string{"PADAROZHNIK_PAGE_DPI": "x"},
			[]string{"environment", "PADAROZHNIK_PAGE_DPI"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := setup.Load(write(t, tc.text), environment(tc.env))
			if !errors.Is(err, setup.ErrConfig) {
				t.Fatalf("got %v", err)
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not name %q", err, w)
				}
			}
		})
	}
	if _, err := setup.Load(filepath.Join(t.TempDir(), "none.toml"), environment(nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestDevicesOnUSB: an address on USB is taken before anything is plugged in, and says then that nothing is.
func TestDevicesOnUSB(t *testing.T) {
	s, err := setup.OpenScanner("usb:1209:fff0:NOT-THERE")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("scanner: %v", err)
	}
	p, err := setup.OpenPrinter("usb:1209:fff0")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Print(t.Context(), devices.Sheet{}, nil); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("printer: %v", err)
	}
	for _, uri := range []string{"usb:", "usb:1209", "usb:12:34", "usb:1209:xyzw"} {
		if _, err := setup.OpenPrinter(uri); !errors.Is(err, setup.ErrConfig) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestNoDeviceIsACondition: an office without a configured device is told so, and keeps working.
func TestNoDeviceIsACondition(t *testing.T) {
	for name, open := range map[string]func() error{
		"scanner": func() error { _, err := setup.OpenScanner(""); return err },
		"printer": func() error { _, err := setup.OpenPrinter(""); return err },
		"camera":  func() error { _, err := setup.OpenCamera(""); return err },
	} {
		if err := open(); !errors.Is(err, setup.ErrNoDevice) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
