package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// HeaderHeld tells how many bytes of the caller's blob headquarters holds, from the first on. It
// stands in every answer to HEAD and PUT of a blob.
const HeaderHeld = "Padarozhnik-Held"

// Span is a range of the bytes of a blob.
type Span struct {
	Start, End int64 // from Start to before End
	Size       int64 // of the whole blob
}

// Len is the number of bytes.
func (s Span) Len() int64 { return s.End - s.Start }

// Valid tells whether the span lies in the blob and is not empty.
func (s Span) Valid() bool { return 0 <= s.Start && s.Start < s.End && s.End <= s.Size }

// String is the value of Content-Range (RFC 9110, 14.4).
func (s Span) String() string { return fmt.Sprintf("bytes %d-%d/%d", s.Start, s.End-1, s.Size) }

// ParseSpan reads the value of Content-Range, in which the size must be known.
func ParseSpan(value string) (Span, error) {
	text, ok := strings.CutPrefix(value, "bytes ")
	bounds, size, sized := strings.Cut(text, "/")
	first, last, ranged := strings.Cut(bounds, "-")
	if !ok || !sized || !ranged {
		return Span{}, BadRequest
	}
	var n [3]int64
	for i, digits := range []string{first, last, size} {
		v, err := strconv.ParseInt(digits, 10, 62)
		if err != nil || strconv.FormatInt(v, 10) != digits {
			return Span{}, BadRequest
		}
		n[i] = v
	}
	s := Span{Start: n[0], End: n[1] + 1, Size: n[2]}
	if !s.Valid() {
		return Span{}, BadRequest
	}
	return s, nil
}
