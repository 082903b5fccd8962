package pwg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
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
	e.packed = pack(e.packed, e.last, e.header.Space.Bytes())
	e.repeats = 0
	_, err := e.w.Write(e.packed)
	return err
}

// pack appends one line in runs: n-1 and a pixel for n equal ones, 257-n and n pixels for others. A
// run of two equal pixels ends no literal run, as that would cost more than it saves.
func pack(dst, row []byte, size int) []byte {
	same := func(i, j int) bool { // pixels at byte offsets i and j
		for k := range size {
			if row[i+k] != row[j+k] {
				return false
			}
		}
		return true
	}
	for at := 0; at < len(row); {
		n := 1
		for n < maxRun && at+n*size < len(row) && same(at, at+n*size) {
			n++
		}
		if n > 1 || at+size >= len(row) {
			dst = append(append(dst, byte(n-1)), row[at:at+size]...)
			at += n * size
			continue
		}
		for n < maxRun && at+n*size < len(row) {
			here, rest := at+n*size, len(row)-at-n*size
			if rest >= 3*size && same(here, here+size) && same(here, here+2*size) {
				break
			}
			n++
		}
		if n == 1 {
			dst = append(append(dst, 0), row[at:at+size]...)
		} else {
			dst = append(append(dst, byte(257-n)), row[at:at+n*size]...)
		}
		at += n * size
	}
	return dst
}

// Rows writes lines from..to of a picture into band, as the colour space wants them, and returns
// the filled part. band is grown as needed.
func Rows(band []byte, img image.Image, space ColorSpace, from, to int) []byte {
	b := img.Bounds()
	band = band[:0]
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

// luma is the grey of a colour by ITU-R BT.601, as image/color has it.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
