package printing

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/vector"
)

// Resolutions that a page is drawn at.
const (
	minDPI = 72
	maxDPI = 1200
)

// mmPerInch is the length of an inch in millimetres.
const mmPerInch = 25.4

// Size returns the pixels of a whole page: 2953 x 2079 for 125 x 88 mm at 600 dpi.
func (l *Layout) Size(dpi int) image.Point {
	scale := float64(dpi) / mmPerInch
	return image.Pt(int(math.Round(l.WidthMM*scale)), int(math.Round(l.HeightMM*scale)))
}

// canvas is a page in pixels under ink. All inks multiply what lies below them, as ink does.
type canvas struct {
	img   *image.RGBA
	scale float64 // pixels per millimetre
	mask  []uint8 // coverage of the shape that is being inked, reused
	place Placement
	z     vector.Rasterizer
}

// ink is a printing colour: how much of red, green and blue it lets through.
type ink struct{ r, g, b uint8 }

// paint is an ink that changes over the page; x and y are pixels.
type paint func(x, y int) ink

// newCanvas returns white paper of the layout's size.
func newCanvas(l *Layout, dpi int) (*canvas, error) {
	if dpi < minDPI || dpi > maxDPI {
		return nil, fmt.Errorf("resolution of %d dpi: want %d to %d", dpi, minDPI, maxDPI)
	}
	size := l.Size(dpi)
	img := image.NewRGBA(image.Rectangle{Max: size})
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	return &canvas{img: img, scale: float64(dpi) / mmPerInch}, nil
}

// point is a position on the page in millimetres.
type point struct{ x, y float64 }

// op is one step of a contour, with up to three points.
type op struct {
	kind byte // 'M', 'L', 'Q', 'C'
	p    [3]point
}

// outline is a closed shape in millimetres.
type outline []op

func (o *outline) move(p point)       { *o = append(*o, op{'M', [3]point{p}}) }
func (o *outline) line(p point)       { *o = append(*o, op{'L', [3]point{p}}) }
func (o *outline) cube(a, b, c point) { *o = append(*o, op{'C', [3]point{a, b, c}}) }

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

// rectangle appends a box.
func (o *outline) rectangle(b Box) {
	o.move(point{b.XMM, b.YMM})
	o.line(point{b.XMM + b.WidthMM, b.YMM})
	o.line(point{b.XMM + b.WidthMM, b.YMM + b.HeightMM})
	o.line(point{b.XMM, b.YMM + b.HeightMM})
}

// bounds returns the pixels that an outline may touch, within the page.
func (c *canvas) bounds(o outline) image.Rectangle {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, s := range o {
		for _, p := range s.p[:s.points()] {
			p = c.place.apply(p)
			lo.x, lo.y = math.Min(lo.x, p.x), math.Min(lo.y, p.y)
			hi.x, hi.y = math.Max(hi.x, p.x), math.Max(hi.y, p.y)
		}
	}
	if lo.x > hi.x {
		return image.Rectangle{}
	}
	r := image.Rect(int(math.Floor(lo.x*c.scale)), int(math.Floor(lo.y*c.scale)),
		int(math.Ceil(hi.x*c.scale))+1, int(math.Ceil(hi.y*c.scale))+1)
	return r.Intersect(c.img.Bounds())
}

// fill inks an outline, antialiased. strength is how much of the ink is laid, 0 to 1.
func (c *canvas) fill(o outline, i ink, strength float64) {
	c.fillPaint(o, func(int, int) ink { return i }, strength)
}

// fillPaint inks an outline with a changing colour.
func (c *canvas) fillPaint(o outline, p paint, strength float64) {
	r := c.bounds(o)
	if r.Empty() {
		return
	}
	c.cover(o, r)
	full := uint32(math.Round(strength * 256))
	width := r.Dx()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.mask[(y-r.Min.Y)*width : (y-r.Min.Y+1)*width]
		at := c.img.PixOffset(r.Min.X, y)
		for dx, m := range row {
			if m != 0 {
				lay(c.img.Pix[at+4*dx:at+4*dx+3:at+4*dx+3], p(r.Min.X+dx, y), uint32(m)*full)
			}
		}
	}
}

// cover rasterises an outline into the mask over r.
func (c *canvas) cover(o outline, r image.Rectangle) {
	c.z.Reset(r.Dx(), r.Dy())
	x := func(p point) (float32, float32) {
		p = c.place.apply(p)
		return float32(p.x*c.scale - float64(r.Min.X)), float32(p.y*c.scale - float64(r.Min.Y))
	}
	for i, s := range o {
		ax, ay := x(s.p[0])
		bx, by := x(s.p[1])
		switch s.kind {
		case 'M':
			if i > 0 {
				c.z.ClosePath()
			}
			c.z.MoveTo(ax, ay)
		case 'L':
			c.z.LineTo(ax, ay)
		case 'Q':
			c.z.QuadTo(ax, ay, bx, by)
		case 'C':
			dx, dy := x(s.p[2])
			c.z.CubeTo(ax, ay, bx, by, dx, dy)
		}
	}
	c.z.ClosePath()
	if need := r.Dx() * r.Dy(); cap(c.mask) < need {
		c.mask = make([]uint8, need)
	}
	alpha := &image.Alpha{Pix: c.mask[:r.Dx()*r.Dy()], Stride: r.Dx(), Rect: image.Rect(0, 0, r.Dx(), r.Dy())}
	clear(alpha.Pix)
	c.z.Draw(alpha, alpha.Rect, image.Opaque, image.Point{})
}

// lay multiplies one pixel by an ink. amount is coverage times strength, 0 to 255*256.
func lay(pix []uint8, i ink, amount uint32) {
	const whole = 255 * 256
	for k, through := range [3]uint8{i.r, i.g, i.b} {
		pass := whole*255 - amount*(255-uint32(through))
		pix[k] = uint8((uint64(pix[k])*uint64(pass) + whole*255/2) / (whole * 255))
	}
}

// Overlay lays ink on a blank and returns the printed page: every channel is multiplied, so white
// leaves the blank as it was. Both pictures must have one size.
func Overlay(blank, layer image.Image) (*image.RGBA, error) {
	b, i := asRGBA(blank), asRGBA(layer)
	if b.Rect.Size() != i.Rect.Size() {
		return nil, fmt.Errorf("overlay of %v on a page of %v", i.Rect.Size(), b.Rect.Size())
	}
	out := image.NewRGBA(image.Rectangle{Max: b.Rect.Size()})
	for y := range out.Rect.Dy() {
		rb := b.Pix[b.PixOffset(b.Rect.Min.X, b.Rect.Min.Y+y):]
		ri := i.Pix[i.PixOffset(i.Rect.Min.X, i.Rect.Min.Y+y):]
		ro := out.Pix[y*out.Stride : (y+1)*out.Stride]
		for x := 0; x < len(ro); x += 4 {
			for k := x; k < x+3; k++ {
				ro[k] = uint8((uint32(rb[k])*uint32(ri[k]) + 127) / 255)
			}
			ro[x+3] = 0xff
		}
	}
	return out, nil
}
