package synth_test

import (
	"bytes"
	"image"
	"math"
	"slices"
	"testing"

	"golang.org/x/image/vector"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
	"padarozhnik/station/mrz/ocr/synth"
)

// drawn is one character of a face at forty pixels a pitch.
func drawn(f synth.Face, r rune) *image.Alpha {
	m := image.NewAlpha(image.Rect(0, 0, 40, 60))
	z := vector.NewRasterizer(40, 60)
	f.Draw(r, z, func(p ocrb.Point) (x, y float32) { return float32(40 * p.X), float32(50 - 40*p.Y) })
	z.Draw(m, m.Rect, image.Opaque, image.Point{})
	return m
}

// likeness is the normalised cross-correlation of two pictures.
func likeness(a, b *image.Alpha) float64 {
	var ab, aa, bb float64
	for i := range a.Pix {
		x, y := float64(a.Pix[i]), float64(b.Pix[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// TestPenDrawsTheSameCharacters compares the two faces: each character is most like its namesake, and
// none is the same.
func TestPenDrawsTheSameCharacters(t *testing.T) {
	for _, r := range ocrb.Alphabet {
		mine := drawn(synth.Pen{}, r)
		best, at := 0.0, ' '
		for _, other := range ocrb.Alphabet {
			if l := likeness(mine, drawn(synth.Outline{}, other)); l > best {
				best, at = l, other
			}
		}
		if at != r || best > 0.999 {
			t.Errorf("%c is most like %c, %.3f", r, at, best)
		}
	}
}

func TestHardPages(t *testing.T) {
	twins, sheets := 0, 0
	for seed := uint64(synth.CalibrationSeed); seed < synth.CalibrationSeed+60; seed++ {
		p := synth.Hard(mrz.TD3, synth.Outline{}, seed)
		if _, err := mrz.Parse(p.Lines); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if p.Ink > 0.61*p.Paper {
			t.Errorf("seed %d: ink %.0f on paper %.0f", seed, p.Ink, p.Paper)
		}
		for line := range p.Lines {
			for _, column := range []int{0, len(p.Lines[line]) - 1} {
				x, y := p.Cell(line, column)
				if x < 0 || y < 0 || x*25.4/float64(p.DPI) > p.WidthMM || y*25.4/float64(p.DPI) > p.HeightMM {
					t.Errorf("seed %d: the zone leaves the picture", seed)
				}
			}
		}
		if p.HeightMM == 297 {
			sheets++
		}
		if damaged := synth.Damaged(mrz.TD3, synth.Outline{}, seed); len(damaged.Marks) == 0 ||
			!slices.Equal(damaged.Lines, p.Lines) {
			t.Errorf("seed %d: %d marks", seed, len(damaged.Marks))
		}
		if seed%3 == 0 {
			twins++
		}
	}
	if twins == 0 || sheets == 0 {
		t.Errorf("%d pages of twins, %d sheets", twins, sheets)
	}
}

func TestFaultsShow(t *testing.T) {
	plain := synth.Page{Lines: []string{"P<UTO", "01234"}, DPI: 60, WidthMM: 130, HeightMM: 92, XMM: 65, YMM: 46,
		Paper: 200, Ink: 20, Around: 240}
	want := plain.Draw().Pix
	for name, change := range map[string]func(*synth.Page){
		"face":  func(p *synth.Page) { p.Face = synth.Pen{} },
		"blur":  func(p *synth.Page) { p.SigmaMM = 0.3 },
		"light": func(p *synth.Page) { p.Light = 0.3 },
		"fold":  func(p *synth.Page) { p.Folds = []synth.Fold{{XMM: 60, YMM: 40, Depth: 0.3}} },
		"glare": func(p *synth.Page) { p.Glares = []synth.Glare{{XMM: 20, YMM: 78, RadiusMM: 9, Share: 0.9}} },
		"ink": func(p *synth.Page) {
			p.Marks = []synth.Mark{{XMM: 40, YMM: 40, ToXMM: 50, WidthMM: 2, Ink: true, Share: 1}}
		},
		"rubbing": func(p *synth.Page) { p.Marks = []synth.Mark{{XMM: 6, YMM: 78, ToXMM: 20, WidthMM: 6, Share: 1}} },
	} {
		p := plain
		change(&p)
		if bytes.Equal(p.Draw().Pix, want) {
			t.Errorf("%s changes nothing", name)
		}
	}
}
