package ocr

import (
	"math"
	"slices"
)

// moments sum up a set of pixels.
type moments struct{ n, x, y, xx, yy, xy float64 }

func (m *moments) addRun(x0, x1, y int) {
	n := float64(x1 - x0)
	first, last := float64(x0), float64(x1-1)
	sum := n * (first + last) / 2
	squares := last*(last+1)*(2*last+1)/6 - (first-1)*first*(2*first-1)/6
	fy := float64(y)
	m.n += n
	m.x += sum
	m.xx += squares
	m.y += n * fy
	m.yy += n * fy * fy
	m.xy += sum * fy
}

func (m *moments) add(o moments) {
	m.n += o.n
	m.x += o.x
	m.y += o.y
	m.xx += o.xx
	m.yy += o.yy
	m.xy += o.xy
}

// bar is an elongated set of pixels: the place of a text line or of a part of one. Angle is the
// direction of its long axis against the X axis, between -90 and 90 degrees, in radians.
type bar struct {
	moments
	cx, cy        float64
	angle         float64
	long, thick   float64
	first, behind float64 // extent along the axis, measured from the centre
}

// measure derives a bar's shape from its moments, as of an evenly filled rectangle.
func (b *bar) measure() {
	b.cx, b.cy = b.x/b.n, b.y/b.n
	vx, vy, c := b.xx/b.n-b.cx*b.cx, b.yy/b.n-b.cy*b.cy, b.xy/b.n-b.cx*b.cy
	b.angle = math.Atan2(2*c, vx-vy) / 2
	mid, half := (vx+vy)/2, math.Hypot((vx-vy)/2, c)
	b.long = math.Sqrt(12 * max(mid+half, 0))
	b.thick = math.Sqrt(12 * max(mid-half, 1.0/12))
	b.first, b.behind = -b.long/2, b.long/2
}

// offset returns where a point lies along and across the bar's axis.
func (b *bar) offset(x, y float64) (along, across float64) {
	sin, cos := math.Sincos(b.angle)
	dx, dy := x-b.cx, y-b.cy
	return dx*cos + dy*sin, -dx*sin + dy*cos
}

// maxBars bounds how many bars of a page are looked at, longest first.
const maxBars = 400

// findBars labels the connected sets of a map and returns those that look like a stretch of a
// text line, longest first.
func findBars(m *plane, pitch float64) []bar {
	var found []bar
	for _, c := range components(m) {
		if c.n < 4*pitch {
			continue
		}
		b := bar{moments: c}
		b.measure()
		if b.long < 3*pitch || b.thick < 0.35*pitch || b.thick > 2.4*pitch || b.long < 1.8*b.thick ||
			math.Abs(b.angle) > maxSkew || b.n < 0.5*b.long*b.thick {
			continue
		}
		found = append(found, b)
	}
	slices.SortFunc(found, func(a, b bar) int { return int(math.Copysign(1, b.long-a.long)) })
	return found[:min(len(found), maxBars)]
}

// maxSkew is how far from the axes of the picture lines are looked for.
const maxSkew = 16 * math.Pi / 180

// run is a stretch of set pixels in a row, and the label that it carries.
type run struct{ x0, x1, label int }

// components returns the moments of each 8-connected set of ones.
func components(m *plane) []moments {
	var parent []int
	find := func(l int) int {
		for parent[l] != l {
			parent[l] = parent[parent[l]]
			l = parent[l]
		}
		return l
	}
	var sums []moments
	var above, here []run
	for y := range m.h {
		here = here[:0]
		row := m.row(y)
		next := 0
		for x := 0; x < len(row); x++ {
			if row[x] == 0 {
				continue
			}
			r := run{x0: x, label: -1}
			for x < len(row) && row[x] != 0 {
				x++
			}
			r.x1 = x
			for next < len(above) && above[next].x1 < r.x0 {
				next++
			}
			for i := next; i < len(above) && above[i].x0 <= r.x1; i++ {
				l := find(above[i].label)
				if r.label >= 0 && l != r.label {
					parent[l] = r.label
				} else {
					r.label = l
				}
			}
			if r.label < 0 {
				r.label = len(parent)
				parent = append(parent, r.label)
				sums = append(sums, moments{})
			}
			sums[r.label].addRun(r.x0, r.x1, y)
			here = append(here, r)
		}
		above, here = here, above
	}
	return joinLabels(sums, find)
}

// joinLabels adds up the moments of labels that turned out to be one set.
func joinLabels(sums []moments, find func(int) int) []moments {
	for l := range sums {
		if root := find(l); root != l {
			sums[root].add(sums[l])
			sums[l] = moments{}
		}
	}
	return slices.DeleteFunc(sums, func(m moments) bool { return m.n == 0 })
}

// joinBars puts stretches that continue one another together, longest first, and returns the
// lines that result.
func joinBars(bars []bar, pitch float64) []bar {
	used := make([]bool, len(bars))
	var lines []bar
	for i := range bars {
		if used[i] {
			continue
		}
		line := bars[i]
		used[i] = true
		for again := true; again; {
			again = false
			for j := range bars {
				if !used[j] && line.continues(&bars[j], pitch) {
					line.absorb(&bars[j])
					used[j], again = true, true
				}
			}
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b bar) int {
		return int(math.Copysign(1, (b.behind-b.first)-(a.behind-a.first)))
	})
	return lines
}

// continues says whether a shorter stretch lies on the axis of a line, near its ends. The shorter
// the line, the less its direction is trusted.
func (b *bar) continues(o *bar, pitch float64) bool {
	along, across := b.offset(o.cx, o.cy)
	gap := max(b.first-(along+o.long/2), (along-o.long/2)-b.behind)
	slack := 0.5*pitch + 0.03*max(0, gap+o.long/2)
	return gap < 7*pitch && math.Abs(across) < slack && math.Abs(o.angle-b.angle) < 0.25
}

// absorb joins a stretch to a line.
func (b *bar) absorb(o *bar) {
	cx, cy, angle := b.cx, b.cy, b.angle
	sin, cos := math.Sincos(angle)
	along, _ := b.offset(o.cx, o.cy)
	first, behind := min(b.first, along-o.long/2), max(b.behind, along+o.long/2)
	b.add(o.moments)
	b.measure()
	moved := (b.cx-cx)*cos + (b.cy-cy)*sin
	b.first, b.behind = first-moved, behind-moved
}
