package printing

import "math"

// Inks of the artwork. They are light: what lies over them must stay legible, and under the machine
// readable zone the paper must stay white in the near infrared (ICAO Doc 9303-3, 4.2).
var (
	tintLeft   = ink{0xe6, 0xf3, 0xf1}
	tintMiddle = ink{0xfb, 0xf5, 0xe6}
	tintRight  = ink{0xf4, 0xe9, 0xee}

	lineLeft   = ink{0x4f, 0x9d, 0x9c}
	lineMiddle = ink{0xc9, 0x9a, 0x4e}
	lineRight  = ink{0xa9, 0x6f, 0x93}

	inkTitle = ink{0x14, 0x46, 0x50}
)

// iris changes from one ink to the next over the width of the page, as a split fountain does.
func iris(widthPx int, left, middle, right ink) paint {
	table := make([]ink, widthPx+1)
	for x := range table {
		t := 2 * float64(x) / float64(widthPx)
		a, b := left, middle
		if t > 1 {
			a, b, t = middle, right, t-1
		}
		t = t * t * (3 - 2*t)
		mix := func(p, q uint8) uint8 { return uint8(math.Round(float64(p) + (float64(q)-float64(p))*t)) }
		table[x] = ink{mix(a.r, b.r), mix(a.g, b.g), mix(a.b, b.b)}
	}
	return func(x, _ int) ink { return table[min(max(x, 0), widthPx)] }
}

// ribbon appends a line of constant width along points. All ribbons turn the same way, so where
// they cross their coverage adds up and does not cancel.
func (o *outline) ribbon(line []point, widthMM float64) {
	if len(line) < 2 {
		return
	}
	side := func(i int) point {
		a, b := line[max(i-1, 0)], line[min(i+1, len(line)-1)]
		dx, dy := b.x-a.x, b.y-a.y
		d := math.Hypot(dx, dy)
		if d == 0 {
			return point{}
		}
		return point{-dy / d * widthMM / 2, dx / d * widthMM / 2}
	}
	for i, p := range line {
		n := side(i)
		if q := (point{p.x + n.x, p.y + n.y}); i == 0 {
			o.move(q)
		} else {
			o.line(q)
		}
	}
	for i := len(line) - 1; i >= 0; i-- {
		n := side(i)
		o.line(point{line[i].x - n.x, line[i].y - n.y})
	}
}

// rosette is one woven ring: lines whose radius swings about a mean, each a little later.
type rosette struct {
	centre      point
	radius      float64 // mean, mm
	swing       float64 // mm
	petals      int
	lines       int
	flattening  float64 // height over width
	secondSwing float64 // share of a second harmonic
}

func (r rosette) outline(widthMM float64) outline {
	const steps = 720
	var o outline
	for k := range r.lines {
		phase := 2 * math.Pi * float64(k) / float64(r.lines)
		line := make([]point, 0, steps+1)
		for i := range steps + 1 {
			t := 2 * math.Pi * float64(i) / steps
			n := float64(r.petals)
			rad := r.radius + r.swing*(math.Cos(n*t+phase)+r.secondSwing*math.Cos(2*n*t-phase))
			line = append(line, point{r.centre.x + rad*math.Cos(t), r.centre.y + r.flattening*rad*math.Sin(t)})
		}
		o.ribbon(line, widthMM)
	}
	return o
}

// sea is a family of waves that fills a box, each line shifted against the one above.
type sea struct {
	box        Box
	pitch      float64 // mm between lines
	height     float64 // mm
	wavelength float64 // mm
	drift      float64 // radians from line to line
}

func (s sea) outline(widthMM float64) outline {
	const step = 0.5 // mm
	var o outline
	n := int(s.box.HeightMM / s.pitch)
	for k := range n + 1 {
		y0 := s.box.YMM + float64(k)*s.pitch
		var line []point
		for x := 0.0; x <= s.box.WidthMM+step; x += step {
			a := 2*math.Pi*x/s.wavelength + s.drift*float64(k)
			y := y0 + s.height*(math.Sin(a)+0.3*math.Sin(2*a+0.7))
			line = append(line, point{s.box.XMM + x, y})
		}
		o.ribbon(line, widthMM)
	}
	return o
}

// star is a compass rose of eight points, the sign of a traveller: each ray is split along its
// middle and only one half is filled.
func star(centre point, radius float64) outline {
	var o outline
	at := func(r, quarter float64) point {
		sin, cos := math.Sincos(quarter * math.Pi / 4)
		return point{centre.x + r*sin, centre.y - r*cos}
	}
	for k := range 8 {
		long := radius
		if k%2 == 1 {
			long = radius * 0.62
		}
		o.move(centre)
		o.line(at(long, float64(k)))
		o.line(at(radius*0.24, float64(k)+0.5))
		o.line(centre)
	}
	return o
}

// veil lightens a paint inside a box to a share of its strength, with an edge that fades over soft
// millimetres outside, so that a portrait lies on calm paper and yet grows out of the artwork.
func (c *canvas) veil(p paint, b Box, keep, soft float64) paint {
	fade := func(px int, from, length float64) float64 {
		mm := (float64(px) + 0.5) / c.scale
		outside := max(from-mm, mm-from-length, 0)
		t := min(1, outside/soft)
		return t * t * (3 - 2*t)
	}
	columns, rows := make([]float64, c.img.Rect.Dx()), make([]float64, c.img.Rect.Dy())
	for x := range columns {
		columns[x] = fade(x, b.XMM, b.WidthMM)
	}
	for y := range rows {
		rows[y] = fade(y, b.YMM, b.HeightMM)
	}
	return func(x, y int) ink {
		i := p(x, y)
		far := max(columns[x], rows[y])
		if far >= 1 {
			return i
		}
		share := keep + (1-keep)*far
		lighten := func(v uint8) uint8 { return uint8(math.Round(255 - (255-float64(v))*share)) }
		return ink{lighten(i.r), lighten(i.g), lighten(i.b)}
	}
}

// drawArtwork prints the background over the whole page, to its edges.
func (c *canvas) drawArtwork(l *Layout) {
	const hair = 0.07 // mm
	var page outline
	page.rectangle(Box{0, 0, l.WidthMM, l.HeightMM})
	width := c.img.Rect.Dx()
	tint := iris(width, tintLeft, tintMiddle, tintRight)
	c.fillPaint(page, c.veil(tint, l.Portrait, 0.3, 0.05), 1)

	lines := c.veil(iris(width, lineLeft, lineMiddle, lineRight), l.Portrait, 0.1, 4)
	back := c.veil(iris(width, lineRight, lineLeft, lineMiddle), l.Portrait, 0.1, 4)
	all := Box{-1, -2, l.WidthMM + 2, l.HeightMM + 4}
	c.fillPaint(sea{all, 0.95, 1.5, 31.25, 0.10}.outline(hair), lines, 0.45)
	c.fillPaint(sea{all, 0.95, 1.5, 31.25, -0.10}.outline(hair), back, 0.32)

	heart := point{80, 38.2}
	for _, r := range []rosette{
		{heart, 22.8, 2.6, 36, 18, 0.92, 0.25},
		{heart, 17.2, 2.9, 24, 18, 0.92, 0.20},
		{heart, 11.2, 2.9, 16, 16, 0.92, 0.25},
	} {
		c.fillPaint(r.outline(hair), lines, 0.38)
	}
	c.fillPaint(star(heart, 7.6), lines, 0.30)
}
