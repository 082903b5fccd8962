package ocr

import "slices"

// inkMap marks the thin dark strokes of a small picture with 1: what a closing by a square wider
// than a stroke fills up. The bar is set at a share of the darkest strokes near by, so a faint
// pattern beside black print is left out. pitch is the expected distance of characters in pixels.
func inkMap(p *plane, pitch, share float64) *plane {
	radius := max(2, int(0.22*pitch+0.5))
	closed := newPlane(p.w, p.h)
	copy(closed.pix, p.pix)
	extremes(closed, radius, true)
	extremes(closed, radius, false)
	for i, v := range p.pix {
		closed.pix[i] -= v
	}
	bars := newBars(closed, max(16, int(6*pitch)), share)
	for y := range closed.h {
		bars.apply(closed.row(y), y)
	}
	return closed
}

// extremes replaces each pixel by the largest (or smallest) of the square around it, one
// direction after the other.
func extremes(p *plane, radius int, largest bool) {
	flip := uint8(0)
	if !largest {
		flip = 255 // the smallest is the largest of the complement
	}
	for i := range p.pix {
		p.pix[i] ^= flip
	}
	buf := make([]uint8, p.w)
	for y := range p.h {
		row := p.row(y)
		copy(buf, row)
		for d := 1; d <= radius; d++ {
			for x := range row {
				row[x] = max(row[x], buf[max(x-d, 0)], buf[min(x+d, p.w-1)])
			}
		}
	}
	flat := &plane{w: p.w, h: p.h, pix: slices.Clone(p.pix)}
	for y := range p.h {
		row := p.row(y)
		for d := -radius; d <= radius; d++ {
			for x, v := range flat.row(min(max(y+d, 0), p.h-1)) {
				row[x] = max(row[x], v)
			}
		}
		for x := range row {
			row[x] ^= flip
		}
	}
}

// leastInk is the weakest stroke, in grey levels, that counts as ink at all.
const leastInk = 10

// bars holds a threshold per block.
type bars struct {
	size, across int
	at           []uint8
}

// newBars sets each block's bar to a share of the strong strokes in it and in the blocks around.
func newBars(strokes *plane, size int, share float64) bars {
	across, down := (strokes.w+size-1)/size, (strokes.h+size-1)/size
	strong := make([]uint8, across*down)
	for by := range down {
		for bx := range across {
			var count [256]int
			total := 0
			for y := by * size; y < min((by+1)*size, strokes.h); y++ {
				for _, v := range strokes.row(y)[bx*size : min((bx+1)*size, strokes.w)] {
					count[v]++
					total++
				}
			}
			strong[by*across+bx] = percentile(&count, total, 0.97)
		}
	}
	b := bars{size: size, across: across, at: make([]uint8, len(strong))}
	for by := range down {
		for bx := range across {
			top := uint8(0)
			for y := max(by-1, 0); y <= min(by+1, down-1); y++ {
				for x := max(bx-1, 0); x <= min(bx+1, across-1); x++ {
					top = max(top, strong[y*across+x])
				}
			}
			b.at[by*across+bx] = max(leastInk, uint8(share*float64(top)))
		}
	}
	return b
}

// apply turns a row of stroke strengths into ones and zeros.
func (b bars) apply(row []uint8, y int) {
	line := b.at[y/b.size*b.across:]
	for x0 := 0; x0 < len(row); x0 += b.size {
		bar := line[x0/b.size]
		part := row[x0:min(x0+b.size, len(row))]
		for x, v := range part {
			part[x] = 0
			if v >= bar {
				part[x] = 1
			}
		}
	}
}

// percentile returns the level below which the given share of a histogram lies.
func percentile(count *[256]int, total int, share float64) uint8 {
	left := int(share * float64(total))
	for v, n := range count {
		if left -= n; left < 0 {
			return uint8(v)
		}
	}
	return 255
}

// smear marks the places where ink is dense in a box of characters: w wide and h high. Text lines
// become bars.
func smear(ink *plane, w, h int, share float64) *plane {
	sums := make([]int32, (ink.w+1)*(ink.h+1))
	for y := range ink.h {
		above, here := sums[y*(ink.w+1):], sums[(y+1)*(ink.w+1):]
		run := int32(0)
		for x, v := range ink.row(y) {
			run += int32(v)
			here[x+1] = above[x+1] + run
		}
	}
	out := newPlane(ink.w, ink.h)
	for y := range ink.h {
		y0, y1 := max(y-h/2, 0), min(y+h/2+1, ink.h)
		top, low := sums[y0*(ink.w+1):], sums[y1*(ink.w+1):]
		row := out.row(y)
		for x := range row {
			x0, x1 := max(x-w/2, 0), min(x+w/2+1, ink.w)
			n := low[x1] - low[x0] - top[x1] + top[x0]
			if float64(n) >= share*float64((x1-x0)*(y1-y0)) {
				row[x] = 1
			}
		}
	}
	return out
}
