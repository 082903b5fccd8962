package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"padarozhnik/printing/measure"
)

// Conditions of a picture that a technician can cure.
var (
	// ErrNoTarget: the marks were not found; another sheet lies on the glass, or the print is poor.
	ErrNoTarget = errors.New("calibration target not found on the scan")
	// ErrTurned: the target lies on its head.
	ErrTurned = errors.New("calibration target lies on its head")
)

// searchMM is how far from its place a mark is looked for. Marks stand much farther apart.
const searchMM = 5.0

// findMarks measures the marks of a target on a scan. toPixels takes sheet millimetres to pixels,
// roughly: a mark may lie up to searchMM from there. What is returned is in pixels.
func findMarks(s *measure.Scan, t Target, toPixels measure.Affine) ([]measure.Point, error) {
	out := make([]measure.Point, len(t.Marks))
	full := make([]bool, len(t.Marks))
	for i, m := range t.Marks {
		at, err := findMark(s, toPixels, m.Point)
		if err != nil {
			return nil, fmt.Errorf("mark %d: %w", i+1, err)
		}
		out[i] = at.centre
		full[i] = at.full
	}
	switch {
	case full[0] && !slices.Contains(full[1:], true):
		return out, nil
	case full[len(full)-1] && !slices.Contains(full[:len(full)-1], true):
		return nil, ErrTurned
	}
	return nil, fmt.Errorf("no mark tells the direction: %w", ErrNoTarget)
}

// seen is a mark as it was measured.
type seen struct {
	centre measure.Point // pixels
	full   bool
}

// findMark looks for the place where a disc's rim is darkest, and weighs its ink there.
func findMark(s *measure.Scan, toPixels measure.Affine, near measure.Point) (seen, error) {
	perMM := toPixels.ScaleX()
	w := window(s, toPixels.Apply(near), (searchMM+markRadiusMM)*perMM)
	paper, ink := w.levels()
	if paper-ink < 60 {
		return seen{}, ErrNoTarget
	}
	best, at := 0.0, measure.Point{}
	for dy := -searchMM; dy <= searchMM; dy += 0.25 {
		for dx := -searchMM; dx <= searchMM; dx += 0.25 {
			c := toPixels.Apply(measure.Point{X: near.X + dx, Y: near.Y + dy})
			if score := ringScore(s, c, perMM, paper, ink); score > best {
				best, at = score, c
			}
		}
	}
	if best < 0.6 {
		return seen{}, ErrNoTarget
	}
	for range 4 {
		at = centroid(s, at, perMM, paper, ink)
	}
	if ringScore(s, at, perMM, paper, ink) < 0.8 {
		return seen{}, ErrNoTarget
	}
	middle := discMean(s, at, 0.2*perMM)
	return seen{at, middle < (paper+ink)/2}, nil
}

// part is a square of a scan.
type part []float64

func window(s *measure.Scan, centre measure.Point, reach float64) part {
	var out part
	for y := max(0, int(centre.Y-reach)); y < min(s.Gray.H, int(centre.Y+reach)); y++ {
		for x := max(0, int(centre.X-reach)); x < min(s.Gray.W, int(centre.X+reach)); x++ {
			out = append(out, float64(s.Gray.Pix[y*s.Gray.W+x]))
		}
	}
	slices.Sort(out)
	return out
}

// levels are the greys of paper and ink: the middle one, and one of the darkest.
func (p part) levels() (paper, ink float64) {
	if len(p) < 100 {
		return 0, 0
	}
	return p[len(p)*6/10], p[len(p)/200]
}

// ringScore is 1 where a circle in the middle of a mark's ring is all ink and one around the mark all
// paper.
func ringScore(s *measure.Scan, c measure.Point, perMM, paper, ink float64) float64 {
	const points = 16
	inner, outer := 0.0, 0.0
	for k := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / points)
		at := func(r float64) float64 {
			return s.Gray.At(measure.Point{X: c.X + r*perMM*cos, Y: c.Y + r*perMM*sin})
		}
		inner += at((markRadiusMM + holeRadiusMM) / 2)
		outer += at(markRadiusMM + 0.6)
	}
	return (outer - inner) / points / (paper - ink)
}

// centroid is the middle of the ink around a place. Only what is darker than artwork has weight.
func centroid(s *measure.Scan, c measure.Point, perMM, paper, ink float64) measure.Point {
	const reachMM = markRadiusMM + 0.5
	floor := paper - 0.4*(paper-ink)
	reach := reachMM * perMM
	var sum, sx, sy float64
	for y := int(c.Y - reach - 1); y <= int(c.Y+reach+1); y++ {
		for x := int(c.X - reach - 1); x <= int(c.X+reach+1); x++ {
			if x < 0 || y < 0 || x >= s.Gray.W || y >= s.Gray.H {
				continue
			}
			px := measure.Point{X: float64(x) + 0.5, Y: float64(y) + 0.5}
			if px.Sub(c).Length() > reach {
				continue
			}
			if w := floor - float64(s.Gray.Pix[y*s.Gray.W+x]); w > 0 {
				sum, sx, sy = sum+w, sx+w*px.X, sy+w*px.Y
			}
		}
	}
	if sum == 0 {
		return c
	}
	return measure.Point{X: sx / sum, Y: sy / sum}
}

func discMean(s *measure.Scan, c measure.Point, r float64) float64 {
	sum, n := 0.0, 0.0
	for y := c.Y - r; y <= c.Y+r; y++ {
		for x := c.X - r; x <= c.X+r; x++ {
			sum, n = sum+s.Gray.At(measure.Point{X: x, Y: y}), n+1
		}
	}
	return sum / n
}
