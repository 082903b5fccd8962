package lds

import (
	"bytes"
	"errors"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

// This file writes and reads a face by ISO/IEC 39794-5:2019 as far as passports use it. The block
// is DER with automatic tags, so a CHOICE adds a level:
//
//	65 FaceImageDataBlock
//	   A0 version: 80 generation, 81 year
//	   A1 representations
//	      30 representation
//	         80 number
//	         A1 A0 A0 image: representation, its base form, in two dimensions
//	            80 the JPEG or JPEG 2000
//	            A1 information
//	               A0 80 format
//	               A7 size: 80 width, 81 height
//
// Only what every reader needs is written. What the standard leaves optional beside it is not
// written and is read past: date and device of capture, quality, attack detection, session, sex,
// eyes, hair, pose, landmarks, and of the image its kind, processing, lossy attempts, distance, lens,
// measurements and color space. Kind and color space could be of use to a reader, but public
// descriptions differ in how their choice is encoded.

// Tags of the block, by level.
const (
	tagFaceBlock       = 0x65
	tagVersion         = 0xA0
	tagRepresentations = 0xA1
	tagRepresentation  = 0x30
	tagNumber          = 0x80
	tagImage           = 0xA1
	tagImageBase       = 0xA0
	tagImage2D         = 0xA0
	tagImageData       = 0x80
	tagImageInfo       = 0xA1
	tagImageFormat     = 0xA0
	tagImageSize       = 0xA7
)

// Formats of image data (ISO/IEC 39794-5, ImageDataFormatCode).
const (
	code39JPEG             = 2
	code39JPEG2000Lossy    = 3
	code39JPEG2000Lossless = 4
)

// Version of the standard that is written: the third generation of formats, first edition.
const (
	faceGeneration = 3
	faceYear       = 2019
)

// block writes FaceImageDataBlock with one representation, in parts. A JPEG 2000 is called lossy: that
// nothing was lost cannot be told from its bytes.
func (f Face) block() ([][]byte, error) {
	kind, width, height, err := imageSize(f.Image)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if kind != f.Type || width != f.Width || height != f.Height || width > 0xFFFF || height > 0xFFFF {
		return nil, fmt.Errorf("image is not what the block says of it: %w", ErrContent)
	}
	if f.Kind != 0 || f.ColorSpace != 0 || f.Source != 0 {
		return nil, fmt.Errorf("kind, color space or source of a face by ISO/IEC 39794-5: %w", ErrContent)
	}
	if len(f.Image) > maxFileLength-256 {
		return nil, fmt.Errorf("image of %d bytes: %w", len(f.Image), ErrContent)
	}
	format := code39JPEG
	if kind == ImageJPEG2000 {
		format = code39JPEG2000Lossy
	}
	info := tlv.Encode(tagImageInfo,
		tlv.Encode(tagImageFormat, number(0, format)),
		tlv.Encode(tagImageSize, number(0, width), number(1, height)))
	flat := tlv.Parts(tagImage2D, append(tlv.Parts(tagImageData, f.Image), info)...)
	image := tlv.Parts(tagImage, tlv.Parts(tagImageBase, flat...)...)
	one := tlv.Parts(tagRepresentation, append([][]byte{number(0, 0)}, image...)...)
	version := tlv.Encode(tagVersion, number(0, faceGeneration), number(1, faceYear))
	all := tlv.Parts(tagRepresentations, one...)
	return tlv.Parts(tagFaceBlock, append([][]byte{version}, all...)...), nil
}

// number writes a DER integer or enumeration from 0 to 65535 under a context tag.
func number(tag uint32, n int) []byte {
	var b []byte
	switch {
	case n < 0x80:
		b = []byte{byte(n)}
	case n < 0x8000:
		b = []byte{byte(n >> 8), byte(n)} // 0x80 to 0xFF need the leading zero that this gives
	default:
		b = []byte{0, byte(n >> 8), byte(n)}
	}
	return tlv.Encode(tagNumber+tag, b)
}

// parseFaceBlock reads what stands in 7F2E.
func parseFaceBlock(b []byte) ([]Face, error) {
	outer, err := tlv.Only(b, tagBiometricHeader)
	if err != nil {
		return nil, err
	}
	block, err := tlv.Only(outer, tagFaceBlock)
	if err != nil {
		return nil, err
	}
	fields, err := tlv.Elements(block)
	if err != nil {
		return nil, err
	}
	if version, ok := tlv.Find(fields, tagVersion); !ok || len(version) == 0 {
		return nil, errors.New("face block without version")
	}
	raw, _ := tlv.Find(fields, tagRepresentations)
	list, err := tlv.Elements(raw)
	if err != nil {
		return nil, err
	}
	if len(list) < 1 || len(list) > maxFaces {
		return nil, errors.New("number of representations")
	}
	var faces []Face
	for _, e := range list {
		if e.Tag != tagRepresentation {
			return nil, errors.New("representation of the face")
		}
		face, err := parseRepresentation(e.Value)
		if err != nil {
			return nil, err
		}
		faces = append(faces, face)
	}
	return faces, nil
}

// parseRepresentation reads one representation, whose image must be of the base form and flat.
func parseRepresentation(b []byte) (Face, error) {
	image, err := descend(b, tagImage, tagImageBase, tagImage2D)
	if err != nil {
		return Face{}, err
	}
	data, ok := tlv.Find(image, tagImageData)
	if !ok {
		return Face{}, errors.New("representation without an image")
	}
	raw, _ := tlv.Find(image, tagImageInfo)
	info, err := tlv.Elements(raw)
	if err != nil {
		return Face{}, err
	}
	choice, _ := tlv.Find(info, tagImageFormat)
	format, err := tlv.Only(choice, tagNumber)
	if err != nil || len(format) != 1 || format[0] < code39JPEG || format[0] > code39JPEG2000Lossless {
		return Face{}, errors.New("format of the image")
	}
	kind, width, height, err := imageSize(data)
	if err != nil {
		return Face{}, err
	}
	// As in a record, the compression is the image's own and the size is the stated one.
	f := Face{Image: bytes.Clone(data), Type: kind, Width: width, Height: height}
	if raw, ok := tlv.Find(info, tagImageSize); ok {
		size, err := tlv.Elements(raw)
		if err != nil {
			return Face{}, err
		}
		statedWidth, _ := tlv.Find(size, tagNumber)
		statedHeight, _ := tlv.Find(size, tagNumber+1)
		if f.Width, err = unsigned(statedWidth); err != nil {
			return Face{}, err
		}
		if f.Height, err = unsigned(statedHeight); err != nil {
			return Face{}, err
		}
	}
	return f, nil
}

// descend follows tags down and returns the objects at the end.
func descend(b []byte, tags ...uint32) ([]tlv.Element, error) {
	list, err := tlv.Elements(b)
	for _, tag := range tags {
		if err != nil {
			return nil, err
		}
		value, ok := tlv.Find(list, tag)
		if !ok {
			return nil, fmt.Errorf("no object %X in the representation", tag)
		}
		list, err = tlv.Elements(value)
	}
	return list, err
}

// unsigned reads an integer from 0 to 65535.
func unsigned(b []byte) (int, error) {
	if len(b) == 0 || len(b) > 3 || b[0] >= 0x80 || len(b) == 3 && b[0] != 0 {
		return 0, errors.New("size of the image")
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n, nil
}
