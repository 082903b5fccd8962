package synth

import (
	"math/rand/v2"

	"padarozhnik/station/mrz"
)

// Hardness is how far the faults of a random page may go.
type Hardness int

// Kinds of random pages.
const (
	Clean  Hardness = iota // a good flatbed scan
	Office                 // an old flatbed, a worn page: noise, pattern, blur, weak contrast
	Camera                 // the same at a slant
	Ruined                 // far past what a person would put on the glass: to provoke misreadings
)

// Random makes up a page of a format: seed decides everything. quarter turns it by that many
// times 90 degrees; within that it lies up to ten degrees askew.
func Random(f mrz.Format, hard Hardness, quarter int, seed uint64) Page {
	r := rand.New(rand.NewPCG(seed, uint64(hard)))
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	p := Page{
		Lines: Lines(f, r), DPI: []int{200, 240, 300, 300, 400, 600}[r.IntN(6)], Seed: seed,
		WidthMM: 150, HeightMM: 125, Paper: between(200, 235), Ink: between(10, 50), Around: between(235, 250),
		Pattern: between(0, 15), Print: true, Noise: between(0, 3), Quality: 80 + r.IntN(15),
		Degrees: between(-3, 3), Gain: between(-0.05, 0.05),
	}
	if hard >= Office {
		p.Paper, p.Ink = between(150, 220), between(20, 80)
		p.Pattern, p.Noise = between(5, 35), between(2, 10)
		p.BlurMM, p.Gain = between(0, 0.09), between(-0.12, 0.15)
		p.Degrees, p.Quality = between(-10, 10), 50+r.IntN(40)
		if r.IntN(4) == 0 {
			p.Around = between(5, 40)
		}
	}
	if hard == Camera {
		p.SlantX, p.SlantY = between(-0.04, 0.04), between(-0.04, 0.04)
	}
	if hard == Ruined {
		p.DPI = []int{150, 200, 300}[r.IntN(3)]
		p.Ink = p.Paper - between(30, 130)
		p.Noise, p.Pattern = between(5, 30), between(0, 50)
		p.BlurMM, p.Gain, p.Quality = between(0, 0.22), between(-0.25, 0.25), 15+r.IntN(60)
	}
	if quarter%2 != 0 {
		p.WidthMM, p.HeightMM = p.HeightMM, p.WidthMM
	}
	p.Degrees += float64(quarter) * 90
	p.XMM, p.YMM = p.WidthMM/2+between(-1, 1), p.HeightMM/2+between(-1, 1)
	return p
}
