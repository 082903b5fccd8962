package measure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
)

// Bounds of a picture: less shows no page, more is no scan.
const (
	minSide   = 100
	maxPixels = 200 << 20
)

// ErrNoPage: no data page could be found on the picture.
var ErrNoPage = errors.New("no page found on the scan")

// Plane is one value for each pixel, 0 for black to 255.
type Plane struct {
	W, H int
	Pix  []float32
}

// NewPlane returns a plane of zeros.
func NewPlane(w, h int) *Plane { return &Plane{W: w, H: h, Pix: make([]float32, w*h)} }

// At is the value at a position in pixels, between the pixels by their distances. Outside of the
// plane its edge goes on.
func (p *Plane) At(at Point) float64 {
	x, y := at.X-0.5, at.Y-0.5
	fx, fy := math.Floor(x), math.Floor(y)
	tx, ty := x-fx, y-fy
	x0, y0 := clamp(int(fx), p.W), clamp(int(fy), p.H)
	x1, y1 := clamp(int(fx)+1, p.W), clamp(int(fy)+1, p.H)
	a, b := float64(p.Pix[y0*p.W+x0]), float64(p.Pix[y0*p.W+x1])
	c, d := float64(p.Pix[y1*p.W+x0]), float64(p.Pix[y1*p.W+x1])
	return (a*(1-tx)+b*tx)*(1-ty) + (c*(1-tx)+d*tx)*ty
}

func clamp(i, n int) int { return min(max(i, 0), n-1) }

// Geometry is what a scanner makes of lengths: a true way of (x, y) mm is seen as
// (ScaleX x + Shear y, ScaleY y). A turn cannot be told from the way a page lies, and none is needed.
type Geometry struct {
	ScaleX float64 `cbor:"1,keyasint" json:"scaleX"`
	ScaleY float64 `cbor:"2,keyasint" json:"scaleY"`
	Shear  float64 `cbor:"3,keyasint" json:"shear"`
}

// Exact is the geometry of a scanner without an error.
func Exact() Geometry { return Geometry{ScaleX: 1, ScaleY: 1} }

func (g Geometry) affine() Affine { return Affine{A: g.ScaleX, B: g.Shear, E: g.ScaleY} }

// Scan is a picture of a page with what is needed to measure on it.
type Scan struct {
	DPI     float64
	Gray    *Plane    // luminance
	Colour  [3]*Plane // red, green, blue
	toGlass Affine    // pixels to glass millimetres
	toPixel Affine
}

// NewScan prepares a picture of a resolution. The zero Geometry means an exact scanner.
func NewScan(img image.Image, dpi int, g Geometry) (*Scan, error) {
	b := img.Bounds()
	if min(b.Dx(), b.Dy()) < minSide || b.Dx() > maxPixels/b.Dy() || dpi < 50 || dpi > 2400 {
		return nil, fmt.Errorf("picture of %d x %d pixels at %d dpi: %w", b.Dx(), b.Dy(), dpi, ErrNoPage)
	}
	if g == (Geometry{}) {
		g = Exact()
	}
	s := &Scan{DPI: float64(dpi), Gray: NewPlane(b.Dx(), b.Dy())}
	for c := range s.Colour {
		s.Colour[c] = NewPlane(b.Dx(), b.Dy())
	}
	read := reader(img)
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, gr, bl := read(b.Min.X+x, b.Min.Y+y)
			i := y*b.Dx() + x
			s.Gray.Pix[i] = (299*float32(r) + 587*float32(gr) + 114*float32(bl)) / 1000
			s.Colour[0].Pix[i], s.Colour[1].Pix[i], s.Colour[2].Pix[i] = float32(r), float32(gr), float32(bl)
		}
	}
	mm := 25.4 / float64(dpi)
	s.toGlass = g.affine().Inverse().After(Affine{A: mm, E: mm})
	s.toPixel = s.toGlass.Inverse()
	return s, nil
}

// Glass is a position in pixels as millimetres on the glass.
func (s *Scan) Glass(px Point) Point { return s.toGlass.Apply(px) }

// Pixels is a position on the glass in pixels.
func (s *Scan) Pixels(mm Point) Point { return s.toPixel.Apply(mm) }

// ToPixels takes millimetres on the glass to pixels.
func (s *Scan) ToPixels() Affine { return s.toPixel }

// reader returns the three colours of a pixel, fast for what scans decode to.
func reader(img image.Image) func(x, y int) (r, g, b uint8) {
	switch m := img.(type) {
	case *image.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			i, c := m.YOffset(x, y), m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[i], m.Cb[c], m.Cr[c])
		}
	case *image.RGBA:
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):]
			return p[0], p[1], p[2]
		}
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	}
	return func(x, y int) (r, g, b uint8) {
		c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
		return c.R, c.G, c.B
	}
}

// Reduced averages squares of n pixels.
func (p *Plane) Reduced(n int) *Plane {
	out := NewPlane(p.W/n, p.H/n)
	for y := range out.H {
		for x := range out.W {
			sum := float32(0)
			for dy := range n {
				row := p.Pix[(y*n+dy)*p.W+x*n:]
				for _, v := range row[:n] {
					sum += v
				}
			}
			out.Pix[y*out.W+x] = sum / float32(n*n)
		}
	}
	return out
}
