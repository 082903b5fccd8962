package printing

import (
	"errors"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// errGlyph: the typeface has no glyph for a character.
var errGlyph = errors.New("no glyph")

// typeface sets text in one face. It is not safe for concurrent use.
type typeface struct {
	face   *font.Face
	shaper *harfbuzz.Font
	em     float64 // units of an em
}

func newTypeface(f *font.Font) *typeface {
	face := font.NewFace(f)
	return &typeface{face: face, shaper: harfbuzz.NewFont(face), em: float64(f.Upem())}
}

// placed is a glyph at its place in a line; offsets in ems.
type placed struct {
	glyph font.GID
	x, y  float64
}

// setting is one line of text, shaped, in ems.
type setting struct {
	face   *typeface
	glyphs []placed
	width  float64
}

// set shapes one line, with kerning and marks. tracking widens the distance after each glyph.
func (t *typeface) set(text string, tracking float64) (setting, error) {
	runes := []rune(text)
	buf := harfbuzz.NewBuffer()
	buf.AddRunes(runes, 0, -1)
	buf.Props.Language = language.NewLanguage("be")
	buf.GuessSegmentProperties()
	buf.Shape(t.shaper, nil)
	s := setting{face: t}
	for i, info := range buf.Info {
		if info.Glyph == 0 {
			return setting{}, errGlyph
		}
		pos := buf.Pos[i]
		s.glyphs = append(s.glyphs, placed{
			glyph: info.Glyph,
			x:     s.width + float64(pos.XOffset)/t.em,
			y:     float64(pos.YOffset) / t.em,
		})
		s.width += float64(pos.XAdvance) / t.em
		if pos.XAdvance != 0 {
			s.width += tracking
		}
	}
	if len(s.glyphs) > 0 {
		s.width -= tracking
	}
	return s, nil
}

// transform takes a point in ems, y upwards, to the page.
type transform func(point) point

// upright puts text on a level baseline.
func upright(origin point, sizeMM float64) transform {
	return func(p point) point { return point{origin.x + p.x*sizeMM, origin.y - p.y*sizeMM} }
}

// rotated puts text on a baseline that rises by an angle to the right.
func rotated(origin point, sizeMM, degrees float64) transform {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(p point) point {
		x, y := p.x*sizeMM, p.y*sizeMM
		return point{origin.x + x*cos - y*sin, origin.y - x*sin - y*cos}
	}
}

// outline returns the shape of the whole line under a transform.
func (s setting) outline(at transform) outline {
	var o outline
	for _, g := range s.glyphs {
		o = s.face.glyph(o, g, at)
	}
	return o
}

// glyph appends the shape of one glyph.
func (t *typeface) glyph(o outline, g placed, at transform) outline {
	data, ok := t.face.GlyphData(g.glyph).(font.GlyphOutline)
	if !ok {
		return o
	}
	kinds := map[opentype.SegmentOp]byte{
		opentype.SegmentOpMoveTo: 'M', opentype.SegmentOpLineTo: 'L',
		opentype.SegmentOpQuadTo: 'Q', opentype.SegmentOpCubeTo: 'C',
	}
	for _, seg := range data.Segments {
		step := op{kind: kinds[seg.Op]}
		for k := range step.points() {
			step.p[k] = at(point{g.x + float64(seg.Args[k].X)/t.em, g.y + float64(seg.Args[k].Y)/t.em})
		}
		o = append(o, step)
	}
	return o
}
