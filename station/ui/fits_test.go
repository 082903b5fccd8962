package ui_test

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"padarozhnik/station/ui"
)

// The rooms of custodians and technicians fit the smallest screen at the largest type, in high contrast and in every
// language. PADAROZHNIK_SCREENS names a directory for their pictures.
func TestRoomsFitAtTheLargestType(t *testing.T) {
	rooms := []string{"stock", "stock-count", "technician", "technician-wizard", "centre", "settings", "status", "help"}
	for _, language := range ui.Languages() {
		o := newOffice(t)
		o.deps.Language, o.deps.Look, o.deps.Stick = language, ui.Look{Percent: 125, Contrast: true}, &sticks{}
		o.deps.Officers = append(o.deps.Officers, "T-01")
		o.shelved()
		o.machines(time.Millisecond)
		o.open()
		for _, s := range screens {
			if !slices.Contains(rooms, s.name) {
				continue
			}
			if s.name == "status" {
				o.dark() // everything has something to be done
			}
			s.reach(o)
			size, least := o.window.Fyne().Canvas().Size(), o.window.Fyne().Content().MinSize()
			for _, over := range o.window.Fyne().Canvas().Overlays().List() {
				least = least.Max(over.MinSize())
			}
			if least.Width > size.Width || least.Height > size.Height {
				t.Errorf("%s in %s wants %v, the screen has %v", s.name, language, least, size)
			}
			if dir := album(t); dir != "" {
				img := encode(t, o.window.Fyne().Canvas().Capture(), png.BestSpeed)
				if err := os.WriteFile(filepath.Join(dir, "large-"+s.name+"-"+language+".png"), img, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			o.leave()
		}
	}
}

// In high contrast the words on the button that has the focus have 7 to 1, as everywhere else (WCAG 2.2, 1.4.6).
func TestFocusedButtonIsReadable(t *testing.T) {
	look := ui.NewTheme(ui.Look{Percent: 100, Contrast: true})
	colour := func(n fyne.ThemeColorName) color.NRGBA {
		return color.NRGBAModel.Convert(look.Color(n, theme.VariantLight)).(color.NRGBA)
	}
	focus := colour(theme.ColorNameFocus)
	over := func(under color.NRGBA) color.NRGBA {
		mix := func(a, b uint8) uint8 { return uint8((int(a)*int(focus.A) + int(b)*(255-int(focus.A))) / 255) }
		return color.NRGBA{R: mix(focus.R, under.R), G: mix(focus.G, under.G), B: mix(focus.B, under.B), A: 255}
	}
	for _, c := range [][2]fyne.ThemeColorName{{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
		{theme.ColorNameForeground, theme.ColorNameButton}} {
		ink, ground := luminance(colour(c[0])), luminance(over(colour(c[1])))
		if ratio := (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05); ratio < 7 {
			t.Errorf("%s on the focused %s has %.1f to 1", c[0], c[1], ratio)
		}
	}
}
