package products

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Fields that the data of a step can hold. Those of one file stand in a product's Create alone.
const (
	FieldApplication = "application"                  // identifier of the application
	FieldMRZHash     = "mrz-hash"                     // SHA-1 over the MRZ information
	FieldCAN         = "can"                          // digits
	FieldChipAuth    = "chip-authentication"          // without a number: number of the domain parameters, private key
	FieldNumbered    = "numbered-chip-authentication" // number of the key, and the same
	FieldMapping     = "chip-authentication-mapping"  // number of the key, and the same
	FieldActive      = "active-authentication"        // hash in bytes; 0 and an RSAPrivateKey, or domain parameters and key
	FieldModulus     = "active-modulus"               // of an RSA key for Active Authentication
	FieldExponent    = "active-exponent"              // private, as long as the modulus
	FieldNumber      = "number"                       // of the document, nine characters, padded
	FieldBirth       = "birth"                        // YYMMDD
	FieldExpiry      = "expiry"                       // YYMMDD
	FieldSize        = "size"                         // of the file, two bytes
	FieldFile        = "file"                         // identifier, two bytes
	FieldShort       = "short"                        // short identifier in the upper five bits
)

func fields() []string {
	return []string{FieldApplication, FieldMRZHash, FieldCAN, FieldChipAuth, FieldNumbered, FieldMapping, FieldActive,
		FieldModulus, FieldExponent, FieldNumber, FieldBirth, FieldExpiry, FieldSize, FieldFile, FieldShort}
}

// Filters of a field.
const (
	filterSealed  = "sealed"  // encrypted under the channel's key for keys
	filterCounted = "counted" // its length before it: one byte, or FF and two (GlobalPlatform 2.3, 11.1.12)
)

// Template is the data of a command: hexadecimal digits, and between them fields in braces with
// filters behind bars, as in "8F01{mrz-hash|sealed|counted}". White space counts for nothing.
type Template []part

type part struct {
	literal []byte
	field   string
	filters []string
}

// UnmarshalText reads the form above.
func (t *Template) UnmarshalText(text []byte) error {
	rest := strings.Join(strings.Fields(string(text)), "")
	*t = nil
	for rest != "" {
		digits, behind, open := strings.Cut(rest, "{")
		literal, err := hex.DecodeString(digits)
		if err != nil {
			return fmt.Errorf("template: %w", err)
		}
		if len(literal) > 0 {
			*t = append(*t, part{literal: literal})
		}
		if !open {
			return nil
		}
		inner, after, closed := strings.Cut(behind, "}")
		words := strings.Split(inner, "|")
		if !closed || !slices.Contains(fields(), words[0]) {
			return fmt.Errorf("template: field %q", inner)
		}
		for _, f := range words[1:] {
			if f != filterSealed && f != filterCounted {
				return fmt.Errorf("template: filter %q", f)
			}
		}
		*t = append(*t, part{field: words[0], filters: words[1:]})
		rest = after
	}
	return nil
}

func length(n int) []byte {
	if n < 0xFF {
		return []byte{byte(n)}
	}
	return []byte{0xFF, byte(n >> 8), byte(n)}
}

// Uses tells whether a field stands in the template.
func (t Template) Uses(field string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.field == field })
}

// Sealed tells whether the template needs a channel that encrypts keys.
func (t Template) Sealed() bool {
	return slices.ContainsFunc(t, func(p part) bool { return slices.Contains(p.filters, filterSealed) })
}

// Expand fills the template in. complete is false, and the data nil, where value has nothing for a
// field. What value gives is cleared behind its use; the caller clears the data.
func (t Template) Expand(value func(field string) []byte, seal func([]byte) []byte) (data []byte, complete bool) {
	for _, p := range t {
		if p.field == "" {
			data = append(data, p.literal...)
			continue
		}
		plain := value(p.field)
		if len(plain) == 0 {
			clear(data)
			return nil, false
		}
		b := plain
		if slices.Contains(p.filters, filterSealed) {
			b = seal(plain)
		}
		if slices.Contains(p.filters, filterCounted) {
			data = append(data, length(len(b))...)
		}
		data = append(data, b...)
		clear(plain)
	}
	return data, true
}
