package utopian

import "math"

// eye paints both eyes: white, iris, pupil, lids and lashes.
func (s *scene) eye(c rgb, p point) rgb {
	side := math.Copysign(1, p.u)
	e := (math.Abs(p.u) - s.eyes) / 0.148 // -1 at the inner corner, 1 at the outer
	dv := p.v - 0.018 + 0.010*e           // the outer corner stands a little higher
	if math.Abs(e) > 1.6 || math.Abs(dv) > 0.16 {
		return c
	}
	arc := max(0, 1-e*e)
	top := -0.062 * math.Pow(arc, 0.62) * (1 - 0.10*e)
	bottom := 0.040 * math.Pow(arc, 0.72) * (1 + 0.12*e)
	edge := 1.6*p.px + 0.002
	open := step(top-edge, top+edge, dv) * (1 - step(bottom-edge, bottom+edge, dv)) * step(1.03, 0.97, math.Abs(e))
	ball := rgb{0.86, 0.85, 0.83}.times(0.93 - 0.16*e*e - 0.42*math.Exp(-(dv-top)/0.016))
	ball = s.iridescence(ball, p, side, edge)
	c = c.over(ball, open)
	lid := math.Exp(-square((dv-top+0.004)/(0.0105+0.003*e))) * step(1.12, 0.90, math.Abs(e+0.04))
	c = c.over(s.lash(), 0.88*lid)
	below := math.Exp(-square((dv-bottom-0.003)/0.006)) * step(1.05, 0.8, math.Abs(e))
	c = c.over(s.skin.times(0.42), 0.42*below)
	crease := top - 0.030 - 0.012*arc + 0.012*s.age
	fold := math.Exp(-square((dv-crease)/0.0085)) * step(1.18, 0.75, math.Abs(e))
	c = c.times(1 - (0.26+0.10*s.age)*fold)
	bag := math.Exp(-square((dv-bottom-0.045-0.012*arc)/0.010)) * step(1.0, 0.5, math.Abs(e))
	return c.times(1 - (0.05+0.13*s.age)*bag)
}

// iridescence paints iris, pupil and the lamp's reflection onto the ball of an eye.
func (s *scene) iridescence(ball rgb, p point, side, edge float64) rgb {
	du, dv := p.u-side*s.eyes, p.v-0.008
	d := math.Hypot(du, dv)
	const radius = 0.060
	rays := 0.10 * cloud(math.Atan2(dv, du)*9, d*30, s.seed+3)
	iris := s.iris.times(0.92 + rays + 0.45*step(-0.01, 0.045, dv) - 0.50*step(radius*0.75, radius, d))
	ball = ball.over(iris, 1-step(radius-edge, radius+edge, d))
	ball = ball.over(rgb{0.035, 0.03, 0.03}, 1-step(0.0255-edge, 0.0255+edge, d))
	glint := math.Hypot(du+0.017, dv+0.019)
	return ball.over(rgb{0.96, 0.96, 0.95}, 0.9*(1-step(0.0075-edge*0.5, 0.0075+edge, glint)))
}

func (s *scene) lash() rgb { return rgb{0.10, 0.08, 0.07}.over(s.strands, 0.18) }

// brows paints the eyebrows as a band of short strokes.
func (s *scene) brows(c rgb, p point) rgb {
	e := (math.Abs(p.u) - s.eyes - 0.015) / 0.185
	if math.Abs(e) > 1.3 {
		return c
	}
	arch := s.brow + 0.062*math.Pow(max(0, e-0.05), 1.7) + 0.016*math.Pow(max(0, 0.05-e), 1.5)
	thick := 0.027 * (1 - 0.45*step(0.0, 1.1, e)) * step(-1.25, -0.75, e)
	hairs := 0.78 + 0.30*cloud(p.u*60+p.v*95*math.Copysign(1, p.u), p.v*16, s.seed+4)
	cover := math.Exp(-square((p.v-arch)/thick)) * step(1.12, 0.70, e) * step(-1.15, -0.80, e)
	if thick < 0.001 {
		return c
	}
	return c.over(s.strands.times(0.62), 0.86*cover*hairs)
}
