package printing

import (
	"image"
	"math"
)

// ghostInk is the one ink of the ghost image.
var ghostInk = colour{ink{0x1f, 0x5f, 0x66}, 0.8}

// How the ghost image is printed.
const (
	ghostLowest  = 0.10 // tone of the darkest part, 0 is full ink
	ghostFeather = 0.16 // width of the soft edge as a share of the oval's radius
)

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

// portrait prints the portrait in Zone V, unaltered but for its size.
func (c *composer) portrait(src image.Image) {
	b := c.l.Portrait
	size := c.size(b)
	c.picture(b, colours(src, crop(src.Bounds(), size)).scaled(size.X, size.Y))
}

// ghost prints the portrait a second time, small, in one ink, fading at its edge.
func (c *composer) ghost(src image.Image) {
	size := c.size(c.l.Ghost)
	s := colours(src, crop(src.Bounds(), size)).luma().scaled(size.X, size.Y)
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
	c.tone(c.l.Ghost, s, ghostInk)
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
	c.shape(rule, personal, inkRule)
	return c.small(c.l.Caption.Signature, point{b.XMM, b.YMM + b.HeightMM - 0.1})
}

// strokes prints a signature as large as its zone allows, its darkness as ink.
func (c *composer) strokes(b Box, src image.Image) {
	room := Box{b.XMM, b.YMM, b.WidthMM, b.HeightMM - 2.0}
	s := src.Bounds()
	ratio := float64(s.Dx()) / float64(s.Dy())
	w, h := room.WidthMM, room.WidthMM/ratio
	if h > room.HeightMM {
		w, h = float64(room.HeightMM*ratio), room.HeightMM
	}
	fitted := Box{room.XMM + (room.WidthMM-w)/2, room.YMM + room.HeightMM - h, w, h}
	size := c.size(fitted)
	if size.X < 1 || size.Y < 1 {
		return
	}
	small := colours(src, s).luma().scaled(size.X, size.Y)
	for i, v := range small.pix {
		small.pix[i] = 255 - v
	}
	c.tone(fitted, small, inkBlack)
}
