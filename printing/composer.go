package printing

import (
	"context"
	"fmt"
	"image"
	"strings"
)

// surface is what a page is composed on: the pixels of a Forme, or a file for the archive. Lengths
// are millimetres of the layout.
type surface interface {
	// underlay puts the artwork that the maker printed under everything.
	underlay(ctx context.Context) error
	// clear takes everything off a box.
	clear(b Box)
	// text inks a line letter by letter; word inks it as one shape, so that nothing is inked twice.
	text(t textLine, p plane, c colour)
	word(t textLine, c colour)
	shape(o outline, p plane, c colour)
	// size is how many pixels a picture should have that fills a box.
	size(b Box) image.Point
	// picture prints pixels of three bytes; tone prints an ink as strongly as each byte says.
	picture(b Box, s samples)
	tone(b Box, s samples, c colour)
}

// plane says who prints something, and so whether it moves with the ink.
type plane int

const (
	personal plane = iota // ink of personalisation
	printed               // there before: where the maker put it
)

// colour is an ink and how much of it is laid, 0 to 1.
type colour struct {
	ink
	strength float64
}

// Colours of personalisation. Every text is pure black.
var (
	inkBlack   = colour{black, 1}
	inkCaption = colour{ink{0x2b, 0x55, 0x5c}, 1}
	inkRule    = colour{ink{0x2b, 0x55, 0x5c}, 0.6}
)

// composer puts a page on a surface. It works under the press' lock.
type composer struct {
	l     *Layout
	press *press
	surface
}

// compose puts everything of a page on the surface, or says what cannot be printed.
func (c *composer) compose(ctx context.Context, p *Page, serial string, preview bool) error {
	c.press.mu.Lock()
	defer c.press.mu.Unlock()
	steps := []func() error{
		func() error { return c.blank(ctx, serial) },
		func() error { c.portrait(p.Portrait); return nil },
		func() error { c.ghost(p.Portrait); return nil },
		func() error { return c.signature(p.Signature) },
		func() error { return c.overprint(p.overprint()) },
		func() error { return c.fields(p) },
		func() error { return c.mrz(p.MRZ) },
		func() error { return c.watermark(preview) },
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// check refuses a page that does not belong on the layout, or lacks its portrait.
func (l *Layout) checkPage(p *Page) error {
	if p.Issuer != l.Issuer {
		return fmt.Errorf("layout is for issuer %s only", l.Issuer)
	}
	if p.Portrait == nil || p.Portrait.Bounds().Empty() {
		return &MissingError{Field: "portrait"}
	}
	return nil
}

// blank puts what the maker of the booklets printed under the page of one booklet.
func (c *composer) blank(ctx context.Context, serial string) error {
	if serial == "" {
		return nil
	}
	if err := c.underlay(ctx); err != nil {
		return err
	}
	return c.barcode(serial)
}

// fields prints every value with its caption.
func (c *composer) fields(p *Page) error {
	for _, f := range c.l.Fields {
		value, _ := p.value(f.Name)
		value = strings.Join(strings.Fields(value), " ")
		if err := c.caption(f, value); err != nil {
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
			c.text(line, personal, inkBlack)
		}
	}
	return nil
}

// caption prints the name of a field. A caption that two values share moves down to the second when
// the first is empty; an optional value that is absent leaves no caption.
func (c *composer) caption(f Field, value string) error {
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
	return c.small(f.Caption, point{f.XMM, y - c.l.Caption.RiseMM})
}

// small prints a caption in every language of the layout.
func (c *composer) small(w Words, at point) error {
	s, err := c.press.regular.set(strings.Join(c.l.in(w), " / "), 0.01)
	if err != nil {
		return fmt.Errorf("caption: %w", err)
	}
	c.text(textLine{s, baseline{at, c.l.Caption.SizeMM, 0}}, personal, inkCaption)
	return nil
}
