package calibration

import (
	"math"

	"padarozhnik/printing/measure"
)

// spot is a dark spot of the size of a mark, in pixels of the scan.
type spot struct {
	measure.Point
	full bool
}

// spotMM is the side of the cells in which spots are looked for.
const spotMM = 0.25

// darkSpots finds what is as large as a mark, on a coarse picture.
func darkSpots(s *measure.Scan) []spot {
	n := max(1, int(math.Round(spotMM*s.DPI/25.4)))
	w, h := s.Gray.W/n, s.Gray.H/n
	dark := make([]bool, w*h)
	for y := range h {
		for x := range w {
			sum := float32(0)
			for dy := range n {
				for dx := range n {
					sum += s.Gray.Pix[(y*n+dy)*s.Gray.W+x*n+dx]
				}
			}
			dark[y*w+x] = sum/float32(n*n) < 128
		}
	}
	cells := 2 * markRadiusMM * s.DPI / 25.4 / float64(n) // a mark's width
	var out []spot
	for i := range dark {
		if !dark[i] {
			continue
		}
		c := fill(dark, w, h, i)
		wide, high := float64(c.x1-c.x0+1), float64(c.y1-c.y0+1)
		if math.Abs(wide-cells) > 0.3*cells || math.Abs(high-cells) > 0.3*cells {
			continue
		}
		at := measure.Point{X: (float64(c.x0+c.x1)/2 + 0.5) * float64(n), Y: (float64(c.y0+c.y1)/2 + 0.5) * float64(n)}
		share := float64(c.n) / (math.Pi / 4 * wide * high)
		if share < 0.6 || share > 1.2 {
			continue
		}
		out = append(out, spot{at, discMean(s, at, 0.15*s.DPI/25.4) < 128})
	}
	return out
}

// component is a connected dark area in cells.
type component struct{ x0, y0, x1, y1, n int }

// fill takes one connected area out of the picture.
func fill(dark []bool, w, h, start int) component {
	c := component{x0: w, y0: h, x1: -1, y1: -1}
	stack := []int{start}
	dark[start] = false
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		x, y := i%w, i/w
		c.x0, c.y0, c.x1, c.y1, c.n = min(c.x0, x), min(c.y0, y), max(c.x1, x), max(c.y1, y), c.n+1
		for _, d := range [...][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			u, v := x+d[0], y+d[1]
			if u >= 0 && v >= 0 && u < w && v < h && dark[v*w+u] {
				dark[v*w+u] = false
				stack = append(stack, v*w+u)
			}
		}
	}
	return c
}
