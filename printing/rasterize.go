package printing

import (
	"image"
	"math"
)

// sub is how many steps a pixel is cut into, along each axis.
const sub = 256

// whole is the area of a pixel as it is accumulated: a height in steps times twice a width in steps.
const whole = sub * 2 * sub

// segment is a piece of a contour in steps of a pixel.
type segment struct{ x0, y0, x1, y1 int32 }

// rasterizer turns outlines into coverage, exactly by area and in whole numbers only: the same
// outline gives the same coverage on every machine. Contours that turn one way add up where they
// overlap and never exceed a whole pixel; one that turns the other way cuts a hole.
type rasterizer struct {
	segments   []segment
	start, pen point
	acc        []int32 // a band of the area under the contours: differences along each line
	span       []int32 // first and last touched cell of each line of the band
	cover      []uint8
}

// fill collects an outline under a map from millimetres to pixels.
func (z *rasterizer) fill(o outline, m affine) {
	for i, s := range o {
		a, b := m.of(s.p[0]), point{}
		if s.kind == 'Q' || s.kind == 'C' {
			b = m.of(s.p[1])
		}
		switch s.kind {
		case 'M':
			if i > 0 {
				z.line(z.start)
			}
			z.start, z.pen = a, a
		case 'L':
			z.line(a)
		case 'Q':
			z.quad(a, b)
		case 'C':
			z.cube(a, b, m.of(s.p[2]))
		}
	}
	z.line(z.start)
}

// steps is a length in pixels as whole steps.
func steps(v float64) int32 { return int32(math.Floor(float64(v*sub) + 0.5)) }

func (z *rasterizer) line(to point) {
	s := segment{steps(z.pen.x), steps(z.pen.y), steps(to.x), steps(to.y)}
	if s.y0 != s.y1 {
		z.segments = append(z.segments, s)
	}
	z.pen = to
}

func mix(a, b point, t float64) point {
	return point{a.x + float64((b.x-a.x)*t), a.y + float64((b.y-a.y)*t)}
}

// pieces is into how many lines a curve is cut so that none is farther from it than a sixteenth of a
// pixel. bend is the greatest second difference of its points.
func curvePieces(bend float64) int {
	return min(max(1, int(math.Ceil(math.Sqrt(float64(bend*2))))), 64)
}

func bendOf(a, b, c point) float64 {
	return max(math.Abs(a.x-2*b.x+c.x), math.Abs(a.y-2*b.y+c.y))
}

func (z *rasterizer) quad(b, c point) {
	a := z.pen
	n := curvePieces(bendOf(a, b, c))
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		z.line(mix(mix(a, b, t), mix(b, c, t), t))
	}
	z.line(c)
}

func (z *rasterizer) cube(b, c, d point) {
	a := z.pen
	n := curvePieces(3 * max(bendOf(a, b, c), bendOf(b, c, d)))
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		ab, bc, cd := mix(a, b, t), mix(b, c, t), mix(c, d, t)
		z.line(mix(mix(ab, bc, t), mix(bc, cd, t), t))
	}
	z.line(d)
}

// bounds returns the pixels that the collected contours touch.
func (z *rasterizer) bounds() image.Rectangle {
	if len(z.segments) == 0 {
		return image.Rectangle{}
	}
	s := z.segments[0]
	r := image.Rect(int(s.x0), int(s.y0), int(s.x0), int(s.y0))
	for _, s := range z.segments {
		r.Min.X, r.Max.X = min(r.Min.X, int(s.x0), int(s.x1)), max(r.Max.X, int(s.x0), int(s.x1))
		r.Min.Y, r.Max.Y = min(r.Min.Y, int(s.y0), int(s.y1)), max(r.Max.Y, int(s.y0), int(s.y1))
	}
	return image.Rect(r.Min.X>>8, r.Min.Y>>8, (r.Max.X+sub-1)>>8, (r.Max.Y+sub-1)>>8)
}

// bandCells is how many pixels are accumulated at a time.
const bandCells = 1 << 18

// rows gives the coverage of each line within clip that is not empty, from top to bottom, and
// forgets the contours. x is the pixel of cover's first value; cover is valid during the call.
func (z *rasterizer) rows(clip image.Rectangle, emit func(x, y int, cover []uint8)) {
	r := clip.Intersect(z.bounds())
	if !r.Empty() {
		width := r.Dx() + 2
		lines := min(max(1, bandCells/width), r.Dy())
		if cap(z.acc) < lines*width {
			z.acc = make([]int32, lines*width)
		}
		if cap(z.span) < 2*lines {
			z.span = make([]int32, 2*lines)
		}
		if cap(z.cover) < width {
			z.cover = make([]uint8, width)
		}
		for y := r.Min.Y; y < r.Max.Y; y += lines {
			z.band(image.Rect(r.Min.X, y, r.Max.X, min(y+lines, r.Max.Y)), emit)
		}
	}
	z.segments = z.segments[:0]
}

// band accumulates and gives some lines.
func (z *rasterizer) band(r image.Rectangle, emit func(x, y int, cover []uint8)) {
	b := bandOf{
		acc: z.acc[:(r.Dx()+2)*r.Dy()], span: z.span[:2*r.Dy()], stride: int32(r.Dx() + 2), width: int32(r.Dx()),
	}
	clear(b.acc)
	for i := 0; i < len(b.span); i += 2 {
		b.span[i], b.span[i+1] = b.width, -1
	}
	top, bottom := int32(r.Min.Y)*sub, int32(r.Max.Y)*sub
	left := int32(r.Min.X) * sub
	for _, s := range z.segments {
		if s.y0 < bottom && s.y1 > top || s.y1 < bottom && s.y0 > top {
			b.add(segment{s.x0 - left, s.y0 - top, s.x1 - left, s.y1 - top}, bottom-top)
		}
	}
	for y := range r.Dy() {
		from, to := b.span[2*y], min(b.span[2*y+1], b.width-1)
		if from > to {
			continue
		}
		row := b.acc[int32(y)*b.stride:][:b.stride]
		cover := z.cover[:b.width-from]
		n, sum := 0, int32(0)
		for x := from; x < b.width; x++ {
			if x > to && sum == 0 {
				break
			}
			sum += row[x]
			area := sum
			if area < 0 {
				area = -area
			}
			cover[n] = uint8((uint32(min(area, whole))*255 + whole/2) / whole)
			n++
		}
		emit(r.Min.X+int(from), r.Min.Y+y, cover[:n])
	}
}

// bandOf is a band that is being accumulated. Coordinates are steps from its top left corner.
type bandOf struct {
	acc, span     []int32
	stride, width int32
}

// add accumulates the part of a segment that lies in the band's lines.
func (b *bandOf) add(s segment, height int32) {
	sign := int32(1)
	if s.y0 > s.y1 {
		s, sign = segment{s.x1, s.y1, s.x0, s.y0}, -1
	}
	dx, dy := int64(s.x1-s.x0), int64(s.y1-s.y0)
	at := func(y int32) int32 { return s.x0 + int32(floorDiv(int64(y-s.y0)*dx, dy)) }
	y, x := s.y0, s.x0
	if y < 0 {
		y, x = 0, at(0)
	}
	end := min(s.y1, height)
	for y < end {
		next := min((y|(sub-1))+1, end)
		nx := s.x1
		if next != s.y1 {
			nx = at(next)
		}
		b.line(y>>8, x, nx, (next-y)*sign)
		x, y = nx, next
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// line accumulates a piece within one line of pixels, from x0 to x1, that rises by dy steps.
func (b *bandOf) line(row, x0, x1, dy int32) {
	if x0>>8 == x1>>8 {
		b.cell(row, x0>>8, dy, (x0&(sub-1))+(x1&(sub-1)))
		return
	}
	if x0 > x1 {
		x0, x1 = x1, x0 // a piece within a line covers alike in either direction
	}
	run := int64(x1 - x0)
	done := int32(0)
	for x := x0; x < x1; {
		next := min((x|(sub-1))+1, x1)
		upTo := int32(floorDiv(int64(next-x0)*int64(dy), run))
		if next == x1 {
			upTo = dy
		}
		from := x & (sub - 1)
		b.cell(row, x>>8, upTo-done, from+from+next-x)
		x, done = next, upTo
	}
}

// cell accumulates a piece within one pixel: dy steps high, x2 twice its middle from the left.
func (b *bandOf) cell(row, x, dy, x2 int32) {
	if dy == 0 || x >= b.width {
		return
	}
	if x < 0 {
		x, x2 = 0, 0
	}
	at := row*b.stride + x
	b.acc[at] += dy * (2*sub - x2)
	b.acc[at+1] += dy * x2
	b.span[2*row] = min(b.span[2*row], x)
	b.span[2*row+1] = max(b.span[2*row+1], x+1)
}
