// Package pwg writes and reads PWG raster, the page format that driverless printers take
// (PWG 5102.4-2012): a four-byte sync word, then for each page a header of 1796 bytes and the lines,
// top to bottom, compressed by repeated lines and by runs of pixels.
//
// Only what a colour printer of data pages needs is here: chunky pixels, 24-bit sRGB or 8-bit grey.
// Both directions work line by line, so a page at 1200 dpi never lies in memory twice.
package pwg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// syncWord begins a file: big endian (PWG 5102.4, 4.2).
const syncWord = "RaS2"

// headerSize is the length of a page header in bytes (PWG 5102.4, 4.3).
const headerSize = 1796

// Offsets into the page header (PWG 5102.4, table 2).
const (
	offMediaClass   = 0
	offResolution   = 276
	offNumCopies    = 340
	offPageSize     = 352
	offWidth        = 372
	offHeight       = 376
	offBitsPerColor = 384
	offBitsPerPixel = 388
	offBytesPerLine = 392
	offColorOrder   = 396
	offColorSpace   = 400
	offNumColors    = 420
	offTotalPages   = 452
	offCrossFeed    = 456
	offFeed         = 460
	offImageBox     = 464 // left, top, right, bottom
	offQuality      = 484
	offPageSizeName = 1732
	nameLength      = 64
)

// mediaClass is the fixed first field.
const mediaClass = "PwgRaster"

// ErrFormat is wrapped by every error about bytes that are not PWG raster as this package reads it.
var ErrFormat = errors.New("not PWG raster that can be read")

// ColorSpace says how a pixel is coded.
type ColorSpace uint32

// Colour spaces (PWG 5102.4, table 4): the names of IPP are sgray_8 and srgb_8.
const (
	SGray ColorSpace = 18 // one byte, 0 is black
	SRGB  ColorSpace = 19 // three bytes, red first
)

// Bytes is the length of a pixel, 0 for a space that is not known.
func (c ColorSpace) Bytes() int {
	switch c {
	case SGray:
		return 1
	case SRGB:
		return 3
	}
	return 0
}

// String returns the word that IPP uses in pwg-raster-document-type-supported.
func (c ColorSpace) String() string {
	switch c {
	case SGray:
		return "sgray_8"
	case SRGB:
		return "srgb_8"
	}
	return fmt.Sprintf("color space %d", uint32(c))
}

// Header describes one page.
type Header struct {
	Width, Height int // pixels
	DPIX, DPIY    int
	Space         ColorSpace
	Pages         int    // pages in the document, 0 if unknown
	MediaName     string // self-describing name of the medium (PWG 5101.1), at most 63 bytes
}

// check refuses a header that cannot be written, or that was read and makes no sense.
func (h Header) check() error {
	const most = 1 << 17
	if h.Width < 1 || h.Height < 1 || h.Width > most || h.Height > most {
		return fmt.Errorf("page of %d x %d pixels", h.Width, h.Height)
	}
	if h.DPIX < 1 || h.DPIY < 1 || h.DPIX > 9600 || h.DPIY > 9600 {
		return fmt.Errorf("resolution of %d x %d dpi", h.DPIX, h.DPIY)
	}
	if h.Space.Bytes() == 0 {
		return fmt.Errorf("%v", h.Space)
	}
	if h.Pages < 0 || len(h.MediaName) >= nameLength || strings.ContainsRune(h.MediaName, 0) {
		return errors.New("pages or name of the medium")
	}
	return nil
}

// stride is the length of a line in bytes.
func (h Header) stride() int { return h.Width * h.Space.Bytes() }

// points converts pixels to the unit of PageSize, 1/72 inch.
func points(pixels, dpi int) uint32 { return uint32(math.Round(float64(pixels) * 72 / float64(dpi))) }

// marshal returns the 1796 bytes.
func (h Header) marshal() []byte {
	b := make([]byte, headerSize)
	put := func(at int, values ...uint32) {
		for i, v := range values {
			binary.BigEndian.PutUint32(b[at+4*i:], v)
		}
	}
	copy(b[offMediaClass:], mediaClass)
	put(offResolution, uint32(h.DPIX), uint32(h.DPIY))
	put(offNumCopies, 1)
	put(offPageSize, points(h.Width, h.DPIX), points(h.Height, h.DPIY))
	put(offWidth, uint32(h.Width), uint32(h.Height))
	put(offBitsPerColor, 8)
	put(offBitsPerPixel, uint32(8*h.Space.Bytes()))
	put(offBytesPerLine, uint32(h.stride()))
	put(offColorSpace, uint32(h.Space))
	put(offNumColors, uint32(h.Space.Bytes()))
	put(offTotalPages, uint32(h.Pages))
	put(offCrossFeed, 1)
	put(offFeed, 1)
	put(offImageBox, 0, 0, uint32(h.Width), uint32(h.Height))
	const high = 5
	put(offQuality, high)
	copy(b[offPageSizeName:offPageSizeName+nameLength-1], h.MediaName)
	return b
}

// parseHeader reads the 1796 bytes and refuses what the decoder cannot follow.
func parseHeader(b []byte) (Header, error) {
	get := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	if !bytes.HasPrefix(b[offMediaClass:], []byte(mediaClass+"\x00")) {
		return Header{}, fmt.Errorf("page header: no %s: %w", mediaClass, ErrFormat)
	}
	name, _, _ := bytes.Cut(b[offPageSizeName:offPageSizeName+nameLength-1], []byte{0})
	for _, at := range []int{offWidth, offHeight, offResolution, offResolution + 4, offTotalPages} {
		if get(at) > math.MaxInt32 {
			return Header{}, fmt.Errorf("page header: number at %d: %w", at, ErrFormat)
		}
	}
	h := Header{
		Width: int(get(offWidth)), Height: int(get(offHeight)),
		DPIX: int(get(offResolution)), DPIY: int(get(offResolution + 4)),
		Space: ColorSpace(get(offColorSpace)), Pages: int(get(offTotalPages)), MediaName: string(name),
	}
	if err := h.check(); err != nil {
		return Header{}, fmt.Errorf("page header: %w: %w", err, ErrFormat)
	}
	pixel := uint32(h.Space.Bytes())
	if get(offBitsPerColor) != 8 || get(offBitsPerPixel) != 8*pixel || get(offNumColors) != pixel ||
		get(offColorOrder) != 0 || get(offBytesPerLine) != uint32(h.stride()) {
		return Header{}, fmt.Errorf("page header: bits, colours or line length disagree: %w", ErrFormat)
	}
	return h, nil
}
