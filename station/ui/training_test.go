package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// TestTrainingIsWrittenAcrossTheWindow: a desk in training says so in words, on stripes, whoever opened
// the window; a real one has no band.
func TestTrainingIsWrittenAcrossTheWindow(t *testing.T) {
	for name, tc := range map[string]struct{ deps, desk, band bool }{
		"started as training":  {true, false, true},
		"a training desk":      {false, true, true},
		"a desk for real work": {false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.deps.Training, o.desk.Training = tc.deps, tc.desk
			o.open()
			if o.says(o.text("ui.band.training")) != tc.band {
				t.Errorf("the words stand there: %v", !tc.band)
			}
			stripes := false
			walk(o.window.Fyne().Canvas().Content(), func(c fyne.CanvasObject) {
				_, raster := c.(*canvas.Raster)
				stripes = stripes || raster
			})
			if stripes != tc.band {
				t.Errorf("stripes: %v", stripes)
			}
		})
	}
}
