package inspection

import (
	"image"
	"math"
	"slices"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// judgePortrait compares the portrait by its tones as a whole, by parts, and by whole rows and columns,
// in which the one line that a printer left out shows however faint it is.
func (c *comparison) judgePortrait(r *Result, worst map[string]float64) {
	for _, z := range c.order.zones {
		if z.Kind != printing.KindPortrait && z.Kind != printing.KindGhost {
			continue
		}
		box := z.Ink.Grown(-0.3).Pixels(c.order.dpi)
		d := c.toneDifference(box)
		tone, patch := measure.RMS(floats(d.Blur(2))), extreme(d.Box(3))
		line := math.Max(lines(d, true), lines(d, false))
		r.Scores[z.Name+" tone"], r.Scores[z.Name+" patch"], r.Scores[z.Name+" line"] = tone/toneGrey, patch/patchGrey, line/lineGrey
		stroke := worst[z.Name]
		delete(worst, z.Name)
		switch {
		case tone > toneGrey || patch > patchGrey || stroke > 1:
			r.add("page "+z.Name, false, "is another picture, or damaged")
			r.Areas = append(r.Areas, Area{z.Name, "tone", z.Ink})
		case line > lineGrey:
			r.add("page "+z.Name, false, "a line of the print is missing")
			r.Areas = append(r.Areas, Area{z.Name, "line", z.Ink})
		default:
			r.add("page "+z.Name, true, "looks as ordered")
		}
	}
}

// toneDifference is what remains between seen and expected picture in a box once the greys are brought
// to each other there: printers keep black and white, and bend what lies between.
func (c *comparison) toneDifference(box image.Rectangle) *measure.Plane {
	gain, offset := toneOf(c.grey, c.plan, box, measure.Point{})
	d := part(c.grey, box)
	want := part(c.plan, box)
	for i, v := range want.Pix {
		d.Pix[i] = (d.Pix[i]-float32(offset))/float32(gain) - v
	}
	return d
}

func floats(p *measure.Plane) []float64 {
	out := make([]float64, len(p.Pix))
	for i, v := range p.Pix {
		out[i] = float64(v)
	}
	return out
}

func extreme(p *measure.Plane) float64 {
	out := float32(0)
	for _, v := range p.Pix {
		out = max(out, v, -v)
	}
	return float64(out)
}

// lines is how much a row (or a column), two together, differs from those around it.
func lines(p *measure.Plane, rows bool) float64 {
	n, m := p.H, p.W
	if !rows {
		n, m = m, n
	}
	means := make([]float64, n)
	for i := range means {
		values := make([]float64, m)
		for j := range values {
			if rows {
				values[j] = float64(p.Pix[i*p.W+j])
			} else {
				values[j] = float64(p.Pix[j*p.W+i])
			}
			means[i] += values[j] / float64(m)
		}
	}
	const around = 9
	worst := 0.0
	for i := 0; i+1 < n; i++ {
		window := slices.Clone(means[max(0, i-around):min(n, i+2+around)])
		slices.Sort(window)
		worst = math.Max(worst, math.Abs((means[i]+means[i+1])/2-window[len(window)/2]))
	}
	return worst
}

// inkCellMM is the side of the cells in which ink that nobody ordered is looked for.
const inkCellMM = 0.5

// judgeInk looks over the whole page, in each colour, for ink that nobody ordered and for paper where
// ink was ordered.
func (c *comparison) judgeInk(r *Result) {
	n := max(1, int(math.Round(inkCellMM*float64(c.order.dpi)/25.4)))
	var score *measure.Plane
	for k := range c.seen {
		seen, want := c.seen[k].Reduced(n), c.want[k].Reduced(n)
		inner := image.Rect(3, 3, want.W-3, want.H-3)
		gain, offset := toneOf(seen, want, inner, measure.Point{})
		for i, v := range want.Pix {
			seen.Pix[i] = (seen.Pix[i]-float32(offset))/float32(gain) - v
		}
		seen = seen.Box(1)
		if score == nil {
			score = measure.NewPlane(seen.W, seen.H)
		}
		for y := inner.Min.Y; y < inner.Max.Y; y++ {
			for x := inner.Min.X; x < inner.Max.X; x++ {
				i := y*seen.W + x
				limit := inkGrey + inkEdge*contrast(want, x, y)
				score.Pix[i] = max(score.Pix[i], seen.Pix[i]/limit, -seen.Pix[i]/limit)
			}
		}
	}
	r.Scores["ink"] = extreme(score)
	found := false
	for _, a := range areas(score, 1) {
		found = true
		a.Rectangle = image.Rectangle{Min: a.Min.Mul(n), Max: a.Max.Mul(n)}
		r.Areas = append(r.Areas, Area{c.order.zoneAt(a, c.order.dpi), "ink", c.order.millimetres(a.Rectangle)})
	}
	if found {
		r.add("page ink", false, "ink where none was ordered, or none where it was")
		return
	}
	r.add("page ink", true, "none but what was ordered")
}

// contrast is the range of the cells around one.
func contrast(p *measure.Plane, x, y int) float32 {
	lo, hi := p.Pix[y*p.W+x], p.Pix[y*p.W+x]
	for dy := -2; dy <= 2; dy++ {
		for dx := -2; dx <= 2; dx++ {
			v := p.Pix[(y+dy)*p.W+x+dx]
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return hi - lo
}
