package printing_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"padarozhnik/printing"
)

// turned scans a page: on a larger glass, turned by an angle, resampled and packed as JPEG.
func turned(t testing.TB, page image.Image, degrees float64) image.Image {
	t.Helper()
	b := page.Bounds()
	side := int(math.Hypot(float64(b.Dx()), float64(b.Dy()))) + 40
	glass := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(glass, glass.Rect, image.NewUniform(image.White.At(0, 0)), image.Point{}, draw.Src)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	w, h, c := float64(b.Dx())/2, float64(b.Dy())/2, float64(side)/2
	m := f64.Aff3{cos, -sin, c - cos*w + sin*h, sin, cos, c - sin*w - cos*h}
	draw.ApproxBiLinear.Transform(glass, m, page, b, draw.Over, nil)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, glass, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReadSerial(t *testing.T) {
	ink := render(t, anna(), 200)
	cases := []struct {
		name, serial string
		degrees      float64
		dpi          int
		printed      bool
	}{
		{"upright", "UT1234567", 0, 200, false},
		{"a quarter", "UT1234567", 90, 200, false},
		{"upside down", "UT0000001", 180, 200, false},
		{"three quarters", "UT9999999", 270, 200, false},
		{"askew", "UT1234567", 2.5, 200, false},
		{"askew and upside down", "UT1234567", 177.5, 200, false},
		{"after printing", "UT1234567", 0.7, 200, true},
		{"longest serial", "UT34567890123456", 1, 200, false},
		{"longest of letters", "UTABCDEFGHIJKLMN", 90.5, 200, false},
		{"one letter", "U", 0, 200, false},
		{"at 300 dpi", "UT1234567", 181, 300, false},
		{"at 400 dpi", "UT1234567", 0, 400, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			page := blank(t, c.serial, c.dpi)
			if c.printed {
				var err error
				if page, err = printing.Overlay(page, ink); err != nil {
					t.Fatal(err)
				}
			}
			got, err := printing.ReadSerial(turned(t, page, c.degrees))
			if err != nil || got != c.serial {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

func TestReadSerialFindsNothing(t *testing.T) {
	two := image.NewRGBA(image.Rect(0, 0, 1000, 1500))
	first, second := blank(t, "UT0000001", 200), blank(t, "UT0000002", 200)
	draw.Draw(two, first.Rect, first, image.Point{}, draw.Src)
	draw.Draw(two, second.Rect.Add(image.Pt(0, 750)), second, image.Point{}, draw.Src)
	noise := image.NewGray(image.Rect(0, 0, 900, 700))
	seed := uint32(1)
	for i := range noise.Pix {
		seed = seed*1664525 + 1013904223
		noise.Pix[i] = byte(seed >> 24)
	}
	for name, img := range map[string]image.Image{
		"white": render(t, anna(), 200), "two books": two, "noise": noise,
		"tiny": image.NewGray(image.Rect(0, 0, 3, 3)),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := printing.ReadSerial(img); !errors.Is(err, printing.ErrNoSerial) {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

func TestRenderBlankRefusesSerials(t *testing.T) {
	for _, serial := range []string{"", "ut1234567", "UT 123", "UT345678901234567", "ЎТ123"} {
		if _, err := printing.RenderBlank(t.Context(), serial, layout(t), 75); err == nil {
			t.Errorf("serial %q accepted", serial)
		}
	}
}
