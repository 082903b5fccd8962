package printing

import (
	"image"
	"math"
)

// ink is a printing colour: how much of red, green and blue it lets through.
type ink struct{ r, g, b uint8 }

// black lets nothing through: what a machine reads, and every text, is printed in it.
var black = ink{}

// dose says what an ink lets through at each coverage, in 65536ths of each colour.
type dose [256][3]uint32

// doseOf is the dose of a colour.
func doseOf(c colour) *dose {
	d := new(dose)
	full := uint64(math.Floor(float64(c.strength*65536) + 0.5))
	for cover := range d {
		for k, through := range [3]uint8{c.r, c.g, c.b} {
			taken := (full*uint64(cover)*uint64(255-through) + 255*255/2) / (255 * 255)
			d[cover][k] = 65536 - uint32(taken)
		}
	}
	return d
}

// lay multiplies one pixel by an ink.
func lay(pix []byte, pass *[3]uint32) {
	_ = pix[2]
	pix[0] = uint8((uint32(pix[0])*pass[0] + 1<<15) >> 16)
	pix[1] = uint8((uint32(pix[1])*pass[1] + 1<<15) >> 16)
	pix[2] = uint8((uint32(pix[2])*pass[2] + 1<<15) >> 16)
}

// run is some equally covered pixels of one line.
type run struct {
	x, n  int32
	cover uint8
}

// shape is coverage, line by line. It does not change after it was made.
type shape struct {
	bounds image.Rectangle
	start  []int32 // first run of each line of bounds, and one behind the last
	runs   []run
}

// shapeOf makes a shape of the contours that a rasterizer collected.
func shapeOf(z *rasterizer, clip image.Rectangle) *shape {
	s := &shape{bounds: clip.Intersect(z.bounds())}
	if s.bounds.Empty() {
		z.segments = z.segments[:0]
		return &shape{}
	}
	s.start = make([]int32, s.bounds.Dy()+1)
	next := 0 // line of bounds whose start is not set yet
	z.rows(s.bounds, func(x, y int, cover []uint8) {
		for ; next <= y-s.bounds.Min.Y; next++ {
			s.start[next] = int32(len(s.runs))
		}
		for i := 0; i < len(cover); {
			n := 1
			for i+n < len(cover) && cover[i+n] == cover[i] {
				n++
			}
			if cover[i] != 0 {
				s.runs = append(s.runs, run{int32(x + i), int32(n), cover[i]})
			}
			i += n
		}
	})
	for ; next < len(s.start); next++ {
		s.start[next] = int32(len(s.runs))
	}
	return s
}

// draw inks the shape, moved by a distance, into a band.
func (s *shape) draw(b *band, by image.Point, d *dose) {
	from := max(b.rect.Min.Y, s.bounds.Min.Y+by.Y)
	to := min(b.rect.Max.Y, s.bounds.Max.Y+by.Y)
	dark := d[255] == [3]uint32{}
	for y := from; y < to; y++ {
		i := y - by.Y - s.bounds.Min.Y
		row := b.row(y)
		for _, r := range s.runs[s.start[i]:s.start[i+1]] {
			x0, x1 := max(int(r.x)+by.X, 0), min(int(r.x+r.n)+by.X, b.rect.Max.X)
			if x0 >= x1 {
				continue
			}
			pix := row[3*x0 : 3*x1]
			if dark && r.cover == 255 {
				clear(pix)
				continue
			}
			for pass := &d[r.cover]; len(pix) > 0; pix = pix[3:] {
				lay(pix, pass)
			}
		}
	}
}
