package portrait

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

// ChipBytes is the size of the portrait on the chip.
const ChipBytes = 20_000

// minQuality is the worst JPEG quality that still shows a face well.
const minQuality = 20

// Encode writes a picture as baseline JPEG of at most maxBytes at the best quality that fits. The
// same picture gives the same bytes. It returns ErrCannotFit below a quality that shows a face.
func Encode(img image.Image, maxBytes int) ([]byte, error) {
	flat := onWhite(img)
	var best []byte
	low, high := minQuality, 100
	for low <= high {
		quality := (low + high) / 2
		b, err := encodeAt(flat, quality)
		if err != nil {
			return nil, err
		}
		if len(b) > maxBytes {
			high = quality - 1
			continue
		}
		best, low = b, quality+1
	}
	if best == nil {
		return nil, fmt.Errorf("%d bytes: %w", maxBytes, ErrCannotFit)
	}
	return best, nil
}

func encodeAt(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode portrait: %w", err)
	}
	return b.Bytes(), nil
}

// onWhite returns an opaque copy whose bounds begin at 0, 0.
func onWhite(img image.Image) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, b.Min, draw.Over)
	return out
}
