package lds

import (
	"bytes"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

const tagDG13 = 0x6D

// DG13 is what an issuer keeps at its own discretion; the standard gives it no form (ICAO Doc
// 9303-10, 4.7.13).
type DG13 struct {
	Details []byte
}

// Bytes writes the file.
func (d DG13) Bytes() ([]byte, error) {
	if len(d.Details) == 0 || len(d.Details) > maxFileLength-8 {
		return nil, fmt.Errorf("DG13 of %d bytes: %w", len(d.Details), ErrContent)
	}
	return tlv.Encode(tagDG13, d.Details), nil
}

// ParseDG13 reads the file.
func ParseDG13(b []byte) (DG13, error) {
	if err := tooLong("DG13", b); err != nil {
		return DG13{}, err
	}
	details, err := tlv.Only(b, tagDG13)
	if err != nil {
		return DG13{}, malformed("DG13", err)
	}
	if len(details) == 0 {
		return DG13{}, fmt.Errorf("DG13 without content: %w", ErrMalformed)
	}
	return DG13{bytes.Clone(details)}, nil
}
