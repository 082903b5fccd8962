package utopian

import (
	"image/color"
	"math"
)

// scene is a person made ready for painting.
type scene struct {
	seed                     uint64
	hair                     Hair
	tilt, age, jaw           float64 // age 0 young to 1 old
	eyes, brow, nose, mouth  float64 // places and sizes of features
	lips                     float64
	skin, lip, iris, strands rgb
	coat, shirt, ground      rgb
	collar                   bool
}

// newScene derives proportions and inks from the parameters and the seed.
func newScene(p Person) *scene {
	r := source(p.Seed)
	age := clamp((float64(p.Age) - 20) / 60)
	skin := clamp(p.Skin)
	s := &scene{
		seed: r.next(), hair: p.Hair, tilt: p.Tilt * math.Pi / 180, age: age,
		jaw:  max(-1, min(1, p.Jaw)),
		eyes: 0.278 + 0.012*(r.unit()-0.5), brow: -0.185 + 0.03*(r.unit()-0.5),
		nose: 0.40 + 0.05*(r.unit()-0.5), mouth: 0.625 + 0.03*(r.unit()-0.5), lips: 0.8 + 0.5*r.unit(),
		skin:   rgb{mix(0.97, 0.60, skin), mix(0.83, 0.43, skin), mix(0.73, 0.33, skin)},
		ground: rgb{0.855, 0.87, 0.88},
	}
	s.lip = rgb{s.skin.r * 0.86, s.skin.g * 0.64, s.skin.b * 0.66}
	inks := []rgb{{0.30, 0.21, 0.14}, {0.26, 0.34, 0.26}, {0.33, 0.42, 0.50}, {0.24, 0.17, 0.12}}
	s.iris = inks[int(r.unit()*float64(len(inks)))].over(inks[3], step(0.3, 0.6, skin))
	grey := step(0.35, 0.95, age) * (0.55 + 0.4*r.unit())
	tone := clamp(p.Tone)
	dyed := rgb{mix(0.15, 0.66, tone), mix(0.12, 0.50, tone), mix(0.11, 0.32, tone)}
	s.strands = dyed.over(rgb{0.68, 0.68, 0.68}, grey)
	coats := []rgb{{0.17, 0.20, 0.27}, {0.25, 0.18, 0.19}, {0.18, 0.24, 0.22}, {0.22, 0.22, 0.24}}
	s.coat = coats[int(r.unit()*float64(len(coats)))]
	s.shirt = rgb{0.84, 0.85, 0.86}
	s.collar = r.unit() < 0.6
	return s
}

// paint returns the ink of one pixel, layers from back to front.
func (s *scene) paint(p point, x, y int) color.RGBA {
	c := s.ground.times(1 - 0.035*step(0.2, 2.2, p.y) + 0.004*cloud(p.x*3, p.y*3, s.seed))
	c = s.backHair(c, p)
	c = s.body(c, p)
	c = s.ears(c, p)
	c = s.face(c, p)
	c = s.frontHair(c, p)
	k := 1 + 0.012*grain(x, y, s.seed) + 0.010*cloud(p.x*90, p.y*90, s.seed+1)
	return c.times(k).rgba()
}

// body paints neck, shirt and coat.
func (s *scene) body(c rgb, p point) rgb {
	soft := 2 * p.px
	half := 0.365 + 0.035*s.jaw + 0.12*step(1.05, 1.45, p.y)
	if p.y > 0.55 {
		cover := 1 - step(half-soft, half+soft, math.Abs(p.u*0.35+p.x*0.65))
		shade := 0.84*math.Sqrt(max(0.20, 1-square(p.x/(half*1.04)))) + 0.06
		shade *= 1 - 0.42*bell(p.x, p.y, 0.05, 0.96, 0.62, 0.24)                       // the chin's shadow
		shade -= 0.05 * bell(math.Abs(p.x+(p.y-1.2)*0.1), p.y, 0.16, 1.30, 0.05, 0.22) // sinews
		c = c.over(s.flesh(shade), cover)
	}
	if p.y < 1 {
		return c
	}
	slope := 1.22 + 0.30*math.Pow(math.Abs(p.x)/1.3, 1.6) + 0.55*square(max(0, math.Abs(p.x)-1.12))
	rim := slope + 0.16*bell(p.x, 0, 0, 0, 0.42, 1)
	coat := step(rim-soft, rim+soft, p.y)
	fold := 0.10*cloud(p.x*2.2, p.y*1.4, s.seed+5) - 0.22*step(0.5, 1.7, math.Abs(p.x+0.25)) + 0.05*p.x
	c = c.over(s.coat.times(1.08+fold), coat)
	return s.lapels(c, p, coat)
}

// lapels opens the coat over a shirt.
func (s *scene) lapels(c rgb, p point, coat float64) rgb {
	soft := 2 * p.px
	open := 0.40 - (p.y-1.28)*0.62
	shirt := (1 - step(open-soft, open+soft, math.Abs(p.x))) * coat
	if !s.collar {
		return s.knit(c, p, coat)
	}
	tone := 0.93 - 0.20*math.Abs(p.x) - 0.10*step(0, 0.03, 0.03-math.Abs(p.x))*step(1.44, 1.5, p.y)
	c = c.over(s.shirt.times(tone), shirt)
	wing := math.Abs(math.Abs(p.x)-(0.30-(p.y-1.30)*0.75)) - 0.012
	return c.over(s.shirt.times(0.55), shirt*0.7*(1-step(0, 0.02, wing))*step(1.60, 1.5, p.y))
}

// knit gives a coat without a shirt a ribbed neck.
func (s *scene) knit(c rgb, p point, coat float64) rgb {
	rim := 1.38 - 1.1*p.x*p.x
	band := step(rim-0.16, rim-0.15, p.y) * (1 - step(rim+0.07, rim+0.08, p.y)) * coat * step(0.62, 0.58, math.Abs(p.x))
	ribs := 0.08 * math.Sin(math.Atan2(p.x, p.y-0.7)*120)
	return c.over(s.coat.times(1.22+ribs-0.2*math.Abs(p.x)), band)
}

// ears paints an ear on each side, behind the cheek.
func (s *scene) ears(c rgb, p point) rgb {
	if p.v < -0.3 || p.v > 0.6 {
		return c
	}
	cu := s.width(0.14) + 0.008
	du, dv := (math.Abs(p.u)-cu)/0.072, (p.v-0.16-0.25*(math.Abs(p.u)-cu))/0.215
	d := math.Sqrt(du*du + dv*dv)
	if d > 1.3 {
		return c
	}
	shade := 0.86 - 0.10*math.Copysign(1, p.u) - 0.30*bell(du, dv, -0.1, -0.1, 0.35, 0.5)
	shade += 0.10 * bell(d, 0, 0.78, 0, 0.14, 1)
	warm := s.flesh(shade * 0.92)
	edge := 3 * p.px / 0.085
	return c.over(rgb{warm.r, warm.g * 0.95, warm.b * 0.94}, 1-step(1-edge, 1+edge, d))
}
