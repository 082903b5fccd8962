package portrait

import (
	"image"
	"image/color"
	"math"
)

// gray is the luminance of a picture, its origin at 0, 0.
type gray struct {
	pix           []uint8
	width, height int
}

// grayOf reads the luminance of any picture (ITU-R BT.601 weights).
func grayOf(img image.Image) gray {
	b := img.Bounds()
	g := gray{make([]uint8, b.Dx()*b.Dy()), b.Dx(), b.Dy()}
	switch src := img.(type) {
	case *image.Gray:
		for y := range g.height {
			copy(g.pix[y*g.width:(y+1)*g.width], src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.YCbCr:
		for y := range g.height {
			copy(g.pix[y*g.width:(y+1)*g.width], src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.RGBA:
		for y := range g.height {
			row := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range g.width {
				p := row[4*x : 4*x+3]
				g.pix[y*g.width+x] = uint8((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2]) + 500) / 1000)
			}
		}
	default:
		for y := range g.height {
			for x := range g.width {
				c := color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray)
				g.pix[y*g.width+x] = c.Y
			}
		}
	}
	return g
}

// reduced averages whole blocks until the longer side is at most side, and returns how many pixels
// of the original one pixel now stands for.
func (g gray) reduced(side int) (gray, int) {
	n := (max(g.width, g.height) + side - 1) / side
	if n <= 1 {
		return g, 1
	}
	out := gray{width: g.width / n, height: g.height / n}
	out.pix = make([]uint8, out.width*out.height)
	for y := range out.height {
		for x := range out.width {
			sum := 0
			for dy := range n {
				for _, v := range g.pix[(y*n+dy)*g.width+x*n:][:n] {
					sum += int(v)
				}
			}
			out.pix[y*out.width+x] = uint8((sum + n*n/2) / (n * n))
		}
	}
	return out, n
}

// histogram counts the luminances within a rectangle.
func (g gray) histogram(r image.Rectangle) (count [256]int, total int) {
	r = r.Intersect(image.Rect(0, 0, g.width, g.height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range g.pix[y*g.width+r.Min.X : y*g.width+r.Max.X] {
			count[v]++
		}
	}
	return count, r.Dx() * r.Dy()
}

// resampled returns a rectangle at another scale, averaging the pixels that fall on one.
func (g gray) resampled(r image.Rectangle, scale float64) gray {
	r = r.Intersect(image.Rect(0, 0, g.width, g.height))
	out := gray{width: int(float64(r.Dx()) * scale), height: int(float64(r.Dy()) * scale)}
	if out.width < 3 || out.height < 3 {
		return gray{}
	}
	out.pix = make([]uint8, out.width*out.height)
	for y := range out.height {
		y0, y1 := span(y, scale, r.Min.Y, r.Max.Y)
		for x := range out.width {
			x0, x1 := span(x, scale, r.Min.X, r.Max.X)
			sum := 0
			for yy := y0; yy < y1; yy++ {
				for _, v := range g.pix[yy*g.width+x0 : yy*g.width+x1] {
					sum += int(v)
				}
			}
			out.pix[y*out.width+x] = uint8(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
	return out
}

func span(i int, scale float64, low, high int) (from, to int) {
	from = min(low+int(float64(i)/scale), high-1)
	to = min(low+int(math.Ceil(float64(i+1)/scale)), high)
	return from, max(to, from+1)
}
