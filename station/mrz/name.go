package mrz

import (
	"errors"
	"fmt"
	"strings"
)

// ErrName is returned for a name that cannot be written into the zone: a digit, a letter without a
// transliteration, no primary identifier, or a field too short for any truncation.
var ErrName = errors.New("name cannot be written in the machine readable zone")

// Truncation is the issuer's method for a name that is longer than its field; the standard leaves
// the choice open (ICAO Doc 9303-4, 4.2.3).
type Truncation int

// Methods of truncation.
const (
	// TruncateInitials shortens parts of the primary identifier to their initial, the last part
	// first, until the secondary identifier has room, then cuts at the field's end.
	TruncateInitials Truncation = iota
	// TruncateEven cuts every part of the primary identifier to one common length, the longest
	// that leaves each part of the secondary identifier a letter.
	TruncateEven
)

// NameOptions are an issuer's choices for writing names. The zero value takes the first choice of
// the transliteration table and TruncateInitials.
type NameOptions struct {
	Letters    LetterStyle
	Truncation Truncation
}

// SplitName divides a name written in one string at its first comma into primary and secondary
// identifier (ICAO Doc 9303-3, 4.6).
func SplitName(s string) (primary, secondary string) {
	primary, secondary, _ = strings.Cut(s, ",")
	return strings.TrimSpace(primary), strings.TrimSpace(secondary)
}

// EncodeName writes a name field of the given length. Hyphens, spaces and commas part the
// components, other punctuation disappears, national letters are transliterated (ICAO Doc 9303-3,
// 4.6 and 6.A). A name that fits is never shortened; a truncated one fills the field and ends in a
// letter.
func EncodeName(primary, secondary string, length int, opt NameOptions) (string, error) {
	p, err := components(primary, opt.Letters)
	if err != nil {
		return "", fmt.Errorf("primary identifier: %w", err)
	}
	s, err := components(secondary, opt.Letters)
	if err != nil {
		return "", fmt.Errorf("secondary identifier: %w", err)
	}
	if len(p) == 0 {
		return "", fmt.Errorf("no primary identifier: %w", ErrName)
	}
	if field := joinName(p, s); len(field) <= length {
		return fill(field, length), nil
	}
	if len(s) > 0 {
		p = shortenPrimary(p, s, length, opt.Truncation)
	}
	return cutName(p, s, length)
}

// components splits one identifier into transliterated parts.
func components(name string, style LetterStyle) ([]string, error) {
	var b strings.Builder
	for _, r := range compose(strings.ToUpper(name)) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case partsNames(r):
			b.WriteByte(' ')
		case dropped(r):
		default:
			letters, ok := style.letter(r)
			if !ok {
				return nil, fmt.Errorf("character U+%04X: %w", r, ErrName)
			}
			b.WriteString(letters)
		}
	}
	return strings.Fields(b.String()), nil
}

func joinName(p, s []string) string {
	field := strings.Join(p, "<")
	if len(s) > 0 {
		field += "<<" + strings.Join(s, "<")
	}
	return field
}

// shortenPrimary makes room for the secondary identifier without cutting into it more than needed.
func shortenPrimary(full, s []string, length int, method Truncation) []string {
	var p []string
	switch method {
	case TruncateEven:
		p = evenParts(full, s, length)
	default:
		p = initialParts(full, length-3)
	}
	return restore(p, full, s, length)
}

// initialParts turns parts into initials from the last one on until the identifier fits room.
func initialParts(full []string, room int) []string {
	p := append([]string(nil), full...)
	for i := len(p) - 1; i > 0 && joinedLength(p) > room; i-- {
		p[i] = p[i][:1]
	}
	for len(p) > 1 && joinedLength(p) > room && len(p[0]) == 1 {
		p = p[:len(p)-1]
	}
	if over := joinedLength(p) - room; over > 0 && over < len(p[0]) {
		p[0] = p[0][:len(p[0])-over]
	}
	for len(p) > 1 && joinedLength(p) > room {
		p = p[:len(p)-1]
	}
	if len(p[0]) > room {
		p[0] = p[0][:room]
	}
	return p
}

// evenParts cuts all parts to one length.
func evenParts(full, s []string, length int) []string {
	shortest := joinedLength(s) - len(s[len(s)-1]) + 1
	for k := longest(full) - 1; k > 0; k-- {
		p := make([]string, len(full))
		for i, part := range full {
			p[i] = part[:min(k, len(part))]
		}
		if joinedLength(p)+2+shortest <= length {
			return p
		}
	}
	return initialParts(full, length-3)
}

// restore gives letters back to shortened parts while the whole name is shorter than the field, so
// that the field is full and shows that it was truncated.
func restore(p, full, s []string, length int) []string {
	spare := length - len(joinName(p, s))
	for i := range p {
		if spare <= 0 {
			break
		}
		back := min(spare, len(full[i])-len(p[i]))
		p[i] = full[i][:len(p[i])+back]
		spare -= back
	}
	return p
}

// cutName cuts the joined name at the field's end. Where the cut would leave a filler there, a
// letter is taken from the nearest earlier part that can spare one.
func cutName(p, s []string, length int) (string, error) {
	parts := append(append([]string(nil), p...), s...)
	for {
		field := joinName(parts[:len(p)], parts[len(p):])
		if len(field) < length {
			return "", fmt.Errorf("field of %d characters: %w", length, ErrName)
		}
		field = field[:length]
		if !strings.HasSuffix(field, "<") {
			return field, nil
		}
		i := lastWhole(parts, len(p), length)
		for i >= 0 && len(parts[i]) == 1 {
			i--
		}
		if i < 0 {
			return "", fmt.Errorf("field of %d characters: %w", length, ErrName)
		}
		parts[i] = parts[i][:len(parts[i])-1]
	}
}

// lastWhole is the index of the last part that ends before the field does.
func lastWhole(parts []string, primaries, length int) int {
	end := 0
	for i, part := range parts {
		switch {
		case i == 0:
		case i == primaries:
			end += 2
		default:
			end++
		}
		end += len(part)
		if end >= length {
			return i - 1
		}
	}
	return len(parts) - 1
}

func joinedLength(parts []string) int {
	n := len(parts) - 1
	for _, p := range parts {
		n += len(p)
	}
	return n
}

func longest(parts []string) int {
	n := 0
	for _, p := range parts {
		n = max(n, len(p))
	}
	return n
}

// decodeName splits a name field; ok is false for a field that no encoder writes.
func decodeName(field string) (primary, secondary string, ok bool) {
	field = strings.TrimRight(field, "<")
	primary, secondary, _ = strings.Cut(field, "<<")
	ok = primary != "" && !strings.HasPrefix(primary, "<") && !strings.HasPrefix(secondary, "<") &&
		!strings.Contains(secondary, "<<") && !strings.ContainsAny(field, "0123456789")
	return strings.ReplaceAll(primary, "<", " "), strings.ReplaceAll(secondary, "<", " "), ok
}
