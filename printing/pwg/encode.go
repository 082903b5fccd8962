package pwg

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/bits"
)

// Limits of the compression (PWG 5102.4, 4.4).
const (
	maxLineRepeat = 256
	maxRun        = 128
)

// Encoder writes pages to a stream. After an error it must not be used again.
type Encoder struct {
	w       *bufio.Writer
	begun   bool
	header  Header
	left    int    // lines of the page still to come
	last    []byte // line not written yet
	repeats int    // how often last came
	packed  []byte
}

// NewEncoder returns an encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: bufio.NewWriterSize(w, 64<<10)} }

// Begin starts a page. The page before must be complete.
func (e *Encoder) Begin(h Header) error {
	if err := h.check(); err != nil {
		return fmt.Errorf("pwg page: %w", err)
	}
	if e.left != 0 {
		return fmt.Errorf("pwg page: %d lines of the page before are missing", e.left)
	}
	if !e.begun {
		if _, err := e.w.WriteString(syncWord); err != nil {
			return fmt.Errorf("pwg page: %w", err)
		}
		e.begun = true
	}
	if _, err := e.w.Write(h.marshal()); err != nil {
		return fmt.Errorf("pwg page: %w", err)
	}
	e.header, e.left, e.repeats = h, h.Height, 0
	e.last = append(e.last[:0], make([]byte, h.stride())...)
	return nil
}

// Lines adds whole lines of the page, as many as band holds.
func (e *Encoder) Lines(band []byte) error {
	stride := e.header.stride()
	if stride == 0 || len(band)%stride != 0 || len(band)/stride > e.left {
		return errors.New("pwg lines: not whole lines of the page")
	}
	for ; len(band) > 0; band = band[stride:] {
		if err := e.line(band[:stride]); err != nil {
			return fmt.Errorf("pwg lines: %w", err)
		}
	}
	if e.left == 0 {
		if err := e.writeLast(); err != nil {
			return fmt.Errorf("pwg lines: %w", err)
		}
		if err := e.w.Flush(); err != nil {
			return fmt.Errorf("pwg lines: %w", err)
		}
	}
	return nil
}

// line holds a line back until one comes that differs.
func (e *Encoder) line(row []byte) error {
	if e.repeats == 0 || e.repeats == maxLineRepeat || !bytes.Equal(row, e.last) {
		if err := e.writeLast(); err != nil {
			return err
		}
		copy(e.last, row)
	}
	e.repeats++
	e.left--
	return nil
}

// writeLast writes the line held back with its count.
func (e *Encoder) writeLast() error {
	if e.repeats == 0 {
		return nil
	}
	e.packed = append(e.packed[:0], byte(e.repeats-1))
	e.packed = Pack(e.packed, e.last, e.header.Space)
	e.repeats = 0
	_, err := e.w.Write(e.packed)
	return err
}

// Pack appends one line in runs: n-1 and a pixel for n equal ones, 257-n and n pixels for others. A
// run of two equal pixels ends no literal run, as that would cost more than it saves.
func Pack(dst, row []byte, space ColorSpace) []byte {
	size := space.Bytes()
	for at := 0; at < len(row); {
		if n := equal(row[at:min(len(row), at+maxRun*size)], size); n > 1 || at+size >= len(row) {
			dst = append(append(dst, byte(n-1)), row[at:at+size]...)
			at += n * size
			continue
		}
		n := differing(row[at:min(len(row), at+(maxRun+2)*size)], size)
		if n == 1 {
			dst = append(dst, 0)
		} else {
			dst = append(dst, byte(257-n))
		}
		dst = append(dst, row[at:at+n*size]...)
		at += n * size
	}
	return dst
}

// equal counts the pixels at the beginning of row that are alike, eight bytes at a time.
func equal(row []byte, size int) int {
	i := size
	for ; i+8 <= len(row); i += 8 {
		differs := binary.LittleEndian.Uint64(row[i:]) ^ binary.LittleEndian.Uint64(row[i-size:])
		if differs != 0 {
			return (i + bits.TrailingZeros64(differs)/8) / size
		}
	}
	for ; i < len(row) && row[i] == row[i-size]; i++ {
	}
	return i / size
}

// differing counts the pixels at the beginning of row before three alike, at least one and at most
// maxRun. row reaches two pixels farther where the line does.
func differing(row []byte, size int) int {
	most := min(maxRun, len(row)/size)
	if len(row) < 3*size {
		return most
	}
	pixel := func(at int) uint32 {
		if size == 1 {
			return uint32(row[at])
		}
		p := row[at : at+3 : at+3]
		return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16
	}
	here := pixel(size)
	for n := 1; n < most && (n+3)*size <= len(row); n++ {
		next := pixel((n + 1) * size)
		if here == next && pixel((n+2)*size) == next {
			return n
		}
		here = next
	}
	return most
}

// Rower is a picture that makes its lines when they are asked for.
type Rower interface {
	image.Image
	// AppendRGB appends the lines from..to, counted from the top, three bytes a pixel, red first.
	AppendRGB(dst []byte, from, to int) []byte
}

// Rows writes lines from..to of a picture into band, as the colour space wants them, and returns
// the filled part. band is grown as needed.
func Rows(band []byte, img image.Image, space ColorSpace, from, to int) []byte {
	band = band[:0]
	if r, ok := img.(Rower); ok {
		band = r.AppendRGB(band, from, to)
		if space == SGray {
			band = grays(band)
		}
		return band
	}
	b := img.Bounds()
	for y := b.Min.Y + from; y < b.Min.Y+to; y++ {
		band = appendRow(band, img, space, y)
	}
	return band
}

func appendRow(band []byte, img image.Image, space ColorSpace, y int) []byte {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.RGBA:
		row := m.Pix[m.PixOffset(b.Min.X, y) : m.PixOffset(b.Max.X-1, y)+4]
		for i := 0; i < len(row); i += 4 {
			if space == SRGB {
				band = append(band, row[i], row[i+1], row[i+2])
			} else {
				band = append(band, luma(row[i], row[i+1], row[i+2]))
			}
		}
		return band
	case *image.Gray:
		for _, v := range m.Pix[m.PixOffset(b.Min.X, y) : m.PixOffset(b.Max.X-1, y)+1] {
			if space == SRGB {
				band = append(band, v, v)
			}
			band = append(band, v)
		}
		return band
	}
	for x := b.Min.X; x < b.Max.X; x++ {
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		if space == SRGB {
			band = append(band, c.R, c.G, c.B)
		} else {
			band = append(band, luma(c.R, c.G, c.B))
		}
	}
	return band
}

// grays turns pixels of three bytes into grey ones, in place.
func grays(rgb []byte) []byte {
	n := 0
	for p := rgb; len(p) >= 3; p = p[3:] {
		rgb[n] = luma(p[0], p[1], p[2])
		n++
	}
	return rgb[:n]
}

// luma is the grey of a colour by ITU-R BT.601, as image/color has it.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
