package printing

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// ghostInk is the one ink of the ghost image.
var ghostInk = ink{0x1f, 0x5f, 0x66}

// How the ghost image is printed.
const (
	ghostLowest  = 0.10 // tone of the darkest part, 0 is full ink
	ghostFeather = 0.16 // width of the soft edge as a share of the oval's radius
)

// asRGBA returns a picture as RGBA, without a copy where it is one.
func asRGBA(src image.Image) *image.RGBA {
	if rgba, ok := src.(*image.RGBA); ok {
		return rgba
	}
	out := image.NewRGBA(src.Bounds())
	draw.Draw(out, out.Rect, src, src.Bounds().Min, draw.Src)
	return out
}

// pixels returns the pixels of a box, edges rounded to whole ones.
func (c *canvas) pixels(b Box) image.Rectangle {
	at := func(mm float64) int { return int(math.Round(mm * c.scale)) }
	return image.Rect(at(b.XMM), at(b.YMM), at(b.XMM+b.WidthMM), at(b.YMM+b.HeightMM))
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

// scaled returns a portrait as large as a box, on white.
func scaled(src image.Image, size image.Point) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, out.Rect, src, crop(src.Bounds(), size), draw.Over, nil)
	return out
}

// drawPortrait prints the portrait in Zone V, unaltered but for its size.
func (c *canvas) drawPortrait(l *Layout, src image.Image) {
	r := c.pixels(l.Portrait)
	draw.Draw(c.img, r, scaled(src, r.Size()), image.Point{}, draw.Src)
}

// drawGhost prints the portrait a second time, small, in one ink, fading at its edge.
func (c *canvas) drawGhost(l *Layout, src image.Image) {
	r := c.pixels(l.Ghost)
	small := scaled(src, r.Size())
	w, h := float64(r.Dx()), float64(r.Dy())
	for y := range r.Dy() {
		for x := range r.Dx() {
			g := color.GrayModel.Convert(small.RGBAAt(x, y)).(color.Gray)
			tone := max(ghostLowest, float64(g.Y)/255)
			// A superellipse: nearly a rectangle, with round corners.
			dx, dy := math.Abs(2*(float64(x)+.5)/w-1), math.Abs(2*(float64(y)+.5)/h-1)
			radius := math.Sqrt(math.Sqrt(dx*dx*dx*dx + dy*dy*dy*dy))
			edge := min(1, max(0, (1-radius)/ghostFeather))
			amount := uint32(math.Round((1 - tone) * edge * 255 * 256 * 0.8))
			at := c.img.PixOffset(r.Min.X+x, r.Min.Y+y)
			lay(c.img.Pix[at:at+3:at+3], ghostInk, amount)
		}
	}
}

// drawPictures prints what is made of pixels: portrait, ghost image, and the signature where there is one.
func (c *canvas) drawPictures(l *Layout, p *Page, dpi int) error {
	if !c.place.IsZero() {
		return c.placedPictures(l, p, dpi)
	}
	c.drawPortrait(l, p.Portrait)
	c.drawGhost(l, p.Portrait)
	if p.Signature != nil && !p.Signature.Bounds().Empty() {
		c.stroke(l.Signature, p.Signature)
	}
	return nil
}

// drawSignatureLine prints what of Zone IV is not the bearer's: the caption and a rule.
func (c *canvas) drawSignatureLine(l *Layout) error {
	b := l.Signature
	var rule outline
	rule.rectangle(Box{b.XMM, b.YMM + b.HeightMM - 1.9, b.WidthMM, 0.1})
	c.fill(rule, inkCaption, 0.6)
	return c.caption(l, newTypeface(l.regular), "Подпіс уладальніка / Signature of bearer",
		point{b.XMM, b.YMM + b.HeightMM - 0.1})
}

// stroke prints a signature as large as its zone allows, its darkness as ink.
func (c *canvas) stroke(b Box, src image.Image) {
	zone := c.pixels(Box{b.XMM, b.YMM, b.WidthMM, b.HeightMM - 2.0})
	s := src.Bounds()
	w, h := zone.Dx(), zone.Dx()*s.Dy()/s.Dx()
	if h > zone.Dy() {
		w, h = zone.Dy()*s.Dx()/s.Dy(), zone.Dy()
	}
	if w < 1 || h < 1 {
		return
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Rect, image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(small, small.Rect, src, s, draw.Over, nil)
	x0, y0 := zone.Min.X+(zone.Dx()-w)/2, zone.Max.Y-h
	for y := range h {
		for x := range w {
			g := color.GrayModel.Convert(small.RGBAAt(x, y)).(color.Gray)
			at := c.img.PixOffset(x0+x, y0+y)
			lay(c.img.Pix[at:at+3:at+3], inkBlack, uint32(255-g.Y)*256)
		}
	}
}
