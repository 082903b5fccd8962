package printing

import (
	"image"
	"math"
)

// samples is a picture of n interleaved channels of a byte.
type samples struct {
	pix     []uint8
	w, h, n int
}

// colours returns a part of a picture as red, green and blue, what is transparent as white.
func colours(src image.Image, part image.Rectangle) samples {
	rgba := asRGBA(src)
	s := samples{make([]uint8, 3*part.Dx()*part.Dy()), part.Dx(), part.Dy(), 3}
	for y := range s.h {
		from := rgba.Pix[rgba.PixOffset(part.Min.X, part.Min.Y+y):][:4*s.w]
		to := s.pix[3*y*s.w:][:3*s.w]
		for len(to) >= 3 && len(from) >= 4 {
			white := 255 - from[3]
			to[0], to[1], to[2] = from[0]+white, from[1]+white, from[2]+white
			to, from = to[3:], from[4:]
		}
	}
	return s
}

// luma is the grey of a picture in colours, by ITU-R BT.601.
func (s samples) luma() samples {
	out := samples{make([]uint8, s.w*s.h), s.w, s.h, 1}
	for i := range out.pix {
		p := s.pix[3*i : 3*i+3 : 3*i+3]
		out.pix[i] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return out
}

// cubic is the kernel of Catmull and Rom.
func cubic(t float64) float64 {
	t = math.Abs(t)
	switch {
	case t < 1:
		return float64(float64(float64(1.5*t)-2.5)*float64(t*t)) + 1
	case t < 2:
		return float64(float64(float64(float64(-0.5*t)+2.5)*t)-4)*t + 2
	}
	return 0
}

// oneWeight is the sum of the weights of a sample.
const oneWeight = 1 << 12

// taps are which samples of a line make one sample of another, and with what weights: count of them
// for each, beginning at first.
type taps struct {
	count  int
	first  []int32
	weight []int32
}

// tapsOf spreads from samples over to samples. Where it shrinks, the kernel grows with the step.
func tapsOf(from, to int) taps {
	step := float64(from) / float64(to)
	reach := max(1, step)
	count := min(from, int(math.Ceil(2*reach))*2)
	t := taps{count, make([]int32, to), make([]int32, to*count)}
	for i := range to {
		centre := float64((float64(i)+0.5)*step) - 0.5
		first := min(max(int(math.Floor(centre))-count/2+1, 0), from-count)
		weights := t.weight[i*count:][:count]
		values := make([]float64, count)
		sum := 0.0
		// What lies beyond the edge is the sample at the edge.
		for k := int(math.Floor(centre - 2*reach)); k <= int(math.Ceil(centre+2*reach)); k++ {
			v := cubic(float64(float64(k)-centre) / reach)
			values[min(max(k-first, 0), count-1)] += v
			sum += v
		}
		left, most := int32(oneWeight), 0
		for k, v := range values {
			weights[k] = int32(math.Floor(float64(v/sum*oneWeight) + 0.5))
			left -= weights[k]
			if weights[k] > weights[most] {
				most = k
			}
		}
		weights[most] += left
		t.first[i] = int32(first)
	}
	return t
}

// scaled returns the picture in another size.
func (s samples) scaled(w, h int) samples {
	across, down := tapsOf(s.w, w), tapsOf(s.h, h)
	stride := w * s.n
	mid := make([]int16, s.h*stride) // sixteenths
	for y := range s.h {
		across.row(mid[y*stride:][:stride], s.pix[y*s.w*s.n:][:s.w*s.n], s.n)
	}
	out := samples{make([]uint8, h*stride), w, h, s.n}
	sums := make([]int32, stride)
	for y := range h {
		rows := mid[int(down.first[y])*stride:]
		weights := down.weight[y*down.count:][:down.count]
		to := out.pix[y*stride:][:stride]
		if len(weights) == 4 {
			blend4(to, rows, [4]int32(weights))
			continue
		}
		for k := range sums {
			sums[k] = half
		}
		for k, weight := range weights {
			for i, v := range rows[k*stride:][:stride] {
				sums[i] += weight * int32(v)
			}
		}
		for i, v := range sums {
			to[i] = clamped(v)
		}
	}
	return out
}

// half is half of what a sum of weighted sixteenths is divided by.
const half = oneWeight * 8

// clamped is the byte of a sum of weighted sixteenths, rounded by half before.
func clamped(v int32) uint8 {
	if uint32(v) < 256*16*oneWeight {
		return uint8(v >> 16)
	}
	return ^uint8(v >> 31)
}

// blend4 makes one line of four, each as long as to.
func blend4(to []uint8, rows []int16, w [4]int32) {
	n := len(to)
	r0, r1, r2, r3 := rows[:n], rows[n:][:n], rows[2*n:][:n], rows[3*n:][:n]
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	for i := range to {
		to[i] = clamped(half + w0*int32(r0[i]) + w1*int32(r1[i]) + w2*int32(r2[i]) + w3*int32(r3[i]))
	}
}

// row makes one line across.
func (t taps) row(dst []int16, src []uint8, n int) {
	if n == 3 && t.count == 4 {
		t.colours4(dst, src)
		return
	}
	for i, first := range t.first {
		weights := t.weight[i*t.count:][:t.count]
		for c := range n {
			sum := int32(128)
			at := int(first)*n + c
			for _, w := range weights {
				sum += w * int32(src[at])
				at += n
			}
			dst[i*n+c] = int16(sum >> 8)
		}
	}
}

// colours4 is row for three channels and four samples.
func (t taps) colours4(dst []int16, src []uint8) {
	weights := t.weight
	for _, first := range t.first {
		w, p := [4]int32(weights), [12]uint8(src[3*first:])
		weights = weights[4:]
		dst[0] = int16((128 + w[0]*int32(p[0]) + w[1]*int32(p[3]) + w[2]*int32(p[6]) + w[3]*int32(p[9])) >> 8)
		dst[1] = int16((128 + w[0]*int32(p[1]) + w[1]*int32(p[4]) + w[2]*int32(p[7]) + w[3]*int32(p[10])) >> 8)
		dst[2] = int16((128 + w[0]*int32(p[2]) + w[1]*int32(p[5]) + w[2]*int32(p[8]) + w[3]*int32(p[11])) >> 8)
		dst = dst[3:]
	}
}

// moved returns the picture under a map from its pixels to those of the device: the patch and where
// it lies. Around the picture is fill.
func (s samples) moved(m affine, fill uint8) (samples, image.Rectangle) {
	var r image.Rectangle
	for _, corner := range []point{{0, 0}, {float64(s.w), 0}, {0, float64(s.h)}, {float64(s.w), float64(s.h)}} {
		p := m.of(corner)
		x, y := int(math.Floor(p.x)), int(math.Floor(p.y))
		if corner == (point{}) {
			r = image.Rect(x, y, x+1, y+1)
		}
		r = r.Union(image.Rect(x, y, x+1, y+1))
	}
	out := samples{make([]uint8, r.Dx()*r.Dy()*s.n), r.Dx(), r.Dy(), s.n}
	back := m.inverse()
	for y := range out.h {
		for x := range out.w {
			p := back.of(point{float64(x+r.Min.X) + 0.5, float64(y+r.Min.Y) + 0.5})
			s.at(out.pix[(y*out.w+x)*s.n:][:s.n], p, fill)
		}
	}
	return out, r
}

// at takes one sample between pixels.
func (s samples) at(dst []uint8, p point, fill uint8) {
	x, y := p.x-0.5, p.y-0.5
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < -2 || y0 < -2 || x0 > s.w || y0 > s.h {
		for c := range dst {
			dst[c] = fill
		}
		return
	}
	var wx, wy [4]int32
	for k := range 4 {
		wx[k] = int32(math.Floor(float64(cubic(float64(x0+k-1)-x)*256) + 0.5))
		wy[k] = int32(math.Floor(float64(cubic(float64(y0+k-1)-y)*256) + 0.5))
	}
	wx[1] += 256 - wx[0] - wx[1] - wx[2] - wx[3]
	wy[1] += 256 - wy[0] - wy[1] - wy[2] - wy[3]
	for c := range dst {
		sum := int32(0)
		for j, wj := range wy {
			line := int32(0)
			for i, wi := range wx {
				v := int32(fill)
				if px, py := x0+i-1, y0+j-1; px >= 0 && py >= 0 && px < s.w && py < s.h {
					v = int32(s.pix[(py*s.w+px)*s.n+c])
				}
				line += wi * v
			}
			sum += wj * line
		}
		dst[c] = uint8(min(max((sum+1<<15)>>16, 0), 255))
	}
}
