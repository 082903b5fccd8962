package pwg

import (
	"errors"
	"fmt"
	"image"
	"io"
)

// Decoder reads pages from a stream.
type Decoder struct {
	r       io.Reader
	buf     []byte // read and not used yet
	begun   bool
	limit   int
	header  Header
	left    int    // lines of the page still to come
	row     []byte // the line that repeats
	repeats int
}

// bufferSize is how much is read at a time, at least.
const bufferSize = 64 << 10

// NewDecoder returns a decoder that refuses pages of more than maxPixels.
func NewDecoder(r io.Reader, maxPixels int) *Decoder {
	return &Decoder{r: r, buf: make([]byte, 0, bufferSize), limit: maxPixels}
}

// fill reads something more behind what is there.
func (d *Decoder) fill() error {
	if len(d.buf) == cap(d.buf) {
		// All of the room behind what is used: the rest moves to the front of a buffer as large as it needs.
		d.buf = append(make([]byte, 0, max(bufferSize, 2*len(d.buf))), d.buf...)
	}
	for range 100 {
		n, err := d.r.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+n]
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// take returns the next n bytes, valid until the next call. It returns io.EOF where there are none.
func (d *Decoder) take(n int) ([]byte, error) {
	for len(d.buf) < n {
		if err := d.fill(); err != nil {
			if len(d.buf) > 0 {
				err = short(err)
			}
			return nil, err
		}
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b, nil
}

// Next reads the header of the next page. It returns io.EOF after the last one. The lines of the
// page before must have been read.
func (d *Decoder) Next() (Header, error) {
	if d.left != 0 {
		return Header{}, fmt.Errorf("pwg page: %d lines of the page before are unread", d.left)
	}
	if !d.begun {
		word, err := d.take(len(syncWord))
		if err != nil {
			return Header{}, fmt.Errorf("pwg file: %w: %w", short(err), ErrFormat)
		}
		if string(word) != syncWord {
			return Header{}, fmt.Errorf("pwg file: no sync word: %w", ErrFormat)
		}
		d.begun = true
	}
	raw, err := d.take(headerSize)
	if errors.Is(err, io.EOF) {
		return Header{}, io.EOF
	} else if err != nil {
		return Header{}, fmt.Errorf("pwg page: %w: %w", err, ErrFormat)
	}
	h, err := parseHeader(raw)
	if err != nil {
		return Header{}, fmt.Errorf("pwg: %w", err)
	}
	if h.Width > d.limit/h.Height {
		return Header{}, fmt.Errorf("pwg page of %d x %d pixels is too large: %w", h.Width, h.Height, ErrFormat)
	}
	d.header, d.left, d.repeats = h, h.Height, 0
	d.row = make([]byte, h.stride())
	return h, nil
}

// Line returns the next line of the page. It is valid until the next call. After the last line of
// a page it returns io.EOF.
func (d *Decoder) Line() ([]byte, error) {
	if d.left == 0 {
		return nil, io.EOF
	}
	if d.repeats == 0 {
		n, err := d.take(1)
		if err != nil {
			return nil, fmt.Errorf("pwg line: %w: %w", short(err), ErrFormat)
		}
		if d.repeats = int(n[0]) + 1; d.repeats > d.left {
			return nil, fmt.Errorf("pwg line: repeated past the end of the page: %w", ErrFormat)
		}
		if err := d.unpack(); err != nil {
			return nil, fmt.Errorf("pwg line: %w: %w", err, ErrFormat)
		}
	}
	d.repeats--
	d.left--
	return d.row, nil
}

// unpack reads the runs of one line.
func (d *Decoder) unpack() error {
	for {
		rest, err := Unpack(d.row, d.buf, d.header.Space)
		if err == nil {
			d.buf = rest
			return nil
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if err := d.fill(); err != nil {
			return short(err)
		}
	}
}

// Unpack reads the runs of one line from src into row and returns what follows them. It returns
// io.ErrUnexpectedEOF where src ends before the line does.
func Unpack(row, src []byte, space ColorSpace) ([]byte, error) {
	size := space.Bytes()
	for len(row) > 0 {
		if len(src) < 1 {
			return nil, io.ErrUnexpectedEOF
		}
		code := int(src[0])
		src = src[1:]
		switch {
		case code < 128: // code+1 equal pixels
			n := (code + 1) * size
			switch {
			case n > len(row):
				return nil, errors.New("run past the end of the line")
			case len(src) < size:
				return nil, io.ErrUnexpectedEOF
			}
			for k := copy(row[:n], src[:size]); k < n; k *= 2 {
				copy(row[k:n], row[:k])
			}
			row, src = row[n:], src[size:]
		case code > 128: // 257-code different pixels
			n := (257 - code) * size
			switch {
			case n > len(row):
				return nil, errors.New("pixels past the end of the line")
			case len(src) < n:
				return nil, io.ErrUnexpectedEOF
			}
			copy(row[:n], src)
			row, src = row[n:], src[n:]
		default:
			return nil, errors.New("reserved run code 128")
		}
	}
	return src, nil
}

// short turns the end of a stream in the middle of a page into what it is.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// DecodePage reads the next page as a picture: *image.Gray for SGray, *image.RGBA for SRGB. Memory
// grows with the lines that really come. Where the stream breaks off it returns the lines that came
// (below them the picture is white), with the error.
func (d *Decoder) DecodePage() (image.Image, Header, error) {
	h, err := d.Next()
	if err != nil {
		return nil, Header{}, err
	}
	var pix []byte
	for {
		row, lineErr := d.Line()
		if errors.Is(lineErr, io.EOF) && d.left == 0 {
			break
		}
		if lineErr != nil {
			err = lineErr
			break
		}
		pix = append(pix, row...)
	}
	if len(pix) == 0 {
		return nil, h, err
	}
	return picture(h, pix), h, err
}

// picture lays lines out as an image, white where lines are missing.
func picture(h Header, pix []byte) image.Image {
	r := image.Rect(0, 0, h.Width, h.Height)
	if h.Space == SGray {
		out := image.NewGray(r)
		n := copy(out.Pix, pix)
		for i := n; i < len(out.Pix); i++ {
			out.Pix[i] = 0xff
		}
		return out
	}
	out := image.NewRGBA(r)
	for i := range out.Pix {
		out.Pix[i] = 0xff
	}
	for i := 0; i+2 < len(pix); i += 3 {
		copy(out.Pix[i/3*4:], pix[i:i+3])
	}
	return out
}
