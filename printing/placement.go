package printing

import (
	"context"
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// Placement is where a printer has to be told to lay ink so that it falls where a page wants it: a
// point (x, y) of the page, in millimetres from its top left corner, is drawn at
// (A x + B y + C, D x + E y + F). The zero Placement draws everything at its place.
type Placement struct {
	A float64 `cbor:"1,keyasint" json:"a"`
	B float64 `cbor:"2,keyasint" json:"b"`
	C float64 `cbor:"3,keyasint" json:"c"` // mm
	D float64 `cbor:"4,keyasint" json:"d"`
	E float64 `cbor:"5,keyasint" json:"e"`
	F float64 `cbor:"6,keyasint" json:"f"` // mm
}

// IsZero tells that nothing is moved.
func (p Placement) IsZero() bool { return p == Placement{} }

// apply moves a point of the page.
func (p Placement) apply(q point) point {
	if p.IsZero() {
		return q
	}
	return point{p.A*q.x + p.B*q.y + p.C, p.D*q.x + p.E*q.y + p.F}
}

// Limits of a placement: what a printer needs that is worth correcting.
const (
	maxPlaceMM   = 6.0  // of any corner of the page
	maxPlaceTurn = 0.05 // of the unit vectors
)

// check refuses a placement that no calibration gives.
func (p Placement) check(l *Layout) error {
	if p.IsZero() {
		return nil
	}
	for _, v := range []float64{p.A - 1, p.B, p.D, p.E - 1} {
		if !(math.Abs(v) <= maxPlaceTurn) {
			return fmt.Errorf("placement out of range")
		}
	}
	for _, q := range []point{{}, {l.WidthMM, 0}, {0, l.HeightMM}, {l.WidthMM, l.HeightMM}} {
		if d := p.apply(q); !(math.Hypot(d.x-q.x, d.y-q.y) <= maxPlaceMM) {
			return fmt.Errorf("placement out of range")
		}
	}
	return nil
}

// RenderPlaced draws a page as Render does, for a printer that lays ink elsewhere than it is told. Letters
// and lines are drawn through the placement as outlines, so they are as sharp as without it; pictures
// are resampled once.
func RenderPlaced(ctx context.Context, p Page, l Layout, dpi int, place Placement) (*image.RGBA, error) {
	if place.IsZero() {
		return Render(ctx, p, l, dpi)
	}
	if err := place.check(&l); err != nil {
		return nil, err
	}
	return render(ctx, p, l, dpi, place)
}

// placedPictures draws what is made of pixels upright and lays it on the canvas through its placement.
func (c *canvas) placedPictures(l *Layout, p *Page, dpi int) error {
	upright, err := newCanvas(l, dpi)
	if err != nil {
		return err
	}
	if err := upright.drawPictures(l, p, dpi); err != nil {
		return err
	}
	q := c.place
	through := f64.Aff3{q.A, q.B, q.C * c.scale, q.D, q.E, q.F * c.scale}
	for _, b := range []Box{l.Portrait, l.Ghost, l.Signature} {
		const rim = 2 // pixels of white, so that edges fall between pixels
		r := upright.pixels(b).Inset(-rim).Intersect(upright.img.Rect)
		draw.CatmullRom.Transform(c.img, through, upright.img, r, draw.Over, nil)
	}
	return nil
}
