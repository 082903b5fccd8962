package portrait

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Bounds of a picture that Decode opens: more is no camera and no scanner of an office. maxMemory is what
// unpacking may take at its height.
const (
	MaxPixels = 100_000_000
	maxMemory = 200 << 20
)

var pngMagic = []byte("\x89PNG\r\n\x1a\n")

// Decode opens a JPEG or PNG picture and turns it the way up that its Exif orientation tells. Everything
// that decides on memory is read before any pixel is unpacked. It returns ErrTooLarge for a picture whose
// unpacking would take more than 200 MB, ErrMoving for an animated one, ErrDamaged for
// one that breaks off, and ErrNotPicture for all other bytes: PDF, GIF, WebP, HTML and programs among them.
// Nothing but the bytes is looked at; no name, no address in them is followed.
func Decode(b []byte) (image.Image, error) {
	head, decode, err := look(b)
	if err != nil {
		return nil, err
	}
	if !head.fits() {
		return nil, fmt.Errorf("%d x %d pixels: %w", head.Width, head.Height, ErrTooLarge)
	}
	img, err := decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("picture: %w: %w", ErrDamaged, err)
	}
	return upright(img, head.orientation), nil
}

// header is what is known of a picture before it is unpacked.
type header struct {
	image.Config
	orientation int // Exif 2.32, 4.6.5.1.5: 1 to 8
	progressive bool
}

// look reads the header of a picture.
func look(b []byte) (h header, decode func(*bytes.Reader) (image.Image, error), err error) {
	h.orientation = 1
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}):
		h.Config, err = jpeg.DecodeConfig(bytes.NewReader(b))
		h.scanSegments(b)
		decode = func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }
	case bytes.HasPrefix(b, pngMagic):
		if moves(b) {
			return h, nil, ErrMoving
		}
		h.Config, err = png.DecodeConfig(bytes.NewReader(b))
		decode = func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }
	default:
		return h, nil, ErrNotPicture
	}
	if err != nil {
		err = fmt.Errorf("picture header: %w: %w", ErrDamaged, err)
	}
	return h, decode, err
}

// fits says whether unpacking stays within bounds: the pixels, the coefficients that a progressive JPEG
// keeps beside them, and a second copy where the picture must be turned.
func (h header) fits() bool {
	if h.Width <= 0 || h.Height <= 0 || h.Width > MaxPixels/h.Height {
		return false
	}
	size := int64(3)
	switch h.ColorModel {
	case color.GrayModel:
		size = 1
	case color.Gray16Model:
		size = 2
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel:
		size = 4
	case color.RGBA64Model, color.NRGBA64Model:
		size = 8
	}
	if _, palette := h.ColorModel.(color.Palette); palette {
		size = 1
	}
	each := size
	if h.progressive {
		each += 4 * size
	}
	if h.orientation != 1 {
		each = max(each, 2*size)
	}
	return each*int64(h.Width)*int64(h.Height) <= maxMemory
}

// moves tells an animated PNG: its control chunk stands before the pixels (PNG, third edition, 11.3.6.1).
func moves(b []byte) bool {
	for at := len(pngMagic); at+8 <= len(b); {
		size, kind := binary.BigEndian.Uint32(b[at:]), string(b[at+4:at+8])
		if kind == "acTL" {
			return true
		}
		if kind == "IDAT" || uint64(size)+12 > uint64(len(b)-at) {
			return false
		}
		at += int(size) + 12
	}
	return false
}

// scanSegments looks through the segments of a JPEG up to its pixels, for the kind of its frame and the
// orientation.
func (h *header) scanSegments(b []byte) {
	for at := 2; at+4 <= len(b) && b[at] == 0xFF; {
		marker, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0xFF { // padding
			at++
			continue
		}
		if marker == 0xDA || size < 2 || at+2+size > len(b) {
			return
		}
		segment := b[at+4 : at+2+size]
		switch marker {
		case 0xC2:
			h.progressive = true
		case 0xE1:
			if exif, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok {
				h.orientation = orientationOf(exif)
			}
		}
		at += 2 + size
	}
}

// orientationOf finds tag 0x0112 in the first directory of a TIFF structure; 1 where there is none.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := uint64(order.Uint16(tiff[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if v := int(order.Uint16(tiff[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
