package printing_test

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/go-text/typesetting/font"

	"padarozhnik/printing"
	"padarozhnik/resources"
)

func TestParseLayoutRefuses(t *testing.T) {
	cases := []struct{ name, old, new string }{
		{"not a layout", "width_mm  = 125.0", "width_mm  = \"x\""},
		{"unknown key", "issuer    = \"UTO\"", "issuer = \"UTO\"\ncolour = 1"},
		{"page too wide", "width_mm  = 125.0", "width_mm  = 127.0"},
		{"portrait too large", "height_mm = 41.4", "height_mm = 46.0"},
		{"portrait at the edge", "x_mm = 5.0\ny_mm = 15.6", "x_mm = 1.0\ny_mm = 15.6"},
		{"zone moved", "upper_mm  = 15.75", "upper_mm  = 16.75"},
		{"text in the margin", "x_mm = 42.0\ny_mm = 14.2", "x_mm = 1.0\ny_mm = 14.2"},
		{"text in the machine readable zone", "y_mm = 61.2", "y_mm = 66.0"},
		{"unknown field", `name = "authority"`, `name = "shoe_size"`},
		{"a caption in one language", `caption = { be = "Код дзяржавы", en`, `caption = { be = "Код дзяржавы", de`},
		{"no language", `languages = ["be", "en"]`, `languages = []`},
		{"a face that is not there", `face = "bold"`, `face = "script"`},
		{"artwork of no width", "hair_mm = 0.07", "hair_mm = 0"},
		{"a colour of no kind", `"#c99a4e"`, `"ochre"`},
		{"field twice", `name = "authority"`, `name = "expiry"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(resources.UtopiaLayout), c.old, c.new, 1)
			if text == string(resources.UtopiaLayout) {
				t.Fatal("the case changes nothing")
			}
			if _, err := printing.ParseLayout([]byte(text)); err == nil {
				t.Fatal("accepted")
			}
		})
	}
}

func TestSizeAt600(t *testing.T) {
	l := layout(t)
	if got := l.Size(600); got != image.Pt(2953, 2079) {
		t.Fatalf("got %v", got)
	}
}

// TestMRZStandsWhereTheStandardWants measures the printed lines in pixels (ICAO Doc 9303-4, 4.2).
func TestMRZStandsWhereTheStandardWants(t *testing.T) {
	for _, dpi := range []int{300, 400, 600, 1200} {
		t.Run(fmt.Sprintf("%d dpi", dpi), func(t *testing.T) { measureMRZ(t, dpi) })
	}
}

func measureMRZ(t *testing.T, dpi int) {
	p := anna()
	p.MRZ = [2]string{strings.Repeat("H", 44), strings.Repeat("H", 44)}
	img := render(t, p, dpi)
	l := layout(t)
	place := l.MRZPlace()
	scale := float64(dpi) / 25.4
	for i, fromBottom := range []float64{15.75, 9.40} {
		want := l.HeightMM - fromBottom
		if math.Abs(place.CentreMM[i]-want) > 1e-9 {
			t.Errorf("line %d: place says %.3f mm, want %.3f", i, place.CentreMM[i], want)
		}
		top, bottom := edges(int((want-3)*scale), int((want+3)*scale), func(y int) float64 { return darkness(img, y) })
		if got := (top + bottom) / 2 / scale; math.Abs(got-want) > 0.02 {
			t.Errorf("line %d: centre at %.3f mm, want %.3f", i, got, want)
		}
		if got := (bottom - top) / scale; math.Abs(got-place.CapMM) > 0.03+0.2/scale || got < 2.4 || got > 2.7 {
			t.Errorf("line %d: capitals of %.3f mm, place says %.3f", i, got, place.CapMM)
		}
	}
	row := int(place.CentreMM[0]*scale + 0.9*scale)
	var starts []float64
	for x := 1; x < img.Rect.Dx(); x++ {
		if img.RGBAAt(x, row).R < 128 && img.RGBAAt(x-1, row).R >= 128 {
			starts = append(starts, float64(x))
		}
	}
	if len(starts) != 88 { // two stems a letter
		t.Fatalf("%d stems, want 88", len(starts))
	}
	if got := starts[0] / scale; math.Abs(got-6.0) > 0.15 {
		t.Errorf("first letter at %.3f mm", got)
	}
	if got := (starts[86] - starts[0]) / scale / 43; math.Abs(got-2.54) > 0.002 {
		t.Errorf("pitch of %.4f mm", got)
	}
	mid := img.RGBAAt(int(starts[0])+dpi/150, row)
	if mid.R != 0 || mid.G != 0 || mid.B != 0 {
		t.Errorf("ink is %v, want pure black", mid)
	}
}

// darkness is the ink in one row.
func darkness(img *image.RGBA, y int) float64 {
	sum := 0.0
	for x := range img.Rect.Dx() {
		sum += 255 - float64(img.RGBAAt(x, y).R)
	}
	return sum
}

// edges finds where a profile rises to half its plateau and falls again, between pixels.
func edges(from, to int, at func(int) float64) (top, bottom float64) {
	var values []float64
	for i := from; i < to; i++ {
		values = append(values, at(i))
	}
	first, last := -1, -1
	for i, v := range values {
		if v > 0 && first < 0 {
			first = i
		}
		if v > 0 {
			last = i
		}
	}
	// The outermost rows are covered in part: their share of the next row's ink is the position.
	share := func(outer, inner int) float64 { return values[outer] / math.Max(values[inner], 1) }
	top = float64(from+first) + 1 - math.Min(1, share(first, first+1))
	bottom = float64(from+last) + math.Min(1, share(last, last-1))
	return top, bottom
}

// TestBelarusianLetters looks into the typefaces: the dotted і has its dot and ў its breve.
func TestBelarusianLetters(t *testing.T) {
	for name, data := range map[string][]byte{"regular": resources.NotoSansRegular, "bold": resources.NotoSansBold} {
		face, err := font.ParseTTF(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for r, contours := range map[rune]int{'і': 2, 'ў': 2, 'Ў': 2, 'І': 1, 'ё': 4, 'ŭ': 2, 'ł': 1} {
			gid, ok := face.NominalGlyph(r)
			if !ok {
				t.Errorf("%s: no %c", name, r)
				continue
			}
			o, _ := face.GlyphDataOutline(gid)
			n := 0
			for _, s := range o.Segments {
				if s.Op == 0 {
					n++
				}
			}
			if n != contours {
				t.Errorf("%s: %c has %d contours, want %d", name, r, n, contours)
			}
		}
	}
}
