// Package measure finds a printed page on a scan and measures on it, in millimetres.
//
// Three frames are used throughout. Pixels of a scan count from the outer corner of its first pixel,
// so the middle of that pixel is (0.5, 0.5). Glass millimetres are what the scanner's own geometry
// makes of them: two scales and a shear, known from a calibrated target. Page millimetres count from
// the top left corner of the data page, x to the right and y downwards, as in a printing layout. The
// page's frame hangs on its reference edge, the bottom one, and on its left edge, as ICAO Doc 9303-4,
// 4.2.3 measures the machine readable zone; the top edge may be a fold and is not needed.
//
// Everything here is a pure function of its picture.
package measure

import (
	"errors"
	"math"
)

// Point is a position in one of the frames.
type Point struct{ X, Y float64 }

// Sub is the way from q to p.
func (p Point) Sub(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }

// Add is p moved by q.
func (p Point) Add(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }

// Length is the distance from the origin.
func (p Point) Length() float64 { return math.Hypot(p.X, p.Y) }

// Affine maps (x, y) to (A x + B y + C, D x + E y + F).
type Affine struct{ A, B, C, D, E, F float64 }

// Identity maps every point to itself.
func Identity() Affine { return Affine{A: 1, E: 1} }

// Apply maps a point.
func (t Affine) Apply(p Point) Point {
	return Point{t.A*p.X + t.B*p.Y + t.C, t.D*p.X + t.E*p.Y + t.F}
}

// After is the map that does first and then t.
func (t Affine) After(first Affine) Affine {
	return Affine{
		t.A*first.A + t.B*first.D, t.A*first.B + t.B*first.E, t.A*first.C + t.B*first.F + t.C,
		t.D*first.A + t.E*first.D, t.D*first.B + t.E*first.E, t.D*first.C + t.E*first.F + t.F,
	}
}

// Determinant is the area that a unit square becomes.
func (t Affine) Determinant() float64 { return t.A*t.E - t.B*t.D }

// Inverse undoes t. The determinant must not be 0.
func (t Affine) Inverse() Affine {
	d := t.Determinant()
	u := Affine{A: t.E / d, B: -t.B / d, D: -t.D / d, E: t.A / d}
	u.C, u.F = -(u.A*t.C + u.B*t.F), -(u.D*t.C + u.E*t.F)
	return u
}

// RotationDeg is the turn of the x axis, clockwise on a page, in degrees.
func (t Affine) RotationDeg() float64 { return math.Atan2(t.D, t.A) * 180 / math.Pi }

// ScaleX and ScaleY are the lengths that the unit vectors become.
func (t Affine) ScaleX() float64 { return math.Hypot(t.A, t.D) }

// ScaleY is the length that the second unit vector becomes.
func (t Affine) ScaleY() float64 { return math.Hypot(t.B, t.E) }

// Pair is one point in two frames.
type Pair struct{ From, To Point }

// ErrDegenerate: too few points, or points on one line, determine no map.
var ErrDegenerate = errors.New("points determine no map")

// Fit returns the affine map that takes the pairs' From to their To with the least squares. An affine
// map has a scale for each axis: a similarity would leave 0.1 mm where the two differ.
func Fit(pairs []Pair) (Affine, error) {
	if len(pairs) < 3 {
		return Affine{}, ErrDegenerate
	}
	mean := Pair{}
	n := float64(len(pairs))
	for _, p := range pairs {
		mean.From, mean.To = mean.From.Add(p.From), mean.To.Add(p.To)
	}
	mean.From, mean.To = Point{mean.From.X / n, mean.From.Y / n}, Point{mean.To.X / n, mean.To.Y / n}
	var xx, xy, yy, xu, yu, xv, yv float64
	for _, p := range pairs {
		f, g := p.From.Sub(mean.From), p.To.Sub(mean.To)
		xx, xy, yy = xx+f.X*f.X, xy+f.X*f.Y, yy+f.Y*f.Y
		xu, yu, xv, yv = xu+f.X*g.X, yu+f.Y*g.X, xv+f.X*g.Y, yv+f.Y*g.Y
	}
	d := xx*yy - xy*xy
	if d <= 1e-9*xx*yy || math.IsNaN(d) {
		return Affine{}, ErrDegenerate
	}
	t := Affine{A: (xu*yy - yu*xy) / d, B: (yu*xx - xu*xy) / d, D: (xv*yy - yv*xy) / d, E: (yv*xx - xv*xy) / d}
	t.C = mean.To.X - t.A*mean.From.X - t.B*mean.From.Y
	t.F = mean.To.Y - t.D*mean.From.X - t.E*mean.From.Y
	return t, nil
}

// Residuals are the distances that a map leaves between its image of From and To.
func (t Affine) Residuals(pairs []Pair) []float64 {
	out := make([]float64, len(pairs))
	for i, p := range pairs {
		out[i] = t.Apply(p.From).Sub(p.To).Length()
	}
	return out
}

// RMS is the root of the mean square, 0 for nothing.
func RMS(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(values)))
}
