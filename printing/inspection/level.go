package inspection

import (
	"image"
	"math"
	"slices"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// blurs are the softnesses that a scan may have, standard deviations in pixels.
var blurs = [...]float64{0.3, 0.5, 0.7, 0.9, 1.1, 1.35, 1.65, 2.0}

// level gives the expected picture the scan's blur and the scan the expected greys.
func (c *comparison) level() {
	plan, seen := grey(c.want), grey(c.seen)
	zone := c.order.zone()
	best := math.Inf(1)
	var sigma, gain, offset float64
	for _, s := range blurs {
		soft := part(plan, zone).Blur(s)
		look := part(seen, zone)
		all := image.Rect(0, 0, soft.W, soft.H)
		g, o := toneOf(look, soft, all, measure.Point{})
		sum := 0.0
		for i, v := range soft.Pix {
			d := float64(look.Pix[i]) - o - g*float64(v)
			sum += d * d
		}
		if sum < best {
			best, sigma, gain, offset = sum, s, g, o
		}
	}
	for k, p := range c.want {
		c.want[k] = p.Blur(sigma)
	}
	c.plan = grey(c.want)
	c.grey = seen
	for i, v := range c.grey.Pix {
		c.grey.Pix[i] = (v - float32(offset)) / float32(gain)
	}
	c.noise = c.flatNoise()
	for _, z := range c.order.zones {
		if z.Kind == printing.KindPortrait || z.Kind == printing.KindGhost {
			c.settle(z.Ink.Pixels(c.order.dpi))
		}
	}
}

// settle moves a picture of the page by the part of a pixel to which a printer of another resolution
// rounds its edges.
func (c *comparison) settle(box image.Rectangle) {
	const most = 1.0 // pixels
	d, ok := refine(c.grey, c.plan, box.Inset(4), measure.Point{})
	if !ok || d.Length() > most {
		return
	}
	for _, p := range [...]*measure.Plane{c.grey, c.seen[0], c.seen[1], c.seen[2]} {
		moved := p.Warp(measure.Affine{A: 1, E: 1, C: float64(box.Min.X) + d.X, F: float64(box.Min.Y) + d.Y}, box.Dx(), box.Dy())
		for y := range moved.H {
			copy(p.Pix[(box.Min.Y+y)*p.W+box.Min.X:], moved.Pix[y*moved.W:(y+1)*moved.W])
		}
	}
}

// zone is the whole machine readable zone in pixels.
func (o *Order) zone() image.Rectangle {
	var r image.Rectangle
	for _, z := range o.zones {
		if z.Kind == printing.KindMRZ {
			r = r.Union(z.Ink.Grown(0.8).Pixels(o.dpi))
		}
	}
	return r.Intersect(image.Rect(0, 0, o.gray.W, o.gray.H))
}

// part is a copy of a part of a plane.
func part(p *measure.Plane, r image.Rectangle) *measure.Plane {
	out := measure.NewPlane(r.Dx(), r.Dy())
	for y := range r.Dy() {
		copy(out.Pix[y*out.W:(y+1)*out.W], p.Pix[(r.Min.Y+y)*p.W+r.Min.X:])
	}
	return out
}

// flatNoise is the standard deviation between neighbours where the expected picture is even.
func (c *comparison) flatNoise() float64 {
	var d []float64
	for y := 8; y < c.plan.H-8; y += 3 {
		for x := 8; x < c.plan.W-8; x += 3 {
			i := y*c.plan.W + x
			if math.Abs(float64(c.plan.Pix[i]-c.plan.Pix[i+1])) < 1 && math.Abs(float64(c.plan.Pix[i]-c.plan.Pix[i+c.plan.W])) < 1 {
				d = append(d, math.Abs(float64(c.grey.Pix[i]-c.grey.Pix[i+1])))
			}
		}
	}
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[len(d)/2] / 0.6745 / math.Sqrt2
}
