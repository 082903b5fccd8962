package inspection

import (
	"image"
	"math"

	"padarozhnik/printing"
)

// Picture draws the page as it was seen, greyed, with what is missing in blue, what is too much in red,
// and a frame around each area that differs. It returns nil where the page was not found.
func (r *Result) Picture() *image.RGBA {
	if r.seen == nil {
		return nil
	}
	img := image.NewRGBA(image.Rect(0, 0, r.seen.W, r.seen.H))
	for i, v := range r.seen.Pix {
		d := float64(v - r.want.Pix[i])
		level := 150 + 105*math.Min(1, math.Max(0, float64(v)/255))
		over := math.Min(1, math.Max(0, (math.Abs(d)-20)/60))
		c := [3]float64{level, level, level}
		strong := [3]float64{200, 30, 40} // darker than ordered
		if d > 0 {
			strong = [3]float64{30, 60, 220} // lighter
		}
		for k := range c {
			img.Pix[4*i+k] = uint8(c[k]*(1-over) + strong[k]*over)
		}
		img.Pix[4*i+3] = 0xff
	}
	for _, b := range r.frames() {
		frame(img, b, r.dpi)
	}
	return img
}

// frames are the areas that differ, with some room around each; those that overlap are one.
func (r *Result) frames() []printing.Box {
	var out []printing.Box
	for _, a := range r.Areas {
		b := a.Place.Grown(0.6)
		for i := 0; i < len(out); i++ {
			if overlap(out[i], b) {
				b = around(out[i], b)
				out = append(out[:i], out[i+1:]...)
				i = -1 // the greater one may touch others
			}
		}
		out = append(out, b)
	}
	return out
}

func overlap(a, b printing.Box) bool {
	return a.XMM < b.XMM+b.WidthMM && b.XMM < a.XMM+a.WidthMM && a.YMM < b.YMM+b.HeightMM && b.YMM < a.YMM+a.HeightMM
}

// around is the smallest box that holds two.
func around(a, b printing.Box) printing.Box {
	x, y := math.Min(a.XMM, b.XMM), math.Min(a.YMM, b.YMM)
	return printing.Box{XMM: x, YMM: y, WidthMM: math.Max(a.XMM+a.WidthMM, b.XMM+b.WidthMM) - x,
		HeightMM: math.Max(a.YMM+a.HeightMM, b.YMM+b.HeightMM) - y}
}

// frame draws a red rectangle of a third of a millimetre.
func frame(img *image.RGBA, b printing.Box, dpi int) {
	outer := b.Pixels(dpi)
	wide := max(2, dpi/80)
	inner := outer.Inset(wide)
	for y := max(0, outer.Min.Y); y < min(img.Rect.Dy(), outer.Max.Y); y++ {
		for x := max(0, outer.Min.X); x < min(img.Rect.Dx(), outer.Max.X); x++ {
			if (image.Point{X: x, Y: y}).In(inner) {
				continue
			}
			i := img.PixOffset(x, y)
			img.Pix[i], img.Pix[i+1], img.Pix[i+2] = 0xd0, 0x10, 0x20
		}
	}
}
