package synth

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"
)

// sines is one turn of a sine, fine enough for grey levels.
type sines [1 << 12]float64

func newSines() *sines {
	var s sines
	for i := range s {
		s[i] = math.Sin(2 * math.Pi * float64(i) / float64(len(s)))
	}
	return &s
}

// at is the sine of a number of turns.
func (s *sines) at(turns float64) float64 {
	return s[int(math.Floor(turns*float64(len(s))))&(len(s)-1)]
}

// paper mixes page, surroundings and ink.
func (p *Page) paper(mask *image.Alpha, random *rand.Rand) *image.Gray {
	out := image.NewGray(mask.Rect)
	sine, place := newSines(), p.places()
	lit := p.Light > 0 || len(p.Folds) > 0 || len(p.Glares) > 0
	var waves [3][3]float64 // turns per millimetre right and down, phase in turns
	for i := range waves {
		sin, cos := math.Sincos(random.Float64() * math.Pi)
		length := 0.8 + 2.5*random.Float64()
		waves[i] = [3]float64{cos / length, sin / length, random.Float64()}
	}
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			level := p.Around
			xMM, yMM := place(float64(x)+0.5, float64(y)+0.5)
			inside := xMM >= 0 && xMM < pageWidth && yMM >= 0 && yMM < pageHeight
			if inside {
				level = p.Paper
				if p.Pattern > 0 {
					bend := 0.24 * sine.at(xMM/44+yMM/69)
					for i, w := range waves {
						level += p.Pattern / 3 * sine.at(xMM*w[0]+yMM*w[1]+w[2]+bend*float64(i))
					}
				}
			}
			cover := float64(mask.Pix[y*mask.Stride+x]) / 255
			level = level*(1-cover) + p.Ink*cover
			if lit && inside {
				level = p.lit(level, xMM, yMM)
			}
			out.Pix[y*out.Stride+x] = uint8(min(max(level, 0), 255))
		}
	}
	return out
}

// spread makes the ink bolder or thinner by moving the edge of its softened shape.
func (p *Page) spread(mask *image.Alpha) {
	if p.Gain == 0 {
		return
	}
	radius := max(1, int(0.09/25.4*float64(p.DPI)+0.5))
	soft := slices.Clone(mask.Pix)
	box(soft, mask.Rect.Dx(), mask.Rect.Dy(), radius)
	for i, v := range soft {
		level := (float64(v)/255-0.5+p.Gain)*float64(2*radius) + 0.5
		mask.Pix[i] = uint8(255 * min(max(level, 0), 1))
	}
}

// box averages pixels over two passes of a square of the given radius.
func box(pix []uint8, w, h, radius int) {
	if radius <= 0 {
		return
	}
	source := make([]uint8, len(pix))
	sums := make([]int, w)
	span := 2*radius + 1
	for range 2 {
		copy(source, pix)
		for y := range h {
			from, to := source[y*w:(y+1)*w], pix[y*w:(y+1)*w]
			sum := 0
			for i := -radius; i <= radius; i++ {
				sum += int(from[min(max(i, 0), w-1)])
			}
			for i := range w {
				to[i] = uint8((sum + radius) / span)
				sum += int(from[min(i+radius+1, w-1)]) - int(from[max(i-radius, 0)])
			}
		}
		copy(source, pix)
		clear(sums)
		for i := -radius; i <= radius; i++ {
			addRow(sums, source[min(max(i, 0), h-1)*w:], 1)
		}
		for y := range h {
			to := pix[y*w : (y+1)*w]
			for x, sum := range sums {
				to[x] = uint8((sum + radius) / span)
			}
			addRow(sums, source[min(y+radius+1, h-1)*w:], 1)
			addRow(sums, source[max(y-radius, 0)*w:], -1)
		}
	}
}

// addRow adds a row of pixels times a sign to sums.
func addRow(sums []int, row []uint8, sign int) {
	for x := range sums {
		sums[x] += sign * int(row[x])
	}
}

// noise adds Gaussian noise, drawn from a table that is renewed in its course.
func noise(pix []uint8, deviation float64, random *rand.Rand) {
	if deviation <= 0 {
		return
	}
	const size = 1 << 13
	var table [size]int
	for i := range table {
		table[i] = int(math.Round(16 * random.NormFloat64() * deviation))
	}
	var bits uint64
	for i, v := range pix {
		if i%4 == 0 {
			bits = random.Uint64()
			table[bits>>51] = int(math.Round(16 * random.NormFloat64() * deviation))
		}
		pix[i] = uint8(min(max((16*int(v)+table[bits&(size-1)]+8)>>4, 0), 255))
		bits >>= 12
	}
}
