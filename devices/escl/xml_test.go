package escl_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/virtual/bounded"
)

func TestParseBounds(t *testing.T) {
	const root = `<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03">`
	tests := []struct{ name, text string }{
		{"empty", ""},
		{"no xml", "busy"},
		{"other root", strings.ReplaceAll(root, "Capabilities", "Status") + "</scan:ScannerStatus>"},
		{"other namespace", `<ScannerCapabilities xmlns="urn:other"><Platen/></ScannerCapabilities>`},
		{"no input", root + "</scan:ScannerCapabilities>"},
		{"breaks off", root + "<scan:Platen>"},
		{"too deep", root + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + "</scan:ScannerCapabilities>"},
		{"too many", root + strings.Repeat("<a/>", 30000) + "</scan:ScannerCapabilities>"},
		{"too long", root + strings.Repeat(" ", 2<<20) + "</scan:ScannerCapabilities>"},
		{"word for number", root + "<scan:Platen><scan:PlatenInputCaps><scan:MaxWidth>wide</scan:MaxWidth>" +
			"</scan:PlatenInputCaps></scan:Platen></scan:ScannerCapabilities>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := escl.ParseCapabilities([]byte(tt.text)); !errors.Is(err, devices.ErrProtocol) {
				t.Errorf("error = %v, want %v", err, devices.ErrProtocol)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"flatbed.xml", "feeder.xml", "range.xml", "portal.html"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(strings.Replace(statusForm, "%s", idle, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c escl.Capabilities
		var s escl.Status
		var err, statusErr error
		bounded.Memory(t, len(b), 256<<10, 400, func() {
			c, err = escl.ParseCapabilities(b)
			s, statusErr = escl.ParseStatus(b)
		})
		if err == nil && c.Platen == nil && c.Feeder == nil {
			t.Error("capabilities without an input")
		} else if err != nil && !errors.Is(err, devices.ErrProtocol) {
			t.Errorf("error = %v", err)
		}
		if statusErr == nil && s.State == "" {
			t.Error("status without a state")
		} else if statusErr != nil && !errors.Is(statusErr, devices.ErrProtocol) {
			t.Errorf("error = %v", statusErr)
		}
	})
}
