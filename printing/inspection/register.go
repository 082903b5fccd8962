package inspection

import (
	"image"
	"math"
	"slices"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// How the ink is registered.
const (
	coarse     = 2    // pixels of the scan in one of the coarse search
	reachMM    = 1.75 // how far a piece is looked for; the zone's characters repeat every 2.54 mm
	pieceMM    = 10.2 // four characters of the zone
	fewest     = 8    // pieces that a registration rests on
	outlierMM  = 0.08
	leastMatch = 0.6 // correlation of a piece
)

// comparison is a scan laid on what was expected of it. All planes are in the frame of the ink, one
// pixel of the scan's resolution each.
type comparison struct {
	order *Order
	ink   measure.Affine // page millimetres as ordered to where they lie
	seen  [3]*measure.Plane
	want  [3]*measure.Plane
	grey  *measure.Plane // seen, in greys of the expected picture
	plan  *measure.Plane // expected, in grey, with the scan's blur
	noise float64        // standard deviation where nothing is printed
}

// register finds where the ink lies and lays the two pictures on each other.
func (o *Order) register(scan *measure.Scan, page *measure.Page) (*comparison, bool) {
	perMM := float64(o.dpi) / 25.4
	toMM := measure.Affine{A: 1 / perMM, E: 1 / perMM}
	w, h := o.gray.W, o.gray.H
	flat := scan.Gray.Warp(page.Map().After(toMM), w, h)
	var pairs []measure.Pair
	small, smallWant := flat.Reduced(coarse), o.gray.Reduced(coarse)
	for _, r := range o.pieces() {
		if d, ok := follow(flat, o.gray, small, smallWant, r, perMM); ok {
			c := measure.Point{X: float64(r.Min.X+r.Max.X) / 2, Y: float64(r.Min.Y+r.Max.Y) / 2}
			pairs = append(pairs, measure.Pair{From: toMM.Apply(c), To: toMM.Apply(c.Add(d))})
		}
	}
	ink, ok := agreed(pairs)
	if !ok {
		return nil, false
	}
	c := &comparison{order: o, ink: ink}
	// The ink's frame: a pixel of the order, through the print, onto the page, onto the scan.
	toPage := ink.After(toMM)
	for k, p := range scan.Colour {
		c.seen[k] = p.Warp(page.Map().After(toPage), w, h)
		c.want[k] = o.blank[k].Warp(toMM.Inverse().After(toPage), w, h)
		for i, v := range o.ink[k].Pix {
			c.want[k].Pix[i] *= v / 255
		}
	}
	c.level()
	return c, true
}

// pieces are the parts by which the print is registered: the zone in pieces, and every text.
func (o *Order) pieces() []image.Rectangle {
	var out []image.Rectangle
	for _, z := range o.zones {
		if z.Empty() || z.Kind != printing.KindText && z.Kind != printing.KindMRZ {
			continue
		}
		parts := max(1, int(z.Ink.WidthMM/pieceMM))
		for k := range parts {
			b := z.Ink
			b.WidthMM /= float64(parts)
			b.XMM += float64(k) * b.WidthMM
			if b.WidthMM < 2 {
				continue // too little to find
			}
			out = append(out, b.Grown(0.4).Pixels(o.dpi).Intersect(image.Rect(2, 2, o.gray.W-2, o.gray.H-2)))
		}
	}
	return out
}

// follow finds how far a piece of the print lies from its place, in pixels: first on the coarse pictures
// by correlation, then finely.
func follow(seen, want, small, smallWant *measure.Plane, r image.Rectangle, perMM float64) (measure.Point, bool) {
	reach := int(math.Ceil(reachMM * perMM / coarse))
	s := image.Rect(r.Min.X/coarse, r.Min.Y/coarse, r.Max.X/coarse, r.Max.Y/coarse)
	best, at := -1.0, image.Point{}
	for dy := -reach; dy <= reach; dy++ {
		for dx := -reach; dx <= reach; dx++ {
			if v := correlation(small, smallWant, s, dx, dy); v > best {
				best, at = v, image.Pt(dx, dy)
			}
		}
	}
	if best < leastMatch {
		return measure.Point{}, false
	}
	return refine(seen, want, r, measure.Point{X: float64(at.X * coarse), Y: float64(at.Y * coarse)})
}

// correlation is the normalised cross-correlation of a part of want with the same part of seen, moved.
func correlation(seen, want *measure.Plane, r image.Rectangle, dx, dy int) float64 {
	var n, a, b, aa, bb, ab float64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if y+dy < 0 || y+dy >= seen.H || y >= want.H {
			return -1
		}
		if r.Min.X+dx < 0 || r.Max.X+dx > seen.W {
			return -1
		}
		p, q := seen.Pix[(y+dy)*seen.W+dx:], want.Pix[y*want.W:]
		for x := r.Min.X; x < r.Max.X; x++ {
			u, v := float64(p[x]), float64(q[x])
			a, b, aa, bb, ab = a+u, b+v, aa+u*u, bb+v*v, ab+u*v
		}
		n += float64(r.Dx())
	}
	d := (n*aa - a*a) * (n*bb - b*b)
	if d <= 0 {
		return -1
	}
	return (n*ab - a*b) / math.Sqrt(d)
}

// refine moves a piece until no slope of the expected picture explains what differs. d is where it is
// begun and the result, from want to seen, in pixels.
func refine(seen, want *measure.Plane, r image.Rectangle, d measure.Point) (measure.Point, bool) {
	start := d
	for range 8 {
		gain, offset := toneOf(seen, want, r, d)
		var xx, xy, yy, xr, yr float64
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				i := y*want.W + x
				gx := float64(want.Pix[i+1]-want.Pix[i-1]) / 2
				gy := float64(want.Pix[i+want.W]-want.Pix[i-want.W]) / 2
				s := seen.At(measure.Point{X: float64(x) + 0.5 + d.X, Y: float64(y) + 0.5 + d.Y})
				e := (s-offset)/gain - float64(want.Pix[i])
				xx, xy, yy, xr, yr = xx+gx*gx, xy+gx*gy, yy+gy*gy, xr+gx*e, yr+gy*e
			}
		}
		det := xx*yy - xy*xy
		if det < 1e-3*xx*yy || xx == 0 || yy == 0 {
			return d, false
		}
		step := measure.Point{X: (xr*yy - yr*xy) / det, Y: (yr*xx - xr*xy) / det}
		d = d.Sub(step)
		if d.Sub(start).Length() > 3*coarse {
			return d, false
		}
		if step.Length() < 0.005 {
			break
		}
	}
	return d, true
}

// toneOf is the straight line from expected to seen greys in a piece.
func toneOf(seen, want *measure.Plane, r image.Rectangle, d measure.Point) (gain, offset float64) {
	var n, a, b, bb, ab float64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			v := float64(want.Pix[y*want.W+x])
			u := seen.At(measure.Point{X: float64(x) + 0.5 + d.X, Y: float64(y) + 0.5 + d.Y})
			n, a, b, bb, ab = n+1, a+u, b+v, bb+v*v, ab+u*v
		}
	}
	if det := n*bb - b*b; det > 0 {
		gain = (n*ab - a*b) / det
	}
	gain = min(max(gain, 0.2), 2)
	return gain, (a - gain*b) / n
}

// agreed fits one map to the pieces and leaves out, one by one, those that do not agree: a piece with a
// wrong letter in it lies askew.
func agreed(pairs []measure.Pair) (measure.Affine, bool) {
	for len(pairs) >= fewest {
		t, err := measure.Fit(pairs)
		if err != nil {
			return t, false
		}
		rests := t.Residuals(pairs)
		worst := 0
		for i, v := range rests {
			if v > rests[worst] {
				worst = i
			}
		}
		sorted := slices.Sorted(slices.Values(rests))
		if rests[worst] <= max(outlierMM/2, 3*sorted[len(sorted)/2]) {
			return t, true
		}
		pairs = slices.Delete(pairs, worst, worst+1)
	}
	return measure.Affine{}, false
}
