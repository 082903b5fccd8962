package ocr

import (
	"image"
	"image/color"
)

// plane is a picture of grey levels, row by row without gaps.
type plane struct {
	w, h int
	pix  []uint8
}

func newPlane(w, h int) *plane { return &plane{w: w, h: h, pix: make([]uint8, w*h)} }

func (p *plane) row(y int) []uint8 { return p.pix[y*p.w : (y+1)*p.w] }

// at samples the plane between its pixels, whose centres lie at whole numbers; outside it the
// edge continues.
func (p *plane) at(x, y float64) float32 {
	x = min(max(x, 0), float64(p.w-1))
	y = min(max(y, 0), float64(p.h-1))
	x0, y0 := int(x), int(y)
	fx, fy := float32(x-float64(x0)), float32(y-float64(y0))
	i := y0*p.w + x0
	right, down := 1, p.w
	if x0 == p.w-1 {
		right = 0
	}
	if y0 == p.h-1 {
		down = 0
	}
	top := float32(p.pix[i])*(1-fx) + float32(p.pix[i+right])*fx
	low := float32(p.pix[i+down])*(1-fx) + float32(p.pix[i+down+right])*fx
	return top*(1-fy) + low*fy
}

// grayOf turns an image into grey levels, averaging squares of k x k pixels. A rest of less than
// k pixels at the right and lower edge is dropped.
func grayOf(m image.Image, k int) *plane {
	b := m.Bounds()
	p := newPlane(b.Dx()/k, b.Dy()/k)
	line := make([]uint8, b.Dx())
	sums := make([]uint32, p.w)
	area := uint32(k * k)
	for y := range p.h {
		clear(sums)
		for sub := range k {
			luminance(m, b.Min.Y+y*k+sub, line)
			for x := range sums {
				for _, v := range line[x*k : (x+1)*k] {
					sums[x] += uint32(v)
				}
			}
		}
		out := p.row(y)
		for x, s := range sums {
			out[x] = uint8((s + area/2) / area)
		}
	}
	return p
}

// shrink averages squares of k x k pixels of a plane.
func (p *plane) shrink(k int) *plane {
	if k == 1 {
		return p
	}
	return grayOf(&image.Gray{Pix: p.pix, Stride: p.w, Rect: image.Rect(0, 0, p.w, p.h)}, k)
}

// transposed swaps rows and columns.
func (p *plane) transposed() *plane {
	t := newPlane(p.h, p.w)
	for y := range p.h {
		for x, v := range p.row(y) {
			t.pix[x*p.h+y] = v
		}
	}
	return t
}

// luminance writes one row of an image as grey levels.
func luminance(m image.Image, y int, line []uint8) {
	x0 := m.Bounds().Min.X
	switch m := m.(type) {
	case *image.Gray:
		copy(line, m.Pix[m.PixOffset(x0, y):])
	case *image.YCbCr:
		copy(line, m.Y[m.YOffset(x0, y):])
	case *image.RGBA:
		weigh(m.Pix[m.PixOffset(x0, y):], line)
	case *image.NRGBA:
		weigh(m.Pix[m.PixOffset(x0, y):], line)
	default:
		for i := range line {
			line[i] = color.GrayModel.Convert(m.At(x0+i, y)).(color.Gray).Y
		}
	}
}

// weigh turns 4-byte colours into luminance; transparency is ignored, scans have none.
func weigh(pix []uint8, line []uint8) {
	for i := range line {
		c := pix[4*i : 4*i+3 : 4*i+3]
		line[i] = uint8((19595*uint32(c[0]) + 38470*uint32(c[1]) + 7471*uint32(c[2]) + 1<<15) >> 16)
	}
}
