package calibration_test

import (
	"errors"
	"image"
	"image/draw"
	"reflect"
	"testing"

	"padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
)

// right is a printer and a scanner without an error.
func right(t testing.TB) *bench {
	b := wrong(t, 1)
	b.shift, b.scanner = printer.Shift{}, scanner.Settings{Seed: 1, SkewDeg: 1, ShiftMM: 2, Noise: 2}
	return b
}

// TestSessionAsksInOrder: print, scan, print, scan; what comes out of turn changes nothing.
func TestSessionAsksInOrder(t *testing.T) {
	b := right(t)
	s := &calibration.PrinterSession{}
	if err := s.Take(b.void, loopDPI); !errors.Is(err, calibration.ErrOutOfTurn) {
		t.Errorf("a scan before a print: %v", err)
	}
	if got := s.Next(); got != (calibration.Step{Action: calibration.ActionPrint, Number: 1, Of: 4}) {
		t.Errorf("first step %+v", got)
	}
	if err := s.Printed(); err != nil {
		t.Fatal(err)
	}
	if err := s.Printed(); !errors.Is(err, calibration.ErrOutOfTurn) {
		t.Errorf("printed twice: %v", err)
	}
	blank := b.scanner.Picture(b.void, loopDPI, 9)
	if err := s.Take(blank, loopDPI); !errors.Is(err, calibration.ErrNoTarget) {
		t.Errorf("a page without a target: %v", err)
	}
	if got := s.Next(); got != (calibration.Step{Action: calibration.ActionScan, Number: 1, Of: 4}) {
		t.Errorf("after a poor scan: %+v", got)
	}
	if err := s.Take(b.printed(s.Sheet(loopDPI)), loopDPI); err != nil {
		t.Fatal(err)
	}
	if got := s.Next(); got != (calibration.Step{Action: calibration.ActionPrint, Number: 2, Of: 4}) {
		t.Errorf("after the first scan: %+v", got)
	}
	if s.Sight.Seen == nil || s.Sight.Ways == nil || len(s.Sight.Marks) != len(calibration.PrinterTarget().Marks) {
		t.Errorf("what was seen: %+v", s.Sight.Marks)
	}
	for _, m := range s.Sight.Marks {
		if m.Off.Length() > 0.06 || m.RestMM > 0.05 {
			t.Errorf("mark %d of a printer without an error: off by %v, %.3f mm left", m.Number, m.Off, m.RestMM)
		}
	}
}

// printedAt are prints of the target by a printer with an error, each moved a little more.
func printedAt(t measure.Affine, moves ...float64) []calibration.Print {
	var out []calibration.Print
	for _, move := range moves {
		var p calibration.Print
		for _, m := range calibration.PrinterTarget().Marks {
			p.Marks = append(p.Marks, t.Apply(m.Point).Add(measure.Point{X: move, Y: -move}))
		}
		out = append(out, p)
	}
	return out
}

// TestSolve finds the error that was planted, and refuses what no correction makes good, each with its own
// reason.
func TestSolve(t *testing.T) {
	still := []float64{0, 0, 0}
	for name, c := range map[string]struct {
		error measure.Affine
		moves []float64
		want  error
	}{
		"good":           {measure.Affine{A: 1.002, B: -0.004, C: 0.6, D: 0.005, E: 0.997, F: -0.4}, []float64{0.01, -0.02, 0.01}, nil},
		"too far off":    {measure.Affine{A: 1, E: 1, C: 2.6, F: -1.9}, still, calibration.ErrOutOfReach},
		"stretched":      {measure.Affine{A: 1.014, E: 1}, still, calibration.ErrOutOfReach},
		"turned":         {measure.Affine{A: 1, B: -0.03, D: 0.03, E: 1}, still, calibration.ErrOutOfReach},
		"fed unsteadily": {measure.Identity(), []float64{-0.3, 0, 0.3}, calibration.ErrUnsteady},
	} {
		got, err := calibration.Solve(printedAt(c.error, c.moves...))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		for _, corner := range []measure.Point{{X: 0, Y: 0}, {X: 125, Y: 0}, {X: 0, Y: 88}, {X: 125, Y: 88}} {
			if d := got.Error.Apply(corner).Sub(c.error.Apply(corner)).Length(); d > 1e-6 {
				t.Errorf("%s: off by %.6f mm at %v", name, d, corner)
			}
		}
	}
}

// TestSessionRefusesWhatSlipped: a printer that slips before the verification ends the session without a
// correction that may be used.
func TestSessionRefusesWhatSlipped(t *testing.T) {
	b := right(t)
	s := &calibration.PrinterSession{}
	for s.Next().Action != calibration.ActionDone {
		if s.Next().Verify {
			b.shift.XMM = 0.5
		}
		sheet := s.Sheet(loopDPI)
		if err := s.Printed(); err != nil {
			t.Fatal(err)
		}
		if err := s.Take(b.printed(sheet), loopDPI); err != nil && s.Err() == nil {
			t.Fatal(err)
		}
	}
	if !errors.Is(s.Err(), calibration.ErrOutOfTolerance) || s.Proof.OK {
		t.Errorf("ended with %v", s.Err())
	}
}

// TestSamePicturesSameResult: nothing is drawn by lot.
func TestSamePicturesSameResult(t *testing.T) {
	b := right(t)
	img := b.printed((&calibration.PrinterSession{}).Sheet(loopDPI))
	first, _, err := calibration.MeasurePrint(img, loopDPI, measure.Geometry{})
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := calibration.MeasurePrint(img, loopDPI, measure.Geometry{})
	if err != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("%+v, then %+v, %v", first, again, err)
	}
}

// TestTurnedTarget names the cure: the page lies on its head.
func TestTurnedTarget(t *testing.T) {
	b := right(t)
	img := b.printed((&calibration.PrinterSession{}).Sheet(loopDPI))
	upright := image.NewRGBA(img.Bounds())
	draw.Draw(upright, upright.Rect, img, image.Point{}, draw.Src)
	turned := image.NewRGBA(upright.Rect)
	for y := range upright.Rect.Dy() {
		for x := range upright.Rect.Dx() {
			turned.SetRGBA(upright.Rect.Dx()-1-x, upright.Rect.Dy()-1-y, upright.RGBAAt(x, y))
		}
	}
	if _, _, err := calibration.MeasurePrint(turned, loopDPI, measure.Geometry{}); !errors.Is(err, calibration.ErrTurned) {
		t.Errorf("a turned target: %v", err)
	}
	if _, _, err := calibration.MeasureScanner(upright, loopDPI); !errors.Is(err, calibration.ErrNoTarget) {
		t.Errorf("a data page as a scanner's card: %v", err)
	}
}
