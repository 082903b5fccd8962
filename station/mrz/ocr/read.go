package ocr

import (
	"math"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// line is one line of a zone: the way along it and its cells.
type line struct {
	track   track
	cells   []match
	choices []choice
}

// reading is a zone as it was read.
type reading struct {
	lines     []line
	shown     [][]byte
	mean      float64 // of the characters' scores
	reduce    int     // of the picture before it was read
	templates *templates
	accepted  bool
	doubtful  []Place
}

// better says whether a reading is to be preferred.
func (r *reading) better(o *reading) bool {
	if r.accepted != o.accepted {
		return r.accepted
	}
	return r.mean > o.mean
}

// Bars of the mean score: of a place worth reading closely, and of a reading worth showing.
const (
	leastCoarse = 0.42
	leastMean   = 0.60
)

// readZone reads a place in both directions and returns the better reading.
func readZone(work *plane, z zone, pitch float64) reading {
	best := route{mean: -1}
	for _, way := range []zone{z, z.turned()} {
		if r := explore(work, way, pitch); r.mean > best.mean {
			best = r
		}
	}
	if best.mean < leastCoarse {
		return reading{}
	}
	return best.read(work)
}

// route is the way along the lines of a zone, found by rough matching.
type route struct {
	tracks []track
	length int // characters of a line
	mean   float64
}

// explore follows the lines of a zone and chooses the format that covers the characters found.
func explore(work *plane, z zone, pitch float64) route {
	var followed []followed
	for _, a := range z.lines {
		f, ok := follow(work, a, pitch)
		if !ok {
			return route{mean: -1}
		}
		followed = append(followed, f)
	}
	if !apart(followed) {
		return route{mean: -1}
	}
	best, bestGain := route{mean: -1}, 0.0
	for _, s := range shapes {
		if s.lines != len(followed) {
			continue
		}
		r := route{length: s.length}
		gain := 0.0
		for i := range followed {
			start, sum := followed[i].window(s.length)
			r.tracks = append(r.tracks, followed[i].track.moved(float64(start)))
			r.mean += sum / float64(s.length*s.lines)
			gain += sum - worthwhile*float64(s.length)
		}
		if best.mean < 0 || gain > bestGain {
			best, bestGain = r, gain
		}
	}
	return best
}

// apart says whether lines run beside one another at the distance of a zone's: two that were looked for in
// two places may have been found in one.
func apart(lines []followed) bool {
	for i := range len(lines) - 1 {
		a, b := &lines[i].track, &lines[i+1].track
		x, y := a.at(22, 0)
		near := math.Inf(1)
		for c := -10.0; c <= 60; c++ {
			bx, by := b.at(c, 0)
			near = min(near, math.Hypot(bx-x, by-y))
		}
		if near < 0.6*ocrb.LinePitch*a.pitch {
			return false
		}
	}
	return true
}

// worthwhile is the rough score at which a cell counts as holding a character: it decides between
// a longer and a shorter format.
const worthwhile = 0.4

// followed is a line after rough matching. Cell i of scores is character first+i of the track.
type followed struct {
	track  track
	first  int
	scores []float64
}

// window returns the best stretch of n characters and the sum of its scores.
func (f *followed) window(n int) (start int, sum float64) {
	run := 0.0
	sum = -1
	for i, s := range f.scores {
		run += s
		if i >= n {
			run -= f.scores[i-n]
		}
		if i >= n-1 && run > sum {
			start, sum = f.first+i-n+1, run
		}
	}
	if sum < 0 { // fewer cells than characters
		return f.first, run
	}
	return start, sum
}

// longest is the number of characters that a line may seem to have, with what stands beside it.
const longest = 64

// follow finds the way along one line: its middle, its pitch and phase, then the shifts of the
// characters that were recognised.
func follow(work *plane, a axis, pitch float64) (followed, bool) {
	t := track{axis: a, pitch: pitch}
	t.along = [3]float64{a.first, pitch, 0}
	count := (a.behind - a.first) / pitch
	missing := max(0, 46-count) / 2 // an end of the line may not have been seen
	from, to := -3-missing, count+3+missing
	if to-from > longest {
		to = from + longest
	}
	s := t.sample(work, from, to, 1.6, coarse)
	for range 2 {
		offset, slope := s.straighten()
		t.across[0] += offset * t.pitch
		t.across[1] += slope * t.pitch
		s = t.sample(work, from, to, 1.25, coarse)
	}
	r := s.comb()
	if r.strength < leastComb {
		return followed{}, false
	}
	t = r.apply(t)
	bent := r.bend * r.span / 4 // how much later the rhythm has a strip's ends
	first, last := int((from+bent-r.phase)/r.pitch), int((to+bent-r.phase)/r.pitch)
	f := followed{track: t, first: first}
	f.match(work, first, last)
	return f, true
}

// leastComb is the weakest rhythm, as a share of all ink, that a line of characters has.
const leastComb = 0.06

// stretched returns the track whose characters are p old ones wide.
func (t track) stretched(p float64) track {
	for _, poly := range []*[3]float64{&t.along, &t.across} {
		poly[1] *= p
		poly[2] *= p * p
	}
	t.pitch *= p
	return t
}

// shifted returns the track moved by polynomials of the place, in pitches.
func (t track) shifted(dx, dy [3]float64) track {
	for i := range dx {
		t.along[i] += dx[i] * t.pitch
		t.across[i] += dy[i] * t.pitch
	}
	return t
}

// match scores the cells first..last roughly, twice, and bends the track to where the
// characters were found.
func (f *followed) match(work *plane, first, last int) {
	for round := range 2 {
		s := f.track.sample(work, float64(first)-0.5, float64(last)+0.5, 1, coarse)
		f.scores = f.scores[:0]
		var c, dx, dy, weight []float64
		for k := first; k < last; k++ {
			m := coarseTemplates().cell(s, float64(k), 2)
			f.scores = append(f.scores, m.score())
			if m.score() > 0.45 {
				c = append(c, float64(k)+0.5)
				dx, dy = append(dx, m.dx), append(dy, m.dy)
				weight = append(weight, m.score()*m.score())
			}
		}
		f.track = f.track.shifted(fit(c, dx, weight, 1+round, 0.06), fit(c, dy, weight, 1+round, 0.06))
	}
}

// read matches the cells of all lines closely and judges the outcome.
func (r *route) read(work *plane) reading {
	strips := make([]*strip, len(r.tracks))
	for i, t := range r.tracks {
		strips[i] = r.sample(work, t)
	}
	out := reading{templates: sharpness(strips, r.length)}
	for i, t := range r.tracks {
		l := line{track: t}
		for moves := 0; l.match(strips[i], out.templates, r.length, i == 0) && moves < mostMoves; moves++ {
			strips[i] = r.sample(work, l.track)
		}
		for c := range l.cells {
			out.mean += l.cells[c].score() / float64(r.length*len(r.tracks))
		}
		out.lines = append(out.lines, l)
	}
	out.judge()
	return out
}

// sharpness chooses the templates that fit a few characters of each line best.
func sharpness(strips []*strip, length int) *templates {
	const every = 7
	var best *templates
	most := -1.0
	for _, t := range fineTemplates() {
		sum := 0.0
		for _, s := range strips {
			for c := every / 2; c < length; c += every {
				m := t.cell(s, float64(c), 2)
				sum += m.score()
			}
		}
		if sum > most {
			best, most = t, sum
		}
	}
	return best
}
