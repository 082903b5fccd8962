package inspection

import (
	"context"
	"image"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// Order is a page as it was ordered, drawn for comparison. It may be used for several scans, by one
// goroutine at a time.
type Order struct {
	page   printing.Page
	layout printing.Layout
	zones  []printing.Zone
	dpi    int
	ink    [3]*measure.Plane // what the office prints, 255 for white
	blank  [3]*measure.Plane // what the booklet had on it
	gray   *measure.Plane    // both together, in grey
}

// Artwork is a booklet's page as its maker printed it, drawn for scans of a resolution. It may be used
// for several orders.
type Artwork struct {
	dpi    int
	layout printing.Layout
	blank  [3]*measure.Plane
}

// DrawArtwork draws the page of a booklet with a serial.
func DrawArtwork(ctx context.Context, l printing.Layout, serial string, dpi int) (*Artwork, error) {
	blank, err := printing.RenderBlank(ctx, serial, l, dpi)
	if err != nil {
		return nil, err
	}
	return &Artwork{dpi, l, planes(blank)}, nil
}

// Prepare draws what was ordered on the artwork.
func Prepare(ctx context.Context, p printing.Page, a *Artwork) (*Order, error) {
	o := &Order{page: p, layout: a.layout, dpi: a.dpi, blank: a.blank}
	var err error
	if o.zones, err = o.layout.Zones(p); err != nil {
		return nil, err
	}
	ink, err := printing.Render(ctx, p, o.layout, o.dpi)
	if err != nil {
		return nil, err
	}
	o.ink = planes(ink)
	o.gray = grey(multiplied(o.ink, o.blank))
	return o, nil
}

func planes(img *image.RGBA) [3]*measure.Plane {
	var out [3]*measure.Plane
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for c := range out {
		out[c] = measure.NewPlane(w, h)
		for i := range out[c].Pix {
			out[c].Pix[i] = float32(img.Pix[4*i+c])
		}
	}
	return out
}

// multiplied lays ink on paper.
func multiplied(ink, paper [3]*measure.Plane) [3]*measure.Plane {
	var out [3]*measure.Plane
	for c := range out {
		out[c] = measure.NewPlane(ink[c].W, ink[c].H)
		for i, v := range ink[c].Pix {
			out[c].Pix[i] = v * paper[c].Pix[i] / 255
		}
	}
	return out
}

// grey is the luminance of three colours.
func grey(p [3]*measure.Plane) *measure.Plane {
	out := measure.NewPlane(p[0].W, p[0].H)
	for i := range out.Pix {
		out.Pix[i] = 0.299*p[0].Pix[i] + 0.587*p[1].Pix[i] + 0.114*p[2].Pix[i]
	}
	return out
}
