package lds

import (
	"fmt"

	"padarozhnik/station/lds/tlv"
)

// DG14 is the security infos of chip authentication and of what else the chip can do (ICAO Doc
// 9303-10, 4.7.14).
type DG14 struct {
	Infos SecurityInfos
}

// Bytes writes the file.
func (d DG14) Bytes() ([]byte, error) {
	set, err := d.Infos.Bytes()
	if err != nil {
		return nil, fmt.Errorf("DG14: %w", err)
	}
	return tlv.Encode(0x6E, set), nil
}

// ParseDG14 reads the file.
func ParseDG14(b []byte) (DG14, error) {
	set, err := tlv.Only(b, 0x6E)
	if err != nil {
		return DG14{}, malformed("DG14", err)
	}
	infos, err := ParseSecurityInfos(set)
	if err != nil {
		return DG14{}, fmt.Errorf("DG14: %w", err)
	}
	return DG14{infos}, nil
}

// CardAccess is EF.CardAccess: what a terminal must know before PACE (ICAO Doc 9303-11, 9.2.10).
// It is not signed; inspection compares it with DG14.
type CardAccess struct {
	Infos SecurityInfos
}

// Bytes writes the file. It announces PACE and holds no key.
func (c CardAccess) Bytes() ([]byte, error) {
	if len(c.Infos.PACE) == 0 || len(c.Infos.ChipAuthenticationKeys) > 0 {
		return nil, fmt.Errorf("EF.CardAccess: %w", ErrContent)
	}
	b, err := c.Infos.Bytes()
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	return b, nil
}

// ParseCardAccess reads the file.
func ParseCardAccess(b []byte) (CardAccess, error) {
	infos, err := ParseSecurityInfos(b)
	if err != nil {
		return CardAccess{}, fmt.Errorf("EF.CardAccess: %w", err)
	}
	return CardAccess{infos}, nil
}
