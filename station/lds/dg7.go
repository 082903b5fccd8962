package lds

import (
	"bytes"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

const (
	tagDG7       = 0x67
	tagSignature = 0x5F43
	maxImages    = 9 // of one data group (ICAO Doc 9303-10, 4.7.7)
)

// DG7 is the holder's displayed signature or usual mark: one to nine images, JPEG or JPEG 2000
// (ICAO Doc 9303-10, 4.7.7).
type DG7 struct {
	Images [][]byte
}

// Bytes writes the file.
func (d DG7) Bytes() ([]byte, error) {
	if len(d.Images) == 0 || len(d.Images) > maxImages {
		return nil, fmt.Errorf("DG7 with %d images: %w", len(d.Images), ErrContent)
	}
	body := tlv.Encode(0x02, []byte{byte(len(d.Images))})
	for _, image := range d.Images {
		if _, _, _, err := imageSize(image); err != nil {
			return nil, fmt.Errorf("DG7: %w: %w", ErrContent, err)
		}
		if len(body)+len(image) > maxFileLength-64 {
			return nil, fmt.Errorf("DG7 of over %d bytes: %w", maxFileLength, ErrContent)
		}
		body = tlv.Append(body, tagSignature, image)
	}
	return tlv.Encode(tagDG7, body), nil
}

// ParseDG7 reads the file. The images are told apart and not decoded.
func ParseDG7(b []byte) (DG7, error) {
	const file = "DG7"
	list, err := counted(file, tagDG7, b)
	if err != nil {
		return DG7{}, err
	}
	if len(list) == 0 || len(list) > maxImages {
		return DG7{}, fmt.Errorf("%s number of images: %w", file, ErrMalformed)
	}
	var d DG7
	for _, e := range list {
		if e.Tag != tagSignature {
			return DG7{}, fmt.Errorf("%s object %X: %w", file, e.Tag, ErrMalformed)
		}
		if _, _, _, err := imageSize(e.Value); err != nil {
			return DG7{}, malformed(file, err)
		}
		d.Images = append(d.Images, bytes.Clone(e.Value))
	}
	return d, nil
}

// counted reads a file whose body is a number and as many objects.
func counted(file string, tag uint32, b []byte) ([]tlv.Element, error) {
	if err := tooLong(file, b); err != nil {
		return nil, err
	}
	body, err := tlv.Only(b, tag)
	if err != nil {
		return nil, malformed(file, err)
	}
	list, err := tlv.Elements(body)
	if err != nil {
		return nil, malformed(file, err)
	}
	if len(list) == 0 || list[0].Tag != 0x02 || len(list[0].Value) != 1 || int(list[0].Value[0]) != len(list)-1 {
		return nil, fmt.Errorf("%s number of objects: %w", file, ErrMalformed)
	}
	return list[1:], nil
}
