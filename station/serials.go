package station

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrTwice: a serial was read or typed twice.
var ErrTwice = errors.New("serial counted twice")

// MaxSerials is how many serials one act may name.
const MaxSerials = 2000

// Range is a row of blanks, both ends included. The serials of a range are of one length; they are
// compared as texts.
type Range struct {
	First Serial `cbor:"1,keyasint" json:"first"`
	Last  Serial `cbor:"2,keyasint" json:"last"`
}

// Has tells whether a serial lies in the range.
func (r Range) Has(s Serial) bool {
	return len(s) == len(r.First) && len(s) == len(r.Last) && s >= r.First && s <= r.Last
}

// String writes UT4200001-UT4200100, or one serial alone.
func (r Range) String() string {
	if r.First == r.Last {
		return string(r.First)
	}
	return string(r.First) + "-" + string(r.Last)
}

// ParseRange reads what String writes. Small letters and spaces around the dash are taken as well.
func ParseRange(text string) (Range, error) {
	first, last, pair := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "-")
	r := Range{Serial(strings.TrimSpace(first)), Serial(strings.TrimSpace(last))}
	if !pair {
		r.Last = r.First
	}
	if err := errors.Join(r.First.Check(), r.Last.Check()); err != nil {
		return Range{}, fmt.Errorf("range: %w", ErrMalformed)
	}
	if _, err := r.Serials(); err != nil {
		return Range{}, err
	}
	return r, nil
}

// Serials lists the range. Both ends must have the same letters before their number, and the range at
// most MaxSerials.
func (r Range) Serials() ([]Serial, error) {
	letters, from, width := r.First.split()
	same, to, other := r.Last.split()
	if letters != same || width != other || width == 0 || to < from || to-from >= MaxSerials {
		if r.First == r.Last {
			return []Serial{r.First}, nil
		}
		return nil, fmt.Errorf("range: %w", ErrMalformed)
	}
	out := make([]Serial, 0, to-from+1)
	for n := from; n <= to; n++ {
		out = append(out, Serial(fmt.Sprintf("%s%0*d", letters, width, n)))
	}
	return out, nil
}

// split takes a serial apart: what stands before its number, the number, and how many digits it has.
func (s Serial) split() (letters string, number, width int) {
	letters = strings.TrimRight(string(s), "0123456789")
	number, err := strconv.Atoi(string(s[len(letters):]))
	if err != nil {
		return string(s), 0, 0
	}
	return letters, number, len(s) - len(letters)
}

// Next is the serial with the next number, "" where there is none of that length.
func (s Serial) Next() Serial {
	letters, number, width := s.split()
	next := Serial(fmt.Sprintf("%s%0*d", letters, width, number+1))
	if width == 0 || len(next) != len(s) {
		return ""
	}
	return next
}

// Ranges writes serials as few rows, in order. Serials that stand twice count once.
func Ranges(serials []Serial) []Range {
	var out []Range
	for _, s := range slices.Compact(slices.Sorted(slices.Values(serials))) {
		if n := len(out); n > 0 && out[n-1].Last.Next() == s {
			out[n-1].Last = s
			continue
		}
		out = append(out, Range{s, s})
	}
	return out
}

// Listed is the reverse of Ranges.
func Listed(rows []Range) ([]Serial, error) {
	var out []Serial
	for _, r := range rows {
		part, err := r.Serials()
		if err != nil || len(out)+len(part) > MaxSerials {
			return nil, errors.Join(err, fmt.Errorf("ranges: %w", ErrMalformed))
		}
		out = append(out, part...)
	}
	return out, nil
}

// TwiceError names the serials that were read or typed twice. It wraps ErrTwice.
type TwiceError struct{ Serials []Serial }

// Error names them as ranges.
func (e *TwiceError) Error() string { return fmt.Sprintf("%v: %v", ErrTwice, Ranges(e.Serials)) }

// Unwrap returns ErrTwice.
func (e *TwiceError) Unwrap() error { return ErrTwice }

// Counted checks what somebody counted: serials of their form, none of them twice. It returns them in
// order; a serial that comes twice is a *TwiceError.
func Counted(serials []Serial) ([]Serial, error) {
	if len(serials) > MaxSerials {
		return nil, fmt.Errorf("%d serials, %d at most: %w", len(serials), MaxSerials, ErrMalformed)
	}
	out := slices.Sorted(slices.Values(serials))
	var twice []Serial
	for i, s := range out {
		if err := s.Check(); err != nil {
			return nil, err
		}
		if i > 0 && out[i-1] == s {
			twice = append(twice, s)
		}
	}
	if len(twice) > 0 {
		return nil, &TwiceError{slices.Compact(twice)}
	}
	return out, nil
}

// Without lists what of the first stands not in the second, in the order of the first.
func Without(of, without []Serial) []Serial {
	known := make(map[Serial]bool, len(without))
	for _, s := range without {
		known[s] = true
	}
	var out []Serial
	for _, s := range of {
		if !known[s] {
			out = append(out, s)
		}
	}
	return out
}
