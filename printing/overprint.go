package printing

import "math"

// overprintInk is the red of an overprint; it lets the text below be read.
var overprintInk = ink{0xd2, 0x2b, 0x3a}

const overprintStrength = 0.24

// drawOverprint lays the words across the page, each on a slanted baseline of its own.
func (c *canvas) drawOverprint(l *Layout, kind Overprint) error {
	var words []string
	switch kind {
	case Specimen:
		words = l.Overprint.Specimen
	case Training:
		words = l.Overprint.Training
	}
	face := newTypeface(l.bold)
	o := l.Overprint
	sin, cos := math.Sincos(o.AngleDeg * math.Pi / 180)
	const apart = 1.12 // of the em size, between baselines
	for i, word := range words {
		s, err := face.set(word, 0.06)
		if err != nil {
			return err
		}
		down := (float64(i)-float64(len(words)-1)/2)*apart + 0.36 // 0.36 em: half a capital
		along, below := -s.width/2*o.SizeMM, down*o.SizeMM
		start := point{o.CentreXMM + along*cos + below*sin, o.CentreYMM - along*sin + below*cos}
		c.fill(s.outline(rotated(start, o.SizeMM, o.AngleDeg)), overprintInk, overprintStrength)
	}
	return nil
}
