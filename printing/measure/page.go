package measure

import (
	"fmt"
	"math"
	"slices"
)

// Measures of a data page and how far one may be cut differently (ICAO Doc 9303-4, 2.1).
const (
	PageWidthMM     = 125.0
	PageHeightMM    = 88.0
	pageToleranceMM = 0.75
	scanToleranceMM = 0.8 // what a scanner that is not calibrated yet adds
)

// Page is a data page found on a scan.
type Page struct {
	WidthMM  float64 // between left and right edge, at the reference edge
	HeightMM float64 // between bottom and top edge; the top one may be a fold
	toPage   Affine  // glass millimetres to page millimetres
	scan     *Scan
}

// ToPage is a position in pixels of the scan as page millimetres.
func (p *Page) ToPage(px Point) Point { return p.toPage.Apply(p.scan.Glass(px)) }

// ToPixels is a position on the page in pixels of the scan.
func (p *Page) ToPixels(mm Point) Point { return p.scan.Pixels(p.toPage.Inverse().Apply(mm)) }

// SkewDeg is how far the page is turned on the glass, clockwise.
func (p *Page) SkewDeg() float64 { return p.toPage.Inverse().RotationDeg() }

// Map takes page millimetres to pixels of the scan.
func (p *Page) Map() Affine { return p.scan.toPixel.After(p.toPage.Inverse()) }

// line is an edge as a x + b y = c with a unit normal (a, b).
type line struct{ a, b, c float64 }

func (l line) cross(m line) Point {
	d := l.a*m.b - l.b*m.a
	return Point{(l.c*m.b - l.b*m.c) / d, (l.a*m.c - l.c*m.a) / d}
}

func (l line) distance(p Point) float64 { return l.a*p.X + l.b*p.Y - l.c }

// FindPage finds the edges of the page on a scan: what differs from the backing, be that white or
// black. The page may lie up to five degrees askew, its reference edge downwards.
func FindPage(s *Scan) (*Page, error) {
	var behind [3]float32
	for c, p := range s.Colour {
		behind[c] = backing(p)
	}
	edges, err := s.roughEdges(behind)
	if err != nil {
		return nil, err
	}
	for range 2 { // the second pass looks along the direction that the first one found
		if edges, err = s.fineEdges(behind, edges); err != nil {
			return nil, err
		}
	}
	return s.hang(edges)
}

// hang makes the page's frame out of its edges, which are in glass millimetres.
func (s *Scan) hang(edges [4]line) (*Page, error) {
	left, right, top, bottom := edges[0], edges[1], edges[2], edges[3]
	corner := left.cross(bottom)
	far := right.cross(bottom)
	x := far.Sub(corner)
	width := x.Length()
	height := math.Abs(top.distance(corner))
	slack := pageToleranceMM + scanToleranceMM
	if math.Abs(width-PageWidthMM) > slack || math.Abs(height-PageHeightMM) > slack {
		return nil, fmt.Errorf("edges of %.1f x %.1f mm: %w", width, height, ErrNoPage)
	}
	cos, sin := x.X/width, x.Y/width
	t := Affine{A: cos, B: sin, D: -sin, E: cos}
	t.C, t.F = -(t.A*corner.X + t.B*corner.Y), PageHeightMM-(t.D*corner.X+t.E*corner.Y)
	return &Page{WidthMM: width, HeightMM: height, toPage: t, scan: s}, nil
}

// fromBacking is how far squares of n pixels differ from what lies behind the page.
func (s *Scan) fromBacking(behind [3]float32, n int) *Plane {
	out := NewPlane(s.Gray.W/n, s.Gray.H/n)
	for c, p := range s.Colour {
		for i, v := range p.Reduced(n).Pix {
			d := v - behind[c]
			out.Pix[i] = max(out.Pix[i], d, -d)
		}
	}
	return out
}

// backing is the middle value along the rim of the picture.
func backing(p *Plane) float32 {
	var rim []float32
	for x := range p.W {
		for y := range 4 {
			rim = append(rim, p.Pix[y*p.W+x], p.Pix[(p.H-1-y)*p.W+x])
		}
	}
	for y := range p.H {
		for x := range 4 {
			rim = append(rim, p.Pix[y*p.W+x], p.Pix[y*p.W+p.W-1-x])
		}
	}
	slices.Sort(rim)
	return rim[len(rim)/2]
}

// cellMM is the side of the squares in which a page is first looked for.
const cellMM = 0.5

// roughEdges finds the four edges to about half a millimetre: left, right, top, bottom.
func (s *Scan) roughEdges(behind [3]float32) ([4]line, error) {
	n := max(1, int(math.Round(cellMM*s.DPI/25.4)))
	small := s.fromBacking(behind, n)
	bar := pageBar(small)
	at := func(x, y int) bool { return small.Pix[y*small.W+x] > bar }
	var edges [4]line
	for i := range edges {
		var found []Point
		across, along := small.W, small.H
		if i >= 2 {
			across, along = small.H, small.W
		}
		for k := range along {
			j := first(across, func(j int) bool {
				switch i {
				case 0:
					return at(j, k)
				case 1:
					return at(across-1-j, k)
				case 2:
					return at(k, j)
				}
				return at(k, across-1-j)
			})
			if j < 0 {
				continue
			}
			depth := float64(j)
			if i%2 == 1 {
				depth = float64(across - j)
			}
			px := Point{depth * float64(n), (float64(k) + 0.5) * float64(n)}
			if i >= 2 {
				px = Point{px.Y, px.X}
			}
			found = append(found, s.Glass(px))
		}
		var err error
		if edges[i], err = through(found, i >= 2); err != nil {
			return edges, err
		}
	}
	return edges, nil
}

// pageBar is half of what a page differs from its backing, and more than noise does.
func pageBar(small *Plane) float32 {
	values := slices.Clone(small.Pix)
	slices.Sort(values)
	return max(values[len(values)/2]/2, 3)
}

// first is the first of n places that begins a run of three, or -1.
func first(n int, at func(int) bool) int {
	for j := 0; j+3 <= n; j++ {
		if at(j) && at(j+1) && at(j+2) {
			return j
		}
	}
	return -1
}

// through fits an edge to points of which the outer ones may lie on another edge: the middle of the
// slopes between distant points, then the middle of the distances.
func through(points []Point, level bool) (line, error) {
	const fewest = 40
	if len(points) < fewest {
		return line{}, ErrNoPage
	}
	points = points[len(points)/6 : len(points)-len(points)/6]
	half := len(points) / 2
	var slopes []float64
	for i := range half {
		d := points[i+half].Sub(points[i])
		if level {
			slopes = append(slopes, d.Y/d.X)
		} else {
			slopes = append(slopes, d.X/d.Y)
		}
	}
	slope := middle(slopes)
	if math.Abs(slope) > math.Tan(5.5*math.Pi/180) {
		return line{}, fmt.Errorf("page too far askew: %w", ErrNoPage)
	}
	l := line{a: 1, b: -slope}
	if level {
		l = line{a: -slope, b: 1}
	}
	norm := math.Hypot(l.a, l.b)
	l.a, l.b = l.a/norm, l.b/norm
	var at []float64
	for _, p := range points {
		at = append(at, l.a*p.X+l.b*p.Y)
	}
	l.c = middle(at)
	return l, nil
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
