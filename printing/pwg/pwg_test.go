package pwg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/printing/pwg"
)

const judge = "/usr/lib/cups/filter/rastertopdf"

// encode writes one picture in bands of seven lines.
func encode(t testing.TB, img image.Image, h pwg.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	e := pwg.NewEncoder(&out)
	if err := e.Begin(h); err != nil {
		t.Fatal(err)
	}
	var band []byte
	for y := 0; y < h.Height; y += 7 {
		band = pwg.Rows(band, img, h.Space, y, min(y+7, h.Height))
		if err := e.Lines(band); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func header(img image.Image, space pwg.ColorSpace) pwg.Header {
	return pwg.Header{
		Width: img.Bounds().Dx(), Height: img.Bounds().Dy(), DPIX: 300, DPIY: 300, Space: space, Pages: 1,
		MediaName: "custom_passport_88x125mm",
	}
}

// chart is a picture with flat parts, repeated lines, gradients and single pixels.
func chart(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case y < h/4:
				c = color.RGBA{200, 30, 60, 255}
			case y < h/2:
				c = color.RGBA{uint8(x), uint8(x * 3), uint8(y), 255}
			case x%5 == 0 && y%3 == 0:
				c = color.RGBA{0, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// TestBytes holds the encoder against bytes written by hand from PWG 5102.4.
func TestBytes(t *testing.T) {
	row := func(pixels ...byte) []byte { return pixels }
	cases := []struct {
		name string
		rows [][]byte
		want []byte
	}{
		{"one pixel", [][]byte{row(7)}, []byte{0, 0, 7}},
		{"a run", [][]byte{row(7, 7, 7)}, []byte{0, 2, 7}},
		{"pixels", [][]byte{row(1, 2, 3)}, []byte{0, 254, 1, 2, 3}},
		{"pixels then a run", [][]byte{row(1, 2, 9, 9, 9)}, []byte{0, 255, 1, 2, 2, 9}},
		{"a pair among pixels", [][]byte{row(1, 5, 5, 2)}, []byte{0, 253, 1, 5, 5, 2}},
		{"equal lines", [][]byte{row(4, 4), row(4, 4), row(4, 4)}, []byte{2, 1, 4}},
		{"lines that differ", [][]byte{row(4), row(5)}, []byte{0, 0, 4, 0, 0, 5}},
		{"longest run", [][]byte{bytes.Repeat([]byte{8}, 130)}, []byte{0, 127, 8, 1, 8}},
		{"most lines", bytes257(), append(append([]byte{255, 0, 3}, 0), 0, 3)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			e := pwg.NewEncoder(&out)
			h := pwg.Header{Width: len(c.rows[0]), Height: len(c.rows), DPIX: 300, DPIY: 300, Space: pwg.SGray}
			if err := e.Begin(h); err != nil {
				t.Fatal(err)
			}
			for _, r := range c.rows {
				if err := e.Lines(r); err != nil {
					t.Fatal(err)
				}
			}
			if got := out.Bytes()[1800:]; !bytes.Equal(got, c.want) {
				t.Fatalf("got % d, want % d", got, c.want)
			}
		})
	}
}

// bytes257 is one line more than a repeat can count.
func bytes257() [][]byte {
	rows := make([][]byte, 257)
	for i := range rows {
		rows[i] = []byte{3}
	}
	return rows
}

func TestHeaderFields(t *testing.T) {
	img := chart(2953, 3)
	h := header(img, pwg.SRGB)
	h.DPIX, h.DPIY = 600, 600
	b := encode(t, img, h)
	if string(b[:4]) != "RaS2" || string(b[4:14]) != "PwgRaster\x00" {
		t.Fatalf("begins with %q", b[:14])
	}
	for at, want := range map[int]uint32{
		276: 600, 280: 600, 340: 1, 352: 354, 372: 2953, 376: 3, 384: 8, 388: 24, 392: 8859, 396: 0, 400: 19, 420: 3,
		452: 1, 456: 1, 460: 1, 464: 0, 468: 0, 472: 2953, 476: 3, 404: 0, 300: 0,
	} {
		if got := binary.BigEndian.Uint32(b[4+at:]); got != want {
			t.Errorf("offset %d is %d, want %d", at, got, want)
		}
	}
	if got := string(bytes.TrimRight(b[4+1732:4+1796], "\x00")); got != "custom_passport_88x125mm" {
		t.Errorf("page size name %q", got)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, h := rapid.IntRange(1, 300).Draw(rt, "w"), rapid.IntRange(1, 40).Draw(rt, "h")
		space := rapid.SampledFrom([]pwg.ColorSpace{pwg.SGray, pwg.SRGB}).Draw(rt, "space")
		tones := rapid.IntRange(1, 4).Draw(rt, "tones")
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			if y > 0 && rapid.Bool().Draw(rt, "same line") {
				copy(img.Pix[y*img.Stride:(y+1)*img.Stride], img.Pix[(y-1)*img.Stride:])
				continue
			}
			for x := range w {
				v := uint8(rapid.IntRange(0, tones).Draw(rt, "v") * 60)
				img.SetRGBA(x, y, color.RGBA{v, v ^ 0x0f, v / 2, 255})
			}
		}
		h0 := header(img, space)
		d := pwg.NewDecoder(bytes.NewReader(encode(t, img, h0)), 1<<20)
		got, h1, err := d.DecodePage()
		if err != nil || h1 != h0 {
			rt.Fatalf("%v, header %+v", err, h1)
		}
		want, have := pwg.Rows(nil, img, space, 0, h), pwg.Rows(nil, got, space, 0, h)
		if !bytes.Equal(want, have) {
			rt.Fatal("pixels differ")
		}
		if _, err := d.Next(); !errors.Is(err, io.EOF) {
			rt.Fatalf("after the last page: %v", err)
		}
	})
}

func TestRowsOfOtherPictures(t *testing.T) {
	src := chart(20, 8)
	paletted := image.NewPaletted(image.Rect(5, 5, 7, 6), color.Palette{color.Black, color.RGBA{9, 8, 7, 255}})
	paletted.SetColorIndex(6, 5, 1)
	if got := pwg.Rows(nil, paletted, pwg.SRGB, 0, 1); !bytes.Equal(got, []byte{0, 0, 0, 9, 8, 7}) {
		t.Errorf("paletted: % d", got)
	}
	if got := pwg.Rows(nil, paletted, pwg.SGray, 0, 1); !bytes.Equal(got, []byte{0, 8}) {
		t.Errorf("paletted grey: % d", got)
	}
	gray := image.NewGray(src.Rect)
	gray.SetGray(0, 0, color.Gray{77})
	if got := pwg.Rows(nil, gray, pwg.SRGB, 0, 1); !bytes.Equal(got[:4], []byte{77, 77, 77, 0}) {
		t.Errorf("gray: % d", got[:4])
	}
}

// TestTurn turns a picture pixel by pixel and holds the quick way against that.
func TestTurn(t *testing.T) {
	src := chart(37, 141)
	got := pwg.Turn(src)
	if got.Bounds() != image.Rect(0, 0, 141, 37) {
		t.Fatalf("bounds %v", got.Bounds())
	}
	rows := pwg.Rows(nil, got, pwg.SRGB, 0, 37)
	for y := range 37 {
		for x := range 141 {
			want := src.RGBAAt(36-y, x)
			if got.At(x, y) != want || rows[3*(y*141+x)] != want.R || rows[3*(y*141+x)+2] != want.B {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got.At(x, y), want)
			}
		}
	}
}

func TestColourless(t *testing.T) {
	grey := image.NewRGBA(image.Rect(0, 0, 9, 200))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(i / 4)
		if i%4 == 3 {
			grey.Pix[i] = 0xff
		}
	}
	if !pwg.Colourless(grey) || !pwg.Colourless(image.NewGray(grey.Rect)) {
		t.Error("grey has a hue")
	}
	grey.SetRGBA(8, 199, color.RGBA{1, 1, 2, 255})
	if pwg.Colourless(grey) {
		t.Error("one blue pixel is overlooked")
	}
}

func TestEncoderRefuses(t *testing.T) {
	good := pwg.Header{Width: 4, Height: 2, DPIX: 300, DPIY: 300, Space: pwg.SGray}
	for name, change := range map[string]func(*pwg.Header){
		"no width":      func(h *pwg.Header) { h.Width = 0 },
		"no resolution": func(h *pwg.Header) { h.DPIY = 0 },
		"no colour":     func(h *pwg.Header) { h.Space = 3 },
		"long name":     func(h *pwg.Header) { h.MediaName = fmt.Sprintf("%064d", 0) },
	} {
		h := good
		change(&h)
		if err := pwg.NewEncoder(io.Discard).Begin(h); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	e := pwg.NewEncoder(io.Discard)
	if err := e.Lines([]byte{1}); err == nil {
		t.Error("lines before a page")
	}
	if err := e.Begin(good); err != nil {
		t.Fatal(err)
	}
	for name, band := range map[string][]byte{"half a line": {1, 2}, "too many": make([]byte, 12)} {
		if err := e.Lines(band); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := e.Begin(good); err == nil {
		t.Error("a page in the middle of another")
	}
}

func TestDecoderRefuses(t *testing.T) {
	img := chart(40, 30)
	good := encode(t, img, header(img, pwg.SRGB))
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":             nil,
		"another sync word":   with(0, '3', 'S', 'a', 'R'),
		"no header":           good[:5],
		"half a header":       good[:900],
		"another class":       with(4, 'x'),
		"huge page":           with(4+372, 0, 0, 0xff, 0xff, 0, 1, 0, 0),
		"above the limit":     with(4+372, 0, 0, 0x10, 0, 0, 0, 0x10, 0),
		"four colours":        with(4+420, 0, 0, 0, 4),
		"planes":              with(4+396, 0, 0, 0, 2),
		"another color space": with(4+400, 0, 0, 0, 1),
		"line length":         with(4+392, 0, 0, 0, 1),
		"repeat past the end": with(1800, 255),
		"reserved run":        with(1801, 128),
		"run past the line":   with(1801, 127),
		"pixels past it":      with(1801, 129),
		"cut":                 good[:len(good)-3],
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := pwg.NewDecoder(bytes.NewReader(b), 1<<20).DecodePage(); !errors.Is(err, pwg.ErrFormat) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestCutPageKeepsItsLines: a printer that loses its data has printed what came before.
func TestCutPageKeepsItsLines(t *testing.T) {
	img := chart(64, 64)
	raw := encode(t, img, header(img, pwg.SRGB))
	got, _, err := pwg.NewDecoder(bytes.NewReader(raw[:len(raw)*3/4]), 1<<20).DecodePage()
	if !errors.Is(err, pwg.ErrFormat) || got == nil {
		t.Fatalf("got %v, %v", got, err)
	}
	if got.At(3, 3) != img.At(3, 3) || got.At(63, 63) != (color.RGBA{255, 255, 255, 255}) {
		t.Fatal("lines lost or invented")
	}
}

// TestAgainstCups lets the raster reader of CUPS judge: its filter makes a PDF of our page, and the
// picture in the PDF must be ours, pixel for pixel.
func TestAgainstCups(t *testing.T) {
	pdfimages, err := exec.LookPath("pdfimages")
	if _, statErr := os.Stat(judge); statErr != nil || err != nil {
		t.Fatal("cups-filters and poppler-utils are not installed: run make deps")
	}
	dir := t.TempDir()
	img := chart(600, 400)
	for _, space := range []pwg.ColorSpace{pwg.SRGB, pwg.SGray} {
		t.Run(space.String(), func(t *testing.T) {
			raw := filepath.Join(dir, space.String())
			if err := os.WriteFile(raw+".pwg", encode(t, img, header(img, space)), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), judge, "1", "user", "title", "1", "", raw+".pwg")
			cmd.Env = append(os.Environ(), "CONTENT_TYPE=image/pwg-raster")
			pdf, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(raw+".pdf", pdf, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := exec.CommandContext(t.Context(), pdfimages, "-png", raw+".pdf", raw).Run(); err != nil {
				t.Fatal(err)
			}
			out, err := os.ReadFile(raw + "-000.png")
			if err != nil {
				t.Fatal(err)
			}
			got, err := png.Decode(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			if got.Bounds() != img.Bounds() {
				t.Fatalf("page of %v, want %v", got.Bounds(), img.Bounds())
			}
			tolerance := 0
			if space == pwg.SGray { // the filter marks grey as calibrated, which bends the tones a little
				tolerance = 12
			}
			want := pwg.Rows(nil, img, space, 0, 400)
			for i, v := range pwg.Rows(nil, got, space, 0, 400) {
				if d := int(v) - int(want[i]); d < -tolerance || d > tolerance {
					t.Fatalf("sample %d is %d, want %d", i, v, want[i])
				}
			}
		})
	}
}

func FuzzDecoder(f *testing.F) {
	img := chart(20, 12)
	f.Add(encode(f, img, header(img, pwg.SRGB)))
	f.Add(encode(f, img, header(img, pwg.SGray)))
	f.Add([]byte("RaS2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := pwg.NewDecoder(bytes.NewReader(b), 1<<16)
		for range 4 {
			var img image.Image
			var h pwg.Header
			var err error
			bounded.Memory(t, len(b), 2<<20, 8, func() { img, h, err = d.DecodePage() })
			if err != nil {
				return
			}
			if img.Bounds().Dx() != h.Width || img.Bounds().Dy() != h.Height {
				t.Fatal("picture and header differ")
			}
			again, _, err := pwg.NewDecoder(bytes.NewReader(encode(t, img, h)), 1<<16).DecodePage()
			if err != nil {
				t.Fatal(err)
			}
			a, c := pwg.Rows(nil, img, h.Space, 0, h.Height), pwg.Rows(nil, again, h.Space, 0, h.Height)
			if !bytes.Equal(a, c) {
				t.Fatal("a second round differs")
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	img := chart(2953, 2079)
	h := header(img, pwg.SRGB)
	for b.Loop() {
		encode(b, img, h)
	}
}
