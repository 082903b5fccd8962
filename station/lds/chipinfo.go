package lds

import (
	"bytes"
	"fmt"

	"padarozhnik/station/lds/tlv"
)

// Dir is EF.DIR: the applications on the chip (ICAO Doc 9303-10, 3.11.2).
type Dir struct {
	Applications [][]byte // application identifiers
}

// Bytes writes the file. The eMRTD application must be among those named.
func (d Dir) Bytes() ([]byte, error) {
	var b []byte
	found := false
	for _, aid := range d.Applications {
		if len(aid) < 5 || len(aid) > 16 {
			return nil, fmt.Errorf("EF.DIR: %w", ErrContent)
		}
		found = found || string(aid) == Application
		b = tlv.Append(b, 0x61, tlv.Encode(0x4F, aid))
	}
	if !found {
		return nil, fmt.Errorf("EF.DIR without the eMRTD application: %w", ErrContent)
	}
	return b, nil
}

// ParseDir reads the file; labels and other objects beside the identifiers are skipped.
func ParseDir(b []byte) (Dir, error) {
	list, err := tlv.Elements(b)
	if err != nil {
		return Dir{}, malformed("EF.DIR", err)
	}
	var d Dir
	for _, e := range list {
		if e.Tag != 0x61 {
			continue
		}
		fields, err := tlv.Elements(e.Value)
		if err != nil {
			return Dir{}, malformed("EF.DIR", err)
		}
		aid, ok := tlv.Find(fields, 0x4F)
		if !ok || len(aid) == 0 || len(aid) > 16 {
			return Dir{}, fmt.Errorf("EF.DIR identifier: %w", ErrMalformed)
		}
		d.Applications = append(d.Applications, bytes.Clone(aid))
	}
	return d, nil
}

// ATRInfo is EF.ATR/INFO: what the chip takes and gives in one APDU. A terminal must not use
// extended length for READ BINARY unless MaxCommand and MaxResponse stand here (ICAO Doc 9303-10,
// 3.11.1).
type ATRInfo struct {
	Capabilities []byte // three bytes (ISO/IEC 7816-4, 12.1.1.9); nil where not stated
	MaxCommand   int    // bytes of a whole command APDU; 0 where not stated
	MaxResponse  int    // bytes of a whole response APDU
}

// ExtendedCapabilities returns the card capabilities of a chip that selects applications by name
// and files by identifier, short or long, counts data in bytes, takes extended length and says its
// sizes in this file (ISO/IEC 7816-4:2013, tables 117 to 119).
func ExtendedCapabilities() []byte {
	return []byte{0x94, 0x01, 0x60}
}

const maxAPDU = 0x10000 + 9 // bytes of the longest APDU there can be

// Bytes writes the file.
func (a ATRInfo) Bytes() ([]byte, error) {
	if len(a.Capabilities) != 3 || a.MaxCommand < 0 || a.MaxResponse < 0 || a.MaxCommand > maxAPDU ||
		a.MaxResponse > maxAPDU || (a.MaxCommand == 0) != (a.MaxResponse == 0) {
		return nil, fmt.Errorf("EF.ATR/INFO: %w", ErrContent)
	}
	b := tlv.Encode(0x47, a.Capabilities)
	if a.MaxCommand > 0 {
		b = tlv.Append(b, 0x7F66, tlv.Encode(0x02, integer(a.MaxCommand)), tlv.Encode(0x02, integer(a.MaxResponse)))
	}
	return b, nil
}

// ParseATRInfo reads the file; objects that are not named here are skipped.
func ParseATRInfo(b []byte) (ATRInfo, error) {
	const file = "EF.ATR/INFO"
	list, err := tlv.Elements(b)
	if err != nil {
		return ATRInfo{}, malformed(file, err)
	}
	var a ATRInfo
	if capabilities, ok := tlv.Find(list, 0x47); ok {
		a.Capabilities = bytes.Clone(capabilities)
	}
	sizes, ok := tlv.Find(list, 0x7F66)
	if !ok {
		return a, nil
	}
	pair, err := tlv.Elements(sizes)
	if err != nil {
		return ATRInfo{}, malformed(file, err)
	}
	if len(pair) != 2 || pair[0].Tag != 0x02 || pair[1].Tag != 0x02 {
		return ATRInfo{}, fmt.Errorf("%s sizes: %w", file, ErrMalformed)
	}
	if a.MaxCommand, ok = size(pair[0].Value); !ok {
		return ATRInfo{}, fmt.Errorf("%s sizes: %w", file, ErrMalformed)
	}
	if a.MaxResponse, ok = size(pair[1].Value); !ok {
		return ATRInfo{}, fmt.Errorf("%s sizes: %w", file, ErrMalformed)
	}
	return a, nil
}

// integer writes a positive DER integer of at least two bytes, as chips write sizes.
func integer(n int) []byte {
	if n > 0x7FFF {
		return []byte{byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return []byte{byte(n >> 8), byte(n)}
}

// size reads a size of up to three bytes, taken as unsigned because some chips set the top bit.
func size(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 3 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n, n > 0 && n <= maxAPDU
}
