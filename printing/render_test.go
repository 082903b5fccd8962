package printing_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/printing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares a picture with its file, pixel for pixel.
func golden(t *testing.T, name string, got *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		var buf bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&buf, got); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("size %v, want %v", got.Bounds(), want.Bounds())
	}
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			gr, gg, gb, ga := got.At(x, y).RGBA()
			wr, wg, wb, wa := want.At(x, y).RGBA()
			if gr != wr || gg != wg || gb != wb || ga != wa {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got.At(x, y), want.At(x, y))
			}
		}
	}
}

func render(t testing.TB, p printing.Page, dpi int) *image.RGBA {
	t.Helper()
	img, err := printing.Render(t.Context(), p, layout(t), dpi)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func blank(t testing.TB, serial string, dpi int) *image.RGBA {
	t.Helper()
	img, err := printing.RenderBlank(t.Context(), serial, layout(t), dpi)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestGoldenPages(t *testing.T) {
	full := anna()
	full.Signature = signed()

	old := anna()
	old.DocumentCode, old.Number = "P<", "L898902C"
	old.Issue, old.Expiry = printing.DateText(1984, 6, 24), printing.DateText(1994, 6, 23)
	old.Birth = printing.DateText(1969, 0, 0)
	old.SurnameLocal, old.GivenNamesLocal, old.PersonalNumber, old.CAN = "", "", "", ""
	old.MRZ = [2]string{
		"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
		"L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
	}
	old.Overprint = printing.Training

	long := anna()
	long.Surname = "VON-WOLFENSTEIN-HOHENZOLLERN-SCHWARZENBERG-ZU-LICHTENFELS"
	long.SurnameLocal = "ФОН-ВОЛЬФЕНШТАЙН-ГОГЕНЦОЛЕРН-ШВАРЦЭНБЭРГ"
	long.GivenNamesLocal = "ЎЛАДЗІСЛАЎ ЁСІП ЖЫГІМОНТ ГРЫГОРЫЙ"
	long.GivenNames = "ŬŁADZISŁAŬ JOSIP ŽYHIMONT ĆWIRKA ŃŚŹ"
	long.PlaceOfBirth = "ВЕРХНЯДЗВІНСК-НАД-ДЗВІНОЙ / VERKHNYADZVINSK"

	ink := render(t, full, 75)
	paper := blank(t, "UT1234567", 75)
	page, err := printing.Overlay(paper, ink)
	if err != nil {
		t.Fatal(err)
	}
	for name, img := range map[string]*image.RGBA{
		"ink": ink, "blank": paper, "page": page, "old": render(t, old, 75), "long": render(t, long, 100),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, img) })
	}
}

func TestRenderRefuses(t *testing.T) {
	const tooLong = "KRZYZANOWSKA"
	unbroken, many := strings.Repeat(tooLong, 6), strings.Repeat(tooLong+" ", 14)
	nothing := image.NewRGBA(image.Rectangle{})
	cases := []struct {
		name   string
		change func(*printing.Page)
		dpi    int
		check  func(error) bool
	}{
		{"no surname", func(p *printing.Page) { p.Surname = "  " }, 75, missing("surname")},
		{"no authority", func(p *printing.Page) { p.Authority = "" }, 75, missing("authority")},
		{"no portrait", func(p *printing.Page) { p.Portrait = nil }, 75, missing("portrait")},
		{"empty portrait", func(p *printing.Page) { p.Portrait = nothing }, 75, missing("portrait")},
		{"no machine readable line", func(p *printing.Page) { p.MRZ[1] = "" }, 75, missing("mrz")},
		{"surname without a break", func(p *printing.Page) { p.Surname = unbroken }, 75, unfit("surname")},
		{"surname of four lines", func(p *printing.Page) { p.Surname = many }, 75, unfit("surname")},
		{"sex of a novel", func(p *printing.Page) { p.Sex = strings.Repeat("X", 40) }, 75, unfit("sex")},
		{"a script the face lacks", func(p *printing.Page) { p.GivenNames = "漢" }, 75, glyph("given_names")},
		{"lower case in the zone", func(p *printing.Page) { p.MRZ[0] = strings.ToLower(p.MRZ[0]) }, 75, glyph("mrz")},
		{"short line", func(p *printing.Page) { p.MRZ[0] = p.MRZ[0][:43] }, 75, anyError},
		{"another issuer", func(p *printing.Page) { p.Issuer = "XXX" }, 75, anyError},
		{"no resolution", func(*printing.Page) {}, 0, anyError},
		{"absurd resolution", func(*printing.Page) {}, 100000, anyError},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := anna()
			c.change(&p)
			_, err := printing.Render(t.Context(), p, layout(t), c.dpi)
			if !c.check(err) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), tooLong) || strings.Contains(err.Error(), "ERIKSSON") {
				t.Fatal("the error names a person")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := printing.Render(ctx, anna(), layout(t), 75); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: got %v", err)
	}
}

func anyError(err error) bool { return err != nil }

func missing(field string) func(error) bool {
	return func(err error) bool {
		var e *printing.MissingError
		return errors.As(err, &e) && e.Field == field
	}
}

func unfit(field string) func(error) bool {
	return func(err error) bool {
		var e *printing.FitError
		return errors.As(err, &e) && e.Field == field
	}
}

func glyph(field string) func(error) bool {
	return func(err error) bool {
		var e *printing.GlyphError
		return errors.As(err, &e) && e.Field == field
	}
}

func TestInkKeepsTheMargin(t *testing.T) {
	p := anna()
	p.Signature = signed()
	img := render(t, p, 300)
	const margin = 23 // 2.0 mm
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			inside := x >= margin && x < img.Rect.Dx()-margin && y >= margin
			if c := img.RGBAAt(x, y); !inside && (c.R != 255 || c.G != 255 || c.B != 255) {
				t.Fatalf("ink %v at %d,%d", c, x, y)
			}
		}
	}
}

func TestPortraitIsCroppedNotStretched(t *testing.T) {
	// A disc in a wide picture stays a disc.
	wide := image.NewRGBA(image.Rect(0, 0, 900, 405))
	for i := range wide.Pix {
		wide.Pix[i] = 255
	}
	for y := -100; y <= 100; y++ {
		for x := -100; x <= 100; x++ {
			if x*x+y*y <= 100*100 {
				wide.Set(450+x, 202+y, image.Black)
			}
		}
	}
	p := anna()
	p.Portrait, p.Overprint = wide, printing.Specimen
	img := render(t, p, 300)
	l := layout(t)
	at := func(mm float64) int { return int(mm * 300 / 25.4) }
	cx, cy := at(l.Portrait.XMM+l.Portrait.WidthMM/2), at(l.Portrait.YMM+l.Portrait.HeightMM/2)
	across, down := 0, 0
	for x := at(l.Portrait.XMM); x < at(l.Portrait.XMM+l.Portrait.WidthMM); x++ {
		if img.RGBAAt(x, cy).G < 90 {
			across++
		}
	}
	for y := at(l.Portrait.YMM); y < at(l.Portrait.YMM+l.Portrait.HeightMM); y++ {
		if img.RGBAAt(cx, y).G < 90 {
			down++
		}
	}
	if d := across - down; d < -3 || d > 3 || across < 100 {
		t.Fatalf("disc of %d x %d pixels", across, down)
	}
}

func TestOverlayWantsOneSize(t *testing.T) {
	two, three := image.NewRGBA(image.Rect(0, 0, 2, 2)), image.NewRGBA(image.Rect(0, 0, 3, 2))
	if _, err := printing.Overlay(two, three); err == nil {
		t.Fatal("no error")
	}
}

func TestDateText(t *testing.T) {
	cases := []struct {
		name    string
		y, m, d int
		want    string
	}{
		{"whole", 1974, 8, 12, "12 ЖНІ/AUG 1974"},
		{"no day", 1974, 1, 0, "XX СТУ/JAN 1974"},
		{"year alone", 1974, 0, 0, "XX XX 1974"},
		{"nothing", 0, 0, 0, "XX XX XXXX"},
		{"out of range", -1, 13, 32, "XX XX XXXX"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := printing.DateText(c.y, c.m, c.d); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}
