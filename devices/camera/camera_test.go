package camera_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/camera"
)

func TestYUYVIsSpread(t *testing.T) {
	// Two lines of two pixels in lines of six bytes: black and white, then red of BT.601 twice.
	b := []byte{16, 128, 235, 128, 0, 0, 81, 90, 81, 240, 0, 0}
	img, err := camera.YUYV(2, 2, 6, true, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{{0, 0, color.RGBA{A: 255}}, {1, 0, color.RGBA{255, 255, 255, 255}}, {0, 1, color.RGBA{R: 255, A: 255}}} {
		got := color.RGBAModel.Convert(img.At(c.x, c.y)).(color.RGBA)
		if far(got.R, c.want.R) || far(got.G, c.want.G) || far(got.B, c.want.B) {
			t.Errorf("pixel %d,%d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
	full, err := camera.YUYV(2, 1, 4, false, []byte{0, 128, 255, 128})
	if err != nil || full.At(0, 0) != (color.YCbCr{0, 128, 128}) || full.At(1, 0) != (color.YCbCr{255, 128, 128}) {
		t.Errorf("values of the whole range change to %v %v: %v", full.At(0, 0), full.At(1, 0), err)
	}
	for _, cut := range []int{0, 3, 9} {
		if _, err := camera.YUYV(2, 2, 6, true, b[:cut]); err == nil {
			t.Errorf("%d bytes are a picture", cut)
		}
	}
	if _, err := camera.YUYV(3, 1, 6, true, b); err == nil {
		t.Error("an odd width is a picture")
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 6 }

// shade is a JPEG of one grey.
func shade(t testing.TB, width, height int, grey uint8) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio422)
	for i := range img.Y {
		img.Y[i] = grey
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 128, 128
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withoutTables leaves the Huffman tables out, as many cameras do.
func withoutTables(b []byte) []byte {
	at := bytes.Index(b, []byte{0xFF, 0xC4})
	size := 2 + int(b[at+2])<<8 + int(b[at+3])
	return append(bytes.Clone(b[:at]), b[at+size:]...)
}

func TestMotionJPEGWithoutTablesIsRead(t *testing.T) {
	whole := shade(t, 64, 48, 90)
	for name, b := range map[string][]byte{"whole": whole, "without tables": withoutTables(whole)} {
		img, err := camera.MotionJPEG(64, 48, b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := color.GrayModel.Convert(img.At(30, 20)).(color.Gray).Y; far(got, 90) {
			t.Errorf("%s: grey %d", name, got)
		}
	}
	for name, b := range map[string][]byte{
		"empty": nil, "no picture": []byte("<html>"), "cut off": whole[:len(whole)/2], "only a start": whole[:4],
		"another size": shade(t, 32, 48, 90), "a segment without end": {0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF},
	} {
		if img, err := camera.MotionJPEG(64, 48, b); err == nil {
			t.Errorf("%s: is a picture of %v", name, img.Bounds())
		}
	}
}

// FuzzMotionJPEG feeds what a camera with a bad cable sends.
func FuzzMotionJPEG(f *testing.F) {
	whole := shade(f, 16, 16, 200)
	f.Add(whole)
	f.Add(withoutTables(whole))
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if img, err := camera.MotionJPEG(16, 16, b); err == nil && img.Bounds().Size() != image.Pt(16, 16) {
			t.Errorf("picture of %v", img.Bounds())
		}
	})
}

func TestFilesAreACamera(t *testing.T) {
	dir := t.TempDir()
	c := camera.NewFiles(dir)
	if _, err := c.Still(t.Context(), nil); !errors.Is(err, devices.ErrNoFrames) {
		t.Errorf("an empty directory gives %v", err)
	}
	for name, data := range map[string][]byte{"1.jpg": shade(t, 40, 30, 10), "2.jpg": shade(t, 40, 30, 240), "notes.txt": []byte("x")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if modes, err := c.Modes(t.Context()); err != nil || len(modes) != 1 || modes[0].Width != 40 || modes[0].Height != 30 {
		t.Errorf("modes are %v: %v", modes, err)
	}
	var shown, taken []uint8
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Live(ctx, func(f devices.Frame) {
		if shown = append(shown, greyOf(f)); len(shown) == 3 {
			cancel()
		}
	}); err != nil || len(shown) != 3 || shown[0] != shown[2] && shown[1] != shown[2] {
		t.Errorf("shown %v: %v", shown, err)
	}
	for range 2 {
		f, err := c.Still(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, greyOf(f))
	}
	if far(taken[0], 10) || far(taken[1], 240) {
		t.Errorf("taken %v", taken)
	}
	if _, err := c.Still(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled still gives %v", err)
	}
	if _, err := camera.NewFiles(filepath.Join(dir, "gone")).Identify(t.Context()); !errors.Is(err, devices.ErrNoCamera) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func greyOf(f devices.Frame) uint8 { return color.GrayModel.Convert(f.Image.At(20, 20)).(color.Gray).Y }

// TestFilesRefuseAHugePicture keeps a picture from being unpacked that no camera takes.
func TestFilesRefuseAHugePicture(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8000, 8000))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "huge.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := camera.NewFiles(path).Still(t.Context(), nil); !errors.Is(err, devices.ErrNoFrames) {
		t.Errorf("64 megapixels give %v", err)
	}
}
