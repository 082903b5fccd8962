package calibration

import (
	"image"
	"image/color"
	"math"

	"padarozhnik/printing/measure"
)

// How findings are drawn.
const (
	pictureDPI = 150
	magnified  = 10.0 // a mark's way from its place
)

// Inks of pictures for a technician.
var (
	inkPlace = color.RGBA{0x9a, 0xa5, 0xad, 0xff}
	inkFound = color.RGBA{0xb0, 0x2a, 0x3c, 0xff}
	inkGood  = color.RGBA{0x1b, 0x7a, 0x5a, 0xff}
)

// Findings draws where the marks of a target should lie, in grey, and the way to where they lie, ten times
// as long: green within the tolerance, red outside. at are millimetres of the sheet.
func Findings(t Target, at []measure.Point) *image.RGBA {
	perMM := pictureDPI / 25.4
	img := sheet(t, perMM)
	for i, m := range t.Marks {
		ring(img, perMM, m.Point, markRadiusMM, inkPlace)
		d := at[i].Sub(m.Point)
		stroke(img, perMM, m.Point, m.Add(measure.Point{X: d.X * magnified, Y: d.Y * magnified}), 0.5, inkOf(d))
	}
	return img
}

// sheet is white paper with the edges of a target's sheet.
func sheet(t Target, perMM float64) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, int(t.WidthMM*perMM), int(t.HeightMM*perMM)))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	box := []measure.Point{{X: 0, Y: 0}, {X: t.WidthMM, Y: 0}, {X: t.WidthMM, Y: t.HeightMM}, {X: 0, Y: t.HeightMM}, {X: 0, Y: 0}}
	for i := range box[1:] {
		stroke(img, perMM, box[i], box[i+1], 0.3, inkPlace)
	}
	return img
}

// inkOf tells by its colour whether a mark lies within the tolerance.
func inkOf(off measure.Point) color.RGBA {
	if off.Length() > VerifyMM {
		return inkFound
	}
	return inkGood
}

// stroke draws a line of a width in millimetres.
func stroke(img *image.RGBA, perMM float64, a, b measure.Point, widthMM float64, ink color.RGBA) {
	d := b.Sub(a)
	length := math.Max(d.Length(), 1e-9)
	each(img, perMM, measure.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}, length/2+widthMM, ink, func(p measure.Point) float64 {
		t := math.Min(1, math.Max(0, (p.Sub(a).X*d.X+p.Sub(a).Y*d.Y)/(length*length)))
		near := measure.Point{X: a.X + t*d.X, Y: a.Y + t*d.Y}
		return widthMM/2 - p.Sub(near).Length()
	})
}

// ring draws a thin circle.
func ring(img *image.RGBA, perMM float64, centre measure.Point, radius float64, ink color.RGBA) {
	each(img, perMM, centre, radius+1, ink, func(p measure.Point) float64 {
		return 0.15 - math.Abs(p.Sub(centre).Length()-radius)
	})
}

// each inks the pixels about a place by how far they lie within a shape.
func each(img *image.RGBA, perMM float64, at measure.Point, reach float64, ink color.RGBA, within func(measure.Point) float64) {
	r := image.Rect(int((at.X-reach)*perMM), int((at.Y-reach)*perMM), int((at.X+reach)*perMM)+1, int((at.Y+reach)*perMM)+1)
	r = r.Intersect(img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := inside(within(measure.Point{X: (float64(x) + 0.5) / perMM, Y: (float64(y) + 0.5) / perMM}), perMM)
			if c <= 0 {
				continue
			}
			i := img.PixOffset(x, y)
			for k, v := range [3]uint8{ink.R, ink.G, ink.B} {
				img.Pix[i+k] = uint8(float64(img.Pix[i+k])*(1-c) + float64(v)*c)
			}
		}
	}
}
