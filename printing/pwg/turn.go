package pwg

import (
	"image"
	"image/color"
)

// turnLines is how many lines of a picture are turned at a time.
const turnLines = 64

// Turned is a picture turned a quarter to the left: its top edge became the left one. It holds all of its
// pixels, as the last line of one is made of every line of the other.
type Turned struct {
	pix  []byte // three bytes a pixel
	size image.Point
}

var _ Rower = (*Turned)(nil)

// Turn turns a picture a quarter to the left, for a printer that takes its pages short edge first.
func Turn(img image.Image) *Turned {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	t := &Turned{pix: make([]byte, 3*w*h), size: image.Pt(h, w)}
	var band []byte
	for from := 0; from < h; from += turnLines {
		to := min(from+turnLines, h)
		band = Rows(band, img, SRGB, from, to)
		for x := range w {
			dst := t.pix[3*((w-1-x)*h+from):]
			for y := range to - from {
				copy(dst[3*y:3*y+3], band[3*(y*w+x):])
			}
		}
	}
	return t
}

// AppendRGB implements Rower.
func (t *Turned) AppendRGB(dst []byte, from, to int) []byte {
	return append(dst, t.pix[3*t.size.X*from:3*t.size.X*to]...)
}

// Bounds implements image.Image.
func (t *Turned) Bounds() image.Rectangle { return image.Rectangle{Max: t.size} }

// ColorModel implements image.Image.
func (t *Turned) ColorModel() color.Model { return color.RGBAModel }

// At implements image.Image.
func (t *Turned) At(x, y int) color.Color {
	if !image.Pt(x, y).In(t.Bounds()) {
		return color.RGBA{}
	}
	p := t.pix[3*(y*t.size.X+x):]
	return color.RGBA{p[0], p[1], p[2], 0xff}
}

// Colourless tells whether no pixel of a picture has a hue: it can be printed in grey.
func Colourless(img image.Image) bool {
	if _, ok := img.(*image.Gray); ok {
		return true
	}
	var band []byte
	for from, h := 0, img.Bounds().Dy(); from < h; from += turnLines {
		band = Rows(band, img, SRGB, from, min(from+turnLines, h))
		for p := band; len(p) >= 3; p = p[3:] {
			if p[0] != p[1] || p[1] != p[2] {
				return false
			}
		}
	}
	return true
}
