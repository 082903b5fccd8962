package utopian

import "math"

// skull is half the breadth of the head that hair stands off from.
const skull = 0.72

// style gives the outline of each way of wearing hair, in half heads.
type style struct {
	crown, side float64 // how far hair stands off the skull above and beside
	back        float64 // height down to which it hangs behind the face
	breadth     float64 // half breadth of the hanging hair
	line        float64 // height of the hairline over the nose
	temple      float64 // height down to which it covers the temple
	part        float64 // where it is parted
}

func (s *scene) style() style {
	switch s.hair {
	case HairSwept:
		return style{0.16, 0.055, 0, 0, -0.60, 0.02, -0.30}
	case HairBob:
		return style{0.12, 0.09, 0.86, 0.92, -0.58, 0.86, 0.12}
	case HairLong:
		return style{0.11, 0.08, 1.55, 0.95, -0.60, 0.62, 0}
	case HairUp:
		return style{0.11, 0.035, 0, 0, -0.63, -0.02, 0}
	}
	return style{0.085, 0.03, 0, 0, -0.63, 0.06, 0.35}
}

// strand is the ink of hair that runs along the direction t across the coordinate n.
func (s *scene) strand(n, t, lit float64) rgb {
	k := 0.74 + 0.20*cloud(n*34, t*2.2, s.seed+6) + 0.12*cloud(n*85, t*4, s.seed+7)
	return s.strands.times(k + 0.42*lit)
}

// backHair paints what hangs behind the face and neck.
func (s *scene) backHair(c rgb, p point) rgb {
	h := s.style()
	if h.back == 0 || p.v < -0.8 || math.Abs(p.u) > 1.1 || p.v > h.back+0.2 {
		return c
	}
	soft := 4 * p.px
	wave := 0.025 * math.Sin(p.v*5+2*math.Copysign(1, p.u))
	arch := math.Pow(max(0, 1-math.Pow(-min(0, p.v+0.02)/(1+h.crown), 2.35)), 1/2.35)
	breadth := mix(skull+h.side, h.breadth+wave, step(-0.05, 0.75, p.v))*arch - 0.16*step(h.back-0.45, h.back+0.15, p.v)
	cover := (1 - step(breadth-soft, breadth+soft, math.Abs(p.u))) * step(-0.75, -0.5, p.v)
	end := h.back + 0.05*cloud(p.u*9, 0, s.seed+8)
	cover *= 1 - step(end-0.06, end+0.04, p.v)
	shade := -0.35 + 0.40*math.Exp(-square((math.Abs(p.u)-0.80)/0.10))
	return c.over(s.strand(p.u+wave, p.v, shade), cover)
}

// frontHair paints the hair over the skull and before the ears.
func (s *scene) frontHair(c rgb, p point) rgb {
	h := s.style()
	a := math.Abs(p.u)
	if p.v > h.temple+0.3 || p.v < -1.25 || a > 1.1 {
		return c
	}
	soft := 3.5 * p.px
	outer := math.Pow(math.Pow(a/(skull+h.side), 2.35)+math.Pow(math.Abs(p.v+0.02)/(1+h.crown), 2.35), 1/2.35)
	if p.v > -0.02 {
		outer = a / mix(skull+h.side, max(h.breadth, skull+h.side), step(-0.05, 0.75, p.v))
	}
	fuzz := 0.006 * cloud(math.Atan2(p.v, p.u)*70, 0, s.seed+9)
	within := 1 - step(1-soft+fuzz, 1+soft+fuzz, outer)
	line := s.hairline(h, p.u)
	inner := step(line+0.028, line-0.028, p.v+0.014*cloud(p.u*30, p.v*6, s.seed+10))
	inner = max(inner, s.sideburn(h, p, a))
	gloss := math.Exp(-square((math.Hypot(p.u+0.22, (p.v+0.66)*1.1)-0.16)/0.20)) * 0.75
	depth := 0.16 * step(0.8, 1.0, outer)
	n, t := s.flow(h, p)
	ink := s.strand(n, t, gloss-depth)
	if h.back > 0 {
		ink = ink.over(s.strand(p.u, p.v, -0.05-depth), step(-0.55, -0.05, p.v))
	}
	return c.over(ink, within*inner)
}

// hairline is the height below which the forehead is free.
func (s *scene) hairline(h style, u float64) float64 {
	recede := 0.10 * s.age
	line := h.line - recede + 0.40*math.Pow(math.Abs(u)/0.60, 2.4) - 0.06*s.age*bell(math.Abs(u), 0, 0.36, 0, 0.13, 1)
	if h.part == 0 {
		return line - 0.03*math.Exp(-square(u/0.05))
	}
	return line + 0.045*(u-h.part)*math.Copysign(1, -h.part)
}

// sideburn covers the temple between hairline and ear.
func (s *scene) sideburn(h style, p point, a float64) float64 {
	w := s.width(p.v)
	inset := 0.05
	if h.back > 0 {
		inset = 0.13 - 0.05*step(0.2, 0.9, p.v)
	}
	edge := w - inset*step(h.temple+0.05, h.temple-0.35, p.v) + 0.010*cloud(p.u*8, p.v*14, s.seed+11)
	fade := 0.09
	if h.back > 0 {
		fade = 0.50
	}
	return step(edge-0.02, edge+0.03, a) * step(h.temple+0.04, h.temple+0.04-fade, p.v)
}

// flow gives the direction of the strands at a place: n across them, t along.
func (s *scene) flow(h style, p point) (n, t float64) {
	switch s.hair {
	case HairUp:
		return math.Atan2(p.u, 1.25+p.v) * 1.3, math.Hypot(p.u, p.v+1.25)
	case HairShort:
		return math.Atan2(p.v+0.2, p.u) * 0.9, math.Hypot(p.u, p.v) * 1.6
	}
	// Hair falls from the parting in arcs around the face.
	fall := math.Hypot(p.u/0.82, p.v-0.30-0.10*math.Abs(p.u-h.part))
	return fall, math.Atan2(p.u-h.part, -p.v+0.30)
}
