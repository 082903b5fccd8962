package synth

import (
	"image"
	"math"

	"golang.org/x/image/vector"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// Fold is a crease across the page through a point, darker in its middle and paler beside it.
type Fold struct {
	XMM, YMM float64
	Angle    float64 // radians
	Depth    float64 // share by which the paper is darker in the crease
}

// Glare is a bright spot that fades to its edge.
type Glare struct {
	XMM, YMM, RadiusMM float64
	Share              float64 // of the way to white in the middle
}

// Mark is a stroke over the page that lays ink down or takes it off.
type Mark struct {
	XMM, YMM, ToXMM, ToYMM, WidthMM float64
	Ink                             bool
	Share                           float64 // of the ink, laid down or taken off
}

// lineMiddle is the height of a line's middle on the page.
func (p *Page) lineMiddle(line int) float64 {
	return pageHeight - lowestLine - lineSpacing*float64(len(p.Lines)-1-line)
}

// damage draws the marks into the ink.
func (p *Page) damage(z *vector.Rasterizer, mask *image.Alpha) {
	for _, m := range p.Marks {
		way := stroke{{X: m.XMM, Y: m.YMM}, {X: m.ToXMM + 0.01, Y: m.ToYMM}}
		outline := way.inked(m.WidthMM / 2)
		bounds := image.Rectangle{}
		for i, q := range outline {
			x, y := p.Point(q.X, q.Y)
			outline[i] = ocrb.Point{X: x, Y: y}
			bounds = bounds.Union(image.Rect(int(x)-1, int(y)-1, int(x)+2, int(y)+2))
		}
		if bounds = bounds.Intersect(mask.Rect); bounds.Empty() {
			continue
		}
		z.Reset(bounds.Dx(), bounds.Dy())
		for i, q := range outline {
			x, y := float32(q.X-float64(bounds.Min.X)), float32(q.Y-float64(bounds.Min.Y))
			if i == 0 {
				z.MoveTo(x, y)
			} else {
				z.LineTo(x, y)
			}
		}
		z.ClosePath()
		cover := image.NewAlpha(bounds)
		z.Draw(cover, bounds, image.Opaque, image.Point{})
		m.apply(mask, cover)
	}
}

// apply lays the mark's ink down, or takes ink off.
func (m Mark) apply(mask, cover *image.Alpha) {
	b := cover.Rect
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			share := m.Share * float64(cover.AlphaAt(x, y).A) / 255
			at := mask.PixOffset(x, y)
			old := float64(mask.Pix[at])
			if m.Ink {
				mask.Pix[at] = uint8(max(old, 255*share))
			} else {
				mask.Pix[at] = uint8(old * (1 - share))
			}
		}
	}
}

// lit passes a grey level through the light that falls on a place of the page.
func (p *Page) lit(level, xMM, yMM float64) float64 {
	if p.Light > 0 {
		sin, cos := math.Sincos(p.LightFrom)
		across := ((xMM-pageWidth/2)*cos + (yMM-pageHeight/2)*sin) / pageWidth
		level *= 1 - p.Light*min(max(across+0.5, 0), 1)
	}
	for _, f := range p.Folds {
		sin, cos := math.Sincos(f.Angle)
		off := math.Abs(-(xMM-f.XMM)*sin + (yMM-f.YMM)*cos)
		if off < 4 {
			level *= 1 - f.Depth*(max(0, 1-off/0.5)-0.4*max(0, 1-math.Abs(off-1.5)/2.5))
		}
	}
	for _, g := range p.Glares {
		if off := math.Hypot(xMM-g.XMM, yMM-g.YMM) / g.RadiusMM; off < 1 {
			share := g.Share * (1 - off*off) * (1 - off*off)
			level += (255 - level) * share
		}
	}
	return level
}

// soften blurs a picture as a lens does, with a standard deviation in pixels.
func soften(pix []uint8, w, h int, sigma float64) {
	if sigma < 0.2 {
		return
	}
	reach := int(3*sigma + 0.5)
	kernel := make([]float32, reach+1)
	total := float32(0)
	for i := range kernel {
		kernel[i] = float32(math.Exp(-float64(i*i) / (2 * sigma * sigma)))
		total += kernel[i]
	}
	total = 2*total - kernel[0]
	for i := range kernel {
		kernel[i] /= total
	}
	sums := make([]float32, w)
	rows := make([][]uint8, h)
	for y := range h {
		rows[y] = make([]uint8, w)
		row := pix[y*w : (y+1)*w]
		for x := range w {
			sum := kernel[0] * float32(row[x])
			for d := 1; d <= reach; d++ {
				sum += kernel[d] * (float32(row[max(x-d, 0)]) + float32(row[min(x+d, w-1)]))
			}
			rows[y][x] = uint8(sum + 0.5)
		}
	}
	for y := range h {
		clear(sums)
		for d := -reach; d <= reach; d++ {
			k := kernel[max(d, -d)]
			for x, v := range rows[min(max(y+d, 0), h-1)] {
				sums[x] += k * float32(v)
			}
		}
		for x, sum := range sums {
			pix[y*w+x] = uint8(sum + 0.5)
		}
	}
}
