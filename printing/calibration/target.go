// Package calibration finds out where a printer's ink truly falls, and how true a scanner's picture
// is, from pictures that a technician takes with the office's own devices.
//
// A printer is calibrated by a target of twelve ring marks on void pages. It is printed without a
// correction, scanned, and each mark's centre measured in the frame of the page's own edges; three
// prints are averaged, because paper is not fed twice alike. The least-squares affine map from where
// the marks should lie to where they lie is the printer's error, and its inverse the Placement that
// every page is drawn through. A verification print through the placement must then lie right.
//
// A scanner is calibrated before that, by a card of known measures with a ladder of greys, because
// whatever it gets wrong would be taken for an error of the printer.
//
// Nothing here touches a device: pictures go in, results and the next thing to do come out, the same
// for the same pictures.
package calibration

import (
	"image"
	"image/color"
	"math"

	"padarozhnik/printing/measure"
)

// Measures of a ring mark in millimetres.
const (
	markRadiusMM = 1.5
	holeRadiusMM = 0.5
)

// Mark is one mark of a target: a ring, or a full disc, which tells the directions of the target.
type Mark struct {
	measure.Point
	Full bool
}

// Target is a set of marks on a sheet, and a ladder of greys where it is for a scanner.
type Target struct {
	WidthMM, HeightMM float64
	Marks             []Mark
	Greys             []Grey
}

// Grey is one patch of a ladder: its middle, half its side, and its grey level.
type Grey struct {
	measure.Point
	HalfMM float64
	Level  uint8
}

// PrinterTarget is the target of a data page: twelve marks, four by three, of which the one at the top
// left is full. They lie evenly about the middle, so that a turned page is known, and keep clear of what
// the maker of booklets prints: title, chip symbol, bar code.
func PrinterTarget() Target {
	t := Target{WidthMM: measure.PageWidthMM, HeightMM: measure.PageHeightMM}
	for _, y := range []float64{14.5, 44, 73.5} {
		for _, x := range []float64{16, 47, 78, 109} {
			t.Marks = append(t.Marks, Mark{Point: measure.Point{X: x, Y: y}, Full: len(t.Marks) == 0})
		}
	}
	return t
}

// ladder are the grey levels of a scanner's card, from black to white.
const ladder = 11

// ScannerTarget is the card for a scanner: as large as an A5 sheet lying on its side, marks over all of
// it, and eleven greys from black to white.
func ScannerTarget() Target {
	t := Target{WidthMM: 210, HeightMM: 148}
	for _, y := range []float64{12, 53, 94, 136} {
		for _, x := range []float64{15, 51, 87, 123, 159, 195} {
			t.Marks = append(t.Marks, Mark{Point: measure.Point{X: x, Y: y}, Full: len(t.Marks) == 0})
		}
	}
	for i := range ladder {
		at := measure.Point{X: 25 + 16*float64(i), Y: 73.5}
		t.Greys = append(t.Greys, Grey{at, 6, uint8(math.Round(255 * float64(i) / (ladder - 1)))})
	}
	return t
}

// Draw draws the target at a resolution through a placement: where the drawing hand goes for a point
// of the sheet. Edges fall between pixels exactly.
func (t Target) Draw(dpi int, placement measure.Affine) *image.RGBA {
	perMM := float64(dpi) / 25.4
	img := image.NewRGBA(image.Rect(0, 0, int(math.Round(t.WidthMM*perMM)), int(math.Round(t.HeightMM*perMM))))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for _, g := range t.Greys {
		c := g.Level
		stamp(img, perMM, placement, g.Point, g.HalfMM*1.5, func(d measure.Point) float64 {
			return inside(g.HalfMM-math.Max(math.Abs(d.X), math.Abs(d.Y)), perMM)
		}, c)
	}
	for _, m := range t.Marks {
		stamp(img, perMM, placement, m.Point, markRadiusMM+1, func(d measure.Point) float64 {
			r := d.Length()
			cover := inside(markRadiusMM-r, perMM)
			if !m.Full {
				cover -= inside(holeRadiusMM-r, perMM)
			}
			return cover
		}, 0)
	}
	return img
}

// inside is how much of a pixel is covered that lies so many millimetres within an edge.
func inside(mm, perMM float64) float64 { return math.Min(1, math.Max(0, 0.5+mm*perMM)) }

// stamp draws one shape about a point of the sheet; cover is asked for ways from that point.
func stamp(img *image.RGBA, perMM float64, place measure.Affine, at measure.Point, reach float64,
	cover func(measure.Point) float64, level uint8) {
	back := place.Inverse()
	centre := place.Apply(at)
	for y := int((centre.Y - reach) * perMM); y <= int((centre.Y+reach)*perMM); y++ {
		for x := int((centre.X - reach) * perMM); x <= int((centre.X+reach)*perMM); x++ {
			if !(image.Point{X: x, Y: y}.In(img.Rect)) {
				continue
			}
			mm := measure.Point{X: (float64(x) + 0.5) / perMM, Y: (float64(y) + 0.5) / perMM}
			if c := cover(back.Apply(mm).Sub(at)); c > 0 {
				v := uint8(math.Round(255 + (float64(level)-255)*c))
				img.SetRGBA(x, y, color.RGBA{v, v, v, 0xff})
			}
		}
	}
}
