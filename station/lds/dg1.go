package lds

import (
	"fmt"
	"strings"

	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/mrz"
)

// DG1 is the machine readable zone on the chip (ICAO Doc 9303-10, 4.7.1). MRZ holds all lines
// without separator: 88 characters for TD3, 72 for TD2, 90 for TD1.
type DG1 struct {
	MRZ string
}

// NewDG1 returns the DG1 of a zone's lines.
func NewDG1(lines []string) DG1 {
	return DG1{strings.Join(lines, "")}
}

// Lines divides the zone into the lines of its format, or returns nil for another length.
func (d DG1) Lines() []string {
	var count int
	switch len(d.MRZ) {
	case 88, 72:
		count = 2
	case 90:
		count = 3
	default:
		return nil
	}
	length := len(d.MRZ) / count
	lines := make([]string, count)
	for i := range lines {
		lines[i] = d.MRZ[i*length : (i+1)*length]
	}
	return lines
}

// Document reads the zone with all check digits; its errors are mrz.Parse's.
func (d DG1) Document() (mrz.Document, error) {
	return mrz.Parse(d.Lines())
}

// Bytes writes the file. It returns ErrContent unless the zone parses without a defect.
func (d DG1) Bytes() ([]byte, error) {
	if _, err := d.Document(); err != nil {
		return nil, fmt.Errorf("DG1: %w: %w", ErrContent, err)
	}
	return tlv.Encode(0x61, tlv.Encode(0x5F1F, []byte(d.MRZ))), nil
}

// ParseDG1 reads the file. The zone has a known length and only characters of its alphabet; its
// check digits are left to Document.
func ParseDG1(b []byte) (DG1, error) {
	body, err := tlv.Only(b, 0x61)
	if err != nil {
		return DG1{}, malformed("DG1", err)
	}
	zone, err := tlv.Only(body, 0x5F1F)
	if err != nil {
		return DG1{}, malformed("DG1", err)
	}
	d := DG1{string(zone)}
	if d.Lines() == nil {
		return DG1{}, fmt.Errorf("DG1 zone of %d characters: %w", len(zone), ErrMalformed)
	}
	if _, err := mrz.CheckDigit(d.MRZ); err != nil {
		return DG1{}, fmt.Errorf("DG1 alphabet: %w", ErrMalformed)
	}
	return d, nil
}
