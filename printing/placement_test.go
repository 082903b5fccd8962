package printing_test

import (
	"bytes"
	"testing"

	"padarozhnik/printing"
)

// moved is a placement that moves by whole pixels at 300 dpi.
func moved(x, y int) printing.Placement {
	return printing.Placement{A: 1, E: 1, C: float64(x) * 25.4 / 300, F: float64(y) * 25.4 / 300}
}

// TestPlacementMovesEveryInk: a page drawn through a move of whole pixels is the page, moved, in every
// zone.
func TestPlacementMovesEveryInk(t *testing.T) {
	p := anna()
	p.Signature = signed()
	plain, err := printing.Render(t.Context(), p, layout(t), 300)
	if err != nil {
		t.Fatal(err)
	}
	const dx, dy = 9, -5
	placed, err := printing.RenderPlaced(t.Context(), p, layout(t), 300, moved(dx, dy))
	if err != nil {
		t.Fatal(err)
	}
	for y := 20; y < plain.Rect.Dy()-20; y++ {
		for x := 20; x < plain.Rect.Dx()-20; x++ {
			a, b := plain.RGBAAt(x, y), placed.RGBAAt(x+dx, y+dy)
			for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
				if d < -3 || d > 3 {
					t.Fatalf("pixel %d, %d: %v, moved %v", x, y, a, b)
				}
			}
		}
	}
}

// TestPlacementKeepsBlackAndEdges: turned and scaled, the machine readable zone stays pure black and as
// sharp as it was, and the same page comes out twice.
func TestPlacementKeepsBlackAndEdges(t *testing.T) {
	turned := printing.Placement{A: 1.003, B: 0.012, C: -1.1, D: -0.012, E: 0.996, F: 0.9}
	black := func(place printing.Placement) (full, half int, pix []byte) {
		img, err := printing.RenderPlaced(t.Context(), anna(), layout(t), 600, place)
		if err != nil {
			t.Fatal(err)
		}
		for y := img.Rect.Dy() * 3 / 4; y < img.Rect.Dy(); y++ {
			for x := range img.Rect.Dx() {
				switch c := img.RGBAAt(x, y); {
				case c.R == 0 && c.G == 0 && c.B == 0:
					full++
				case c.R < 250:
					half++
				}
			}
		}
		return full, half, img.Pix
	}
	full, half, _ := black(printing.Placement{})
	placedFull, placedHalf, once := black(turned)
	if placedFull < full*98/100 || placedHalf > half*115/100 {
		t.Errorf("placed: %d black pixels and %d between, upright: %d and %d", placedFull, placedHalf, full, half)
	}
	if _, _, twice := black(turned); !bytes.Equal(once, twice) {
		t.Error("the same page gives two pictures")
	}
}

func TestPlacementOutOfRange(t *testing.T) {
	for _, place := range []printing.Placement{
		{A: 1, E: 1, C: 7}, {A: 1.06, E: 1}, {A: 1, B: 0.2, E: 1}, {A: -1, E: 1}, {C: 1},
	} {
		if _, err := printing.RenderPlaced(t.Context(), anna(), layout(t), 300, place); err == nil {
			t.Errorf("%+v was drawn", place)
		}
	}
}
