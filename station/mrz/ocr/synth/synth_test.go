package synth_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/synth"
)

func TestSeedDecides(t *testing.T) {
	draw := func(seed uint64) []byte {
		p := synth.Random(mrz.TD3, synth.Camera, 0, seed)
		p.DPI = 100
		return p.Draw().Pix
	}
	if !bytes.Equal(draw(5), draw(5)) {
		t.Error("one seed gave two pictures")
	}
	if bytes.Equal(draw(5), draw(6)) {
		t.Error("two seeds gave one picture")
	}
}

// TestCellIsInked looks for ink where Cell says that a character stands.
func TestCellIsInked(t *testing.T) {
	p := synth.Random(mrz.TD3, synth.Clean, 1, 11)
	p.DPI, p.Noise, p.Pattern, p.SlantX, p.SlantY = 200, 0, 0, 0.03, -0.02
	m := p.Draw()
	for i, line := range p.Lines {
		for c := range line {
			x, y := p.Cell(i, c)
			darkest := uint8(255)
			for dy := -8; dy <= 8; dy++ {
				for dx := -8; dx <= 8; dx++ {
					darkest = min(darkest, m.GrayAt(int(x)+dx, int(y)+dy).Y)
				}
			}
			if float64(darkest) > (p.Ink+p.Paper)/2 {
				t.Fatalf("no ink at character %d of line %d", c+1, i+1)
			}
		}
	}
}

func TestLinesAreValid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, f := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB} {
		for range 200 {
			d, err := mrz.Parse(synth.Lines(f, random))
			if err != nil || d.Format != f {
				t.Fatalf("%v: read as %v: %v", f, d.Format, err)
			}
		}
	}
}
