package lds

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/pki/dh"
)

// ChipAuthenticationPublicKeyDH is the public half of a chip's static key among integers modulo a
// prime (ICAO Doc 9303-11, 9.2.6), found in old documents. Raw is the SubjectPublicKeyInfo where it
// writes the group out; nil for a group by its number in the standard's table.
type ChipAuthenticationPublicKeyDH struct {
	Group  *dh.Group
	Public *big.Int
	KeyID  *int
	Raw    []byte
}

// Object identifiers of DH keys with explicit numbers: X9.42 (ICAO Doc 9303-11, 9.5.2) and PKCS#3
// (9.6).
var (
	oidDHPublicNumber = OID{1, 2, 840, 10046, 2, 1}
	oidDHKeyAgreement = OID{1, 2, 840, 113549, 1, 3, 1}
)

// info writes ChipAuthenticationPublicKeyInfo.
func (k ChipAuthenticationPublicKeyDH) info() ([]byte, error) {
	if k.Group == nil || k.Public == nil || k.Raw == nil && k.Group.ParameterID() < 0 {
		return nil, fmt.Errorf("chip authentication key without group: %w", ErrContent)
	}
	if err := k.Group.Check(k.Public); err != nil {
		return nil, fmt.Errorf("chip authentication key: %w: %w", ErrContent, err)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(OIDChipAuthenticationKeyDH())
		if k.Raw != nil {
			b.AddBytes(k.Raw)
		} else {
			k.addSubjectKey(b)
		}
		if k.KeyID != nil {
			b.AddASN1Int64(int64(*k.KeyID))
		}
	})
	return b.Bytes()
}

func (k ChipAuthenticationPublicKeyDH) addSubjectKey(b *cryptobyte.Builder) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(OIDStandardizedParameters())
			b.AddASN1Int64(int64(k.Group.ParameterID()))
		})
		b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0) // no unused bits
			b.AddASN1BigInt(k.Public)
		})
	})
}

// parseChipKeyDH reads what follows the protocol in ChipAuthenticationPublicKeyInfo.
func parseChipKeyDH(body cryptobyte.String) (ChipAuthenticationPublicKeyDH, error) {
	var whole cryptobyte.String
	if !body.ReadASN1Element(&whole, der.SEQUENCE) {
		return ChipAuthenticationPublicKeyDH{}, ErrMalformed
	}
	k, err := parseSubjectKeyDH(whole)
	if err != nil {
		return ChipAuthenticationPublicKeyDH{}, err
	}
	k.KeyID, err = parseKeyID(body)
	return k, err
}

func parseSubjectKeyDH(whole cryptobyte.String) (ChipAuthenticationPublicKeyDH, error) {
	k := ChipAuthenticationPublicKeyDH{Public: new(big.Int)}
	raw := bytes.Clone(whole)
	var body, algorithm cryptobyte.String
	var oid OID
	var bits []byte
	if !whole.ReadASN1(&body, der.SEQUENCE) || !body.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !body.ReadASN1BitStringAsBytes(&bits) || !body.Empty() {
		return k, ErrMalformed
	}
	number := cryptobyte.String(bits)
	if !number.ReadASN1Integer(k.Public) || !number.Empty() {
		return k, ErrMalformed
	}
	var err error
	if oid.Equal(OIDStandardizedParameters()) {
		var id int
		if !algorithm.ReadASN1Integer(&id) || !algorithm.Empty() {
			return k, ErrMalformed
		}
		k.Group, err = dh.ByParameterID(id)
	} else {
		k.Raw = raw
		k.Group, err = explicitGroup(oid, algorithm)
	}
	if errors.Is(err, dh.ErrUnknownGroup) {
		return k, errOtherCurve
	}
	if err != nil {
		return k, err
	}
	if err := k.Group.Check(k.Public); err != nil {
		return k, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return k, nil
}

// explicitGroup reads p, g, q of X9.42 (RFC 3279, 2.3.3), whose further fields say how the numbers
// were found, or p, g of PKCS#3, whose further field is the length of private keys.
func explicitGroup(oid OID, algorithm cryptobyte.String) (*dh.Group, error) {
	if !oid.Equal(oidDHPublicNumber) && !oid.Equal(oidDHKeyAgreement) {
		return nil, dh.ErrUnknownGroup
	}
	var body cryptobyte.String
	p, g := new(big.Int), new(big.Int)
	if !algorithm.ReadASN1(&body, der.SEQUENCE) || !algorithm.Empty() || !body.ReadASN1Integer(p) ||
		!body.ReadASN1Integer(g) {
		return nil, ErrMalformed
	}
	if oid.Equal(oidDHKeyAgreement) {
		return dh.New(p, g, nil)
	}
	q := new(big.Int)
	if !body.ReadASN1Integer(q) {
		return nil, ErrMalformed
	}
	return dh.New(p, g, q)
}
