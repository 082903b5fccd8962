package printing

import (
	"fmt"
	"math"
	"slices"
)

// title prints the State and the document (ICAO Doc 9303-4, 4.1.1.1, elements 01 and 02), and
// the lines of microtext that set off the zones.
func (g *drawing) title(l *Layout) error {
	b := l.Blank
	bold, regular := l.press.bold, l.press.regular
	full := g.solid(inkTitle)
	x := b.TitleXMM
	for i, word := range l.in(b.Title) {
		s, err := bold.set(word, 0.06)
		if err != nil {
			return fmt.Errorf("title: %w", err)
		}
		if i > 0 {
			var bar outline
			bar.rectangle(Box{x + 1.9, b.TitleYMM - 3.3, 0.18, 3.6})
			g.fill(bar, full, 0.55)
			x += 4.0
		}
		g.fill(textLine{s, baseline{point{x, b.TitleYMM}, b.TitleSizeMM, 0}}.outline(), full, 1)
		x += s.width * b.TitleSizeMM
	}
	right := b.ChipXMM - 3.2
	for _, word := range slices.Backward(l.in(b.Document)) {
		s, err := regular.set(word, 0.12)
		if err != nil {
			return fmt.Errorf("title: %w", err)
		}
		right -= s.width * b.DocumentSizeMM
		g.fill(textLine{s, baseline{point{right, b.TitleYMM}, b.DocumentSizeMM, 0}}.outline(), full, 1)
		right -= 3.0
	}
	for _, rule := range []Box{
		{b.TitleXMM, 9.3, l.WidthMM - 2*b.TitleXMM, 0.36},
		{b.TitleXMM, l.HeightMM - l.MRZ.ZoneMM - 0.1, l.WidthMM - 2*b.TitleXMM, 0.36},
	} {
		if err := g.microtext(l, rule); err != nil {
			return err
		}
	}
	return nil
}

// microtext prints a line of letters so small that it looks like a rule. The box gives the
// baseline, the length, and the em size as its height.
func (g *drawing) microtext(l *Layout, rule Box) error {
	s, err := l.press.bold.set(l.Blank.Microtext, 0.05)
	if err != nil {
		return fmt.Errorf("microtext: %w", err)
	}
	if s.width <= 0 || rule.WidthMM <= 0 {
		return nil
	}
	repeats := max(1, math.Round(rule.WidthMM/((s.width+0.05)*rule.HeightMM)))
	step := rule.WidthMM / repeats
	size := step / (s.width + 0.05)
	full := g.solid(inkTitle)
	for k := 0.0; k < repeats; k++ {
		at := point{rule.XMM + float64(k*step), rule.YMM}
		g.fill(textLine{s, baseline{at, size, 0}}.outline(), full, 0.9)
	}
	return nil
}

// chip prints the symbol of an electronic passport: a bar above, a bar below, between them a
// plate with a disc (ICAO Doc 9303-9, 2.3).
func (g *drawing) chip(at point, width float64) {
	full := g.solid(inkTitle)
	unit := width / 9
	height := width * 5.25 / 9
	bar := (height - 0.55*unit) / 2
	radius := 1.42 * unit
	centre := point{at.x + width/2, at.y + height/2}
	for _, top := range []bool{true, false} {
		y, toward := at.y, at.y+bar
		if !top {
			y, toward = at.y+height, at.y+height-bar
		}
		g.fill(chipHalf(at.x, width, y, toward, centre, radius), full, 1)
	}
	g.fill(disc(centre, radius-0.52*unit), full, 1)
}

// chipHalf is a bar from an outer edge to an inner one, with the disc's surround cut out.
func chipHalf(x, width, outer, inner float64, centre point, radius float64) outline {
	var o outline
	o.move(point{x, outer})
	o.line(point{x + width, outer})
	o.line(point{x + width, inner})
	half := math.Asin(math.Abs(inner-centre.y) / radius)
	down := 1.0
	if inner < centre.y {
		down = -1
	}
	const steps = 48
	for i := range steps + 1 {
		a := half + (math.Pi-2*half)*float64(i)/steps
		o.line(point{centre.x + float64(radius*cosine(a)), centre.y + float64(down*float64(radius*sine(a)))})
	}
	o.line(point{x, inner})
	return o
}

// disc is a circle of four cubic arcs.
func disc(centre point, r float64) outline {
	const k = 0.5522847498 // control points of a quarter circle
	var o outline
	p := func(x, y float64) point { return point{centre.x + float64(x*r), centre.y + float64(y*r)} }
	o.move(p(1, 0))
	o.cube(p(1, k), p(k, 1), p(0, 1))
	o.cube(p(-k, 1), p(-1, k), p(-1, 0))
	o.cube(p(-1, -k), p(-k, -1), p(0, -1))
	o.cube(p(k, -1), p(1, -k), p(1, 0))
	return o
}
