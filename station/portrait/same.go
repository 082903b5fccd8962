package portrait

import (
	"image"
	"math"
)

// sameNoise is how far two copies of one photograph may lie apart, in levels of luminance: what writing it anew
// as JPEG does. Two photographs of one person lie several times as far apart.
const sameNoise = 4.0

// Same tells whether two pictures are copies of one photograph: of one size, and alike to the noise of another
// encoding. It says nothing of who is on them, and does not know a photograph that was cut or scaled again.
func Same(a, b image.Image) bool {
	if a.Bounds().Size() != b.Bounds().Size() {
		return false
	}
	p, q := grayOf(a), grayOf(b)
	sum := 0.0
	for i, v := range p.pix {
		sum += square(float64(v) - float64(q.pix[i]))
	}
	return math.Sqrt(sum/float64(max(1, len(p.pix)))) <= sameNoise
}
