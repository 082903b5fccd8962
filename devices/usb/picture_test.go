package usb_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"sync"

	"padarozhnik/devices"
	"padarozhnik/devices/stream"
)

// Pictures are made once for all tests, and whole rows at a time: a kernel under emulation takes long for each pixel.
var blankPages, printedPages, inkedPages sync.Map // of []byte, []byte and *image.RGBA, by dots per inch

// once makes what is not made yet.
func once[T any](made *sync.Map, dpi int, make func(dpi int) T) T {
	if v, ok := made.Load(dpi); ok {
		return v.(T)
	}
	v := make(dpi)
	made.Store(dpi, v)
	return v
}

// blankPage is a white page in a file.
func blankPage(dpi int) []byte {
	return once(&blankPages, dpi, func(dpi int) []byte {
		page := image.NewGray(size(dpi))
		draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
		return pngOf(page)
	})
}

// printedPage is a page in a file that carries ink.
func printedPage(dpi int) []byte {
	return once(&printedPages, dpi, func(dpi int) []byte { return pngOf(inkedPage(dpi)) })
}

func pngOf(page image.Image) []byte {
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, page); err != nil {
		panic(err) // a buffer takes everything
	}
	return buf.Bytes()
}

func size(dpi int) image.Rectangle {
	pixels := func(mm int) int { return (mm*dpi*10 + 127) / 254 }
	return image.Rect(0, 0, pixels(125), pixels(88))
}

// inkedPage is a page with a strip on its left in which no two rows are alike, so that nothing makes it short on its
// way.
func inkedPage(dpi int) *image.RGBA {
	return once(&inkedPages, dpi, func(dpi int) *image.RGBA {
		page := image.NewRGBA(size(dpi))
		draw.Draw(page, page.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		const strip = 4 * 120
		noise := make([]byte, strip+4*page.Rect.Dy())
		_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
		for n := 3; n < len(noise); n += 4 {
			noise[n] = 0xff
		}
		for y := range page.Rect.Dy() {
			copy(page.Pix[y*page.Stride:], noise[4*y:4*y+strip])
		}
		return page
	})
}

// sheet is such a page for a printer.
func sheet(dpi int) devices.Sheet {
	return devices.Sheet{Image: inkedPage(dpi), DPI: dpi, Title: "U0000001"}
}

// encoded is how many bytes a page is on its way.
func encoded(dpi int) int64 {
	var page bytes.Buffer
	if err := (stream.PWG{}).Encode(&page, sheet(dpi), nil); err != nil {
		panic(err) // a buffer takes everything
	}
	return int64(page.Len())
}

// inked tells whether a book's page carries ink.
func (b *bench) inked(serial string) bool {
	b.t.Helper()
	f, err := os.Open(b.desk.PagePath(serial))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		b.t.Fatal(err)
	}
	for y := range img.Bounds().Dy() / 8 {
		for x := range 100 {
			if r, _, _, _ := img.At(x, y*8).RGBA(); r < 0x8000 {
				return true
			}
		}
	}
	return false
}
