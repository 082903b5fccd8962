package printing

import (
	"fmt"
	"slices"
)

// overprintInk is the red of an overprint; it lets the text below be read.
// No layout changes it.
var overprintInk = colour{ink{0xd2, 0x2b, 0x3a}, 0.24}

// watermarkInk is what a preview is covered with.
var watermarkInk = colour{ink{0x70, 0x50, 0xa0}, 0.30}

// overprint lays the words across the page, each on a slanted baseline of its own.
func (c *composer) overprint(kind Overprint) error {
	lines, err := c.l.overprints(c.press, kind)
	if err != nil {
		return err
	}
	for _, line := range lines {
		c.word(line, overprintInk)
	}
	return nil
}

// words are what a layout prints across a page that is no passport.
func (l *Layout) words(kind Overprint) []string {
	switch kind {
	case Specimen:
		return l.Overprint.Specimen
	case Training:
		return l.Overprint.Training
	}
	return nil
}

// overprints places the words of an overprint.
func (l *Layout) overprints(p *press, kind Overprint) ([]textLine, error) {
	o := l.Overprint
	words := l.words(kind)
	turn := baseline{sizeMM: 1, degrees: o.AngleDeg}.ems()
	const apart = 1.12 // of the em size, between baselines
	var lines []textLine
	for i, word := range words {
		s, err := p.bold.set(word, 0.06)
		if err != nil {
			return nil, fmt.Errorf("overprint: %w", err)
		}
		down := float64((float64(i)-float64(len(words)-1)/2)*apart) + 0.36 // 0.36 em: half a capital
		start := turn.of(point{-s.width / 2 * o.SizeMM, -down * o.SizeMM})
		lines = append(lines, textLine{s, baseline{point{o.CentreXMM + start.x, o.CentreYMM + start.y}, o.SizeMM, o.AngleDeg}})
	}
	return lines, nil
}

// checkOverprints refuses a layout under which an overprint would be missing, small, or off the page:
// a page of Utopia or of a training office must say what it is whatever its layout says.
func (l *Layout) checkOverprints() error {
	o := l.Overprint
	const smallest, largest, steepest = 12, 20, 45
	if !(o.SizeMM >= smallest && o.SizeMM <= largest && o.AngleDeg >= -steepest && o.AngleDeg <= steepest) {
		return fmt.Errorf("overprint of %.1f mm at %.0f degrees", o.SizeMM, o.AngleDeg)
	}
	for kind, word := range map[Overprint]string{Specimen: "SPECIMEN", Training: "TRAINING"} {
		if words := l.words(kind); !slices.Contains(words, word) || len(words) > 3 {
			return fmt.Errorf("overprint without the word %s", word)
		}
		lines, err := l.overprints(l.press, kind)
		if err != nil {
			return err
		}
		for _, line := range lines {
			b := line.outline().box()
			if b.XMM < 0 || b.YMM < 0 || b.XMM+b.WidthMM > l.WidthMM || b.YMM+b.HeightMM > l.HeightMM-l.MRZ.ZoneMM+2 {
				return fmt.Errorf("overprint %s does not lie on the page above the machine readable zone", word)
			}
		}
	}
	return nil
}

// watermark covers a preview from edge to edge, the machine readable zone too: nobody may take a
// picture from a screen for a page.
func (c *composer) watermark(wanted bool) error {
	if !wanted {
		return nil
	}
	const size, degrees, rows, tracking = 6.5, 24, 9, 0.12
	s, err := c.press.bold.set("ПРАГЛЯД PREVIEW ПРАГЛЯД PREVIEW ПРАГЛЯД", tracking)
	if err != nil {
		return fmt.Errorf("watermark: %w", err)
	}
	turn := baseline{sizeMM: 1, degrees: degrees}.ems()
	for i := range rows {
		down := float64(i-rows/2) * 2.6 * size
		start := turn.of(point{-s.width / 2 * size, -down})
		line := textLine{s, baseline{point{c.l.WidthMM/2 + start.x, c.l.HeightMM/2 + start.y}, size, degrees}}
		c.text(line, printed, watermarkInk)
	}
	return nil
}
