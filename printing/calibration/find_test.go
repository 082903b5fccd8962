package calibration_test

import (
	"context"
	"image"
	"math"
	"testing"
	"time"

	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
)

func TestTmp(t *testing.T) {
	l, _ := printing.Utopia()
	blank, err := printing.RenderBlank(context.Background(), "UT0000001", l, 600)
	if err != nil {
		t.Fatal(err)
	}
	target := calibration.PrinterTarget().Draw(600, measure.Identity())
	page, err := printing.Overlay(blank, target)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(5) {
		set := scanner.Settings{Seed: 7, SkewDeg: 2.5, ShiftMM: 4, Noise: 3, BlurMM: 0.08}
		start := time.Now()
		img := set.Picture(page, 300, n)
		mid := time.Now()
		got, err := calibration.MeasurePrint(img, 300, measure.Geometry{})
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, m := range got.Marks {
			worst = math.Max(worst, m.Sub(calibration.PrinterTarget().Marks[i].Point).Length())
		}
		t.Logf("worst %.4f width %.3f height %.3f first %v %v", worst, got.WidthMM, got.HeightMM, mid.Sub(start), time.Since(mid))
	}
	_ = image.Black
}
