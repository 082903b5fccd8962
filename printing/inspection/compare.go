package inspection

import (
	"image"
	"math"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// Limits of the comparison, set on good prints apart from those that the tests judge. Scores are
// shares of them: above 1 is a defect.
const (
	strokeGrey = 26.0 // grey levels in a window of a stroke's width
	strokeEdge = 0.55 // and as many more as the expected picture changes within so many pixels
	toneGrey   = 14.0 // levels, over the whole portrait
	patchGrey  = 22.0 // levels in a part of the portrait as wide as half a millimetre
	lineGrey   = 3.2  // levels, over a whole row or column of the portrait
	inkGrey    = 5.0  // levels, over 1.5 mm, where nothing was ordered
	inkEdge    = 0.08 // and as many more as this share of the contrast there
)

// compare judges every zone and the rest of the page.
func (c *comparison) compare(r *Result) {
	r.seen, r.want = c.grey, c.plan
	strokes := c.strokes()
	worst := map[string]float64{}
	for _, z := range c.order.zones {
		if z.Kind == printing.KindPortrait || z.Kind == printing.KindGhost || z.Kind == printing.KindBars {
			continue
		}
		worst[z.Name] = 0
	}
	r.Scores["stroke"] = extreme(strokes)
	for _, a := range areas(strokes, 1) {
		name := c.order.zoneAt(a, c.order.dpi)
		worst[name] = math.Max(worst[name], a.score)
		r.Areas = append(r.Areas, Area{name, "text", c.order.millimetres(a.Rectangle)})
	}
	c.judgePortrait(r, worst)
	c.judgeTexts(r, worst)
	c.judgeInk(r)
}

// judgeTexts adds one finding for each text that differs, or one for all of them, and one for what is
// printed beside them.
func (c *comparison) judgeTexts(r *Result, worst map[string]float64) {
	whole := true
	for _, z := range c.order.zones {
		score, text := worst[z.Name]
		delete(worst, z.Name)
		if text && score > 1 {
			whole = false
			r.add("page "+z.Name, false, "does not look as ordered")
		}
	}
	if whole {
		r.add("page texts", true, "look as ordered")
	}
	beside := true
	for _, s := range worst {
		beside = beside && s <= 1
	}
	r.add("page captions", beside, "%s", word(beside, "look as ordered", "something beside the texts does not look as ordered"))
}

func word(ok bool, good, bad string) string {
	if ok {
		return good
	}
	return bad
}

// strokes scores each pixel by how much a window of a stroke's width about it differs, with an
// allowance where the expected picture is steep: there a hundredth of a millimetre makes a difference.
func (c *comparison) strokes() *measure.Plane {
	w, h := c.plan.W, c.plan.H
	diff, steep := measure.NewPlane(w, h), measure.NewPlane(w, h)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			diff.Pix[i] = c.grey.Pix[i] - c.plan.Pix[i]
			gx, gy := c.plan.Pix[i+1]-c.plan.Pix[i-1], c.plan.Pix[i+w]-c.plan.Pix[i-w]
			steep.Pix[i] = float32(math.Hypot(float64(gx), float64(gy))) / 2
		}
	}
	diff, steep = diff.Box(1), steep.Box(1)
	limit := float32(strokeGrey + 2*c.noise)
	for i, d := range diff.Pix {
		diff.Pix[i] = max(d, -d) / (limit + strokeEdge*steep.Pix[i])
	}
	margin := int(0.8 * float64(c.order.dpi) / 25.4) // the page's own edge is no ink
	for y := range h {
		for x := range w {
			if x < margin || y < margin || x >= w-margin || y >= h-margin {
				diff.Pix[y*w+x] = 0
			}
		}
	}
	for _, z := range c.order.zones {
		if z.Kind == printing.KindPortrait { // compared by its tones
			erase(diff, z.Ink.Grown(0.3).Pixels(c.order.dpi))
		}
	}
	return diff
}

// erase takes a part out of a score.
func erase(p *measure.Plane, r image.Rectangle) {
	r = r.Intersect(image.Rect(0, 0, p.W, p.H))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		clear(p.Pix[y*p.W+r.Min.X : y*p.W+r.Max.X])
	}
}

// area is a connected part of a score above its limit.
type area struct {
	image.Rectangle
	score float64
}

// areas lists the connected parts of a plane above a limit, at most maxAreas.
func areas(p *measure.Plane, limit float32) []area {
	const maxAreas = 200
	taken := make([]bool, len(p.Pix))
	var out []area
	for i, v := range p.Pix {
		if v <= limit || taken[i] {
			continue
		}
		a := area{image.Rect(i%p.W, i/p.W, i%p.W+1, i/p.W+1), 0}
		stack := []int{i}
		taken[i] = true
		for len(stack) > 0 {
			j := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := j%p.W, j/p.W
			a.Rectangle = a.Union(image.Rect(x, y, x+1, y+1))
			a.score = math.Max(a.score, float64(p.Pix[j]))
			for dy := -2; dy <= 2; dy++ { // parts that nearly touch are one
				for dx := -2; dx <= 2; dx++ {
					u, v := x+dx, y+dy
					if k := v*p.W + u; u >= 0 && v >= 0 && u < p.W && v < p.H && !taken[k] && p.Pix[k] > limit {
						taken[k] = true
						stack = append(stack, k)
					}
				}
			}
		}
		if out = append(out, a); len(out) == maxAreas {
			break
		}
	}
	return out
}

// zoneAt names the zone in whose room the middle of an area lies; "" for none.
func (o *Order) zoneAt(a area, dpi int) string {
	m := image.Pt((a.Min.X+a.Max.X)/2, (a.Min.Y+a.Max.Y)/2)
	for _, z := range o.zones {
		if m.In(z.Room.Grown(0.3).Pixels(dpi)) {
			return z.Name
		}
	}
	return ""
}

func (o *Order) millimetres(r image.Rectangle) printing.Box {
	mm := 25.4 / float64(o.dpi)
	return printing.Box{XMM: float64(r.Min.X) * mm, YMM: float64(r.Min.Y) * mm,
		WidthMM: float64(r.Dx()) * mm, HeightMM: float64(r.Dy()) * mm}
}
