package lds

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// PACEInfo announces a variant of PACE (ICAO Doc 9303-11, 9.2.1). ParameterID is nil only in
// documents that carry domain parameters of their own.
type PACEInfo struct {
	OID         OID
	Version     int
	ParameterID *int
}

// ChipAuthenticationInfo announces a variant of chip authentication (ICAO Doc 9303-11, 9.2.5).
type ChipAuthenticationInfo struct {
	OID     OID
	Version int
	KeyID   *int // tells keys apart where there are several
}

// ActiveAuthenticationInfo names the signature of an ECDSA active authentication (ICAO Doc
// 9303-11, 9.2.7).
type ActiveAuthenticationInfo struct {
	Version   int
	Signature OID
}

// SecurityInfos says which security mechanisms a chip has (ICAO Doc 9303-11, 9.2). It is all of
// EF.CardAccess, the content of DG14 and what EF.CardSecurity signs. Other holds infos of unknown
// protocols as they stand.
type SecurityInfos struct {
	PACE                     []PACEInfo
	ChipAuthentication       []ChipAuthenticationInfo
	ChipAuthenticationKeys   []ChipAuthenticationPublicKey
	ChipAuthenticationKeysDH []ChipAuthenticationPublicKeyDH
	ActiveAuthentication     []ActiveAuthenticationInfo
	Other                    [][]byte
}

const maxSecurityInfos = 64

// Bytes writes the infos as a DER SET OF.
func (s SecurityInfos) Bytes() ([]byte, error) {
	list, err := s.elements()
	if err != nil {
		return nil, fmt.Errorf("security infos: %w", err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no security infos: %w", ErrContent)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
		for _, info := range list {
			b.AddBytes(info)
		}
	})
	return b.Bytes()
}

// Contains reports whether every info of other stands in s: DG14 must repeat those of
// EF.CardAccess (ICAO Doc 9303-11, 9.2).
func (s SecurityInfos) Contains(other SecurityInfos) bool {
	have, err1 := s.elements()
	want, err2 := other.elements()
	if err1 != nil || err2 != nil {
		return false
	}
	for _, info := range want {
		if _, found := slices.BinarySearchFunc(have, info, bytes.Compare); !found {
			return false
		}
	}
	return true
}

// elements encodes each info and sorts them as DER sorts a SET OF.
func (s SecurityInfos) elements() ([][]byte, error) {
	var list [][]byte
	add := func(b []byte, err error) error {
		list = append(list, b)
		return err
	}
	var errs []error
	for _, info := range s.PACE {
		errs = append(errs, add(encodeInfo(info.OID, info.Version, info.ParameterID)))
	}
	for _, info := range s.ChipAuthentication {
		errs = append(errs, add(encodeInfo(info.OID, info.Version, info.KeyID)))
	}
	for _, key := range s.ChipAuthenticationKeys {
		errs = append(errs, add(key.info()))
	}
	for _, key := range s.ChipAuthenticationKeysDH {
		errs = append(errs, add(key.info()))
	}
	for _, info := range s.ActiveAuthentication {
		errs = append(errs, add(encodeActive(info)))
	}
	list = append(list, s.Other...)
	slices.SortFunc(list, bytes.Compare)
	return list, errors.Join(errs...)
}

func encodeInfo(oid OID, version int, extra *int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1Int64(int64(version))
		if extra != nil {
			b.AddASN1Int64(int64(*extra))
		}
	})
	return b.Bytes()
}

func encodeActive(info ActiveAuthenticationInfo) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(OIDActiveAuthentication())
		b.AddASN1Int64(int64(info.Version))
		b.AddASN1ObjectIdentifier(info.Signature)
	})
	return b.Bytes()
}

// ParseSecurityInfos reads a SET of infos. Its order is not checked: chips in circulation get it
// wrong, and what counts is the signature over the bytes.
func ParseSecurityInfos(b []byte) (SecurityInfos, error) {
	const file = "security infos"
	if err := tooLong(file, b); err != nil {
		return SecurityInfos{}, err
	}
	input := cryptobyte.String(b)
	var set cryptobyte.String
	if !input.ReadASN1(&set, der.SET) || !input.Empty() || set.Empty() {
		return SecurityInfos{}, fmt.Errorf("%s: %w", file, ErrMalformed)
	}
	var s SecurityInfos
	for n := 0; !set.Empty(); n++ {
		var info, body cryptobyte.String
		if n == maxSecurityInfos || !set.ReadASN1Element(&info, der.SEQUENCE) {
			return SecurityInfos{}, fmt.Errorf("%s: %w", file, ErrMalformed)
		}
		whole := bytes.Clone(info)
		var oid OID
		if !info.ReadASN1(&body, der.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&oid) {
			return SecurityInfos{}, fmt.Errorf("%s: %w", file, ErrMalformed)
		}
		if err := s.add(oid, body, whole); err != nil {
			return SecurityInfos{}, fmt.Errorf("%s %v: %w", file, oid, err)
		}
	}
	return s, nil
}

// add sorts one info by its protocol.
func (s *SecurityInfos) add(oid OID, body cryptobyte.String, whole []byte) error {
	switch {
	case below(oid, paceFamily(), 2):
		version, extra, err := parseInfo(body)
		s.PACE = append(s.PACE, PACEInfo{oid, version, extra})
		return err
	case below(oid, chipAuthenticationFamily(), 2):
		version, extra, err := parseInfo(body)
		s.ChipAuthentication = append(s.ChipAuthentication, ChipAuthenticationInfo{oid, version, extra})
		return err
	case oid.Equal(OIDActiveAuthentication()):
		var info ActiveAuthenticationInfo
		if !body.ReadASN1Integer(&info.Version) || !body.ReadASN1ObjectIdentifier(&info.Signature) || !body.Empty() {
			return ErrMalformed
		}
		s.ActiveAuthentication = append(s.ActiveAuthentication, info)
		return nil
	case oid.Equal(OIDChipAuthenticationKey()):
		key, err := parseChipKey(body)
		if errors.Is(err, errOtherCurve) {
			break
		}
		s.ChipAuthenticationKeys = append(s.ChipAuthenticationKeys, key)
		return err
	case oid.Equal(OIDChipAuthenticationKeyDH()):
		key, err := parseChipKeyDH(body)
		if errors.Is(err, errOtherCurve) {
			break
		}
		s.ChipAuthenticationKeysDH = append(s.ChipAuthenticationKeysDH, key)
		return err
	}
	s.Other = append(s.Other, whole)
	return nil
}

func parseInfo(body cryptobyte.String) (version int, extra *int, err error) {
	if !body.ReadASN1Integer(&version) {
		return 0, nil, ErrMalformed
	}
	if body.Empty() {
		return version, nil, nil
	}
	extra = new(int)
	if !body.ReadASN1Integer(extra) || !body.Empty() {
		return 0, nil, ErrMalformed
	}
	return version, extra, nil
}
