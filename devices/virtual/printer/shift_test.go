package printer_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"padarozhnik/devices/virtual/printer"
)

// square is a page at 300 dpi with one black square of 3 mm at a place in millimetres.
func square(xMM, yMM float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 1476, 1039))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	px := func(mm float64) int { return int(math.Round(mm * 300 / 25.4)) }
	for y := px(yMM - 1.5); y < px(yMM+1.5); y++ {
		for x := px(xMM - 1.5); x < px(xMM+1.5); x++ {
			img.SetRGBA(x, y, color.RGBA{0, 0, 0, 255})
		}
	}
	return img
}

// centroid is the middle of the ink, in millimetres.
func centroid(img *image.RGBA) (xMM, yMM float64) {
	var sum, sx, sy float64
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			d := 255 - float64(img.RGBAAt(x, y).R)
			sum, sx, sy = sum+d, sx+d*(float64(x)+.5), sy+d*(float64(y)+.5)
		}
	}
	return sx / sum * 25.4 / 300, sy / sum * 25.4 / 300
}

func TestShiftMovesInk(t *testing.T) {
	const cx, cy = 62.5, 44.0          // the page's centre
	x0, y0 := centroid(square(20, 70)) // the mark, on whole pixels
	turned := func(deg float64) (float64, float64) {
		sin, cos := math.Sincos(deg * math.Pi / 180)
		return cx + cos*(x0-cx) - sin*(y0-cy), cy + sin*(x0-cx) + cos*(y0-cy)
	}
	rx, ry := turned(0.8)
	for name, c := range map[string]struct {
		shift printer.Shift
		x, y  float64
	}{
		"none":   {printer.Shift{}, x0, y0},
		"offset": {printer.Shift{XMM: 1.5, YMM: -0.7}, x0 + 1.5, y0 - 0.7},
		"turned": {printer.Shift{Degrees: 0.8}, rx, ry},
		"scaled": {printer.Shift{ScaleX: 1.005, ScaleY: 0.995}, cx + 1.005*(x0-cx), cy + 0.995*(y0-cy)},
	} {
		x, y := centroid(c.shift.Apply(square(20, 70), 300, 1))
		if math.Abs(x-c.x) > 0.02 || math.Abs(y-c.y) > 0.02 {
			t.Errorf("%s: ink at %.3f, %.3f mm, want %.3f, %.3f", name, x, y, c.x, c.y)
		}
	}
}

// TestJitterIsOfThePage: each page has its own, and the same page has the same.
func TestJitterIsOfThePage(t *testing.T) {
	shift := printer.Shift{JitterMM: 0.02}
	x0, y0 := centroid(square(60, 40))
	var sum float64
	const pages = 12
	for n := range pages {
		x, y := centroid(shift.Apply(square(60, 40), 300, n))
		again, _ := centroid(shift.Apply(square(60, 40), 300, n))
		if x != again {
			t.Fatal("a page jitters in two ways")
		}
		sum += (x-x0)*(x-x0) + (y-y0)*(y-y0)
	}
	if sd := math.Sqrt(sum / (2 * pages)); sd < 0.008 || sd > 0.04 {
		t.Errorf("jitter of %.4f mm, want about 0.02", sd)
	}
}
