package utopian

import "math"

// light is where the lamp stands: left, above and before the sitter.
var light = [3]float64{-0.27, -0.42, 0.866}

// width is half the breadth of the head at a height.
func (s *scene) width(v float64) float64 {
	if v < 0 {
		return 0.705 * math.Pow(max(0, 1-math.Pow(-v/1.0, 2.5)), 0.5)
	}
	power := 2.35 + 0.35*s.jaw
	return 0.705 * math.Pow(max(0, 1-math.Pow(v/1.0, power)), 0.56-0.05*s.jaw)
}

// relief is the height of the face above the picture's plane.
func (s *scene) relief(u, v float64) float64 {
	w := s.width(v)
	if w <= 0 {
		return 0
	}
	q := u / w
	z := 0.80 * w * math.Sqrt(max(0, 1-q*q))
	a := math.Abs(u)
	z += 0.055 * bell(a, v, s.eyes, s.brow+0.02, 0.22, 0.075)               // brow ridge
	z -= 0.085 * bell(a, v, s.eyes-0.02, 0.00, 0.17, 0.115)                 // socket
	z += 0.052 * bell(a, v, s.eyes, 0.025, 0.13, 0.085)                     // eyeball
	z -= (0.006 + 0.016*s.age) * bell(a, v, s.eyes-0.01, 0.135, 0.12, 0.03) // under the eye
	z += 0.055 * bell(a, v, 0.42, 0.30, 0.20, 0.20)                         // cheekbone
	z -= (0.012 + 0.030*s.age) * bell(a, v, 0.46, 0.62, 0.13, 0.20)         // hollow of the cheek
	ridge := step(-0.16, 0.30, v) * (1 - step(s.nose-0.03, s.nose+0.12, v))
	z += 0.120 * ridge * math.Exp(-square(u/(0.078+0.050*step(0, 0.4, v)))) // ridge of the nose
	z += 0.070 * bell(u, v, 0, s.nose-0.01, 0.095, 0.085)                   // tip
	z += 0.036 * bell(a, v, 0.105, s.nose+0.018, 0.052, 0.055)              // wings
	z += 0.040 * bell(u, v, 0, s.mouth, 0.27, 0.16)                         // teeth behind the lips
	z -= 0.010 * bell(u, v, 0, s.mouth-0.11, 0.028, 0.05)                   // groove above the lip
	z += 0.022 * s.lips * bell(a, v, 0.055, s.mouth-0.030, 0.10, 0.028)
	z += 0.030 * s.lips * bell(u, v, 0, s.mouth+0.048, 0.12, 0.036)
	z -= 0.022 * bell(u, v, 0, s.mouth+0.125, 0.15, 0.040)
	z += (0.055 + 0.012*s.jaw) * bell(u, v, 0, 0.895, 0.15+0.03*s.jaw, 0.095) // chin
	fold := 0.155 + 0.55*(v-s.nose-0.02)
	z -= (0.0012 + 0.010*s.age) * math.Exp(-square((a-fold)/0.028)) * step(0.40, 0.46, v) * (1 - step(0.58, 0.70, v))
	if s.age > 0.3 {
		lines := math.Sin(v*58+0.7*math.Sin(u*5)) * bell(u, v, 0, -0.42, 0.34, 0.12)
		z += 0.0032 * (s.age - 0.3) * lines
		z -= 0.004 * (s.age - 0.3) * bell(a-s.eyes-0.19, v, 0, 0.03, 0.06, 0.05) * math.Sin(40*(v-0.03)+8*(a-0.4))
	}
	return z
}

// shade is the light that falls on the face at a place.
func (s *scene) shade(u, v float64) float64 {
	const d = 0.006
	du := (s.relief(u+d, v) - s.relief(u-d, v)) / (2 * d)
	dv := (s.relief(u, v+d) - s.relief(u, v-d)) / (2 * d)
	n := math.Sqrt(du*du + dv*dv + 1)
	lit := (-du*light[0] - dv*light[1] + light[2]) / n
	fill := (du*0.45 + dv*0.10 + 0.88) / n
	return 0.30 + 0.52*max(0, lit) + 0.20*max(0, fill)
}

// flesh is the ink of skin under a light; its shadows are warm.
func (s *scene) flesh(k float64) rgb {
	k = max(0.05, k)
	return rgb{s.skin.r * math.Pow(k, 0.88), s.skin.g * k, s.skin.b * math.Pow(k, 1.10)}
}

// face paints skin and features.
func (s *scene) face(c rgb, p point) rgb {
	w := s.width(p.v)
	if w <= 0 || math.Abs(p.u) > w+3*p.px {
		return c
	}
	soft := 2.2 * p.px
	cover := 1 - step(w-soft, w+soft*0.4, math.Abs(p.u))
	inside := max(-w*0.995, min(w*0.995, p.u))
	k := s.shade(inside, p.v)
	a := math.Abs(p.u)
	k *= 1 - 0.30*bell(a, p.v, s.eyes-0.03, -0.035, 0.155, 0.085)   // sockets lie in shade
	k *= 1 - 0.16*bell(a, p.v, s.eyes-0.15, 0.005, 0.055, 0.075)    // beside the root of the nose
	k *= 1 - 0.10*bell(a, p.v, s.eyes, 0.115, 0.12, 0.035)          // under the eye
	k *= 1 - 0.20*bell(p.u, p.v, 0.012, s.nose+0.085, 0.115, 0.040) // under the nose
	k *= 1 - 0.14*bell(p.u, p.v, 0, s.mouth+0.125, 0.13, 0.030)     // under the lip
	k *= 1 - 0.13*step(0.72, 1.0, a/w)                              // the turning edge
	k += 0.055*bell(p.u, p.v, -0.08, -0.42, 0.36, 0.20) + 0.045*bell(a, p.v, 0.38, 0.26, 0.14, 0.11)
	sheen := 0.30 * (1 - s.skin.r) * step(0.72, 1.10, k)
	ink := s.flesh(k * (1 + 0.008*cloud(p.u*26, p.v*26, s.seed+2)))
	ink = ink.over(rgb{0.92, 0.86, 0.80}, sheen)
	blush := 0.13*bell(a, p.v, 0.40, 0.34, 0.16, 0.14) + 0.10*bell(p.u, p.v, 0, s.nose, 0.10, 0.09)
	ink = ink.over(rgb{ink.r, ink.g * 0.80, ink.b * 0.78}, blush)
	ink = s.mouthInk(ink, p, k)
	ink = s.nostrils(ink, p)
	ink = s.eye(ink, p)
	ink = s.brows(ink, p)
	return c.over(ink, cover)
}

// mouthInk paints the lips and the line between them.
func (s *scene) mouthInk(c rgb, p point, k float64) rgb {
	const half = 0.218
	a := math.Abs(p.u) / half
	if a > 1.15 || math.Abs(p.v-s.mouth) > 0.15 {
		return c
	}
	line := s.mouth - 0.016*a*a*a + 0.005*math.Cos(a*5)
	bow := 0.052*math.Pow(max(0, 1-a*a), 0.8)*s.lips - 0.012*math.Exp(-square(p.u/0.03))
	full := 0.078 * math.Pow(max(0, 1-a*a), 0.75) * s.lips
	upper := step(line-bow-0.010, line-bow+0.008, p.v) * (1 - step(line-0.004, line+0.004, p.v))
	lower := step(line-0.004, line+0.004, p.v) * (1 - step(line+full-0.014, line+full+0.010, p.v))
	c = c.over(s.lip.times(k*0.86), 0.80*upper*step(1.08, 0.9, a))
	c = c.over(s.lip.times(k*1.02+0.05*bell(p.u, p.v, -0.03, line+full*0.5, 0.07, 0.018)), 0.72*lower*step(1.08, 0.9, a))
	width := 0.0085 * (1.1 - 0.55*a)
	dark := math.Exp(-square((p.v-line)/width)) * step(1.06, 0.82, a)
	c = c.over(s.lip.times(0.30), 0.80*dark)
	return c.times(1 - 0.14*bell(math.Abs(p.u), p.v, half, line-0.004, 0.026, 0.020))
}

// nostrils paints the two dark openings and the rim of the wings.
func (s *scene) nostrils(c rgb, p point) rgb {
	a := math.Abs(p.u)
	hole := bell(a, p.v-0.25*(a-0.06), 0.060, s.nose+0.052, 0.030, 0.0145)
	rim := math.Exp(-square((math.Hypot((a-0.085)/0.055, (p.v-s.nose-0.012)/0.058)-1)/0.20)) * step(0.10, 0.135, a)
	return c.over(s.skin.times(0.24), 0.82*hole).times(1 - 0.13*rim)
}
