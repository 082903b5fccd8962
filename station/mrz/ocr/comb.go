package ocr

import "math"

// rhythm is how characters follow one another along a strip: place U of a track that runs evenly
// lies at character U - bend*(U-middle)^2/span of the strip; characters are pitch apart in U, and
// the middle of one lies at phase. Strength is the share of the ink that goes with the rhythm.
type rhythm struct {
	pitch, phase, strength float64
	bend, middle, span     float64
}

// Search of the rhythm: how far pitch and bend may be from a straight line of the expected pitch.
const (
	widestPitch = 0.12
	pitchStep   = 0.002
	widestBend  = 0.12
	bendStep    = 0.02
)

// comb finds the rhythm of a strip as the strongest wave in the sums of its columns.
func (s *strip) comb() rhythm {
	columns := s.columns(0.55)
	total := 0.0
	for _, v := range columns {
		total += v
	}
	best := rhythm{pitch: 1, span: float64(s.w) / float64(s.scale)}
	best.middle = s.from + best.span/2
	if total == 0 {
		return best
	}
	even := make([]float64, len(columns))
	for bend := -widestBend; bend < widestBend+bendStep/2; bend += bendStep {
		try := best
		try.bend = bend
		try.straighten(columns, even, s)
		for pitch := 1 - widestPitch; pitch <= 1+widestPitch; pitch += pitchStep {
			re, im := wave(even, pitch*float64(s.scale))
			if m := math.Hypot(re, im) / total; m > best.strength {
				best.strength, best.pitch, best.bend = m, pitch, bend
				best.phase = s.from + 0.5/float64(s.scale) + math.Atan2(im, re)/(2*math.Pi)*pitch
			}
		}
	}
	return best
}

// straighten samples columns where an even track would have them.
func (r rhythm) straighten(columns, even []float64, s *strip) {
	scale := float64(s.scale)
	for i := range even {
		u := s.from + (float64(i)+0.5)/scale
		x := (u-r.bend*(u-r.middle)*(u-r.middle)/r.span-s.from)*scale - 0.5
		x = min(max(x, 0), float64(len(columns)-1))
		at := int(x)
		next, f := min(at+1, len(columns)-1), x-float64(at)
		even[i] = columns[at]*(1-f) + columns[next]*f
	}
}

// wave is the component of a signal with the given period.
func wave(v []float64, period float64) (re, im float64) {
	sinStep, cosStep := math.Sincos(2 * math.Pi / period)
	cos, sin := 1.0, 0.0
	for _, x := range v {
		re += x * cos
		im += x * sin
		cos, sin = cos*cosStep-sin*sinStep, sin*cosStep+cos*sinStep
	}
	return re, im
}

// apply turns a straight track into one whose characters follow the rhythm, character 0 being the
// one with its middle at phase.
func (r rhythm) apply(t track) track {
	// Both polynomials are linear in the strip's place c = u - k*(u-m)^2.
	k, m := r.bend/r.span, r.middle
	for _, p := range []*[3]float64{&t.along, &t.across} {
		*p = [3]float64{p[0] - p[1]*k*m*m, p[1] * (1 + 2*k*m), -p[1] * k}
	}
	return t.moved(r.phase - r.pitch/2).stretched(r.pitch)
}
