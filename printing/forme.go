package printing

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"sync"

	"padarozhnik/printing/pwg"
)

// Resolutions that a page is drawn at.
const (
	minDPI = 72
	maxDPI = 1200
)

// Options say how a page is laid out for a device.
type Options struct {
	DPI   int
	Place Placement // where the ink goes on this booklet; zero: where the layout says

	// Serial, where it is set, puts the page under the ink that the maker of the booklets printed:
	// artwork, title, bar code of the serial. A booklet gets the ink alone.
	Serial string
	// Preview lays a watermark over everything: a picture for a screen, never for paper.
	Preview bool
}

// Placement is where ink goes: a point (x, y) of the layout, in millimetres, goes to (XX*x + XY*y +
// XMM, YX*x + YY*y + YMM). The zero Placement leaves everything in its place. A Placement that turns
// or stretches by more than a tenth is refused.
type Placement struct{ XX, XY, YX, YY, XMM, YMM float64 }

// affine returns the placement as a map of millimetres.
func (p Placement) affine() (affine, error) {
	if p == (Placement{}) {
		return affine{xx: 1, yy: 1}, nil
	}
	const most = 0.1
	for _, v := range []float64{p.XX - 1, p.YY - 1, p.XY, p.YX, p.XMM / 200, p.YMM / 200} {
		if !(v >= -most && v <= most) {
			return affine{}, fmt.Errorf("placement of ink is out of range")
		}
	}
	return affine{p.XX, p.XY, p.YX, p.YY, p.XMM, p.YMM}, nil
}

// After returns the placement that does first what another one does, then this one.
func (p Placement) After(first Placement) Placement {
	switch {
	case p == Placement{}:
		return first
	case first == Placement{}:
		return p
	}
	return Placement{
		XX: p.XX*first.XX + p.XY*first.YX, XY: p.XX*first.XY + p.XY*first.YY,
		YX: p.YX*first.XX + p.YY*first.YX, YY: p.YX*first.XY + p.YY*first.YY,
		XMM: p.XX*first.XMM + p.XY*first.YMM + p.XMM, YMM: p.YX*first.XMM + p.YY*first.YMM + p.YMM,
	}
}

// Forme is a page locked up for printing: every text fitted, every picture scaled, everything in its
// place. Its pixels are made line by line where they are asked for, so a whole page need never lie in
// memory. It is an image.Image, it implements pwg.Rower, and it may be used by several goroutines.
type Forme struct {
	size  image.Point
	dpi   int
	under *ground // what the maker printed; nil for white paper
	items []item

	mu   sync.Mutex
	last band // guarded by mu: what At looked at
}

var _ pwg.Rower = (*Forme)(nil)

// Compose locks up a page. It returns *MissingError, *FitError or *GlyphError for a field that cannot
// be printed, and ctx.Err() when told to stop.
func Compose(ctx context.Context, p Page, l Layout, o Options) (*Forme, error) {
	if err := l.checkPage(&p); err != nil {
		return nil, err
	}
	x, err := newPixels(&l, o)
	if err != nil {
		return nil, err
	}
	c := composer{&l, l.press, x}
	if err := c.compose(ctx, &p, o.Serial, o.Preview); err != nil {
		return nil, err
	}
	return x.forme, nil
}

// Render draws the personalisation layer of a page on white, as Compose does, into one picture.
func Render(ctx context.Context, p Page, l Layout, dpi int) (*image.RGBA, error) {
	f, err := Compose(ctx, p, l, Options{DPI: dpi})
	if err != nil {
		return nil, err
	}
	return f.RGBA(ctx)
}

// DPI is the resolution that the page was locked up for.
func (f *Forme) DPI() int { return f.dpi }

// Bounds implements image.Image.
func (f *Forme) Bounds() image.Rectangle { return image.Rectangle{Max: f.size} }

// ColorModel implements image.Image.
func (f *Forme) ColorModel() color.Model { return color.RGBAModel }

// bandLines is how many lines are made at a time.
const bandLines = 64

// At implements image.Image. It makes the lines around y and keeps them.
func (f *Forme) At(x, y int) color.Color {
	if !image.Pt(x, y).In(f.Bounds()) {
		return color.RGBA{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if y < f.last.rect.Min.Y || y >= f.last.rect.Max.Y {
		from := y - y%bandLines
		to := min(from+bandLines, f.size.Y)
		f.last.pix = f.AppendRGB(f.last.pix[:0], from, to)
		f.last.rect = image.Rect(0, from, f.size.X, to)
	}
	p := f.last.row(y)[3*x:]
	return color.RGBA{p[0], p[1], p[2], 0xff}
}

// AppendRGB appends the lines from..to, three bytes a pixel, red first.
func (f *Forme) AppendRGB(dst []byte, from, to int) []byte {
	n := 3 * f.size.X * (to - from)
	at := len(dst)
	if cap(dst)-at < n {
		dst = append(make([]byte, 0, at+n), dst...)
	}
	dst = dst[:at+n]
	b := &band{dst[at:], image.Rect(0, from, f.size.X, to)}
	if f.under != nil {
		f.under.copyTo(b)
	} else {
		b.white()
	}
	for _, i := range f.items {
		if i.extent().Overlaps(b.rect) {
			i.ink(b)
		}
	}
	return dst
}

// RGBA draws the whole page into one picture.
func (f *Forme) RGBA(ctx context.Context) (*image.RGBA, error) {
	img := image.NewRGBA(f.Bounds())
	var rgb []byte
	for y := 0; y < f.size.Y; y += bandLines {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(y+bandLines, f.size.Y)
		rgb = f.AppendRGB(rgb[:0], y, to)
		widen(img.Pix[y*img.Stride:to*img.Stride], rgb)
	}
	return img, nil
}

// widen writes pixels of three bytes as pixels of four.
func widen(dst, src []byte) {
	for len(src) >= 3 && len(dst) >= 4 {
		dst[0], dst[1], dst[2], dst[3] = src[0], src[1], src[2], 0xff
		dst, src = dst[4:], src[3:]
	}
}
