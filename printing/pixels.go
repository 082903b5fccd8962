package printing

import (
	"context"
	"fmt"
	"image"
	"math"
)

// Size returns the pixels of a whole page: 2953 x 2079 for 125 x 88 mm at 600 dpi.
func (l *Layout) Size(dpi int) image.Point {
	scale := float64(dpi) / mmPerInch
	return image.Pt(int(math.Round(l.WidthMM*scale)), int(math.Round(l.HeightMM*scale)))
}

// pixels is the surface that fills a forme.
type pixels struct {
	l     *Layout
	press *press
	forme *Forme
	on    [2]affine // the page in millimetres to the device's pixels, by plane
	doses map[colour]*dose
}

func newPixels(l *Layout, o Options) (*pixels, error) {
	if o.DPI < minDPI || o.DPI > maxDPI {
		return nil, fmt.Errorf("resolution of %d dpi: want %d to %d", o.DPI, minDPI, maxDPI)
	}
	place, err := o.Place.affine()
	if err != nil {
		return nil, err
	}
	scale := float64(o.DPI) / mmPerInch
	plain := affine{xx: scale, yy: scale}
	return &pixels{
		l: l, press: l.press, forme: &Forme{size: l.Size(o.DPI), dpi: o.DPI},
		on: [2]affine{personal: plain.after(place), printed: plain}, doses: map[colour]*dose{},
	}, nil
}

func (x *pixels) dose(c colour) *dose {
	d, ok := x.doses[c]
	if !ok {
		d = doseOf(c)
		x.doses[c] = d
	}
	return d
}

func (x *pixels) put(i item) {
	if i.extent().Overlaps(x.forme.Bounds()) {
		x.forme.items = append(x.forme.items, i)
	}
}

// underlay implements surface with the press' artwork, which it draws for the first page.
func (x *pixels) underlay(ctx context.Context) error {
	dpi := x.forme.dpi
	if x.press.ground == nil || x.press.ground.dpi != dpi {
		x.press.ground = nil // before the next one is made: two would be twice the memory
		g, err := newGround(ctx, x.l, dpi)
		if err != nil {
			return err
		}
		x.press.ground = g
	}
	x.forme.under = x.press.ground
	return nil
}

func (x *pixels) clear(b Box) { x.put(paper(x.on[printed].pixels(b))) }

func (x *pixels) shape(o outline, p plane, c colour) {
	x.press.z.fill(o, x.on[p])
	x.put(mark{shapeOf(&x.press.z, x.forme.Bounds()), image.Point{}, x.dose(c)})
}

func (x *pixels) text(t textLine, p plane, c colour) {
	ems, d := x.on[p].after(t.base.ems()), x.dose(c)
	for _, g := range t.glyphs {
		s, by := x.press.letter(t.face, g.glyph, ems, ems.of(point{g.x, g.y}))
		x.put(mark{s, by, d})
	}
}

// word keeps the shape for the next page.
func (x *pixels) word(t textLine, c colour) {
	key := wordKey{t.text, t.base, x.on[personal]}
	s, ok := x.press.words[key]
	if !ok {
		x.press.z.fill(t.outline(), x.on[personal])
		s = shapeOf(&x.press.z, x.forme.Bounds())
		if len(x.press.words) >= maxWords {
			clear(x.press.words)
		}
		x.press.words[key] = s
	}
	x.put(mark{s, image.Point{}, x.dose(c)})
}

func (x *pixels) size(b Box) image.Point { return x.on[printed].pixels(b).Size() }

func (x *pixels) picture(b Box, s samples) {
	s, r := x.onDevice(s, b, 0xff)
	x.put(picture{s.pix, r, x.forme.under == nil})
}

func (x *pixels) tone(b Box, s samples, c colour) {
	s, r := x.onDevice(s, b, 0)
	x.put(tone{s.pix, r, x.dose(c)})
}

// onDevice puts a picture that fills a box where the placement of the ink wants it.
func (x *pixels) onDevice(s samples, b Box, fill uint8) (samples, image.Rectangle) {
	r := x.on[printed].pixels(b)
	if x.on[personal] == x.on[printed] {
		return s, r
	}
	patch := affine{xx: 1, yy: 1, x0: float64(r.Min.X), y0: float64(r.Min.Y)}
	return s.moved(x.on[personal].after(x.on[printed].inverse()).after(patch), fill)
}

// pixels returns the pixels of a box, edges rounded to whole ones.
func (a affine) pixels(b Box) image.Rectangle {
	lo, hi := a.of(point{b.XMM, b.YMM}), a.of(point{b.XMM + b.WidthMM, b.YMM + b.HeightMM})
	at := func(v float64) int { return int(math.Floor(v + 0.5)) }
	return image.Rect(at(lo.x), at(lo.y), at(hi.x), at(hi.y))
}
