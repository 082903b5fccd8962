package lds

import (
	"bytes"
	"errors"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

// Tags of biometric templates (ICAO Doc 9303-10, 4.7.2 and ISO/IEC 7816-11).
const (
	tagBiometricGroup  = 0x7F61
	tagBiometric       = 0x7F60
	tagBiometricHeader = 0xA1
	tagBiometricData   = 0x5F2E
	tagBiometricData39 = 0x7F2E
)

// ErrNewFormat is returned by ParseDG2, together with ErrMalformed, for a face encoded by ISO/IEC
// 39794-5, which passports may carry since 2026.
var ErrNewFormat = errors.New("face encoded by ISO/IEC 39794-5")

// DG2 is the holder's face (ICAO Doc 9303-10, 4.7.2).
type DG2 struct {
	Faces []Face
}

// NewDG2 returns a DG2 with one full-frontal face. The image is JPEG or JPEG 2000 by its own bytes,
// which also tell its size; other bytes give ErrContent.
func NewDG2(image []byte) (DG2, error) {
	kind, width, height, err := imageSize(image)
	if err != nil {
		return DG2{}, fmt.Errorf("DG2: %w: %w", ErrContent, err)
	}
	return DG2{[]Face{{
		Image: image, Type: kind, Width: width, Height: height, Kind: FullFrontal, ColorSpace: ColorRGB24,
	}}}, nil
}

// Bytes writes the file with each face in a template of its own, encoded by ISO/IEC 19794-5. An
// issuer's DG2 holds exactly one face.
func (d DG2) Bytes() ([]byte, error) {
	if len(d.Faces) != 1 {
		return nil, fmt.Errorf("DG2 with %d faces: %w", len(d.Faces), ErrContent)
	}
	record, err := d.Faces[0].record()
	if err != nil {
		return nil, fmt.Errorf("DG2: %w", err)
	}
	header := tlv.Encode(tagBiometricHeader,
		tlv.Encode(0x80, []byte{0x01, 0x01}), // version of the header
		tlv.Encode(0x81, []byte{0x02}),       // facial features
		tlv.Encode(0x82, []byte{0x00}),       // no subtype
		tlv.Encode(0x87, []byte{0x01, 0x01}), // format owner ISO/IEC JTC 1/SC 37
		tlv.Encode(0x88, []byte{0x00, 0x08}), // format type ISO/IEC 19794-5
	)
	template := tlv.Encode(tagBiometric, header, tlv.Encode(tagBiometricData, record))
	return tlv.Encode(0x75, tlv.Encode(tagBiometricGroup, tlv.Encode(0x02, []byte{1}), template)), nil
}

// ParseDG2 reads the file. Dates, creator and features in the templates are skipped.
func ParseDG2(b []byte) (DG2, error) {
	const file = "DG2"
	if err := tooLong(file, b); err != nil {
		return DG2{}, err
	}
	body, err := tlv.Only(b, 0x75)
	if err != nil {
		return DG2{}, malformed(file, err)
	}
	group, err := tlv.Only(body, tagBiometricGroup)
	if err != nil {
		return DG2{}, malformed(file, err)
	}
	list, err := tlv.Elements(group)
	if err != nil {
		return DG2{}, malformed(file, err)
	}
	if len(list) < 2 || list[0].Tag != 0x02 || len(list[0].Value) != 1 || int(list[0].Value[0]) != len(list)-1 {
		return DG2{}, fmt.Errorf("%s number of templates: %w", file, ErrMalformed)
	}
	var d DG2
	for _, template := range list[1:] {
		if template.Tag != tagBiometric {
			return DG2{}, fmt.Errorf("%s template %X: %w", file, template.Tag, ErrMalformed)
		}
		faces, err := parseFaceTemplate(template.Value)
		if err != nil {
			return DG2{}, malformed(file, err)
		}
		d.Faces = append(d.Faces, faces...)
	}
	return d, nil
}

func parseFaceTemplate(b []byte) ([]Face, error) {
	header, rest, err := tlv.Expect(b, tagBiometricHeader)
	if err != nil {
		return nil, err
	}
	fields, err := tlv.Elements(header)
	if err != nil {
		return nil, err
	}
	owner, _ := tlv.Find(fields, 0x87)
	format, _ := tlv.Find(fields, 0x88)
	data, after, err := tlv.Read(rest)
	switch {
	case err != nil:
		return nil, err
	case len(after) > 0:
		return nil, errors.New("bytes after the biometric data")
	case data.Tag == tagBiometricData39 || bytes.Equal(format, []byte{0x00, 0x2A}):
		return nil, ErrNewFormat
	case data.Tag != tagBiometricData, !bytes.Equal(owner, []byte{0x01, 0x01}), !bytes.Equal(format, []byte{0x00, 0x08}):
		return nil, errors.New("unknown format of biometric data")
	}
	return parseFaceRecord(data.Value)
}
