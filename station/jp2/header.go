package jp2

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Bounds of a picture that is opened.
const (
	MaxBytes  = 2 << 20
	MaxPixels = 4_000_000
	maxSide   = 8192
	maxTiles  = 256
	maxBoxes  = 64
	maxDepth  = 16
)

// Header is what a picture says of itself before anything is unpacked.
type Header struct {
	Width, Height int
	Components    int // 1 grey, 3 colour; a second or fourth one is opacity, which is not shown
	Depth         int // bits of a sample, the deepest
}

var (
	signature = []byte("\x00\x00\x00\x0cjP  \r\n\x87\n") // first box of a file (I.5.1)
	beginning = []byte("\xff\x4f\xff\x51")               // SOC and SIZ: first markers of a codestream (A.2)
)

// Look reads the header of a file or of a bare codestream, and refuses what is not to be opened.
func Look(b []byte) (Header, error) {
	if len(b) > MaxBytes {
		return Header{}, fmt.Errorf("%d bytes: %w", len(b), ErrTooLarge)
	}
	stream := b
	if bytes.HasPrefix(b, signature) {
		var err error
		if stream, err = codestream(b); err != nil {
			return Header{}, err
		}
	}
	if !bytes.HasPrefix(stream, beginning) {
		return Header{}, ErrNotJP2
	}
	return size(stream[len(beginning):])
}

// codestream finds the codestream among the boxes of a file (I.4).
func codestream(b []byte) ([]byte, error) {
	for range maxBoxes {
		kind, body, rest, err := box(b)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "jp2c":
			return body, nil
		case "jp2h":
			if err := noPalette(body); err != nil {
				return nil, err
			}
		}
		b = rest
	}
	return nil, fmt.Errorf("more than %d boxes: %w", maxBoxes, ErrDamaged)
}

// noPalette refuses a header that maps samples through a palette (I.5.3.4): no face has one, and it multiplies
// what a decoder takes.
func noPalette(b []byte) error {
	for range maxBoxes {
		if len(b) == 0 {
			return nil
		}
		kind, _, rest, err := box(b)
		if err != nil {
			return err
		}
		if kind == "pclr" || kind == "cmap" {
			return fmt.Errorf("palette: %w", ErrUnsupported)
		}
		b = rest
	}
	return fmt.Errorf("more than %d boxes: %w", maxBoxes, ErrDamaged)
}

// box takes the first box off (I.4).
func box(b []byte) (kind string, body, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, fmt.Errorf("boxes break off: %w", ErrDamaged)
	}
	head, length := uint64(8), uint64(binary.BigEndian.Uint32(b))
	kind = string(b[4:8])
	switch length {
	case 0: // up to the end
		length = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return "", nil, nil, fmt.Errorf("boxes break off: %w", ErrDamaged)
		}
		head, length = 16, binary.BigEndian.Uint64(b[8:])
	}
	if length < head || length > uint64(len(b)) {
		return "", nil, nil, fmt.Errorf("box %q of %d bytes: %w", kind, length, ErrDamaged)
	}
	return kind, b[head:length], b[length:], nil
}

// size reads the SIZ segment behind its marker (A.5.1).
func size(b []byte) (Header, error) {
	const fixed = 38 // bytes up to the components, the length included
	if len(b) < fixed {
		return Header{}, fmt.Errorf("header breaks off: %w", ErrDamaged)
	}
	length := int(binary.BigEndian.Uint16(b))
	at := func(i int) uint64 { return uint64(binary.BigEndian.Uint32(b[4+4*i:])) }
	count := int(binary.BigEndian.Uint16(b[36:]))
	right, foot, left, top := at(0), at(1), at(2), at(3)
	tileW, tileH, tileX, tileY := at(4), at(5), at(6), at(7)
	if length != fixed+3*count || len(b) < length || count == 0 {
		return Header{}, fmt.Errorf("header of %d bytes: %w", length, ErrDamaged)
	}
	if left >= right || top >= foot || tileW == 0 || tileH == 0 || tileX > left || tileY > top ||
		tileX+tileW <= left || tileY+tileH <= top {
		return Header{}, fmt.Errorf("sizes that contradict one another: %w", ErrDamaged)
	}
	h := Header{Width: int(right - left), Height: int(foot - top), Components: count}
	if right > maxSide || foot > maxSide || h.Width > MaxPixels/h.Height {
		return h, fmt.Errorf("%d x %d pixels: %w", h.Width, h.Height, ErrTooLarge)
	}
	if (right-tileX+tileW-1)/tileW*((foot-tileY+tileH-1)/tileH) > maxTiles {
		return h, fmt.Errorf("too many tiles: %w", ErrUnsupported)
	}
	if count > 4 {
		return h, fmt.Errorf("%d components: %w", count, ErrUnsupported)
	}
	for i := range count {
		depth, stepX, stepY := b[fixed+3*i], b[fixed+3*i+1], b[fixed+3*i+2]
		h.Depth = max(h.Depth, int(depth&0x7F)+1)
		if depth&0x80 != 0 || h.Depth > maxDepth || stepX == 0 || stepY == 0 || stepX > 2 || stepY > 2 {
			return h, fmt.Errorf("samples of component %d: %w", i, ErrUnsupported)
		}
	}
	return h, nil
}

// shown is how many components a picture is shown in: grey or colour.
func (h Header) shown() int {
	if h.Components < 3 {
		return 1
	}
	return 3
}
