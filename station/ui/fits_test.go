package ui_test

import (
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"padarozhnik/station/ui"
)

// The rooms of custodians and technicians fit the smallest screen at the largest type, in high contrast and in every
// language. PADAROZHNIK_SCREENS names a directory for their pictures.
func TestRoomsFitAtTheLargestType(t *testing.T) {
	rooms := []string{"stock", "stock-count", "technician", "technician-wizard", "centre", "settings", "status", "help", "day-open"}
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
			s.reach(o)
			size, least := o.window.Fyne().Canvas().Size(), o.window.Fyne().Content().MinSize()
			for _, over := range o.window.Fyne().Canvas().Overlays().List() {
				least = least.Max(over.MinSize())
			}
			if least.Width > size.Width || least.Height > size.Height {
				t.Errorf("%s in %s wants %v, the screen has %v", s.name, language, least, size)
			}
			if dir := os.Getenv("PADAROZHNIK_SCREENS"); dir != "" {
				img := encode(t, o.window.Fyne().Canvas().Capture(), png.BestSpeed)
				if err := os.WriteFile(filepath.Join(dir, "large-"+s.name+"-"+language+".png"), img, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			o.leave()
		}
	}
}
