package synth

import (
	"math"
	"math/rand/v2"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// Seeds of hard pages. Bars of acceptance are set on pages from CalibrationSeed on and in the face of
// package ocrb alone; what is claimed is measured from EvaluationSeed on, in both faces. Each range is a
// million long, so that they never meet.
const (
	CalibrationSeed = 40_000_000
	EvaluationSeed  = 60_000_000
)

// Worst faults of a hard page. Each page draws each of its own faults evenly between none and these.
const (
	worstDegrees  = 10.0        // askew
	worstSlant    = 0.05        // perspective, each way
	worstSigmaMM  = 1.5 / 11.81 // blur: 1.5 pixels at 300 dpi
	worstNoise    = 20.0        // standard deviation in grey levels
	leastContrast = 0.40        // of ink against its paper
	worstQuality  = 40          // of JPEG
	worstLight    = 0.35        // how much darker one side is
	worstPattern  = 30.0        // swing of the background pattern in grey levels
	worstGlare    = 0.55        // of the way to white, in the middle of the spot
	worstFold     = 0.30        // how much darker the paper is in a crease
)

// Hard makes up a page of a format that is whole but badly taken: seed decides everything. One page of
// ten is an A4 sheet with the data page somewhere on it. One of three has a zone of wrong-reading twins.
func Hard(f mrz.Format, face Face, seed uint64) Page {
	r := rand.New(rand.NewPCG(seed, 0x4841))
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	p := Page{
		Lines: Lines(f, r), Face: face, Seed: seed, Print: true,
		DPI: []int{150, 200, 240, 300, 300, 400, 600}[r.IntN(7)], WidthMM: 146, HeightMM: 118,
		Paper: between(140, 245), Around: between(10, 250),
		Degrees: between(-worstDegrees, worstDegrees) + 90*float64(r.IntN(4)),
		SlantX:  between(-worstSlant, worstSlant), SlantY: between(-worstSlant, worstSlant),
		SigmaMM: between(0, worstSigmaMM), Noise: between(0, worstNoise), Quality: worstQuality + r.IntN(60),
		Gain: between(-0.10, 0.12), Pattern: between(0, worstPattern),
		Light: between(0, worstLight), LightFrom: between(0, 2*math.Pi),
	}
	if seed%3 == 0 {
		p.Lines = Twins(f, r)
	}
	p.Ink = p.Paper * (1 - between(leastContrast, 0.95))
	p.Pattern = min(p.Pattern, 0.35*(p.Paper-p.Ink)) // no print is fainter than its own background
	if _, pen := face.(Pen); pen {
		p.Face, p.Gain = Pen{Width: between(0.31, 0.41) / ocrb.PitchMM}, 0
	}
	for range r.IntN(3) {
		p.Folds = append(p.Folds, Fold{
			XMM: between(10, 115), YMM: between(10, 84), Angle: between(0, math.Pi), Depth: between(0, worstFold)})
	}
	for range r.IntN(2) {
		p.Glares = append(p.Glares, Glare{
			XMM: between(5, 120), YMM: between(60, 86), RadiusMM: between(4, 18), Share: between(0, worstGlare)})
	}
	if seed%10 == 9 {
		p.WidthMM, p.HeightMM, p.DPI = 210, 297, min(p.DPI, 300)
		p.XMM, p.YMM = between(75, 135), between(75, 220)
		return p
	}
	if int(math.Round(p.Degrees/90))%2 != 0 {
		p.WidthMM, p.HeightMM = p.HeightMM, p.WidthMM
	}
	p.XMM, p.YMM = p.WidthMM/2, p.HeightMM/2
	return p
}

// Damaged makes up a hard page whose zone is scratched, worn, stained or washed out by light in up to
// twelve places. What it says is what was printed.
func Damaged(f mrz.Format, face Face, seed uint64) Page {
	p := Hard(f, face, seed)
	r := rand.New(rand.NewPCG(seed, 0x4441))
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	for range 1 + r.IntN(12) {
		line, column := r.IntN(len(p.Lines)), r.IntN(len(p.Lines[0]))
		if seed%2 == 0 { // where reading wrong is easiest
			if at := strings.IndexAny(p.Lines[line][column:], twins); at >= 0 {
				column += at
			}
		}
		x := firstLeft + (float64(column)+between(0.1, 0.9))*ocrb.PitchMM
		y := p.lineMiddle(line) + between(-0.5, 0.5)*ocrb.PitchMM
		turn, length := between(0, math.Pi), between(0, 3.5)
		p.Marks = append(p.Marks, Mark{
			XMM: x, YMM: y, ToXMM: x + length*math.Cos(turn), ToYMM: y + length*math.Sin(turn),
			WidthMM: between(0.15, 1.1), Ink: r.IntN(2) == 0, Share: between(0.4, 1)})
	}
	if r.IntN(3) == 0 {
		p.Glares = append(p.Glares, Glare{
			XMM: between(5, 120), YMM: between(68, 84), RadiusMM: between(2, 9), Share: between(0.6, 1)})
	}
	return p
}

// twins are the characters that are easily read one for another.
const twins = "0O1I5S8B2Z"

// Twins makes up the zone of a document whose numbers and names are made of wrong-reading twins, with
// correct check digits.
func Twins(f mrz.Format, random *rand.Rand) []string {
	d := document(f, random)
	d.Number = word(twins, 9, 9, random)
	d.Primary, d.Secondary = word("OISBZQDGL", 2, 12, random), word("OISBZQDGL", 2, 9, random)
	if d.Optional != "" {
		d.Optional = word(twins, 1, len(d.Optional), random)
	}
	return composed(d)
}
