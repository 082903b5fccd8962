package station

import (
	"fmt"
	"strings"
	"unicode"
)

// SerialFields takes a text apart into the serials and ranges that stand in it, one after another or one a
// line, with or without commas. A dash may have spaces around it.
func SerialFields(text string) []string {
	for _, dash := range []string{"–", "—"} {
		text = strings.ReplaceAll(text, dash, "-")
	}
	for _, spaced := range []string{" -", "- "} {
		for strings.Contains(text, spaced) {
			text = strings.ReplaceAll(text, spaced, "-")
		}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
}

// ParseSerials reads serials and ranges as people type them. A serial that comes twice stays twice: Counted
// notices. At most MaxSerials are read.
func ParseSerials(fields []string) ([]Serial, error) {
	var out []Serial
	for _, f := range fields {
		r, err := ParseRange(f)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", f, err)
		}
		part, err := r.Serials()
		if err != nil {
			return nil, err
		}
		if out = append(out, part...); len(out) > MaxSerials {
			return nil, fmt.Errorf("more than %d serials at once: %w", MaxSerials, ErrMalformed)
		}
	}
	return out, nil
}
