package printing_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"
	"time"

	"padarozhnik/printing"
	"padarozhnik/printing/pwg"
)

// bandLines is how many lines the drivers encode at a time.
const bandLines = 64

// serial is the number of the blank in these tests.
const serial = "UT1234567"

func compose(t testing.TB, p printing.Page, l printing.Layout, o printing.Options) *printing.Forme {
	t.Helper()
	f, err := printing.Compose(t.Context(), p, l, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// raster encodes a page in bands.
func raster(t testing.TB, w io.Writer, f *printing.Forme, band []byte) []byte {
	t.Helper()
	size := f.Bounds().Size()
	e := pwg.NewEncoder(w)
	h := pwg.Header{Width: size.X, Height: size.Y, DPIX: f.DPI(), DPIY: f.DPI(), Space: pwg.SRGB, Pages: 1}
	if err := e.Begin(h); err != nil {
		t.Fatal(err)
	}
	for y := 0; y < size.Y; y += bandLines {
		band = pwg.Rows(band, f, pwg.SRGB, y, min(y+bandLines, size.Y))
		if err := e.Lines(band); err != nil {
			t.Fatal(err)
		}
	}
	return band
}

// pages are what a printer gets: the ink for a booklet, and the whole page with its artwork for a
// specimen.
var pages = map[string]string{"ink": "", "whole": serial}

// BenchmarkPage draws a page and packs it as PWG raster with warm caches. floor is what nobody can do
// without: copying the finished page band by band and packing its runs.
func BenchmarkPage(b *testing.B) {
	for name, blank := range pages {
		for _, dpi := range []int{600, 1200} {
			b.Run(name+map[int]string{600: "/600dpi", 1200: "/1200dpi"}[dpi], func(b *testing.B) {
				l, p := layout(b), anna()
				p.Signature = signed()
				o := printing.Options{DPI: dpi, Serial: blank}
				f := compose(b, p, l, o)
				size := f.Bounds().Size()
				done := f.AppendRGB(nil, 0, size.Y)
				var band []byte
				var floor time.Duration
				for b.Loop() {
					band = raster(b, io.Discard, compose(b, p, l, o), band)
					b.StopTimer()
					floor += packed(b, done, size.X, dpi)
					b.StartTimer()
				}
				b.ReportMetric(float64(b.Elapsed())/float64(floor), "x-floor")
				runtime.KeepAlive(done)
			})
		}
	}
}

// packed copies a finished page band by band and packs it, and says how long that took.
func packed(b *testing.B, done []byte, width, dpi int) time.Duration {
	start := time.Now()
	stride := 3 * width
	h := pwg.Header{Width: width, Height: len(done) / stride, DPIX: dpi, DPIY: dpi, Space: pwg.SRGB, Pages: 1}
	e := pwg.NewEncoder(io.Discard)
	if err := e.Begin(h); err != nil {
		b.Fatal(err)
	}
	band := make([]byte, bandLines*stride)
	for len(done) > 0 {
		n := copy(band, done)
		done = done[n:]
		if err := e.Lines(band[:n]); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// TestFormeIsItsPicture: whichever way the pixels of a page are asked for, they are the same.
func TestFormeIsItsPicture(t *testing.T) {
	f := compose(t, anna(), layout(t), printing.Options{DPI: 150, Serial: serial})
	whole, err := f.RGBA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := f.Bounds().Size()
	want := pwg.Rows(nil, whole, pwg.SRGB, 0, size.Y)
	for _, lines := range []int{1, 7, 64, size.Y} {
		var got []byte
		for y := 0; y < size.Y; y += lines {
			got = f.AppendRGB(got, y, min(y+lines, size.Y))
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("bands of %d lines give another picture", lines)
		}
	}
	for _, at := range [][2]int{{0, 0}, {size.X - 1, size.Y - 1}, {300, 200}, {20, 480}, {300, 201}} {
		if f.At(at[0], at[1]) != whole.At(at[0], at[1]) {
			t.Errorf("pixel %v differs", at)
		}
	}
	grey := pwg.Rows(nil, whole, pwg.SGray, 100, 120)
	if !bytes.Equal(pwg.Rows(nil, f, pwg.SGray, 100, 120), grey) {
		t.Error("grey lines differ")
	}
}
