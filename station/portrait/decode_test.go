package portrait_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// cornered is a small JPEG with a dark upper left corner.
func cornered(t testing.TB, gray bool) []byte {
	t.Helper()
	colour := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			v := color.RGBA{R: 200, G: 210, B: 220, A: 255}
			if x < 16 && y < 8 {
				v = color.RGBA{R: 20, G: 10, B: 60, A: 255}
			}
			colour.Set(x, y, v)
		}
	}
	var img image.Image = colour
	if gray {
		g := image.NewGray(colour.Rect)
		for y := range 32 {
			for x := range 64 {
				g.Set(x, y, colour.At(x, y))
			}
		}
		img = g
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oriented puts an Exif segment into a JPEG.
func oriented(b []byte, orientation uint16, order binary.AppendByteOrder) []byte {
	tiff := []byte("MM\x00\x2A")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		tiff = []byte("II\x2A\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE1}, uint16(len(segment)+2))
	return append(append(head, segment...), b[2:]...)
}

// TestExifOrientation turns pictures as cameras mark them, and looks where the dark corner went.
func TestExifOrientation(t *testing.T) {
	corners := map[uint16][2]bool{ // at the right, at the foot
		1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true},
		5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	}
	for orientation, at := range corners {
		for _, gray := range []bool{false, true} {
			order := binary.AppendByteOrder(binary.BigEndian)
			if gray {
				order = binary.LittleEndian
			}
			img, err := portrait.Decode(oriented(cornered(t, gray), orientation, order))
			if err != nil {
				t.Fatal(err)
			}
			b := img.Bounds()
			if (b.Dx() == 32) != (orientation >= 5) {
				t.Errorf("orientation %d: %v", orientation, b)
			}
			x, y := 3, 3
			if at[0] {
				x = b.Dx() - 4
			}
			if at[1] {
				y = b.Dy() - 4
			}
			if v := color.GrayModel.Convert(img.At(x, y)).(color.Gray); v.Y > 60 {
				t.Errorf("orientation %d: no dark corner at %d, %d", orientation, x, y)
			}
		}
	}
}

// chunk writes a chunk of a PNG.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// pngOf is the head of a PNG of the given size; its pixels are missing.
func pngOf(w, h uint32, depth, kind byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, depth, kind, 0, 0, 0))...)
}

// jpegOf claims a size and a kind of frame in a good JPEG.
func jpegOf(t *testing.T, w, h uint16, frame byte) []byte {
	b := cornered(t, false)
	at := bytes.Index(b, []byte{0xFF, 0xC0})
	b[at+1] = frame
	binary.BigEndian.PutUint16(b[at+5:], h)
	binary.BigEndian.PutUint16(b[at+7:], w)
	return b
}

// TestBadPictures: a clear error for everything that is no portrait, and little memory for it.
func TestBadPictures(t *testing.T) {
	var moving bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
	err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	var still bytes.Buffer
	if err := png.Encode(&still, frame); err != nil {
		t.Fatal(err)
	}
	head := len(pngOf(8, 8, 8, 2))
	animated := append(append(bytes.Clone(still.Bytes()[:head]), chunk("acTL", make([]byte, 8))...), still.Bytes()[head:]...)
	whole := cornered(t, false)
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"JPEG of 100 megapixels", jpegOf(t, 10_000, 10_001, 0xC0), portrait.ErrTooLarge},
		{"JPEG of 4 gigapixels", jpegOf(t, 65_535, 65_535, 0xC0), portrait.ErrTooLarge},
		{"progressive JPEG of 30 megapixels", jpegOf(t, 6000, 5000, 0xC2), portrait.ErrTooLarge},
		{"PNG of 100 megapixels, 16 bits", pngOf(10_000, 10_000, 16, 6), portrait.ErrTooLarge},
		{"PNG bomb", pngOf(65_535, 65_535, 8, 2), portrait.ErrTooLarge},
		{"turned picture too large to turn", oriented(jpegOf(t, 8000, 6000, 0xC0), 6, binary.BigEndian), portrait.ErrTooLarge},
		{"JPEG cut off", whole[:len(whole)*2/3], portrait.ErrDamaged},
		{"JPEG of two bytes more than a name", whole[:4], portrait.ErrDamaged},
		{"PNG without pixels", pngOf(100, 100, 8, 2), portrait.ErrDamaged},
		{"animated PNG", animated, portrait.ErrMoving},
		{"animated GIF", moving.Bytes(), portrait.ErrNotPicture},
		{"PDF", []byte("%PDF-1.7\n1 0 obj <</Length 99999999999>> stream"), portrait.ErrNotPicture},
		{"WebP", []byte("RIFF\x00\x00\x00\x00WEBPVP8X"), portrait.ErrNotPicture},
		{"SVG that names a file", []byte(`<svg><image href="file:///etc/passwd"/></svg>`), portrait.ErrNotPicture},
		{"web page", []byte("<!DOCTYPE html><html><body>sign in</body></html>"), portrait.ErrNotPicture},
		{"nothing", nil, portrait.ErrNotPicture},
		{"text", []byte(strings.Repeat("a", 1<<20)), portrait.ErrNotPicture},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := portrait.Decode(tt.data)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
				t.Errorf("%d bytes were taken to refuse it", took)
			}
		})
	}
}

// TestLargestPicture opens a picture as large as it may be, examines it, and counts what that took.
func TestLargestPicture(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 9000, 6000))
	for i := range img.Pix {
		img.Pix[i] = uint8(i>>4) | 1
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 30}); err != nil {
		t.Fatal(err)
	}
	img = nil
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := portrait.Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := portrait.Examine(got); !errors.Is(err, portrait.ErrNoFace) {
		t.Errorf("a wall of noise: %v", err)
	}
	runtime.ReadMemStats(&after)
	took := (after.TotalAlloc - before.TotalAlloc) >> 20
	t.Logf("54 megapixels took %d MB", took)
	if took > 300 {
		t.Errorf("%d MB", took)
	}
}

// TestReframe moves the crop as an officer does.
func TestReframe(t *testing.T) {
	img := sitterPicture()
	f, err := portrait.Examine(img)
	if err != nil {
		t.Fatal(err)
	}
	same, err := portrait.Reframe(img, f, f.Crop)
	if err != nil || same.Outcome() != f.Outcome() || len(same.Checks) != len(f.Checks) {
		t.Errorf("the same crop: %v, %v", same.Outcome(), err)
	}
	middle := f.Crop.Min.Add(f.Crop.Max).Div(2)
	small := image.Rect(0, 0, 7*40, 9*40).Add(middle.Sub(image.Pt(140, 180)))
	tight, err := portrait.Reframe(img, f, small)
	if size, _ := tight.Check(portrait.KeyHeadSize); err != nil || size.Outcome != portrait.Fail || size.Value < 80 {
		t.Errorf("a close crop: %+v, %v", size, err)
	}
	for name, crop := range map[string]image.Rectangle{
		"square":      image.Rect(100, 100, 500, 500),
		"outside":     f.Crop.Add(image.Pt(200, 0)),
		"without eye": image.Rect(0, 0, 7*20, 9*20),
		"empty":       {},
	} {
		if _, err := portrait.Reframe(img, f, crop); !errors.Is(err, portrait.ErrCrop) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInfantsRule judges one picture by the rules for a grown person and for a newborn.
func TestInfantsRule(t *testing.T) {
	tilted := sitter()
	tilted.Tilt = 12
	finder, err := portrait.NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	img := utopian.Draw(tilted, 630, 810)
	for _, tt := range []struct {
		years int
		roll  portrait.Outcome
		ticks int
	}{{36, portrait.Fail, 9}, {4, portrait.Fail, 9}, {0, portrait.Warn, 5}} {
		who := portrait.SitterOf(tt.years)
		f, err := finder.ExamineFor(img, who)
		if err != nil {
			t.Fatal(err)
		}
		roll, _ := f.Check(portrait.KeyRoll)
		if roll.Outcome != tt.roll || len(who.Ticks()) != tt.ticks {
			t.Errorf("%s: roll of %.1f is %v, %d ticks", who, roll.Value, roll.Outcome, len(who.Ticks()))
		}
	}
}
