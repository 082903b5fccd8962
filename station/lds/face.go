package lds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
)

// ImageType is the compression of a face image.
type ImageType byte

// Types of images (ISO/IEC 19794-5, 5.7.2).
const (
	ImageJPEG     ImageType = 0
	ImageJPEG2000 ImageType = 1
)

// FaceKind is the kind of portrait (ISO/IEC 19794-5, 5.7.1).
type FaceKind byte

// Kinds of portraits.
const (
	BasicFace    FaceKind = 0
	FullFrontal  FaceKind = 1
	TokenFrontal FaceKind = 2
)

// Color spaces of face images (ISO/IEC 19794-5, 5.7.4).
const (
	ColorUnspecified = 0
	ColorRGB24       = 1
)

// Face is one face image with the description that the record carries (ISO/IEC 19794-5:2005). The
// record's sex, eye and hair color, expression and pose are written as unspecified: the page has
// what is needed of them. Kind, ColorSpace and Source are of ISO/IEC 19794-5 alone; a face by
// ISO/IEC 39794-5 has them zero.
type Face struct {
	Image         []byte
	Type          ImageType
	Width, Height int // pixels
	Kind          FaceKind
	ColorSpace    byte
	Source        byte // 0 unspecified, 2 still photograph from a digital camera, 3 from a scanner
}

// Sizes of the record's parts.
const (
	faceHeaderSize  = 14
	faceInfoSize    = 20
	faceFeatureSize = 8
	faceImageSize   = 12
	maxFaces        = 16
)

var (
	faceMagic   = []byte("FAC\x00")
	faceVersion = []byte("010\x00")
)

// record writes the facial record with one face, in two parts: the second is the image.
func (f Face) record() ([][]byte, error) {
	kind, width, height, err := imageSize(f.Image)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContent, err)
	}
	if kind != f.Type || width != f.Width || height != f.Height || width > 0xFFFF || height > 0xFFFF ||
		len(f.Image) > maxFileLength-256 {
		return nil, fmt.Errorf("image is not what the record says of it: %w", ErrContent)
	}
	data := faceInfoSize + faceImageSize + len(f.Image)
	b := make([]byte, 0, faceHeaderSize+faceInfoSize+faceImageSize)
	b = append(b, faceMagic...)
	b = append(b, faceVersion...)
	b = binary.BigEndian.AppendUint32(b, uint32(faceHeaderSize+data))
	b = binary.BigEndian.AppendUint16(b, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(data))
	b = append(b, make([]byte, faceInfoSize-4)...) // no feature points; everything unspecified
	b = append(b, byte(f.Kind), byte(f.Type))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Height))
	b = append(b, f.ColorSpace, f.Source, 0, 0, 0, 0) // device and quality unspecified
	return [][]byte{b, f.Image}, nil
}

// parseFaceRecord reads a facial record. Lengths in it are checked against the bytes.
func parseFaceRecord(b []byte) ([]Face, error) {
	if len(b) < faceHeaderSize || !bytes.Equal(b[:4], faceMagic) || !bytes.Equal(b[4:8], faceVersion) {
		return nil, errors.New("no facial record")
	}
	if uint64(binary.BigEndian.Uint32(b[8:])) != uint64(len(b)) {
		return nil, errors.New("length of the facial record")
	}
	count := int(binary.BigEndian.Uint16(b[12:]))
	if count < 1 || count > maxFaces {
		return nil, errors.New("number of faces")
	}
	rest := b[faceHeaderSize:]
	var faces []Face
	for range count {
		if len(rest) < faceInfoSize {
			return nil, errors.New("facial record truncated")
		}
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest)) || size < faceInfoSize {
			return nil, errors.New("length of the face")
		}
		face, err := parseFace(rest[:size])
		if err != nil {
			return nil, err
		}
		faces, rest = append(faces, face), rest[size:]
	}
	if len(rest) > 0 {
		return nil, errors.New("bytes after the last face")
	}
	return faces, nil
}

func parseFace(b []byte) (Face, error) {
	features := int(binary.BigEndian.Uint16(b[4:]))
	at := faceInfoSize + features*faceFeatureSize
	if at+faceImageSize > len(b) {
		return Face{}, errors.New("feature points of the face")
	}
	info := b[at : at+faceImageSize]
	f := Face{
		Image: bytes.Clone(b[at+faceImageSize:]), Type: ImageType(info[1]), Kind: FaceKind(info[0]),
		Width: int(binary.BigEndian.Uint16(info[2:])), Height: int(binary.BigEndian.Uint16(info[4:])),
		ColorSpace: info[6], Source: info[7],
	}
	kind, _, _, err := imageSize(f.Image)
	if err != nil {
		return Face{}, err
	}
	// Some issuers state the wrong compression or size; the image itself is what will be shown.
	f.Type = kind
	return f, nil
}

// imageSize tells an image's compression and size from its first bytes.
func imageSize(b []byte) (kind ImageType, width, height int, err error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}):
		c, err := jpeg.DecodeConfig(bytes.NewReader(b))
		if err != nil {
			return 0, 0, 0, errors.New("JPEG header")
		}
		return ImageJPEG, c.Width, c.Height, nil
	case bytes.HasPrefix(b, jp2Signature), bytes.HasPrefix(b, codestreamStart):
		return codestreamSize(b)
	}
	return 0, 0, 0, errors.New("image is neither JPEG nor JPEG 2000")
}

var (
	jp2Signature    = []byte("\x00\x00\x00\x0CjP  \r\n\x87\n")
	codestreamStart = []byte{0xFF, 0x4F, 0xFF, 0x51} // SOC, SIZ
)

// codestreamSize reads the SIZ marker of a JPEG 2000 codestream, bare or within its boxes
// (ISO/IEC 15444-1, A.5.1). It takes the first start of a codestream that it meets.
func codestreamSize(b []byte) (ImageType, int, int, error) {
	const siz = 4 + 4 // SOC, SIZ; length and capabilities
	at := bytes.Index(b, codestreamStart)
	if at < 0 || len(b) < at+siz+16 {
		return 0, 0, 0, errors.New("JPEG 2000 header")
	}
	field := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[at+siz+4*i:])) }
	width, height := field(0)-field(2), field(1)-field(3)
	if width <= 0 || height <= 0 || width > 0xFFFF || height > 0xFFFF {
		return 0, 0, 0, errors.New("JPEG 2000 size")
	}
	return ImageJPEG2000, int(width), int(height), nil
}
