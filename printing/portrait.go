package printing

import (
	"image"
	"math"
)

// ghostInk is the one ink of the ghost image.
var ghostInk = ink{0x1f, 0x5f, 0x66}

// How the ghost image is printed.
const (
	ghostLowest  = 0.10 // tone of the darkest part, 0 is full ink
	ghostFeather = 0.16 // width of the soft edge as a share of the oval's radius
	ghostShare   = 0.8  // of the ink
)

// pixels returns the pixels of a box, edges rounded to whole ones.
func (a affine) pixels(b Box) image.Rectangle {
	lo, hi := a.of(point{b.XMM, b.YMM}), a.of(point{b.XMM + b.WidthMM, b.YMM + b.HeightMM})
	at := func(v float64) int { return int(math.Floor(v + 0.5)) }
	return image.Rect(at(lo.x), at(lo.y), at(hi.x), at(hi.y))
}

// crop returns the greatest part of a picture about its centre with the sides of a target. A
// portrait is cropped, never stretched (ICAO Doc 9303-3, 3.9.1.3).
func crop(src image.Rectangle, target image.Point) image.Rectangle {
	w, h := src.Dx(), src.Dy()
	if w*target.Y > h*target.X {
		w = max(1, h*target.X/target.Y)
	} else {
		h = max(1, w*target.Y/target.X)
	}
	x, y := src.Min.X+(src.Dx()-w)/2, src.Min.Y+(src.Dy()-h)/2
	return image.Rect(x, y, x+w, y+h)
}

// onDevice puts a picture that fills the pixels r of the page without a placement where the
// placement wants it.
func (c *composer) onDevice(s samples, r image.Rectangle, fill uint8) (samples, image.Rectangle) {
	if c.page == c.plain {
		return s, r
	}
	patch := affine{xx: 1, yy: 1, x0: float64(r.Min.X), y0: float64(r.Min.Y)}
	return s.moved(c.page.after(c.plain.inverse()).after(patch), fill)
}

// portrait prints the portrait in Zone V, unaltered but for its size.
func (c *composer) portrait(src image.Image) {
	r := c.plain.pixels(c.l.Portrait)
	s := colours(src, crop(src.Bounds(), r.Size())).scaled(r.Dx(), r.Dy())
	s, r = c.onDevice(s, r, 0xff)
	c.put(picture{s.pix, r})
}

// ghost prints the portrait a second time, small, in one ink, fading at its edge.
func (c *composer) ghost(src image.Image) {
	r := c.plain.pixels(c.l.Ghost)
	s := colours(src, crop(src.Bounds(), r.Size())).luma().scaled(r.Dx(), r.Dy())
	across, down := fourths(s.w), fourths(s.h)
	for y := range s.h {
		for x := range s.w {
			tone := max(ghostLowest, float64(s.pix[y*s.w+x])/255)
			// A superellipse: nearly a rectangle, with round corners.
			radius := math.Sqrt(math.Sqrt(across[x] + down[y]))
			edge := min(1, max(0, (1-radius)/ghostFeather))
			s.pix[y*s.w+x] = uint8(float64(float64((1-tone)*edge)*255) + 0.5)
		}
	}
	s, r = c.onDevice(s, r, 0)
	c.put(tone{s.pix, r, doseOf(ghostInk, ghostShare)})
}

// fourths are the fourth powers of the distances from the middle of n pixels, 1 at their ends.
func fourths(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		d := math.Abs(float64(2*i+1)/float64(n) - 1)
		d = float64(d * d)
		out[i] = float64(d * d)
	}
	return out
}

// signature prints Zone IV: the caption, a rule, and the signature where there is one.
func (c *composer) signature(src image.Image) error {
	b := c.l.Signature
	if src != nil && !src.Bounds().Empty() {
		c.strokes(b, src)
	}
	var rule outline
	rule.rectangle(Box{b.XMM, b.YMM + b.HeightMM - 1.9, b.WidthMM, 0.1})
	c.outline(rule, c.page, doseOf(inkCaption, 0.6))
	return c.small(c.l.Caption.Signature, point{b.XMM, b.YMM + b.HeightMM - 0.1}, doseOf(inkCaption, 1))
}

// strokes prints a signature as large as its zone allows, its darkness as ink.
func (c *composer) strokes(b Box, src image.Image) {
	zone := c.plain.pixels(Box{b.XMM, b.YMM, b.WidthMM, b.HeightMM - 2.0})
	s := src.Bounds()
	w, h := zone.Dx(), zone.Dx()*s.Dy()/s.Dx()
	if h > zone.Dy() {
		w, h = zone.Dy()*s.Dx()/s.Dy(), zone.Dy()
	}
	if w < 1 || h < 1 {
		return
	}
	small := colours(src, s).luma().scaled(w, h)
	for i, v := range small.pix {
		small.pix[i] = 255 - v
	}
	at := image.Pt(zone.Min.X+(zone.Dx()-w)/2, zone.Max.Y-h)
	patch, r := c.onDevice(small, image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}, 0)
	c.put(tone{patch.pix, r, c.black})
}
