package lds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

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

// FaceFormat is the standard that encodes a face.
type FaceFormat int

// Formats of faces. Readers take both since 2026; issuers write ISO/IEC 39794-5 alone from 2030 on
// (ICAO Doc 9303-10, 4.7.2).
const (
	Format19794 FaceFormat = iota // ISO/IEC 19794-5:2005
	Format39794                   // ISO/IEC 39794-5:2019
)

// ParseFaceFormat reads the name of a format as profiles write it: the number of its standard.
func ParseFaceFormat(name string) (FaceFormat, error) {
	switch name {
	case "19794-5":
		return Format19794, nil
	case "39794-5":
		return Format39794, nil
	}
	return 0, fmt.Errorf("face format %q: %w", name, ErrContent)
}

// What the header of a template says of its data.
const (
	ownerJTC1SC37   = 0x0101
	formatFace19794 = 0x0008
	formatFace39794 = 0x002A
)

// DG2 is the holder's face (ICAO Doc 9303-10, 4.7.2). One file has one format.
type DG2 struct {
	Faces  []Face
	Format FaceFormat
}

// NewDG2 returns a DG2 with one full-frontal face by ISO/IEC 19794-5. The image is JPEG or JPEG 2000
// by its own bytes, which also tell its size; other bytes give ErrContent.
func NewDG2(image []byte) (DG2, error) {
	return NewDG2As(Format19794, image)
}

// NewDG2As is NewDG2 in the format of the profile.
func NewDG2As(format FaceFormat, image []byte) (DG2, error) {
	kind, width, height, err := imageSize(image)
	if err != nil {
		return DG2{}, fmt.Errorf("DG2: %w: %w", ErrContent, err)
	}
	face := Face{Image: image, Type: kind, Width: width, Height: height}
	if format == Format19794 {
		face.Kind, face.ColorSpace = FullFrontal, ColorRGB24
	}
	return DG2{[]Face{face}, format}, nil
}

// Bytes writes the file with its face in one template. An issuer's DG2 holds exactly one face.
func (d DG2) Bytes() ([]byte, error) {
	if len(d.Faces) != 1 {
		return nil, fmt.Errorf("DG2 with %d faces: %w", len(d.Faces), ErrContent)
	}
	var data [][]byte
	var format uint16
	switch d.Format {
	case Format19794:
		record, err := d.Faces[0].record()
		if err != nil {
			return nil, fmt.Errorf("DG2: %w", err)
		}
		data, format = tlv.Parts(tagBiometricData, record...), formatFace19794
	case Format39794:
		block, err := d.Faces[0].block()
		if err != nil {
			return nil, fmt.Errorf("DG2: %w", err)
		}
		data, format = tlv.Parts(tagBiometricData39, tlv.Parts(tagBiometricHeader, block...)...), formatFace39794
	default:
		return nil, fmt.Errorf("DG2 format %d: %w", d.Format, ErrContent)
	}
	header := tlv.Encode(tagBiometricHeader,
		tlv.Encode(0x80, []byte{0x01, 0x01}), // version of the header
		tlv.Encode(0x81, []byte{0x02}),       // facial features
		tlv.Encode(0x82, []byte{0x00}),       // no subtype
		tlv.Encode(0x87, binary.BigEndian.AppendUint16(nil, ownerJTC1SC37)),
		tlv.Encode(0x88, binary.BigEndian.AppendUint16(nil, format)),
	)
	template := tlv.Parts(tagBiometric, append([][]byte{header}, data...)...)
	group := tlv.Parts(tagBiometricGroup, append([][]byte{{0x02, 1, 1}}, template...)...)
	return slices.Concat(tlv.Parts(0x75, group...)...), nil
}

// ParseDG2 reads the file in either format. Dates, creator and features in the templates are skipped.
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
	for i, template := range list[1:] {
		if template.Tag != tagBiometric {
			return DG2{}, fmt.Errorf("%s template %X: %w", file, template.Tag, ErrMalformed)
		}
		faces, format, err := parseFaceTemplate(template.Value)
		if err != nil {
			return DG2{}, malformed(file, err)
		}
		if i > 0 && format != d.Format {
			return DG2{}, fmt.Errorf("%s of two formats: %w", file, ErrMalformed)
		}
		d.Faces, d.Format = append(d.Faces, faces...), format
	}
	return d, nil
}

func parseFaceTemplate(b []byte) ([]Face, FaceFormat, error) {
	header, data, err := parseTemplate(b)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case header.Owner == ownerJTC1SC37 && header.Format == formatFace19794 && !header.Constructed:
		faces, err := parseFaceRecord(data)
		return faces, Format19794, err
	case header.Owner == ownerJTC1SC37 && header.Format == formatFace39794 && header.Constructed:
		faces, err := parseFaceBlock(data)
		return faces, Format39794, err
	}
	return nil, 0, errors.New("unknown format of biometric data")
}
