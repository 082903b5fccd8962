// Package ocrb holds the outlines of the 37 characters of a machine readable zone in the OCR-B
// face (ISO 1073-2; ICAO Doc 9303-3, 4.1) and draws them at any size.
//
// The outlines were taken once from the public domain face of Debian's fonts-ocr-b into
// glyphs.txt, so that nothing needs the font at run time. A Pen turns a point of a glyph into a
// point of a picture; with it a caller draws upright templates and crooked test pages alike.
package ocrb

import (
	"bufio"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/vector"
)

// Alphabet is every character of a machine readable zone (ICAO Doc 9303-3, 4.3).
const Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

// Measures of the face in units of its pitch: the distance of two characters, 2.54 mm on a
// document.
const (
	PitchMM   = 2.54
	LinePitch = 2.5 // distance of two lines, 6.35 mm
)

//go:embed glyphs.txt
var glyphText string

// Point is a point of a glyph, in units of the pitch: X from the left edge of the character's
// cell, Y up from the baseline.
type Point struct{ X, Y float64 }

// step is one part of an outline: a move, a line, or a cubic curve.
type step struct {
	op     byte // 'M', 'L', 'C'
	points [3]Point
}

// Glyph is the outline of one character.
type Glyph struct {
	Rune  rune
	steps []step
}

// Glyphs returns the outlines in the order of Alphabet. The slice is shared: do not change it.
var Glyphs = sync.OnceValue(func() []Glyph {
	glyphs, err := parse(glyphText)
	if err != nil {
		panic("ocrb: embedded outlines: " + err.Error())
	}
	return glyphs
})

// Find returns the outline of a character, or nil for one outside Alphabet.
func Find(r rune) *Glyph {
	i := strings.IndexRune(Alphabet, r)
	if i < 0 {
		return nil
	}
	return &Glyphs()[i]
}

// Draw adds the outline to a rasterizer; pen maps each point to pixels.
func (g *Glyph) Draw(z *vector.Rasterizer, pen func(Point) (x, y float32)) {
	open := false
	for _, s := range g.steps {
		x, y := pen(s.points[0])
		switch s.op {
		case 'M':
			if open {
				z.ClosePath()
			}
			open = true
			z.MoveTo(x, y)
		case 'L':
			z.LineTo(x, y)
		case 'C':
			x1, y1 := pen(s.points[1])
			x2, y2 := pen(s.points[2])
			z.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	if open {
		z.ClosePath()
	}
}

// Bounds returns the box of the outline's points.
func (g *Glyph) Bounds() (low, high Point) {
	for i, s := range g.steps {
		p := s.points[s.last()]
		if i == 0 {
			low, high = p, p
		}
		low = Point{X: min(low.X, p.X), Y: min(low.Y, p.Y)}
		high = Point{X: max(high.X, p.X), Y: max(high.Y, p.Y)}
	}
	return low, high
}

// last is the index of the point where a step ends.
func (s step) last() int {
	if s.op == 'C' {
		return 2
	}
	return 0
}

// parse reads the outline file: a line per glyph with its character, its advance, and its steps
// in the font's units; '#' begins a comment.
func parse(text string) ([]Glyph, error) {
	glyphs := make([]Glyph, len(Alphabet))
	seen := 0
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		g, err := parseGlyph(words)
		if err != nil {
			return nil, err
		}
		at := strings.IndexRune(Alphabet, g.Rune)
		if at < 0 || glyphs[at].Rune != 0 {
			return nil, fmt.Errorf("glyph %q is foreign or stands twice", g.Rune)
		}
		glyphs[at] = g
		seen++
	}
	if seen != len(Alphabet) {
		return nil, fmt.Errorf("%d glyphs, want %d", seen, len(Alphabet))
	}
	return glyphs, lines.Err()
}

func parseGlyph(words []string) (Glyph, error) {
	if len(words) < 3 || len(words[0]) != 1 {
		return Glyph{}, fmt.Errorf("line of %d words", len(words))
	}
	g := Glyph{Rune: rune(words[0][0])}
	advance, err := strconv.ParseFloat(words[1], 64)
	if err != nil || advance <= 0 {
		return Glyph{}, fmt.Errorf("glyph %q: advance", g.Rune)
	}
	for words = words[2:]; len(words) > 0; {
		s := step{op: words[0][0]}
		count := s.last() + 1
		if len(words) < 1+2*count || !strings.Contains("MLC", words[0]) {
			return Glyph{}, fmt.Errorf("glyph %q: outline breaks off", g.Rune)
		}
		for i := range count {
			x, errX := strconv.ParseFloat(words[1+2*i], 64)
			y, errY := strconv.ParseFloat(words[2+2*i], 64)
			if errX != nil || errY != nil {
				return Glyph{}, fmt.Errorf("glyph %q: coordinate", g.Rune)
			}
			s.points[i] = Point{X: x / advance, Y: y / advance}
		}
		g.steps = append(g.steps, s)
		words = words[1+2*count:]
	}
	return g, nil
}
