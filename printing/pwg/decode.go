package pwg

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"io"
)

// Decoder reads pages from a stream.
type Decoder struct {
	r       *bufio.Reader
	begun   bool
	limit   int
	header  Header
	left    int    // lines of the page still to come
	row     []byte // the line that repeats
	repeats int
}

// NewDecoder returns a decoder that refuses pages of more than maxPixels.
func NewDecoder(r io.Reader, maxPixels int) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 64<<10), limit: maxPixels}
}

// Next reads the header of the next page. It returns io.EOF after the last one. The lines of the
// page before must have been read.
func (d *Decoder) Next() (Header, error) {
	if d.left != 0 {
		return Header{}, fmt.Errorf("pwg page: %d lines of the page before are unread", d.left)
	}
	if !d.begun {
		var word [4]byte
		if _, err := io.ReadFull(d.r, word[:]); err != nil {
			return Header{}, fmt.Errorf("pwg file: %w: %w", short(err), ErrFormat)
		}
		if string(word[:]) != syncWord {
			return Header{}, fmt.Errorf("pwg file: no sync word: %w", ErrFormat)
		}
		d.begun = true
	}
	raw := make([]byte, headerSize)
	if _, err := io.ReadFull(d.r, raw); errors.Is(err, io.EOF) {
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
		n, err := d.r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("pwg line: %w: %w", short(err), ErrFormat)
		}
		if d.repeats = int(n) + 1; d.repeats > d.left {
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
	size := d.header.Space.Bytes()
	for at := 0; at < len(d.row); {
		code, err := d.r.ReadByte()
		if err != nil {
			return short(err)
		}
		rest := d.row[at:]
		switch {
		case code < 128: // code+1 equal pixels
			n := (int(code) + 1) * size
			if n > len(rest) {
				return errors.New("run past the end of the line")
			}
			if _, err := io.ReadFull(d.r, rest[:size]); err != nil {
				return short(err)
			}
			for k := size; k < n; k++ {
				rest[k] = rest[k-size]
			}
			at += n
		case code > 128: // 257-code different pixels
			n := (257 - int(code)) * size
			if n > len(rest) {
				return errors.New("pixels past the end of the line")
			}
			if _, err := io.ReadFull(d.r, rest[:n]); err != nil {
				return short(err)
			}
			at += n
		default:
			return errors.New("reserved run code 128")
		}
	}
	return nil
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
