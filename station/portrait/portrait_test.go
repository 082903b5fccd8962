package portrait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"reflect"
	"sync"
	"testing"

	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// sitter is a citizen whose picture passes every check.
func sitter() utopian.Person {
	return utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15}
}

// sitterPicture is the sitter drawn once for all tests; they only look at it.
var sitterPicture = sync.OnceValue(func() image.Image { return utopian.Draw(sitter(), 630, 810) })

func onCanvas(width, height int, at image.Point, img image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{220}), image.Point{}, draw.Src)
	draw.Draw(out, img.Bounds().Add(at), img, img.Bounds().Min, draw.Src)
	return out
}

// changed returns the picture with every channel passed through f.
func changed(img image.Image, f func(x, y int, v uint8) uint8) *image.RGBA {
	out := onCanvas(img.Bounds().Dx(), img.Bounds().Dy(), image.Point{}, img)
	for i := range out.Pix {
		if i%4 != 3 {
			out.Pix[i] = f(i%out.Stride/4, i/out.Stride, out.Pix[i])
		}
	}
	return out
}

// blurred averages along rows, then along columns, twice.
func blurred(img image.Image, radius int) *image.RGBA {
	src := onCanvas(img.Bounds().Dx(), img.Bounds().Dy(), image.Point{}, img)
	for pass := range 4 {
		step := 4
		if pass%2 == 1 {
			step = src.Stride
		}
		out := image.NewRGBA(src.Rect)
		for i := range src.Pix {
			sum, n := 0, 0
			for k := i - radius*step; k <= i+radius*step; k += step {
				if k >= 0 && k < len(src.Pix) {
					sum += int(src.Pix[k])
					n++
				}
			}
			out.Pix[i] = uint8(sum / n)
		}
		src = out
	}
	return src
}

func TestGoodPicturePasses(t *testing.T) {
	img := sitterPicture()
	f, err := portrait.Examine(img)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Checks {
		t.Logf("%s: %.3f %s (%s), %v", c.Key, c.Value, c.Unit, c.Limit, c.Outcome)
	}
	if f.Outcome() != portrait.Pass {
		t.Errorf("outcome %v", f.Outcome())
	}
	if f.Crop.Dx()*9 != f.Crop.Dy()*7 || !f.Crop.In(img.Bounds()) {
		t.Errorf("crop %v", f.Crop)
	}
}

func TestSamePictureSameVerdict(t *testing.T) {
	img := sitterPicture()
	first, err := portrait.Examine(img)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, err := portrait.Examine(img)
		if err != nil || !reflect.DeepEqual(first, again) {
			t.Fatalf("verdicts differ: %v", err)
		}
	}
	// The same pixels in another place of a larger plane, and in another type, are the same picture.
	moved := onCanvas(1000, 1000, image.Pt(100, 50), img).SubImage(img.Bounds().Add(image.Pt(100, 50)))
	again, err := portrait.Examine(moved)
	if err != nil || !reflect.DeepEqual(first.Checks, again.Checks) || again.Crop != first.Crop.Add(image.Pt(100, 50)) {
		t.Errorf("moved picture: %v", err)
	}
}

func TestBadPicturesAreTold(t *testing.T) {
	person := sitter()
	good := sitterPicture()
	tilted := person
	tilted.Tilt = 10
	cases := []struct {
		name string
		img  image.Image
		key  string
		want portrait.Outcome
	}{
		{"tilted by 10 degrees", utopian.Draw(tilted, 630, 810), portrait.KeyRoll, portrait.Fail},
		{"small", utopian.Draw(person, 300, 390), portrait.KeyEyeDistance, portrait.Fail},
		{"cut close", good.(*image.RGBA).SubImage(image.Rect(115, 120, 515, 640)), portrait.KeyHeadSize, portrait.Fail},
		{"off the middle", good.(*image.RGBA).SubImage(image.Rect(135, 0, 630, 810)), portrait.KeyHeadPlace, portrait.Fail},
		{"burnt out", changed(good, func(_, _ int, v uint8) uint8 { return uint8(min(255, int(v)*17/10)) }),
			portrait.KeySaturation, portrait.Fail},
		{"too dark", changed(good, func(_, _ int, v uint8) uint8 { return v / 5 }), portrait.KeyExposure, portrait.Fail},
		{"little contrast", changed(good, func(_, _ int, v uint8) uint8 { return 100 + v/5 }),
			portrait.KeyDynamicRange, portrait.Fail},
		{"striped ground", changed(good, func(x, y int, v uint8) uint8 {
			if y < 230 && x/12%2 == 0 {
				return v - v/3
			}
			return v
		}), portrait.KeyBackground, portrait.Fail},
		{"light from one side", changed(good, func(x, _ int, v uint8) uint8 { return uint8(int(v) * (690 - x) / 690) }),
			portrait.KeyIllumination, portrait.Fail},
		{"out of focus", blurred(good, 5), portrait.KeySharpness, portrait.Fail},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, err := portrait.Examine(c.img)
			if err != nil {
				t.Fatal(err)
			}
			check, ok := f.Check(c.key)
			t.Logf("%s: %.2f", c.key, check.Value)
			if !ok || check.Outcome != c.want || f.Outcome() != portrait.Fail {
				t.Errorf("%+v", check)
			}
			if f.Crop.Dx()*9 != f.Crop.Dy()*7 || !f.Crop.In(c.img.Bounds()) {
				t.Errorf("crop %v", f.Crop)
			}
		})
	}
}

func TestNothingToMeasure(t *testing.T) {
	good := sitterPicture()
	two := onCanvas(1260, 810, image.Point{}, good)
	second := utopian.Draw(utopian.Person{Seed: 5, Age: 50}, 630, 810)
	draw.Draw(two, image.Rect(630, 0, 1260, 810), second, image.Point{}, draw.Src)
	noise := image.NewGray(image.Rect(0, 0, 630, 810))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(state >> 24)
	}
	cases := []struct {
		name string
		img  image.Image
		want error
	}{
		{"blank", image.NewGray(image.Rect(0, 0, 630, 810)), portrait.ErrNoFace},
		{"noise", noise, portrait.ErrNoFace},
		{"upside down", flipped(good), portrait.ErrNoFace},
		{"two people", two, portrait.ErrSeveralFaces},
		{"stamp", image.NewGray(image.Rect(0, 0, 60, 80)), portrait.ErrTooSmall},
		{"empty", image.NewGray(image.Rectangle{}), portrait.ErrTooSmall},
		{"far away", onCanvas(900, 900, image.Pt(400, 400), utopian.Draw(sitter(), 100, 130)), portrait.ErrNoFace},
	}
	for _, c := range cases {
		if _, err := portrait.Examine(c.img); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func flipped(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, b.Dy()-1-y, img.At(x, y))
		}
	}
	return out
}

func TestLargePictureGivesTheSamePlaces(t *testing.T) {
	small, err := portrait.Examine(sitterPicture())
	if err != nil {
		t.Fatal(err)
	}
	large, err := portrait.Examine(utopian.Draw(sitter(), 1260, 1620))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(large.EyeDistance/2-small.EyeDistance) > 0.04*small.EyeDistance {
		t.Errorf("eyes %.1f apart, %.1f in the larger picture", small.EyeDistance, large.EyeDistance)
	}
}

func TestCropKeepsShape(t *testing.T) {
	img := sitterPicture()
	for _, r := range []image.Rectangle{image.Rect(0, 0, 600, 100), image.Rect(-50, -50, 5000, 5000), {}} {
		if b := portrait.Crop(img, r).Bounds(); b.Dx() != portrait.StandardWidth || b.Dy() != portrait.StandardHeight {
			t.Errorf("%v: %v", r, b)
		}
	}
	// A circle stays a circle: its width and height in the crop are equal.
	disc := onCanvas(900, 900, image.Point{}, image.NewGray(image.Rectangle{}))
	for y := range 900 {
		for x := range 900 {
			if math.Hypot(float64(x-450), float64(y-450)) < 200 {
				disc.Set(x, y, color.Black)
			}
		}
	}
	out := portrait.CropAt(disc, image.Rect(100, 50, 800, 950), 700)
	dark := func(x, y int) bool { r, _, _, _ := out.At(x, y).RGBA(); return r < 0x4000 }
	wide, high := 0, 0
	for x := range 700 {
		if dark(x, 400) {
			wide++
		}
	}
	for y := range 900 {
		if dark(350, y) {
			high++
		}
	}
	if wide-high > 2 || high-wide > 2 || wide < 390 {
		t.Errorf("circle is %d x %d", wide, high)
	}
}

func TestEncodeFits(t *testing.T) {
	img := sitterPicture()
	f, err := portrait.Examine(img)
	if err != nil {
		t.Fatal(err)
	}
	crop := portrait.Crop(img, f.Crop)
	previous := 0
	for _, limit := range []int{12_000, portrait.ChipBytes, 40_000} {
		a, err := portrait.Encode(crop, limit)
		if err != nil || len(a) > limit || len(a) < previous {
			t.Fatalf("%d bytes: %d, %v", limit, len(a), err)
		}
		b, err := portrait.Encode(crop, limit)
		if err != nil || !bytes.Equal(a, b) {
			t.Error("not deterministic")
		}
		if !bytes.Contains(a[:700], []byte{0xFF, 0xC0}) {
			t.Error("not baseline JPEG")
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(a))
		if err != nil || c.Width != portrait.StandardWidth || c.Height != portrait.StandardHeight {
			t.Errorf("%+v, %v", c, err)
		}
		t.Logf("limit %d: %d bytes", limit, len(a))
		previous = len(a)
	}
	if _, err := portrait.Encode(crop, 500); !errors.Is(err, portrait.ErrCannotFit) {
		t.Errorf("500 bytes: %v", err)
	}
}

func TestDecode(t *testing.T) {
	img := utopian.Draw(sitter(), 140, 180)
	var asPNG, asJPEG bytes.Buffer
	if err := png.Encode(&asPNG, img); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, img, nil); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{asPNG.Bytes(), asJPEG.Bytes()} {
		got, err := portrait.Decode(b)
		if err != nil || got.Bounds() != img.Bounds() {
			t.Errorf("%v", err)
		}
		if _, err := portrait.Decode(b[:len(b)/2]); !errors.Is(err, portrait.ErrNotPicture) {
			t.Errorf("half a picture: %v", err)
		}
	}
	bomb := bytes.Clone(asPNG.Bytes())
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 x 65536; the header's checksum is now wrong
	if _, err := portrait.Decode(bomb); err == nil {
		t.Error("a picture of 4 gigapixels was opened")
	}
	wide := bytes.Clone(asJPEG.Bytes())
	at := bytes.Index(wide, []byte{0xFF, 0xC0})
	copy(wide[at+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF})
	if _, err := portrait.Decode(wide); !errors.Is(err, portrait.ErrTooLarge) {
		t.Errorf("65535 x 65535: %v", err)
	}
	if _, err := portrait.Decode([]byte("GIF89a")); !errors.Is(err, portrait.ErrNotPicture) {
		t.Errorf("GIF: %v", err)
	}
}

func TestFindingAsJSON(t *testing.T) {
	f, err := portrait.Examine(sitterPicture())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(f)
	if err != nil || !bytes.Contains(b, []byte(`"outcome":"pass"`)) {
		t.Errorf("%s, %v", b, err)
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		img, err := portrait.Decode(b)
		if err == nil && img.Bounds().Dx()*img.Bounds().Dy() > portrait.MaxPixels {
			t.Fatal("picture beyond the bound")
		}
	})
}

func BenchmarkExamine(b *testing.B) {
	finder, err := portrait.NewFinder()
	if err != nil {
		b.Fatal(err)
	}
	img := sitterPicture()
	for b.Loop() {
		if _, err := finder.Examine(img); err != nil {
			b.Fatal(err)
		}
	}
}
