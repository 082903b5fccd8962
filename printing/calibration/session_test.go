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
	if s.Picture == nil {
		t.Error("no picture of the findings")
	}
}

// TestSessionRefuses: each fault of a printer ends the session with its own reason, and never with a
// correction that may be used.
func TestSessionRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		shift  printer.Shift
		jitter float64
		slip   bool // before the verification
		want   error
	}{
		"too far off":    {shift: printer.Shift{XMM: 2.6, YMM: -1.9}, want: calibration.ErrOutOfReach},
		"stretched":      {shift: printer.Shift{ScaleX: 1.014}, want: calibration.ErrOutOfReach},
		"fed unsteadily": {jitter: 0.5, want: calibration.ErrUnsteady},
		"slipped after":  {slip: true, want: calibration.ErrOutOfTolerance},
	} {
		t.Run(name, func(t *testing.T) {
			b := right(t)
			b.shift = c.shift
			b.shift.JitterMM = c.jitter
			s := &calibration.PrinterSession{}
			for s.Next().Action != calibration.ActionDone {
				if c.slip && s.Next().Verify {
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
			if !errors.Is(s.Err(), c.want) {
				t.Errorf("ended with %v, want %v", s.Err(), c.want)
			}
		})
	}
}

// TestSamePicturesSameResult: nothing is drawn by lot.
func TestSamePicturesSameResult(t *testing.T) {
	b := right(t)
	img := b.printed((&calibration.PrinterSession{}).Sheet(loopDPI))
	first, err := calibration.MeasurePrint(img, loopDPI, measure.Geometry{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := calibration.MeasurePrint(img, loopDPI, measure.Geometry{})
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
	if _, err := calibration.MeasurePrint(turned, loopDPI, measure.Geometry{}); !errors.Is(err, calibration.ErrTurned) {
		t.Errorf("a turned target: %v", err)
	}
	if _, err := calibration.MeasureScanner(upright, loopDPI); !errors.Is(err, calibration.ErrNoTarget) {
		t.Errorf("a data page as a scanner's card: %v", err)
	}
}
