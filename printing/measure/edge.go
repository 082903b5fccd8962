package measure

import (
	"fmt"
	"math"
)

// How edges are measured.
const (
	edgeParts   = 14   // pieces of an edge that are measured on their own
	edgeReachMM = 1.6  // how far on both sides of the rough edge
	edgeStepMM  = 0.05 // of a profile
	cornerMM    = 4.0  // left out at both ends: corners are round
)

// fineEdges measures each edge by profiles across it, averaged over a piece of it.
func (s *Scan) fineEdges(behind [3]float32, rough [4]line) ([4]line, error) {
	left, right, top, bottom := rough[0], rough[1], rough[2], rough[3]
	ends := [4][2]Point{
		{left.cross(top), left.cross(bottom)}, {right.cross(top), right.cross(bottom)},
		{left.cross(top), right.cross(top)}, {left.cross(bottom), right.cross(bottom)},
	}
	inward := [4]float64{1, -1, 1, -1}
	var out [4]line
	for i, l := range rough {
		e := edge{s: s, l: l, ends: ends[i], inward: inward[i], behind: behind}
		if !e.weigh() {
			return out, fmt.Errorf("edge %d: %w", i, ErrNoPage)
		}
		var found []Point
		for k := range edgeParts {
			if p, ok := e.crossing(k); ok {
				found = append(found, p)
			}
		}
		var err error
		if out[i], err = straight(found, l); err != nil {
			return out, fmt.Errorf("edge %d: %w", i, err)
		}
	}
	return out, nil
}

// edge is one edge that is being measured. Its profiles are a fixed mixture of the colours: were the
// greatest difference taken of each pixel, an edge would seem to move with blur and noise.
type edge struct {
	s      *Scan
	l      line
	ends   [2]Point
	inward float64
	behind [3]float32
	weight [3]float64
}

// at is a position along the edge and inwards from it, in pixels.
func (e *edge) at(along, in float64) Point {
	d := e.ends[1].Sub(e.ends[0])
	length := d.Length()
	return e.s.toPixel.Apply(Point{
		e.ends[0].X + d.X/length*along + e.l.a*e.inward*in,
		e.ends[0].Y + d.Y/length*along + e.l.b*e.inward*in,
	})
}

// weigh gives each colour as much weight as the paper differs in it from what lies behind.
func (e *edge) weigh() bool {
	total := 0.0
	length := e.ends[1].Sub(e.ends[0]).Length()
	for c, p := range e.s.Colour {
		sum, n := 0.0, 0.0
		for along := cornerMM; along < length-cornerMM; along += 0.5 {
			for in := 0.5; in < 1.2; in += 0.1 {
				sum, n = sum+p.At(e.at(along, in))-float64(e.behind[c]), n+1
			}
		}
		e.weight[c] = sum / max(1, n)
		total += math.Abs(e.weight[c])
	}
	return total > 6
}

// crossing finds where, on one piece of the edge, half of the step from backing to paper is made.
func (e *edge) crossing(k int) (Point, bool) {
	span := (e.ends[1].Sub(e.ends[0]).Length() - 2*cornerMM) / edgeParts
	from := cornerMM + float64(k)*span
	profile := make([]float64, int(2*edgeReachMM/edgeStepMM)+1)
	for along := from; along < from+span; along += 25.4 / e.s.DPI { // one sample a pixel
		start, end := e.at(along, -edgeReachMM), e.at(along, edgeReachMM)
		for i := range profile {
			t := float64(i) / float64(len(profile)-1)
			px := Point{start.X + (end.X-start.X)*t, start.Y + (end.Y-start.Y)*t}
			for c, w := range e.weight {
				profile[i] += w * (e.s.Colour[c].At(px) - float64(e.behind[c]))
			}
		}
	}
	at, ok := halfStep(profile)
	if !ok {
		return Point{}, false
	}
	return e.s.toGlass.Apply(e.at(from+span/2, at*edgeStepMM-edgeReachMM)), true
}

// halfStep is the place, in samples, at which a profile rises through half of its step. What lies
// inside is the mean of the paper next to the edge.
func halfStep(profile []float64) (float64, bool) {
	n := len(profile)
	outside := mean(profile[:n/5])
	inside := mean(profile[n-n/3:])
	for range 3 {
		half := (outside + inside) / 2
		if inside-outside < 1e-6 {
			return 0, false
		}
		at := -1.0
		for i := 1; i < n; i++ {
			if profile[i-1] < half && profile[i] >= half {
				at = float64(i-1) + (half-profile[i-1])/(profile[i]-profile[i-1])
				break
			}
		}
		if at < 0 {
			return 0, false
		}
		// The step's upper end: the paper between 0.3 and 1.25 mm behind the edge.
		a, b := int(at)+int(0.3/edgeStepMM), int(at)+int(1.25/edgeStepMM)
		if b > n {
			return at, true
		}
		next := mean(profile[a:b])
		if math.Abs(next-inside) < 1e-3*math.Abs(inside) {
			return at, true
		}
		inside = next
	}
	half := (outside + inside) / 2
	for i := 1; i < n; i++ {
		if profile[i-1] < half && profile[i] >= half {
			return float64(i-1) + (half-profile[i-1])/(profile[i]-profile[i-1]), true
		}
	}
	return 0, false
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(1, len(v)))
}

// straight fits a line to points near l, without the points that a scratch or a finger moved.
func straight(points []Point, l line) (line, error) {
	const fewest = edgeParts / 2
	for {
		if len(points) < fewest {
			return line{}, ErrNoPage
		}
		// Distances from l as a function of the position along it.
		var sx, sy, sxx, sxy float64
		n := float64(len(points))
		for _, p := range points {
			t, d := -l.b*p.X+l.a*p.Y, l.distance(p)
			sx, sy, sxx, sxy = sx+t, sy+d, sxx+t*t, sxy+t*d
		}
		slope := (n*sxy - sx*sy) / (n*sxx - sx*sx)
		offset := (sy - slope*sx) / n
		worst, at := 0.0, 0
		var rests []float64
		for i, p := range points {
			r := math.Abs(l.distance(p) - offset - slope*(-l.b*p.X+l.a*p.Y))
			rests = append(rests, r)
			if r > worst {
				worst, at = r, i
			}
		}
		if limit := max(0.03, 3*middle(rests)); worst > limit && len(points) > fewest {
			points = append(points[:at:at], points[at+1:]...)
			continue
		}
		// d = offset + slope t: the normal turns by the slope.
		a, b := l.a+slope*l.b, l.b-slope*l.a
		norm := math.Hypot(a, b)
		return line{a / norm, b / norm, (l.c + offset) / norm}, nil
	}
}
