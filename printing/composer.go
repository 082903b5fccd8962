package printing

import (
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/go-text/typesetting/font"
)

// Inks of personalisation. Every text is pure black.
var inkCaption = ink{0x2b, 0x55, 0x5c}

// Size returns the pixels of a whole page: 2953 x 2079 for 125 x 88 mm at 600 dpi.
func (l *Layout) Size(dpi int) image.Point {
	scale := float64(dpi) / mmPerInch
	return image.Pt(int(math.Round(l.WidthMM*scale)), int(math.Round(l.HeightMM*scale)))
}

// composer fills a forme. It works under the press' lock.
type composer struct {
	l     *Layout
	press *press
	forme *Forme
	page  affine // page in millimetres, as the layout has it, to the device's pixels
	plain affine // the same without a placement: where the maker's print lies
	black *dose
}

func newComposer(l *Layout, o Options) (*composer, error) {
	if o.DPI < minDPI || o.DPI > maxDPI {
		return nil, fmt.Errorf("resolution of %d dpi: want %d to %d", o.DPI, minDPI, maxDPI)
	}
	place, err := o.Place.affine()
	if err != nil {
		return nil, err
	}
	scale := float64(o.DPI) / mmPerInch
	plain := affine{xx: scale, yy: scale}
	return &composer{
		l: l, press: l.press, forme: &Forme{size: l.Size(o.DPI), dpi: o.DPI},
		page: plain.after(place), plain: plain, black: doseOf(black, 1),
	}, nil
}

func (c *composer) put(i item) {
	if i.extent().Overlaps(c.forme.Bounds()) {
		c.forme.items = append(c.forme.items, i)
	}
}

// outline inks a shape that is used once.
func (c *composer) outline(o outline, m affine, d *dose) {
	c.press.z.fill(o, m)
	c.put(mark{shapeOf(&c.press.z, c.forme.Bounds()), image.Point{}, d})
}

// text inks a line of text, letter by letter.
func (c *composer) text(t textLine, m affine, d *dose) {
	ems := m.after(t.base.ems())
	for _, g := range t.glyphs {
		c.letter(t.face, g.glyph, ems, point{g.x, g.y}, d)
	}
}

// letter inks one glyph at a place in ems.
func (c *composer) letter(face *typeface, glyph font.GID, ems affine, at point, d *dose) {
	origin := ems.of(at)
	ems.x0, ems.y0 = 0, 0
	s, by := c.press.letter(face, glyph, ems, origin)
	c.put(mark{s, by, d})
}

// fields prints every value with its caption.
func (c *composer) fields(p *Page) error {
	captions := doseOf(inkCaption, 1)
	for _, f := range c.l.Fields {
		value, _ := p.value(f.Name)
		value = strings.Join(strings.Fields(value), " ")
		if err := c.caption(f, value, captions); err != nil {
			return err
		}
		if value == "" {
			if !f.Optional {
				return &MissingError{Field: f.Name}
			}
			continue
		}
		lines, err := c.press.setValue(f, value)
		if err != nil {
			return err
		}
		for _, line := range lines {
			c.text(line, c.page, c.black)
		}
	}
	return nil
}

// caption prints the name of a field. A caption that two values share moves down to the second when
// the first is empty; an optional value that is absent leaves no caption.
func (c *composer) caption(f Field, value string, d *dose) error {
	if f.Caption == nil {
		return nil
	}
	y := f.YMM
	if value == "" {
		if f.CaptionOf == "" {
			return nil
		}
		for _, other := range c.l.Fields {
			if other.Name == f.CaptionOf {
				y = other.YMM
			}
		}
	}
	return c.small(f.Caption, point{f.XMM, y - c.l.Caption.RiseMM}, d)
}

// small prints a caption in every language of the layout.
func (c *composer) small(w Words, at point, d *dose) error {
	s, err := c.press.regular.set(strings.Join(c.l.in(w), " / "), 0.01)
	if err != nil {
		return fmt.Errorf("caption: %w", err)
	}
	c.text(textLine{s, baseline{at, c.l.Caption.SizeMM, 0}}, c.page, d)
	return nil
}
