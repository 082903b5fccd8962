package printing

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"unicode/utf8"
)

// leading is the distance of wrapped lines in ems.
const leading = 1.08

// Inks of personalisation.
var (
	inkBlack   = ink{0x12, 0x12, 0x16}
	inkCaption = ink{0x2b, 0x55, 0x5c}
)

// Render draws the personalisation layer of a page on white: portrait, ghost image, captions and
// values, signature, machine readable zone, overprint. It returns *MissingError, *FitError or
// *GlyphError for a field that cannot be printed, and ctx.Err() when told to stop.
func Render(ctx context.Context, p Page, l Layout, dpi int) (*image.RGBA, error) {
	return render(ctx, p, l, dpi, Placement{})
}

func render(ctx context.Context, p Page, l Layout, dpi int, place Placement) (*image.RGBA, error) {
	if p.Issuer != l.Issuer {
		return nil, fmt.Errorf("layout is for issuer %s only", l.Issuer)
	}
	if p.Portrait == nil || p.Portrait.Bounds().Empty() {
		return nil, &MissingError{Field: "portrait"}
	}
	c, err := newCanvas(&l, dpi)
	if err != nil {
		return nil, err
	}
	c.place = place
	steps := []func() error{
		func() error { return c.drawPictures(&l, &p, dpi) },
		func() error { return c.drawSignatureLine(&l) },
		func() error { return c.drawOverprint(&l, p.overprint()) },
		func() error { return c.drawFields(&l, &p) },
		func() error { return c.drawMRZ(&l, p.MRZ) },
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.img, nil
}

// drawFields prints every value with its caption.
func (c *canvas) drawFields(l *Layout, p *Page) error {
	regular := newTypeface(l.regular)
	for _, f := range l.Fields {
		value, _ := p.value(f.Name)
		value = strings.Join(strings.Fields(value), " ")
		if err := c.drawCaption(l, p, f, regular, value); err != nil {
			return err
		}
		if value == "" {
			if !f.Optional {
				return &MissingError{Field: f.Name}
			}
			continue
		}
		if err := c.drawValue(l, f, value); err != nil {
			return err
		}
	}
	return nil
}

// drawCaption prints the name of a field. A caption that two values share moves down to the second
// when the first is empty; an optional value that is absent leaves no caption.
func (c *canvas) drawCaption(l *Layout, p *Page, f Field, face *typeface, value string) error {
	if f.Caption == "" {
		return nil
	}
	baseline := f.YMM
	if value == "" {
		if f.CaptionOf == "" {
			return nil
		}
		for _, other := range l.Fields {
			if other.Name == f.CaptionOf {
				baseline = other.YMM
			}
		}
	}
	return c.caption(l, face, f.Caption, point{f.XMM, baseline - l.Caption.RiseMM})
}

// caption prints small text in the caption's ink.
func (c *canvas) caption(l *Layout, face *typeface, text string, at point) error {
	s, err := face.set(text, 0.01)
	if err != nil {
		return fmt.Errorf("caption: %w", err)
	}
	c.fill(s.outline(upright(at, l.Caption.SizeMM)), inkCaption, 1)
	return nil
}

// drawValue prints one value: at its size, or smaller, or wrapped, or not at all.
func (c *canvas) drawValue(l *Layout, f Field, value string) error {
	lines, err := l.setValue(f, value)
	if err != nil {
		return err
	}
	for _, line := range lines {
		c.fill(line.outline(), inkBlack, 1)
	}
	return nil
}

// textLine is one line of a value at its place.
type textLine struct {
	setting
	at     point // start of the baseline
	sizeMM float64
}

func (t textLine) outline() outline { return t.setting.outline(upright(t.at, t.sizeMM)) }

// setValue fits a value into its field and places its lines.
func (l *Layout) setValue(f Field, value string) ([]textLine, error) {
	face := newTypeface(l.regular)
	if f.Bold {
		face = newTypeface(l.bold)
	}
	lines, size, err := fit(f, face, value)
	if errors.Is(err, errGlyph) {
		return nil, &GlyphError{Field: f.Name}
	}
	if err != nil {
		return nil, err
	}
	step := size * leading
	first := f.YMM - 0.4*step*float64(len(lines)-1)
	var out []textLine
	for i, s := range lines {
		out = append(out, textLine{s, point{f.XMM, first + float64(i)*step}, size})
	}
	return out, nil
}

// fit finds how a value is set: the lines and their em size in millimetres.
func fit(f Field, face *typeface, value string) ([]setting, float64, error) {
	whole, err := face.set(value, 0)
	if err != nil {
		return nil, 0, err
	}
	if whole.width == 0 {
		return nil, 0, &MissingError{Field: f.Name}
	}
	if size := f.WidthMM / whole.width; size >= f.MinSizeMM {
		return []setting{whole}, min(size, f.SizeMM), nil
	}
	var lines []setting
	for rest := pieces(value); len(rest) > 0; {
		if len(lines) == f.Lines {
			return nil, 0, &FitError{Field: f.Name}
		}
		line, used, err := longest(face, rest, f.WidthMM/f.MinSizeMM)
		if err != nil {
			return nil, 0, err
		}
		if used == 0 {
			return nil, 0, &FitError{Field: f.Name}
		}
		lines, rest = append(lines, line), rest[used:]
	}
	return lines, f.MinSizeMM, nil
}

// longest sets as many pieces as fit into a line of a width in ems, and says how many.
func longest(face *typeface, rest []string, width float64) (setting, int, error) {
	var line setting
	text := ""
	for n, piece := range rest {
		text += piece
		s, err := face.set(strings.TrimRight(text, " "), 0)
		if err != nil {
			return setting{}, 0, err
		}
		if s.width > width {
			return line, n, nil
		}
		line = s
	}
	return line, len(rest), nil
}

// pieces cuts a value where a line may end: after a space, a hyphen or a slash, but not before one.
func pieces(value string) []string {
	var out []string
	start := 0
	for i, r := range value {
		rest := value[i+utf8.RuneLen(r):]
		if r == '-' || r == ' ' && !strings.HasPrefix(rest, "/") || r == '/' && !strings.HasPrefix(rest, " ") {
			out = append(out, value[start:i+1])
			start = i + 1
		}
	}
	if start < len(value) {
		out = append(out, value[start:])
	}
	return out
}
