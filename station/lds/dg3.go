package lds

import (
	"encoding/binary"
	"errors"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

const (
	tagDG3        = 0x63
	maxBiometrics = 32
)

// DG3 tells what fingerprints a chip holds and none of them: the headers of the templates, and how
// long each one's data is (ICAO Doc 9303-10, 4.7.3). Fingerprints are opened only to terminals
// that the issuer certified; whoever has the file for another reason still has no use for more.
// This package keeps no byte of the images and cannot write the file.
type DG3 struct {
	Templates []BiometricHeader
}

// BiometricHeader is the header of a biometric template (ICAO Doc 9303-10, 4.7.2; ISO/IEC 19785-3).
// Type and Subtype are the codes of the standard: type 8 is a finger, subtype names which.
type BiometricHeader struct {
	Version       uint16
	Type, Subtype byte
	Owner, Format uint16
	Constructed   bool // the data is in tag 7F2E, ISO/IEC 39794, and not in 5F2E
	Size          int  // bytes of data, closed
}

// ParseDG3 reads the headers. A file may hold no template, for a holder without fingerprints.
func ParseDG3(b []byte) (DG3, error) {
	const file = "DG3"
	if err := tooLong(file, b); err != nil {
		return DG3{}, err
	}
	body, err := tlv.Only(b, tagDG3)
	if err != nil {
		return DG3{}, malformed(file, err)
	}
	group, err := tlv.Only(body, tagBiometricGroup)
	if err != nil {
		return DG3{}, malformed(file, err)
	}
	list, err := tlv.Elements(group)
	if err != nil {
		return DG3{}, malformed(file, err)
	}
	if len(list) == 0 || list[0].Tag != 0x02 || len(list[0].Value) != 1 || list[0].Value[0] > maxBiometrics {
		return DG3{}, fmt.Errorf("%s number of templates: %w", file, ErrMalformed)
	}
	count := int(list[0].Value[0])
	if len(list)-1 != count && (count > 0 || len(list) != 2 || list[1].Tag != 0x53) {
		return DG3{}, fmt.Errorf("%s number of templates: %w", file, ErrMalformed)
	}
	var d DG3
	for _, template := range list[1 : 1+count] {
		if template.Tag != tagBiometric {
			return DG3{}, fmt.Errorf("%s template %X: %w", file, template.Tag, ErrMalformed)
		}
		header, _, err := parseTemplate(template.Value)
		if err != nil {
			return DG3{}, malformed(file, err)
		}
		d.Templates = append(d.Templates, header)
	}
	return d, nil
}

// parseTemplate divides a template into its header and its data.
func parseTemplate(b []byte) (BiometricHeader, []byte, error) {
	raw, rest, err := tlv.Expect(b, tagBiometricHeader)
	if err != nil {
		return BiometricHeader{}, nil, err
	}
	fields, err := tlv.Elements(raw)
	if err != nil {
		return BiometricHeader{}, nil, err
	}
	data, after, err := tlv.Read(rest)
	switch {
	case err != nil:
		return BiometricHeader{}, nil, err
	case len(after) > 0:
		return BiometricHeader{}, nil, errors.New("bytes after the biometric data")
	case data.Tag != tagBiometricData && data.Tag != tagBiometricData39:
		return BiometricHeader{}, nil, errors.New("no biometric data")
	}
	h := BiometricHeader{Constructed: data.Tag == tagBiometricData39, Size: len(data.Value)}
	for _, f := range []struct {
		tag  uint32
		into *uint16
	}{{0x80, &h.Version}, {0x87, &h.Owner}, {0x88, &h.Format}} {
		if value, ok := tlv.Find(fields, f.tag); ok && len(value) == 2 {
			*f.into = binary.BigEndian.Uint16(value)
		}
	}
	for _, f := range []struct {
		tag  uint32
		into *byte
	}{{0x81, &h.Type}, {0x82, &h.Subtype}} {
		if value, ok := tlv.Find(fields, f.tag); ok && len(value) > 0 {
			*f.into = value[len(value)-1] // a type may have up to three bytes; the last holds ours
		}
	}
	return h, data.Value, nil
}
