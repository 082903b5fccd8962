package ocr

import (
	"image"
	"math"
	"sync"

	"golang.org/x/image/vector"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// Window of a template in pitches: a little inside the character's cell, a little above and below
// the characters.
const (
	windowLeft   = 0.07
	windowRight  = 0.93
	windowTop    = -0.68 // from the middle of the characters
	windowBottom = 0.66
	middleHeight = 0.5 // of the middle above the baseline
)

// Scales of matching in pixels per character.
const (
	coarse = 12
	fine   = 24
)

// templates are the characters of ocrb.Alphabet at one scale, each with its mean taken off and of
// length 1, so that their product with a window of the same size is the normalised
// cross-correlation but for the window's own length.
type templates struct {
	scale, w, h int
	left, top   int     // of the window from the cell's left edge and the middle
	soft        float64 // radius of the blur, in pitches
	values      [][]float32
	apart       [][]float64 // distance of two characters' templates, 0 to about 1.4
}

var coarseTemplates = sync.OnceValue(func() *templates { return newTemplates(coarse, 0.035) })

// fineTemplates are as sharp as a good scan of 300 dpi, as a fair one, and as a blurred one of 150 dpi.
var fineTemplates = sync.OnceValue(func() []*templates {
	var list []*templates
	for _, soft := range []float64{0.02, 0.035, 0.055, 0.08} {
		list = append(list, newTemplates(fine, soft))
	}
	return list
})

// newTemplates draws the alphabet as a scanner of the given blur sees it.
func newTemplates(scale int, soft float64) *templates {
	s := float64(scale)
	t := &templates{scale: scale, soft: soft, left: int(math.Round(windowLeft * s)), top: int(math.Round(windowTop * s))}
	t.w = int(math.Round(windowRight*s)) - t.left
	t.h = int(math.Round(windowBottom*s)) - t.top
	for _, g := range ocrb.Glyphs() {
		t.values = append(t.values, normalised(t.draw(&g)))
	}
	for _, a := range t.values {
		row := make([]float64, len(t.values))
		for i, b := range t.values {
			row[i] = math.Sqrt(max(0, 2-2*float64(dot(a, b))))
		}
		t.apart = append(t.apart, row)
	}
	return t
}

// draw returns the ink of one character in the template's window, blurred as a scanner does.
func (t *templates) draw(g *ocrb.Glyph) []float32 {
	const over = 4 // drawn finer, then averaged
	s := float64(t.scale * over)
	margin := t.scale * over / 4
	w, h := t.w*over+2*margin, t.h*over+2*margin
	z := vector.NewRasterizer(w, h)
	g.Draw(z, func(p ocrb.Point) (x, y float32) {
		return float32(p.X*s - float64(t.left*over-margin)),
			float32((middleHeight-p.Y)*s - float64(t.top*over-margin))
	})
	mask := image.NewAlpha(image.Rect(0, 0, w, h))
	z.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	soft := &plane{w: w, h: h, pix: mask.Pix}
	soft = boxed(boxed(soft, int(t.soft*s+0.5)), int(t.soft*s+0.5))
	out := make([]float32, t.w*t.h)
	for y := range t.h * over {
		for x := range t.w * over {
			out[y/over*t.w+x/over] += float32(soft.pix[(y+margin)*w+x+margin]) / (255 * over * over)
		}
	}
	for i, v := range out {
		out[i] = ramp(v, t.scale)
	}
	return out
}

// boxed averages a plane over squares of the given radius, one direction after the other.
func boxed(p *plane, radius int) *plane {
	for range 2 {
		out := newPlane(p.w, p.h)
		for y := range p.h {
			row, to := p.row(y), out.row(y)
			for x := range row {
				sum := 0
				for d := -radius; d <= radius; d++ {
					sum += int(row[min(max(x+d, 0), p.w-1)])
				}
				to[x] = uint8(sum / (2*radius + 1))
			}
		}
		p = out.transposed()
	}
	return p
}

// normalised takes the mean off and scales to length 1.
func normalised(v []float32) []float32 {
	sum := float32(0)
	for _, x := range v {
		sum += x
	}
	mean, squares := sum/float32(len(v)), float32(0)
	for i := range v {
		v[i] -= mean
		squares += v[i] * v[i]
	}
	if squares > 0 {
		f := 1 / float32(math.Sqrt(float64(squares)))
		for i := range v {
			v[i] *= f
		}
	}
	return v
}

// match is what one cell of a strip looks like: the score of every character at its best place,
// and the place of the best character in characters off the cell's own.
type match struct {
	scores [len(ocrb.Alphabet)]float64
	best   int
	dx, dy float64
}

// score is that of the best character.
func (m *match) score() float64 { return m.scores[m.best] }

// cell matches all characters against the cell whose left edge is at character c of a strip, at
// all shifts of whole pixels up to reach, and refines each peak between the pixels.
func (t *templates) cell(s *strip, c float64, reach int) match {
	side := 2*reach + 1
	x0 := int(math.Round((c-s.from)*float64(s.scale))) + t.left
	y0 := int(math.Round(s.half*float64(s.scale))) + t.top
	window := make([]float32, t.w*t.h)
	peaks := make([]float32, len(t.values)*side*side)
	for shift := range side * side {
		energy := s.window(window, x0+shift%side-reach, y0+shift/side-reach, t.w, t.h)
		if energy < 1e-3 {
			continue
		}
		for i, v := range t.values {
			peaks[i*side*side+shift] = dot(window, v) * energy
		}
	}
	var m match
	for i := range t.values {
		score, dx, dy := peak(peaks[i*side*side:(i+1)*side*side], side)
		m.scores[i] = score
		if i == 0 || score > m.scores[m.best] {
			m.best = i
			m.dx, m.dy = (dx-float64(reach))/float64(s.scale), (dy-float64(reach))/float64(s.scale)
		}
	}
	return m
}

// window copies a part of a strip, mean taken off, and returns the inverse of its length, or 0
// for one without contrast. Outside the strip there is no ink.
func (s *strip) window(out []float32, x0, y0, w, h int) float32 {
	sum := float32(0)
	for y := range h {
		row := out[y*w : (y+1)*w]
		clear(row)
		if sy := y0 + y; sy >= 0 && sy < s.h {
			if a, b := max(x0, 0), min(x0+w, s.w); a < b {
				copy(row[a-x0:], s.pix[sy*s.w+a:sy*s.w+b])
			}
		}
		for _, v := range row {
			sum += v
		}
	}
	mean, squares := sum/float32(len(out)), float32(0)
	for i := range out {
		out[i] -= mean
		squares += out[i] * out[i]
	}
	if squares < leastEnergy*float32(len(out)) {
		return 0
	}
	return 1 / float32(math.Sqrt(float64(squares)))
}

// leastEnergy is the mean square of ink below which a window is empty: a filler under glare that leaves
// a quarter of its contrast has three times as much.
const leastEnergy = 0.004

// dot is the product of two equally long vectors, in four sums that do not wait for one another.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// peak returns the largest value of a square table and where it lies, refined by a parabola
// through its neighbours in each direction.
func peak(v []float32, side int) (top, x, y float64) {
	at := 0
	for i := range v {
		if v[i] > v[at] {
			at = i
		}
	}
	px, py := at%side, at/side
	top, x, y = float64(v[at]), float64(px), float64(py)
	refine := func(step, place int) float64 {
		if place == 0 || place == side-1 {
			return 0
		}
		low, high, mid := float64(v[at-step]), float64(v[at+step]), float64(v[at])
		bend := low - 2*mid + high
		if bend >= -1e-9 {
			return 0
		}
		off := 0.5 * (low - high) / bend
		top += -0.25 * (low - high) * off
		return off
	}
	x += refine(1, px)
	y += refine(side, py)
	return min(top, 1), x, y
}
