package printing_test

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"padarozhnik/printing"
	"padarozhnik/resources"
)

func TestUtopiaCannotDropItsOverprint(t *testing.T) {
	p := anna()
	p.Overprint = printing.Specimen
	want := render(t, p, 75)
	p.Overprint = printing.NoOverprint
	if !bytes.Equal(render(t, p, 75).Pix, want.Pix) {
		t.Fatal("a page of Utopia without SPECIMEN")
	}
}

// redInk is how many square millimetres of a page carry the red of an overprint on white paper.
func redInk(img *image.RGBA, dpi int) float64 {
	n := 0
	for i := 0; i < len(img.Pix); i += 4 {
		if p := img.Pix[i : i+3]; p[0] > 235 && p[1] < 215 && p[2] < 220 {
			n++
		}
	}
	return float64(n) * 25.4 * 25.4 / float64(dpi*dpi)
}

// onWhite is a page whose portrait is no more than white paper.
func onWhite(o printing.Overprint) printing.Page {
	p := anna()
	white := image.NewRGBA(image.Rect(0, 0, 70, 90))
	for i := range white.Pix {
		white.Pix[i] = 0xff
	}
	p.Portrait, p.Overprint = white, o
	return p
}

// TestNoLayoutDropsTheOverprint rewrites the layout's overprint in every way that a layout can be
// written in: it is refused, or the page carries at least the word of its kind in large red letters.
func TestNoLayoutDropsTheOverprint(t *testing.T) {
	const dpi, least = 100, 120 // mm2; SPECIMEN in letters of 12 mm alone covers more
	var base map[string]any
	if err := toml.Unmarshal(resources.UtopiaLayout, &base); err != nil {
		t.Fatal(err)
	}
	word := rapid.SampledFrom([]string{"SPECIMEN", "TRAINING", "УЗОР", "ВУЧЭБНЫ", "", " ", ".", "I", "\u00a0", "漢"})
	number := func(low, high, most float64) *rapid.Generator[float64] {
		usual, wild := rapid.Float64Range(low, high), rapid.Float64Range(-most, most)
		return rapid.OneOf(usual, usual, usual, usual, usual, wild)
	}
	accepted := 0
	rapid.Check(t, func(rt *rapid.T) {
		section := map[string]any{}
		for _, kind := range []string{"specimen", "training"} {
			if rapid.IntRange(0, 3).Draw(rt, "usual "+kind) > 0 {
				section[kind] = []string{strings.ToUpper(kind)}
			} else {
				section[kind] = rapid.SliceOfN(word, 0, 4).Draw(rt, kind)
			}
		}
		for _, k := range []struct {
			key             string
			low, high, most float64
		}{
			{"size_mm", 11, 16, 25}, {"angle_deg", -25, 25, 100}, {"centre_x_mm", 50, 75, 140}, {"centre_y_mm", 28, 45, 100},
		} {
			if rapid.IntRange(0, 19).Draw(rt, "with "+k.key) > 0 {
				section[k.key] = number(k.low, k.high, k.most).Draw(rt, k.key)
			}
		}
		base["overprint"] = section
		text, err := toml.Marshal(base)
		if err != nil {
			rt.Fatal(err)
		}
		l, err := printing.ParseLayout(text)
		if err != nil {
			return
		}
		accepted++
		for _, o := range []printing.Overprint{printing.NoOverprint, printing.Specimen, printing.Training} {
			img, err := printing.Render(t.Context(), onWhite(o), l, dpi)
			if err != nil {
				rt.Fatal(err)
			}
			if got := redInk(img, dpi); got < least {
				rt.Fatalf("overprint %d: %.0f mm2 of red under %v", o, got, section)
			}
		}
	})
	if accepted < 5 {
		t.Errorf("%d layouts were accepted: the test tells nothing", accepted)
	}
	base["overprint"] = map[string]any{
		"specimen": []string{"SPECIMEN"}, "training": []string{"TRAINING"},
		"size_mm": 12.0, "angle_deg": 0.0, "centre_x_mm": 60.0, "centre_y_mm": 30.0,
	}
	text, _ := toml.Marshal(base)
	l, err := printing.ParseLayout(text)
	if err != nil {
		t.Fatalf("the plainest overprint is refused: %v", err)
	}
	img, err := printing.Render(t.Context(), onWhite(printing.NoOverprint), l, dpi)
	if err != nil || redInk(img, dpi) < least {
		t.Fatalf("the plainest overprint covers %.0f mm2, %v", redInk(img, dpi), err)
	}
	if none := redInk(render(t, anna(), dpi), dpi) - redInk(render(t, onWhite(printing.Specimen), dpi), dpi); none > 50 {
		t.Fatalf("something else on the page is red: %.0f mm2", none)
	}
}

// TestTextsArePureBlack: what is to be read is printed in black ink alone, on every device.
func TestTextsArePureBlack(t *testing.T) {
	l := layout(t)
	p := onWhite(printing.Specimen)
	zones, err := l.Zones(p)
	if err != nil {
		t.Fatal(err)
	}
	img := render(t, p, 600)
	for _, z := range zones {
		if z.Kind != printing.KindText && z.Kind != printing.KindMRZ || z.Empty() {
			continue
		}
		black := 0
		r := z.Ink.Pixels(600)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if c := img.RGBAAt(x, y); c.R == 0 && c.G == 0 && c.B == 0 {
					black++
				}
			}
		}
		if share := float64(black) / float64(r.Dx()*r.Dy()); share < 0.04 {
			t.Errorf("%s: %.1f %% of its box is pure black", z.Name, 100*share)
		}
	}
}
