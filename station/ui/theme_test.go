package ui_test

import (
	"image/color"
	"math"
	"os/exec"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"padarozhnik/station/ui"
)

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// Every pair of text and ground that the screens use can be read.
func TestContrast(t *testing.T) {
	for name, c := range map[string]struct {
		look ui.Look
		want float64 // WCAG 2.2, 1.4.3 and 1.4.6
	}{"usual": {ui.Look{}, 4.5}, "high contrast": {ui.Look{Contrast: true}, 7}} {
		t.Run(name, func(t *testing.T) { legible(t, ui.NewTheme(c.look), c.want) })
	}
}

func legible(t *testing.T, look fyne.Theme, want float64) {
	t.Helper()
	for _, pair := range [][2]fyne.ThemeColorName{
		{"padarozhnikInk", "padarozhnikPaper"}, {"padarozhnikInk", "padarozhnikSheet"},
		{"padarozhnikInk", "padarozhnikMist"}, {"padarozhnikInk", "padarozhnikAmber"},
		{"padarozhnikInk", "padarozhnikBlush"}, {"padarozhnikFaint", "padarozhnikPaper"},
		{"padarozhnikFaint", "padarozhnikSheet"}, {"padarozhnikAction", "padarozhnikSheet"},
		{"padarozhnikDone", "padarozhnikPaper"}, {"padarozhnikTrouble", "padarozhnikSheet"},
		{"padarozhnikOnHead", "padarozhnikHead"}, {"padarozhnikSheet", "padarozhnikAction"},
		{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary}, {theme.ColorNameForeground, theme.ColorNameButton},
		{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
		{theme.ColorNameForegroundOnError, theme.ColorNameError}, {theme.ColorNameWarning, "padarozhnikSheet"},
		{theme.ColorNameWarning, "padarozhnikPaper"}, {theme.ColorNameWarning, "padarozhnikMist"},
	} {
		a, b := luminance(look.Color(pair[0], 0)), luminance(look.Color(pair[1], 0))
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < want {
			t.Errorf("%s on %s: contrast %.2f, want %.1f", pair[0], pair[1], ratio, want)
		}
	}
}

func TestThemeAnswersEveryColour(t *testing.T) {
	test.AssertAllColorNamesDefined(t, ui.NewTheme(ui.Look{}), "padarozhnik")
}

// The і of the window has its dot: two outlines, not one.
func TestDottedI(t *testing.T) {
	look := ui.NewTheme(ui.Look{})
	for _, style := range []fyne.TextStyle{{}, {Bold: true}, {Italic: true}, {Monospace: true}} {
		f := must(sfnt.Parse(look.Font(style).Content()))(t)
		var buffer sfnt.Buffer
		for _, letter := range "іў" {
			glyph := must(f.GlyphIndex(&buffer, letter))(t)
			outlines := 0
			for _, s := range must(f.LoadGlyph(&buffer, glyph, fixed.I(64), nil))(t) {
				if s.Op == sfnt.SegmentOpMoveTo {
					outlines++
				}
			}
			if glyph == 0 || outlines != 2 {
				t.Errorf("%c in %+v: glyph %d with %d outlines, want 2", letter, style, glyph, outlines)
			}
		}
	}
}

// The window knows no driver, no database and no way to headquarters; the program links no server.
func TestDependencies(t *testing.T) {
	for _, c := range []struct {
		of        string
		forbidden []string
	}{
		{"padarozhnik/station/ui", []string{
			"database/sql", "padarozhnik/station/sqlite", "padarozhnik/station/hq/", "padarozhnik/devices/",
			"padarozhnik/station/token", "net/http", "padarozhnik/cmd/",
		}},
		{"padarozhnik/cmd/station", []string{"padarozhnik/station/hq/ledger", "padarozhnik/station/hq/vault"}},
	} {
		t.Run(c.of, func(t *testing.T) {
			format := `{{range .Imports}}{{println .}}{{end}}`
			args := []string{"list", "-f", format, c.of}
			if strings.HasPrefix(c.of, "padarozhnik/cmd") {
				args = []string{"list", "-deps", c.of}
			}
			out, err := exec.CommandContext(t.Context(), "go", args...).Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, have := range strings.Fields(string(out)) {
				for _, f := range c.forbidden {
					if have == f || strings.HasSuffix(f, "/") && strings.HasPrefix(have, f) {
						t.Errorf("%s must not import %s", c.of, have)
					}
				}
			}
		})
	}
}
