package ocr

import "math"

// fit returns the polynomial of the given degree (0 to 2) that runs through weighted points.
// Points further than about the scale from it lose their weight in repeated rounds (Tukey's
// biweight). With too few points it falls back to a lower degree, and to zero without any.
func fit(x, y, weight []float64, degree int, scale float64) [3]float64 {
	var p [3]float64
	if len(x) == 0 {
		return p
	}
	degree = min(degree, (len(x)-1)/3)
	w := append([]float64(nil), weight...)
	for round := range 8 {
		next, ok := leastSquares(x, y, w, degree)
		if !ok {
			return p
		}
		p = next
		reach := scale * math.Max(1, float64(6-2*round))
		for i := range w {
			r := (y[i] - p[0] - x[i]*(p[1]+x[i]*p[2])) / reach
			w[i] = 0
			if r > -1 && r < 1 {
				w[i] = weight[i] * (1 - r*r) * (1 - r*r)
			}
		}
	}
	return p
}

// leastSquares solves the normal equations by elimination.
func leastSquares(x, y, w []float64, degree int) (p [3]float64, ok bool) {
	var m [3][4]float64
	for i := range x {
		powers := [3]float64{1, x[i], x[i] * x[i]}
		for r := 0; r <= degree; r++ {
			for c := 0; c <= degree; c++ {
				m[r][c] += w[i] * powers[r] * powers[c]
			}
			m[r][3] += w[i] * powers[r] * y[i]
		}
	}
	for r := 0; r <= degree; r++ {
		if m[r][r] <= 1e-9 {
			return p, false
		}
		for o := 0; o <= degree; o++ {
			if o == r {
				continue
			}
			f := m[o][r] / m[r][r]
			for c := range m[o] {
				m[o][c] -= f * m[r][c]
			}
		}
	}
	for r := 0; r <= degree; r++ {
		p[r] = m[r][3] / m[r][r]
	}
	return p, true
}
