package stream

import (
	"bufio"
	"fmt"
	"image"
	"io"
	"math"

	"padarozhnik/devices"
	"padarozhnik/printing/pwg"
)

// bandLines is how many lines of a page are encoded at a time.
const bandLines = 64

// bands calls line with each line of a sheet, three bytes a pixel.
func bands(s devices.Sheet, report devices.Report, lines func(band []byte) error) error {
	size := s.Image.Bounds().Size()
	stride := int64(3 * size.X)
	var band []byte
	for y := 0; y < size.Y; y += bandLines {
		next := min(y+bandLines, size.Y)
		band = pwg.Rows(band, s.Image, pwg.SRGB, y, next)
		if err := lines(band); err != nil {
			return err
		}
		report.At("send", int64(next)*stride, int64(size.Y)*stride)
	}
	return nil
}

// PWG is PWG raster (PWG 5102.4) in sRGB.
type PWG struct{}

// Name implements Language.
func (PWG) Name() string { return "PWGRaster" }

// Extension implements Language.
func (PWG) Extension() string { return ".pwg" }

// Encode implements Language.
func (PWG) Encode(w io.Writer, s devices.Sheet, report devices.Report) error {
	size := s.Image.Bounds().Size()
	e := pwg.NewEncoder(w)
	h := pwg.Header{
		Width: size.X, Height: size.Y, DPIX: s.DPI, DPIY: s.DPI, Space: pwg.SRGB, Pages: 1, MediaName: medium(size, s.DPI),
	}
	if err := e.Begin(h); err != nil {
		return err
	}
	return bands(s, report, e.Lines)
}

// medium is the self-describing name of the page, the short side first (PWG 5101.1, 5).
func medium(size image.Point, dpi int) string {
	mm := func(pixels int) float64 { return math.Round(float64(pixels)*25.4/float64(dpi)*2) / 2 }
	a, b := mm(min(size.X, size.Y)), mm(max(size.X, size.Y))
	return fmt.Sprintf("custom_passport_%gx%gmm", a, b)
}

// PCL is raster graphics of PCL 5 with colour: rows of three bytes a pixel (Configure Image Data, direct
// by pixel), each packed by the runs of TIFF.
type PCL struct{}

// Name implements Language.
func (PCL) Name() string { return "PCL" }

// Extension implements Language.
func (PCL) Extension() string { return ".pcl" }

// Encode implements Language.
func (PCL) Encode(w io.Writer, s devices.Sheet, report devices.Report) error {
	size := s.Image.Bounds().Size()
	out := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprintf(out, "\x1bE\x1b&u%dD\x1b*t%dR", s.DPI, s.DPI)  // reset; units and resolution
	_, _ = out.WriteString("\x1b&l0E\x1b&l0L\x1b*p0X\x1b*p0Y") // no margin, no skip, from the corner
	_, _ = out.WriteString("\x1b*v6W\x00\x03\x08\x08\x08\x08") // red, green, blue; direct by pixel
	fmt.Fprintf(out, "\x1b*r%dS\x1b*r%dT\x1b*r1A\x1b*b2M", size.X, size.Y)
	stride := 3 * size.X
	var row []byte
	err := bands(s, report, func(band []byte) error {
		for ; len(band) > 0; band = band[stride:] {
			row = packBits(row[:0], band[:stride])
			fmt.Fprintf(out, "\x1b*b%dW", len(row))
			if _, err := out.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, _ = out.WriteString("\x1b*rC\x0c\x1bE") // end of the picture, of the page, of the job
	return out.Flush()
}

// packBits appends bytes in the runs of TIFF: n-1 and n bytes as they are, or 257-n and one byte that
// comes n times. A pair does not end bytes that differ.
func packBits(dst, src []byte) []byte {
	const most = 128
	for len(src) > 0 {
		n := 1
		for n < min(most, len(src)) && src[n] == src[0] {
			n++
		}
		if n > 2 || n == len(src) && n > 1 {
			dst, src = append(dst, byte(257-n), src[0]), src[n:]
			continue
		}
		for n = 1; n < min(most, len(src)); n++ {
			if n+2 < len(src) && src[n] == src[n+1] && src[n] == src[n+2] {
				break
			}
		}
		dst, src = append(append(dst, byte(n-1)), src[:n]...), src[n:]
	}
	return dst
}
