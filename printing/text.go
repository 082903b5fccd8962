package printing

import (
	"errors"
	"math"

	"github.com/go-text/typesetting/font"
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

// placed is a glyph at its place in a line; offsets in ems. char is the letter that it stands for, 0
// where letters and glyphs do not go one to one.
type placed struct {
	glyph font.GID
	char  rune
	x, y  float64
}

// setting is one line of text, shaped, in ems.
type setting struct {
	face   *typeface
	text   string
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
	s := setting{face: t, text: text}
	for i, info := range buf.Info {
		if info.Glyph == 0 {
			return setting{}, errGlyph
		}
		pos := buf.Pos[i]
		char := rune(0)
		if len(buf.Info) == len(runes) {
			char = runes[info.Cluster]
		}
		s.glyphs = append(s.glyphs, placed{
			glyph: info.Glyph,
			char:  char,
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

// baseline is where and how a line of text is put: the start, the em size, and how steeply it rises
// to the right.
type baseline struct {
	at      point
	sizeMM  float64
	degrees float64
}

// ems takes ems, y upwards, to millimetres on the page.
func (b baseline) ems() affine {
	sin, cos := 0.0, 1.0
	switch b.degrees {
	case 0:
	case 90:
		sin, cos = 1, 0
	default:
		t := b.degrees * math.Pi / 180
		sin, cos = sine(t), cosine(t)
	}
	s := b.sizeMM
	return affine{xx: s * cos, xy: -s * sin, yx: -s * sin, yy: -s * cos, x0: b.at.x, y0: b.at.y}
}

// textLine is a line of text at its place.
type textLine struct {
	setting
	base baseline
}

// outline returns the shape of all letters on the page.
func (t textLine) outline() outline {
	var o outline
	m := t.base.ems()
	for _, g := range t.glyphs {
		for _, s := range t.face.outline(g.glyph) {
			for k := range s.points() {
				s.p[k] = m.of(point{s.p[k].x + g.x, s.p[k].y + g.y})
			}
			o = append(o, s)
		}
	}
	return o
}

// joined is the smallest box around two.
func joined(a, b Box) Box {
	if a == (Box{}) {
		return b
	}
	if b == (Box{}) {
		return a
	}
	x, y := min(a.XMM, b.XMM), min(a.YMM, b.YMM)
	return Box{x, y,
		max(a.XMM+a.WidthMM, b.XMM+b.WidthMM) - x, max(a.YMM+a.HeightMM, b.YMM+b.HeightMM) - y}
}
