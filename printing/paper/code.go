package paper

import (
	"errors"
	"fmt"
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"golang.org/x/image/draw"
)

// ErrNoCode: the picture shows no QR code that can be read.
var ErrNoCode = errors.New("no QR code in the picture")

// quietModules is the clear margin around a code (ISO/IEC 18004, 5.3.8).
const quietModules = 4

// Code draws text as a QR code of a size, at the left or, with beside, at the right edge beside what
// is written next. Its modules are drawn as rectangles, so that it is sharp at every resolution.
func (s *Sheet) Code(text string, sizeMM float64, beside bool) {
	modules, err := encode(text)
	if err != nil {
		s.err = errors.Join(s.err, err)
		return
	}
	n := modules.GetWidth()
	unit := sizeMM / float64(n+2*quietModules)
	if !beside {
		s.room(sizeMM)
	}
	x, y := marginMM, s.pdf.GetY()
	if beside {
		x = marginMM + columnMM - sizeMM
	}
	s.pdf.SetFillColor(0, 0, 0)
	for row := range n {
		for col := 0; col < n; col++ {
			run := 0
			for col+run < n && modules.Get(col+run, row) {
				run++
			}
			if run > 0 {
				s.pdf.Rect(x+float64(col+quietModules)*unit, y+float64(row+quietModules)*unit,
					float64(run)*unit, unit, "F")
				col += run
			}
		}
	}
	if !beside {
		s.pdf.SetXY(marginMM, y+sizeMM)
	}
}

// encode makes the smallest code that holds the text and can lose a seventh of itself.
func encode(text string) (*gozxing.BitMatrix, error) {
	hints := map[gozxing.EncodeHintType]any{
		gozxing.EncodeHintType_ERROR_CORRECTION: decoder.ErrorCorrectionLevel_M,
		gozxing.EncodeHintType_MARGIN:           0,
	}
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 0, 0, hints)
	if err != nil {
		return nil, fmt.Errorf("QR code of %d characters: %w", len(text), err)
	}
	return m, nil
}

// Picture draws text as a QR code of black and white pixels, modulePx on each module.
func Picture(text string, modulePx int) (image.Image, error) {
	m, err := encode(text)
	if err != nil {
		return nil, err
	}
	side := (m.GetWidth() + 2*quietModules) * modulePx
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		x, y := i%img.Stride/modulePx-quietModules, i/img.Stride/modulePx-quietModules
		if x < 0 || y < 0 || x >= m.GetWidth() || y >= m.GetHeight() || !m.Get(x, y) {
			img.Pix[i] = 0xff
		}
	}
	return img, nil
}

// Enlargements under which a picture is looked at, in quarters: where modules and pixels beat against each other the
// grid of a code is measured a module wrong, and under another enlargement it is not.
var quarters = []int{4, 3, 6, 5, 2, 8}

// mostPixels bounds what an enlarged picture may have.
const mostPixels = 16 << 20

// ReadCode reads the QR code in a picture: a scan or a photograph. It returns ErrNoCode where no way of looking at
// it finds one.
func ReadCode(img image.Image) (string, error) {
	for _, q := range quarters {
		b := img.Bounds()
		w, h := b.Dx()*q/4, b.Dy()*q/4
		if w < 1 || h < 1 || w > mostPixels/h {
			continue
		}
		seen := img
		if q != 4 {
			scaled := image.NewGray(image.Rect(0, 0, w, h))
			draw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), img, b, draw.Src, nil)
			seen = scaled
		}
		source := gozxing.NewLuminanceSourceFromImage(seen)
		for _, binarizer := range []gozxing.Binarizer{
			gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source),
		} {
			if text, ok := decode(binarizer); ok {
				return text, nil
			}
		}
	}
	return "", ErrNoCode
}

// decode looks for a code in a picture of two tones.
func decode(b gozxing.Binarizer) (text string, ok bool) {
	bitmap, err := gozxing.NewBinaryBitmap(b)
	if err != nil {
		return "", false
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return "", false
	}
	return found.GetText(), true
}
