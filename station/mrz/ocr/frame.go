package ocr

import (
	"strings"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// sample straightens a line for close matching, with a character's room on both sides.
func (r *route) sample(work *plane, t track) *strip {
	return t.sample(work, -1.5, float64(r.length)+1.5, 0.9, fine)
}

// mostMoves is how often a line is matched again because it may begin elsewhere: rough matching may not have seen
// what lies in a crease or under light.
const mostMoves = 6

// match matches the n cells of a line, and says whether they lie otherwise than the line's track had it.
func (l *line) match(s *strip, t *templates, n int, first bool) (moved bool) {
	l.cells = l.cells[:0]
	for c := -1; c <= n; c++ {
		l.cells = append(l.cells, t.cell(s, float64(c), 2))
	}
	return l.frame(n, first)
}

// frame keeps the n cells of a line that hold its characters, of n+2 that begin one before: the rough
// matching may have been one character off. A first line begins with the code of a document: a speck
// before it or light on its last filler must not shift it. It says whether the line begins elsewhere than it did.
func (l *line) frame(n int, first bool) (moved bool) {
	sum := func(start int) (total float64) {
		for i := range n {
			total += l.cells[start+i].score()
		}
		if first && strings.IndexByte(codes, ocrb.Alphabet[l.cells[start].best]) >= 0 {
			total += codeWeight
		}
		return total
	}
	start := 1
	for _, at := range []int{0, 2} {
		if sum(at) > sum(start) {
			start = at
		}
	}
	l.cells, l.track = l.cells[start:start+n], l.track.moved(float64(start-1))
	return start != 1
}

// codes are the first letters of documents' codes (ICAO Doc 9303-4 to 9303-7), codeWeight the score that one
// in the first place is worth: a faint last filler's.
const (
	codes      = "PVIAC"
	codeWeight = 0.4
)
