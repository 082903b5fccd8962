// Package tlv reads and writes the BER-TLV data objects in which a passport chip keeps its files
// (ICAO Doc 9303-10, 3.9; ISO/IEC 7816-4, 5.2).
//
// It is strict where a lie could hurt: lengths are definite, at most three bytes long and checked
// against what is there before anything is sliced; tags have at most three bytes; nothing follows
// where one object is expected; the number and the depth of nested objects are bounded. It accepts
// lengths written longer than necessary, because old passports have them, and never writes one.
// Values are slices of the input and share its memory.
package tlv

import (
	"errors"
	"fmt"
	"slices"
)

// Limits of what is read.
const (
	MaxSize     = 1 << 22 // bytes of one object
	MaxElements = 512     // objects side by side
	MaxDepth    = 16      // templates within templates
)

// maxHeader is the longest tag and length that is written.
const maxHeader = 3 + 4

// Errors of reading.
var (
	// ErrTruncated is returned where the bytes end within an object.
	ErrTruncated = errors.New("data object truncated")
	// ErrInvalid is returned for a form that is not allowed here: indefinite or oversized length,
	// a tag of more than three bytes.
	ErrInvalid = errors.New("data object invalid")
	// ErrUnexpected is returned for another tag than expected, and for bytes after the object.
	ErrUnexpected = errors.New("unexpected data object")
	// ErrMissing is returned where an object that must be there is not.
	ErrMissing = errors.New("data object missing")
)

// Element is one data object. Tag holds the tag's bytes as a big-endian number: 0x61, 0x5F1F.
type Element struct {
	Tag   uint32
	Value []byte
}

// Constructed reports whether the object is a template of other objects (ISO/IEC 7816-4, 5.2.2.1).
func (e Element) Constructed() bool {
	first := e.Tag
	for first > 0xFF {
		first >>= 8
	}
	return first&0x20 != 0
}

// Header reads tag and length at the start of b and returns the tag, the size of the header and
// the size of the value, which need not be there yet: a chip's file tells its size in its first
// bytes.
func Header(b []byte) (tag uint32, header, value int, err error) {
	tag, n, err := readTag(b)
	if err != nil {
		return 0, 0, 0, err
	}
	if n >= len(b) {
		return 0, 0, 0, ErrTruncated
	}
	first := b[n]
	n++
	if first < 0x80 {
		return tag, n, int(first), nil
	}
	count := int(first & 0x7F)
	if count == 0 || count > 3 {
		return 0, 0, 0, fmt.Errorf("length of %d bytes: %w", count, ErrInvalid)
	}
	if n+count > len(b) {
		return 0, 0, 0, ErrTruncated
	}
	for _, c := range b[n : n+count] {
		value = value<<8 | int(c)
	}
	if value > MaxSize {
		return 0, 0, 0, fmt.Errorf("object of %d bytes: %w", value, ErrInvalid)
	}
	return tag, n + count, value, nil
}

func readTag(b []byte) (tag uint32, n int, err error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	tag = uint32(b[0])
	if b[0] == 0 { // FF begins tags of GlobalPlatform (FF21)
		return 0, 0, fmt.Errorf("padding in the place of a tag: %w", ErrInvalid)
	}
	if b[0]&0x1F != 0x1F {
		return tag, 1, nil
	}
	for n = 1; n < 3; n++ {
		if n >= len(b) {
			return 0, 0, ErrTruncated
		}
		if n == 1 && b[n]&0x7F == 0 {
			return 0, 0, fmt.Errorf("tag with an empty number: %w", ErrInvalid)
		}
		tag = tag<<8 | uint32(b[n])
		if b[n]&0x80 == 0 {
			return tag, n + 1, nil
		}
	}
	return 0, 0, fmt.Errorf("tag of more than three bytes: %w", ErrInvalid)
}

// Read reads the first object of b and returns it with the bytes that follow.
func Read(b []byte) (e Element, rest []byte, err error) {
	tag, header, value, err := Header(b)
	if err != nil {
		return Element{}, nil, err
	}
	if value > len(b)-header {
		return Element{}, nil, fmt.Errorf("object %X: %w", tag, ErrTruncated)
	}
	end := header + value
	return Element{tag, b[header:end:end]}, b[end:], nil
}

// Expect reads the first object of b, which must have the tag, and returns its value and the bytes
// that follow.
func Expect(b []byte, tag uint32) (value, rest []byte, err error) {
	e, rest, err := Read(b)
	if err != nil {
		return nil, nil, err
	}
	if e.Tag != tag {
		return nil, nil, fmt.Errorf("object %X, want %X: %w", e.Tag, tag, ErrUnexpected)
	}
	return e.Value, rest, nil
}

// Only reads b as one object with the tag and nothing after it, and returns its value.
func Only(b []byte, tag uint32) ([]byte, error) {
	value, rest, err := Expect(b, tag)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes after object %X: %w", len(rest), tag, ErrUnexpected)
	}
	return value, nil
}

// Elements reads b as objects side by side.
func Elements(b []byte) ([]Element, error) {
	var list []Element
	for len(b) > 0 {
		if len(list) == MaxElements {
			return nil, fmt.Errorf("more than %d objects: %w", MaxElements, ErrInvalid)
		}
		e, rest, err := Read(b)
		if err != nil {
			return nil, err
		}
		list, b = append(list, e), rest
	}
	return list, nil
}

// Find returns the value of the first object with the tag.
func Find(list []Element, tag uint32) ([]byte, bool) {
	for _, e := range list {
		if e.Tag == tag {
			return e.Value, true
		}
	}
	return nil, false
}

// Path follows tags inward and returns the value at its end: Path(b, 0x7C, 0x80) is the first 80
// inside the first 7C of b. It returns ErrMissing where one is not there.
func Path(b []byte, tags ...uint32) ([]byte, error) {
	for _, tag := range tags {
		list, err := Elements(b)
		if err != nil {
			return nil, err
		}
		value, ok := Find(list, tag)
		if !ok {
			return nil, fmt.Errorf("tag %X: %w", tag, ErrMissing)
		}
		b = value
	}
	return b, nil
}

// Walk visits every object of b and of the templates within, outer ones first, with their depth.
// It stops at the first error, its own or visit's.
func Walk(b []byte, visit func(depth int, e Element) error) error {
	return walk(b, 0, visit)
}

func walk(b []byte, depth int, visit func(int, Element) error) error {
	if depth == MaxDepth {
		return fmt.Errorf("objects nested deeper than %d: %w", MaxDepth, ErrInvalid)
	}
	list, err := Elements(b)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := visit(depth, e); err != nil {
			return err
		}
		if !e.Constructed() {
			continue
		}
		if err := walk(e.Value, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// Append appends an object whose value is the concatenation of the parts, with the shortest
// length. It panics on a value larger than MaxSize, which no caller of ours can mean.
func Append(dst []byte, tag uint32, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size > MaxSize {
		panic("tlv: value larger than MaxSize")
	}
	dst = appendLength(appendTag(slices.Grow(dst, size+maxHeader), tag), size)
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// Encode returns an object whose value is the concatenation of the parts.
func Encode(tag uint32, parts ...[]byte) []byte {
	return Append(nil, tag, parts...)
}

// Parts returns an object in parts, its tag and length before the parts of its value, to be joined
// once at the end: a large value is not copied at each level of templates. It panics as Append does.
func Parts(tag uint32, parts ...[]byte) [][]byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size > MaxSize {
		panic("tlv: value larger than MaxSize")
	}
	head := appendLength(appendTag(make([]byte, 0, maxHeader), tag), size)
	return append([][]byte{head}, parts...)
}

// TagBytes returns the bytes of a tag.
func TagBytes(tag uint32) []byte {
	return appendTag(nil, tag)
}

// Tags reads b as a list of tags without lengths, as in a tag list (ISO/IEC 7816-4, 8.4.3).
func Tags(b []byte) ([]uint32, error) {
	var list []uint32
	for len(b) > 0 {
		tag, n, err := readTag(b)
		if err != nil {
			return nil, err
		}
		if len(list) == MaxElements {
			return nil, fmt.Errorf("more than %d tags: %w", MaxElements, ErrInvalid)
		}
		list, b = append(list, tag), b[n:]
	}
	return list, nil
}

func appendTag(dst []byte, tag uint32) []byte {
	switch {
	case tag > 0xFFFF:
		return append(dst, byte(tag>>16), byte(tag>>8), byte(tag))
	case tag > 0xFF:
		return append(dst, byte(tag>>8), byte(tag))
	}
	return append(dst, byte(tag))
}

func appendLength(dst []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n <= 0xFF:
		return append(dst, 0x81, byte(n))
	case n <= 0xFFFF:
		return append(dst, 0x82, byte(n>>8), byte(n))
	}
	return append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
}
