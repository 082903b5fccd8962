package synth

import (
	"math"
	"sync"

	"golang.org/x/image/vector"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// Face draws characters of a machine readable zone. Draw adds the outline of one to a rasterizer, in
// the pitches of package ocrb, and does nothing for a character that it does not have.
type Face interface {
	Draw(r rune, z *vector.Rasterizer, pen func(ocrb.Point) (x, y float32))
}

// Outline is the face whose outlines the recogniser's templates are made of.
type Outline struct{}

// Draw adds an outline of package ocrb.
func (Outline) Draw(r rune, z *vector.Rasterizer, pen func(ocrb.Point) (x, y float32)) {
	if g := ocrb.Find(r); g != nil {
		g.Draw(z, pen)
	}
}

// Pen is OCR-B drawn a second time, by hand and independently, as ISO 1073-2 describes it: centre lines
// and a round pen. Nothing of the recogniser is made from it; it only judges. Width is the pen's, in
// pitches; 0 means the standard's 0.35 mm.
type Pen struct{ Width float64 }

// Draw adds the strokes of one character. All outlines have the same sense, so that where two strokes
// meet the ink stays.
func (p Pen) Draw(r rune, z *vector.Rasterizer, pen func(ocrb.Point) (x, y float32)) {
	radius := p.Width / 2
	if radius == 0 {
		radius = 0.35 / ocrb.PitchMM / 2
	}
	for _, s := range penStrokes()[r] {
		for i, q := range s.inked(radius) {
			if x, y := pen(q); i == 0 {
				z.MoveTo(x, y)
			} else {
				z.LineTo(x, y)
			}
		}
		z.ClosePath()
	}
}

// inked is the outline of what a round pen leaves on a way: along its right side, around the end, and
// back along the other.
func (s stroke) inked(radius float64) []ocrb.Point {
	var out []ocrb.Point
	n := len(s)
	for i := range 2 * (n - 1) {
		a, b := s.leg(i)
		_, next := s.leg((i + 1) % (2 * (n - 1)))
		from := math.Atan2(b.Y-a.Y, b.X-a.X) - math.Pi/2
		turn := math.Remainder(math.Atan2(next.Y-b.Y, next.X-b.X)-math.Pi/2-from, 2*math.Pi)
		if i == n-2 || i == 2*(n-1)-1 {
			turn = math.Pi // the pen turns round
		}
		steps := 1 + int(math.Abs(turn)/0.35)
		for k := range steps + 1 {
			sin, cos := math.Sincos(from + turn*float64(k)/float64(steps))
			out = append(out, ocrb.Point{X: b.X + radius*cos, Y: b.Y + radius*sin})
		}
	}
	return out
}

// leg is the i-th piece of the way there and back.
func (s stroke) leg(i int) (from, to ocrb.Point) {
	n := len(s)
	if i < n-1 {
		return s[i], s[i+1]
	}
	i -= n - 1
	return s[n-1-i], s[n-2-i]
}

// stroke is a way of the pen.
type stroke []ocrb.Point

// by goes straight through points, given as x, y, x, y.
func by(xy ...float64) stroke {
	var s stroke
	for i := 0; i+1 < len(xy); i += 2 {
		s = append(s, ocrb.Point{X: xy[i], Y: xy[i+1]})
	}
	return s
}

// round goes along an ellipse from one angle to another, in degrees against the clock from the right.
func (s stroke) round(cx, cy, rx, ry, from, to float64) stroke {
	steps := max(4, int(math.Abs(to-from)/15))
	for i := range steps + 1 {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/float64(steps)) * math.Pi / 180)
		s = append(s, ocrb.Point{X: cx + rx*cos, Y: cy + ry*sin})
	}
	return s
}

// by goes on straight.
func (s stroke) by(xy ...float64) stroke { return append(s, by(xy...)...) }

// penStrokes are the centre lines, in pitches: capitals stand from 0.06 to 0.91, figures to 0.99.
var penStrokes = sync.OnceValue(func() map[rune][]stroke {
	m := penFigures()
	for r, s := range penLetters() {
		m[r] = s
	}
	return m
})

func penFigures() map[rune][]stroke {
	return map[rune][]stroke{
		'0': {stroke{}.round(0.47, 0.75, 0.25, 0.24, 180, 90).round(0.53, 0.75, 0.25, 0.24, 90, 0).
			round(0.53, 0.30, 0.25, 0.24, 0, -90).round(0.47, 0.30, 0.25, 0.24, -90, -180).by(0.22, 0.75)},
		'1': {by(0.29, 0.79, 0.55, 0.98, 0.55, 0.06)},
		'2': {stroke{}.round(0.48, 0.74, 0.25, 0.25, 155, -25).
			by(0.62, 0.53, 0.51, 0.45, 0.38, 0.36, 0.30, 0.27, 0.26, 0.18, 0.25, 0.07, 0.75, 0.07)},
		'3': {stroke{}.by(0.24, 0.98, 0.69, 0.98, 0.44, 0.62).round(0.46, 0.34, 0.30, 0.28, 90, -125)},
		'4': {by(0.48, 0.98, 0.23, 0.30, 0.78, 0.30), by(0.60, 0.52, 0.60, 0.06)},
		'5': {by(0.70, 0.98, 0.29, 0.98, 0.29, 0.58).round(0.44, 0.33, 0.27, 0.27, 100, -80).by(0.26, 0.06)},
		'6': {by(0.57, 0.98, 0.30, 0.52).round(0.50, 0.33, 0.27, 0.27, 150, 510)},
		'7': {by(0.23, 0.98, 0.77, 0.98).by(0.50, 0.45, 0.44, 0.06)},
		'8': {stroke{}.round(0.50, 0.78, 0.22, 0.21, 0, 360), stroke{}.round(0.50, 0.31, 0.27, 0.25, 0, 360)},
		'9': {by(0.42, 0.06, 0.71, 0.56).round(0.50, 0.72, 0.27, 0.26, -35, 325)},
		'<': {by(0.77, 0.86, 0.24, 0.52, 0.77, 0.18)},
	}
}

func penLetters() map[rune][]stroke {
	return map[rune][]stroke{
		'A': {by(0.24, 0.06, 0.44, 0.91, 0.57, 0.91, 0.77, 0.06), by(0.30, 0.30, 0.71, 0.30)},
		'B': {by(0.25, 0.07, 0.25, 0.90, 0.50, 0.90).round(0.50, 0.70, 0.20, 0.20, 90, -90).by(0.25, 0.50),
			by(0.45, 0.50).round(0.52, 0.285, 0.25, 0.215, 90, -90).by(0.25, 0.07)},
		'C': {stroke{}.round(0.55, 0.62, 0.25, 0.29, 35, 180).round(0.55, 0.35, 0.25, 0.29, 180, 325)},
		'D': {by(0.29, 0.07, 0.29, 0.90, 0.38, 0.90).round(0.38, 0.485, 0.37, 0.415, 90, -90).by(0.29, 0.07)},
		'E': {by(0.75, 0.07, 0.29, 0.07, 0.29, 0.90, 0.74, 0.90), by(0.29, 0.49, 0.64, 0.49)},
		'F': {by(0.34, 0.06, 0.34, 0.90, 0.75, 0.90), by(0.34, 0.49, 0.66, 0.49)},
		'G': {stroke{}.round(0.52, 0.62, 0.28, 0.30, 45, 180).round(0.52, 0.35, 0.28, 0.30, 180, 290).
			by(0.75, 0.13, 0.75, 0.43, 0.55, 0.43)},
		'H': {by(0.26, 0.06, 0.26, 0.91), by(0.74, 0.06, 0.74, 0.91), by(0.26, 0.49, 0.74, 0.49)},
		'I': {by(0.50, 0.07, 0.50, 0.90), by(0.30, 0.90, 0.70, 0.90), by(0.30, 0.07, 0.70, 0.07)},
		'J': {by(0.62, 0.91, 0.62, 0.27).round(0.43, 0.25, 0.19, 0.20, 0, -160)},
		'K': {by(0.24, 0.06, 0.24, 0.91), by(0.76, 0.91, 0.30, 0.50, 0.77, 0.06)},
		'L': {by(0.27, 0.91, 0.27, 0.07, 0.77, 0.07)},
		'M': {by(0.22, 0.06, 0.26, 0.91, 0.50, 0.36, 0.74, 0.91, 0.78, 0.06)},
		'N': {by(0.25, 0.06, 0.25, 0.91, 0.75, 0.06, 0.75, 0.91)},
		'O': {stroke{}.round(0.50, 0.49, 0.28, 0.43, 0, 360)},
		'P': {by(0.27, 0.06, 0.27, 0.90, 0.53, 0.90).round(0.53, 0.665, 0.24, 0.235, 90, -90).by(0.27, 0.43)},
		'Q': {stroke{}.round(0.48, 0.50, 0.26, 0.42, 0, 360), by(0.46, 0.36, 0.77, 0.06)},
		'R': {by(0.28, 0.06, 0.28, 0.90, 0.50, 0.90).round(0.50, 0.68, 0.22, 0.22, 90, -90).by(0.28, 0.46),
			by(0.48, 0.46, 0.75, 0.06)},
		'S': {stroke{}.round(0.50, 0.70, 0.22, 0.215, 30, 250).round(0.50, 0.275, 0.235, 0.22, 75, -150)},
		'T': {by(0.23, 0.90, 0.77, 0.90), by(0.50, 0.90, 0.50, 0.06)},
		'U': {by(0.25, 0.91, 0.25, 0.30).round(0.50, 0.30, 0.25, 0.25, 180, 360).by(0.75, 0.91)},
		'V': {by(0.23, 0.91, 0.45, 0.06, 0.55, 0.06, 0.77, 0.91)},
		'W': {by(0.22, 0.91, 0.30, 0.06, 0.50, 0.60, 0.70, 0.06, 0.78, 0.91)},
		'X': {by(0.24, 0.91, 0.76, 0.06), by(0.76, 0.91, 0.24, 0.06)},
		'Y': {by(0.24, 0.91, 0.50, 0.46, 0.50, 0.06), by(0.76, 0.91, 0.50, 0.46)},
		'Z': {by(0.27, 0.90, 0.73, 0.90, 0.27, 0.07, 0.75, 0.07)},
	}
}
