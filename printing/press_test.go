package printing_test

import (
	"bytes"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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
				if blank != "" {
					each := float64(b.Elapsed()) / float64(b.N)
					b.ReportMetric(each/popplerTime(b, p, dpi), "x-poppler")
				}
			})
		}
	}
	b.Run("peak", func(b *testing.B) {
		for b.Loop() {
			taken, resident := peak(b)
			b.ReportMetric(float64(taken>>20), "MB-taken")
			b.ReportMetric(float64(resident>>20), "MB-resident")
		}
	})
}

// popplerTime is how long poppler draws the same page from our PDF, in nanoseconds: the best of three.
func popplerTime(b *testing.B, p printing.Page, dpi int) float64 {
	b.Helper()
	path, out := pdfOf(b, p, serial), filepath.Join(b.TempDir(), "page")
	best := math.Inf(1)
	for range 3 {
		start := time.Now()
		cmd := exec.CommandContext(b.Context(), "pdftoppm", "-r", strconv.Itoa(dpi), path, out)
		if err := cmd.Run(); err != nil {
			b.Fatalf("pdftoppm: %v", err)
		}
		best = min(best, float64(time.Since(start)))
	}
	return best
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

// TestWholePageIsInkOnABlank: a page composed on the maker's print is what a booklet looks like after
// its ink was laid.
func TestWholePageIsInkOnABlank(t *testing.T) {
	const dpi = 150
	p, l := anna(), layout(t)
	p.Signature = signed()
	laid, err := printing.Overlay(blank(t, serial, dpi), render(t, p, dpi))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := compose(t, p, l, printing.Options{DPI: dpi, Serial: serial}).RGBA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range whole.Pix {
		if d := int(v) - int(laid.Pix[i]); d < -3 || d > 3 { // each ink rounds
			t.Fatalf("pixel %d,%d is %v, ink on a blank gives %v", i/4%whole.Rect.Dx(), i/4/whole.Rect.Dx(),
				whole.Pix[i/4*4:i/4*4+3], laid.Pix[i/4*4:i/4*4+3])
		}
	}
}

// TestPlacementMovesTheInk prints a page where a booklet lies askew and measures the machine readable
// zone: it stands where the placement sends it, and the maker's print stays.
func TestPlacementMovesTheInk(t *testing.T) {
	const dpi = 600
	p, l := anna(), layout(t)
	sin, cos := math.Sincos(0.8 * math.Pi / 180)
	for name, place := range map[string]printing.Placement{
		"offset": {XX: 1, YY: 1, XMM: 0.733, YMM: -0.41},
		"scaled": {XX: 1.004, YY: 0.996, XMM: -0.2},
		"turned": {XX: cos, XY: -sin, YX: sin, YY: cos, XMM: 0.6, YMM: -0.8},
	} {
		plain := compose(t, p, l, printing.Options{DPI: dpi})
		moved := compose(t, p, l, printing.Options{DPI: dpi, Place: place})
		for _, b := range []printing.Box{
			{XMM: 5.8, YMM: 70.6, WidthMM: 1.9, HeightMM: 3.6}, {XMM: 115, YMM: 77, WidthMM: 1.9, HeightMM: 3.6}, // MRZ
			{XMM: 101, YMM: 46, WidthMM: 13, HeightMM: 16.8}, // ghost image
		} {
			x, y := inkIn(plain, b, dpi)
			wantX, wantY := place.XX*x+place.XY*y+place.XMM, place.YX*x+place.YY*y+place.YMM
			to := b
			to.XMM += wantX - x
			to.YMM += wantY - y
			gotX, gotY := inkIn(moved, to, dpi)
			if math.Abs(gotX-wantX) > 0.03 || math.Abs(gotY-wantY) > 0.03 {
				t.Errorf("%s: ink at %.3f, %.3f mm goes to %.3f, %.3f, want %.3f, %.3f", name, x, y, gotX, gotY, wantX, wantY)
			}
		}
	}
	for _, far := range []printing.Placement{{XX: 1.2, YY: 1}, {XX: 1, YY: 1, XMM: 30}, {XX: math.NaN(), YY: 1}, {XMM: 1}} {
		if _, err := printing.Compose(t.Context(), p, l, printing.Options{DPI: 75, Place: far}); err == nil {
			t.Errorf("placement %v accepted", far)
		}
	}
}

// inkIn is the middle of the ink within a box, in millimetres.
func inkIn(f *printing.Forme, b printing.Box, dpi int) (xMM, yMM float64) {
	var sum, sx, sy float64
	r := b.Pixels(dpi)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			_, g, _, _ := f.At(x, y).RGBA()
			d := float64(0xffff - g)
			sum, sx, sy = sum+d, sx+d*(float64(x)+.5), sy+d*(float64(y)+.5)
		}
	}
	return sx / sum * 25.4 / float64(dpi), sy / sum * 25.4 / float64(dpi)
}

// TestPreviewCannotPass: the watermark lies on portrait, text and machine readable zone.
func TestPreviewCannotPass(t *testing.T) {
	const dpi = 150
	p, l := anna(), layout(t)
	o := printing.Options{DPI: dpi, Serial: serial}
	plain := compose(t, p, l, o)
	o.Preview = true
	preview := compose(t, p, l, o)
	zones, err := l.Zones(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range zones {
		if z.Kind != printing.KindMRZ && z.Kind != printing.KindPortrait {
			continue
		}
		changed := 0
		r := z.Room.Pixels(dpi)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if plain.At(x, y) != preview.At(x, y) {
					changed++
				}
			}
		}
		if share := float64(changed) / float64(r.Dx()*r.Dy()); share < 0.1 {
			t.Errorf("%s: %.0f %% under the watermark", z.Name, 100*share)
		}
	}
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
