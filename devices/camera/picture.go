package camera

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"github.com/vladimirvivien/go4vl/v4l2"
)

// errDamaged: a picture is not what the mode says.
var errDamaged = errors.New("damaged picture")

// decode opens a picture of a stream. The bytes may change once it has returned.
func decode(f v4l2.PixFormat, b []byte) (image.Image, error) {
	if f.PixelFormat == v4l2.PixelFmtMJPEG {
		return motionJPEG(int(f.Width), int(f.Height), b)
	}
	return yuyv(int(f.Width), int(f.Height), int(f.BytesPerLine), f.Quantization != v4l2.QuantizationFullRange, b)
}

// yuyv spreads lines of Y0 Cb Y1 Cr, two pixels in four bytes, over three planes. A line takes stride bytes. Limited
// values, which are the rule, leave room at both ends (ITU-R BT.601: 16 to 235 for light, 16 to 240 for
// colour) and are spread to the whole range, without which every portrait would be grey.
func yuyv(width, height, stride int, limited bool, b []byte) (image.Image, error) {
	stride = max(stride, 2*width)
	if width%2 != 0 || len(b) < stride*(height-1)+2*width {
		return nil, fmt.Errorf("%d bytes for %d x %d pixels: %w", len(b), width, height, errDamaged)
	}
	light, colour := ranges(limited)
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio422)
	for y := range height {
		line := b[y*stride:][:2*width]
		luma, cb, cr := img.Y[y*img.YStride:], img.Cb[y*img.CStride:], img.Cr[y*img.CStride:]
		for x := range width / 2 {
			four := line[4*x : 4*x+4 : 4*x+4]
			luma[2*x], cb[x], luma[2*x+1], cr[x] = light[four[0]], colour[four[1]], light[four[2]], colour[four[3]]
		}
	}
	return img, nil
}

// ranges are the tables by which light and colour become values of the whole range.
func ranges(limited bool) (light, colour [256]byte) {
	for v := range 256 {
		light[v], colour[v] = byte(v), byte(v)
		if limited {
			light[v] = byte(min(max((v-16)*255+109, 0)/219, 255))
			colour[v] = byte(min(max((v-128)*255+128*224+112, 0)/224, 255))
		}
	}
	return light, colour
}

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markSOI = 0xD8
	markDHT = 0xC4
	markSOS = 0xDA
)

// motionJPEG opens one picture. Many cameras leave out the Huffman tables, which are always those of ITU-T T.81,
// annex K.3; they are put in where they are missing.
func motionJPEG(width, height int, b []byte) (image.Image, error) {
	if len(b) < 4 || b[0] != 0xFF || b[1] != markSOI {
		return nil, fmt.Errorf("no JPEG: %w", errDamaged)
	}
	var r io.Reader = bytes.NewReader(b)
	if segment(b, markDHT) < 0 {
		tables, err := usualTables()
		if err != nil {
			return nil, err
		}
		r = io.MultiReader(bytes.NewReader(b[:2]), bytes.NewReader(tables), bytes.NewReader(b[2:]))
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width != width || c.Height != height {
		return nil, fmt.Errorf("%d x %d pixels where %d x %d were set: %w", c.Width, c.Height, width, height, errDamaged)
	}
	img, err := jpeg.Decode(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return img, nil
}

// segment returns where the first segment with a marker begins, before the picture's own bytes, or -1.
func segment(b []byte, marker byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xFF; {
		switch b[at+1] {
		case marker:
			return at
		case markSOS:
			return -1
		}
		at += 2 + int(b[at+2])<<8 + int(b[at+3])
	}
	return -1
}

// usualTables are the segments of the usual Huffman tables: those that Go's own encoder writes.
func usualTables() ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420), nil); err != nil {
		return nil, err
	}
	at := segment(b.Bytes(), markDHT)
	if at < 0 {
		return nil, errDamaged
	}
	size := 2 + int(b.Bytes()[at+2])<<8 + int(b.Bytes()[at+3]) // one segment holds the four tables
	return b.Bytes()[at : at+size], nil
}
