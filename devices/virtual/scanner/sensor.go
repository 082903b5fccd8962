package scanner

import (
	"image"
	"math/rand/v2"
)

// blur softens a picture by two passes of a box of the given radius in each direction.
func blur(m *image.RGBA, radius int) {
	if radius <= 0 {
		return
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	line := make([]uint8, 4*max(w, h))
	for range 2 {
		for y := range h {
			boxLine(m.Pix[y*m.Stride:], 4, w, radius, line)
		}
		for x := range w {
			boxLine(m.Pix[4*x:], m.Stride, h, radius, line)
		}
	}
}

// boxLine averages n pixels that lie step bytes apart; the edge pixel continues outside. line is
// scratch.
func boxLine(pix []uint8, step, n, radius int, line []uint8) {
	for c := range 3 {
		for i := range n {
			line[i] = pix[i*step+c]
		}
		sum := 0
		for i := -radius; i <= radius; i++ {
			sum += int(line[min(max(i, 0), n-1)])
		}
		for i := range n {
			pix[i*step+c] = uint8((sum + radius) / (2*radius + 1))
			sum += int(line[min(i+radius+1, n-1)]) - int(line[max(i-radius, 0)])
		}
	}
}

// addNoise adds Gaussian noise of the given deviation to every channel. The values come from a
// table that is drawn once for the picture.
func addNoise(m *image.RGBA, deviation float64, random *rand.Rand) {
	if deviation <= 0 {
		return
	}
	table := make([]int, 1<<12)
	for i := range table {
		table[i] = int(random.NormFloat64()*deviation*256 + 128)
	}
	for i := 0; i < len(m.Pix); i += 4 {
		bits := random.Uint64()
		for c := range 3 {
			v := int(m.Pix[i+c]) + table[bits&(1<<12-1)]>>8
			m.Pix[i+c] = uint8(min(max(v, 0), 255))
			bits >>= 12
		}
	}
}
