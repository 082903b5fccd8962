package printing

import "math"

// All lengths of a page are computed so that every machine gets the same bits: each product is
// converted to float64 before it is added, which forbids a compiler to fuse the two, and sines come
// from the polynomial below.

// mmPerInch is the length of an inch in millimetres.
const mmPerInch = 25.4

// point is a position on the page in millimetres, or on the device in pixels.
type point struct{ x, y float64 }

// affine takes a point to (xx*x + xy*y + x0, yx*x + yy*y + y0).
type affine struct{ xx, xy, yx, yy, x0, y0 float64 }

func (a affine) of(p point) point {
	return point{
		float64(a.xx*p.x) + float64(a.xy*p.y) + a.x0,
		float64(a.yx*p.x) + float64(a.yy*p.y) + a.y0,
	}
}

// after returns the map that applies b first and then a.
func (a affine) after(b affine) affine {
	o := a.of(point{b.x0, b.y0})
	return affine{
		float64(a.xx*b.xx) + float64(a.xy*b.yx), float64(a.xx*b.xy) + float64(a.xy*b.yy),
		float64(a.yx*b.xx) + float64(a.yy*b.yx), float64(a.yx*b.xy) + float64(a.yy*b.yy),
		o.x, o.y,
	}
}

// inverse returns the map back. The caller knows that there is one.
func (a affine) inverse() affine {
	det := float64(a.xx*a.yy) - float64(a.xy*a.yx)
	i := affine{a.yy / det, -a.xy / det, -a.yx / det, a.xx / det, 0, 0}
	o := i.of(point{a.x0, a.y0})
	i.x0, i.y0 = -o.x, -o.y
	return i
}

// plain tells that a map neither turns nor shears.
func (a affine) plain() bool { return a.xy == 0 && a.yx == 0 }

// sine is sin(t) for any moderate t, the same on every machine, to about 1e-12.
func sine(t float64) float64 {
	turns := math.Floor(float64(t/(2*math.Pi)) + 0.5)
	t -= float64(turns * (2 * math.Pi)) // -pi to pi
	switch {
	case t > math.Pi/2:
		t = math.Pi - t
	case t < -math.Pi/2:
		t = -math.Pi - t
	}
	s := float64(t * t)
	// The Taylor series: at pi/2 its next term is below 1e-13.
	sum := 1.0
	for k := 18.0; k >= 2; k -= 2 {
		sum = 1 - float64(float64(s/float64(k*(k+1)))*sum)
	}
	return float64(t * sum)
}

func cosine(t float64) float64 { return sine(t + math.Pi/2) }

// length is the length of a vector.
func length(dx, dy float64) float64 { return math.Sqrt(float64(dx*dx) + float64(dy*dy)) }

// op is one step of a contour, with up to three points.
type op struct {
	kind byte // 'M', 'L', 'Q', 'C'
	p    [3]point
}

// points returns how many points a step has.
func (s op) points() int {
	switch s.kind {
	case 'Q':
		return 2
	case 'C':
		return 3
	}
	return 1
}

// outline is a closed shape in millimetres.
type outline []op

func (o *outline) move(p point)       { *o = append(*o, op{'M', [3]point{p}}) }
func (o *outline) line(p point)       { *o = append(*o, op{'L', [3]point{p}}) }
func (o *outline) cube(a, b, c point) { *o = append(*o, op{'C', [3]point{a, b, c}}) }

// rectangle appends a box.
func (o *outline) rectangle(b Box) {
	o.move(point{b.XMM, b.YMM})
	o.line(point{b.XMM + b.WidthMM, b.YMM})
	o.line(point{b.XMM + b.WidthMM, b.YMM + b.HeightMM})
	o.line(point{b.XMM, b.YMM + b.HeightMM})
}

// box is the smallest box around an outline's points.
func (o outline) box() Box {
	if len(o) == 0 {
		return Box{}
	}
	lo, hi := o[0].p[0], o[0].p[0]
	for _, s := range o {
		for _, p := range s.p[:s.points()] {
			lo.x, lo.y = math.Min(lo.x, p.x), math.Min(lo.y, p.y)
			hi.x, hi.y = math.Max(hi.x, p.x), math.Max(hi.y, p.y)
		}
	}
	return Box{lo.x, lo.y, hi.x - lo.x, hi.y - lo.y}
}
