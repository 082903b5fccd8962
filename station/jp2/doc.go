// Package jp2 opens JPEG 2000 pictures (ISO/IEC 15444-1): the form in which many states keep the face on a
// passport's chip. Our own chips carry JPEG; nothing here writes.
//
// # Life of a picture
//
// The bytes come from a chip that proves nothing before it is judged, and the decoder is a large C library. So
// Look reads the header in Go first and refuses what is too large, oddly tiled or of a kind that no passport
// has; then Reader.Decode hands the bytes to a process of its own, which is the same program begun with one
// argument (Serve). That process takes limits on memory, time, files and output before the library sees a byte,
// writes nothing but pixels, and is killed with its parent. What comes back is held against the header: a
// library that was led astray can give a wrong picture of the right size, and nothing else.
package jp2

import "errors"

// Conditions of a picture.
var (
	// ErrNotJP2 is returned for bytes that are no JPEG 2000 picture.
	ErrNotJP2 = errors.New("not a JPEG 2000 picture")
	// ErrDamaged is returned for a picture that breaks off or contradicts itself, or costs too much to open.
	ErrDamaged = errors.New("damaged JPEG 2000 picture")
	// ErrTooLarge is returned for more than 4 megapixels or 2 MB: no chip holds them.
	ErrTooLarge = errors.New("JPEG 2000 picture too large")
	// ErrUnsupported is returned for kinds that no passport has: palettes, more than three colours, deep samples.
	ErrUnsupported = errors.New("kind of JPEG 2000 picture that is not opened")
)
