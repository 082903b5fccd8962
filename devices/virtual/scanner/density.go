package scanner

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// Parts of the two file formats: PNG chunks (ISO/IEC 15948, 11.3.5.3) and the JFIF segment
// (ISO/IEC 10918-5, 10.1).
const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	pngHeaderEnd = 33 // signature and IHDR
	jfifName     = "JFIF\x00"
	metresPerIn  = 0.0254
)

// densityOf returns the horizontal resolution that an encoded picture states, or 0.
func densityOf(b []byte) float64 {
	if bytes.HasPrefix(b, []byte(pngSignature)) {
		return pngDensity(b[len(pngSignature):])
	}
	if len(b) >= 18 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff && b[3] == 0xe0 && string(b[6:11]) == jfifName {
		value := float64(binary.BigEndian.Uint16(b[14:16]))
		switch b[13] {
		case 1:
			return value
		case 2:
			return value * 2.54
		}
	}
	return 0
}

// pngDensity walks the chunks before the picture data.
func pngDensity(b []byte) float64 {
	for len(b) >= 12 {
		length, kind := binary.BigEndian.Uint32(b), string(b[4:8])
		if kind == "IDAT" || uint64(length)+12 > uint64(len(b)) {
			return 0
		}
		if data := b[8 : 8+length]; kind == "pHYs" && length == 9 && data[8] == 1 {
			return float64(binary.BigEndian.Uint32(data)) * metresPerIn
		}
		b = b[12+length:]
	}
	return 0
}

// withDensity puts the resolution into a picture that the standard library encoded.
func withDensity(b []byte, kind string, dpi int) []byte {
	if kind == "image/png" {
		chunk := binary.BigEndian.AppendUint32(nil, 9)
		chunk = append(chunk, "pHYs"...)
		perMetre := uint32(math.Round(float64(dpi) / metresPerIn))
		chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
		chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
		chunk = append(chunk, 1)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
		return bytes.Join([][]byte{b[:pngHeaderEnd], chunk, b[pngHeaderEnd:]}, nil)
	}
	segment := []byte{0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 1}
	segment = binary.BigEndian.AppendUint16(segment, uint16(dpi))
	segment = binary.BigEndian.AppendUint16(segment, uint16(dpi))
	segment = append(segment, 0, 0)
	return bytes.Join([][]byte{b[:2], segment, b[2:]}, nil)
}
