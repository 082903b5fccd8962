// Package tlv reads and writes the BER-TLV data objects that chips exchange (ISO/IEC 7816-4,
// 5.2.2): tags of at most three bytes, definite lengths of at most three further bytes.
//
// It is made for bytes from a chip that may be hostile: every length is checked against what is
// there before anything is sliced, and nothing recurses.
package tlv

import (
	"errors"
	"fmt"
)

// Errors of the parser.
var (
	// ErrTruncated: the bytes end before the object does.
	ErrTruncated = errors.New("data object truncated")
	// ErrMalformed: a tag or length is written in a way that cards do not use.
	ErrMalformed = errors.New("data object malformed")
	// ErrMissing: an expected object is not there.
	ErrMissing = errors.New("data object missing")
)

// Object is one data object. Raw is the object with tag and length, Value only its content; both
// share memory with the parsed bytes.
type Object struct {
	Tag   uint32
	Value []byte
	Raw   []byte
}

// Header is the tag and the length of an object whose content may not be there yet.
type Header struct {
	Tag  uint32
	Size int // bytes of tag and length
	Body int // bytes of the content
}

// ParseHeader reads the tag and length at the start of b.
func ParseHeader(b []byte) (Header, error) {
	tag, n, err := parseTag(b)
	if err != nil {
		return Header{}, err
	}
	body, m, err := parseLength(b[n:])
	if err != nil {
		return Header{}, err
	}
	return Header{Tag: tag, Size: n + m, Body: body}, nil
}

func parseTag(b []byte) (tag uint32, n int, err error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	tag = uint32(b[0])
	if b[0]&0x1F != 0x1F {
		return tag, 1, nil
	}
	for n = 1; n < 3; n++ {
		if n >= len(b) {
			return 0, 0, ErrTruncated
		}
		tag = tag<<8 | uint32(b[n])
		if b[n]&0x80 == 0 {
			return tag, n + 1, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: tag longer than three bytes", ErrMalformed)
}

func parseLength(b []byte) (length, n int, err error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	if b[0] < 0x80 {
		return int(b[0]), 1, nil
	}
	more := int(b[0] & 0x7F)
	if more == 0 || more > 3 {
		return 0, 0, fmt.Errorf("%w: length of length %d", ErrMalformed, more)
	}
	if len(b) < 1+more {
		return 0, 0, ErrTruncated
	}
	for _, c := range b[1 : 1+more] {
		length = length<<8 | int(c)
	}
	return length, 1 + more, nil
}

// Next splits the first object off b.
func Next(b []byte) (o Object, rest []byte, err error) {
	h, err := ParseHeader(b)
	if err != nil {
		return Object{}, nil, err
	}
	if len(b)-h.Size < h.Body {
		return Object{}, nil, ErrTruncated
	}
	end := h.Size + h.Body
	return Object{Tag: h.Tag, Value: b[h.Size:end], Raw: b[:end]}, b[end:], nil
}

// Parse splits b, which must be nothing but objects one after another.
func Parse(b []byte) ([]Object, error) {
	var out []Object
	for len(b) > 0 {
		o, rest, err := Next(b)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
		b = rest
	}
	return out, nil
}

// Find returns the content of the first object with the tag among those in b.
func Find(b []byte, tag uint32) ([]byte, error) {
	objects, err := Parse(b)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if o.Tag == tag {
			return o.Value, nil
		}
	}
	return nil, fmt.Errorf("%w: tag %X", ErrMissing, tag)
}

// Path follows tags inward: Path(b, 0x7C, 0x80) is the 80 inside the 7C of b.
func Path(b []byte, tags ...uint32) ([]byte, error) {
	for _, tag := range tags {
		v, err := Find(b, tag)
		if err != nil {
			return nil, err
		}
		b = v
	}
	return b, nil
}

// Append writes one object to the end of dst, with the shortest length form.
func Append(dst []byte, tag uint32, value []byte) []byte {
	switch {
	case tag > 0xFFFF:
		dst = append(dst, byte(tag>>16), byte(tag>>8), byte(tag))
	case tag > 0xFF:
		dst = append(dst, byte(tag>>8), byte(tag))
	default:
		dst = append(dst, byte(tag))
	}
	return append(AppendLength(dst, len(value)), value...)
}

// AppendLength writes a length in its shortest form.
func AppendLength(dst []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n < 0x100:
		return append(dst, 0x81, byte(n))
	case n < 0x10000:
		return append(dst, 0x82, byte(n>>8), byte(n))
	}
	return append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
}

// Make is Append to nothing, for nesting.
func Make(tag uint32, parts ...[]byte) []byte {
	var value []byte
	for _, p := range parts {
		value = append(value, p...)
	}
	return Append(nil, tag, value)
}
