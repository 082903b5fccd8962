package lds

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// ChipAuthenticationPublicKey is the public half of a chip's static key on a standardized curve
// (ICAO Doc 9303-11, 9.2.6). Point is the uncompressed point 04||X||Y.
type ChipAuthenticationPublicKey struct {
	ParameterID int
	Point       []byte
	KeyID       *int // mandatory for a key of PACE with chip authentication mapping
	Explicit    bool // write the curve's numbers out instead of its number in the standard's table
}

// errOtherCurve marks a key on a curve, or in a group, that nobody can work with.
var errOtherCurve = errors.New("key on another curve")

// Curve returns the curve and the point of the key, or an error of package ec.
func (k ChipAuthenticationPublicKey) Curve() (*ec.Curve, ec.Point, error) {
	curve, err := ec.ByParameterID(k.ParameterID)
	if err != nil {
		return nil, ec.Point{}, err
	}
	point, err := curve.Point(k.Point)
	return curve, point, err
}

// info writes ChipAuthenticationPublicKeyInfo.
func (k ChipAuthenticationPublicKey) info() ([]byte, error) {
	key, err := k.subjectKey()
	if err != nil {
		return nil, fmt.Errorf("chip authentication key: %w: %w", ErrContent, err)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(OIDChipAuthenticationKey())
		b.AddBytes(key)
		if k.KeyID != nil {
			b.AddASN1Int64(int64(*k.KeyID))
		}
	})
	return b.Bytes()
}

// subjectKey writes the key as SubjectPublicKeyInfo in one of the two forms.
func (k ChipAuthenticationPublicKey) subjectKey() ([]byte, error) {
	curve, point, err := k.Curve()
	if err != nil {
		return nil, err
	}
	if k.Explicit {
		pub, err := curve.PublicKey(point)
		if err != nil {
			return nil, err
		}
		key, err := pki.NewPublicKey(pub)
		if err != nil {
			return nil, err
		}
		return key.Raw, nil
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(OIDStandardizedParameters())
			b.AddASN1Int64(int64(k.ParameterID))
		})
		b.AddASN1BitString(k.Point)
	})
	return b.Bytes()
}

// parseChipKey reads what follows the protocol in ChipAuthenticationPublicKeyInfo.
func parseChipKey(body cryptobyte.String) (ChipAuthenticationPublicKey, error) {
	var whole cryptobyte.String
	if !body.ReadASN1Element(&whole, der.SEQUENCE) {
		return ChipAuthenticationPublicKey{}, ErrMalformed
	}
	key, err := parseSubjectKey(whole)
	if err != nil {
		return ChipAuthenticationPublicKey{}, err
	}
	key.KeyID, err = parseKeyID(body)
	return key, err
}

// parseKeyID reads the number that a key may have, and nothing after it.
func parseKeyID(body cryptobyte.String) (*int, error) {
	if body.Empty() {
		return nil, nil
	}
	id := new(int)
	if !body.ReadASN1Integer(id) || !body.Empty() {
		return nil, ErrMalformed
	}
	return id, nil
}

func parseSubjectKey(whole cryptobyte.String) (ChipAuthenticationPublicKey, error) {
	raw := bytes.Clone(whole)
	var body, algorithm cryptobyte.String
	var oid OID
	if !whole.ReadASN1(&body, der.SEQUENCE) || !body.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) {
		return ChipAuthenticationPublicKey{}, ErrMalformed
	}
	if !oid.Equal(OIDStandardizedParameters()) {
		return parseCertificateKey(raw)
	}
	var k ChipAuthenticationPublicKey
	if !algorithm.ReadASN1Integer(&k.ParameterID) || !algorithm.Empty() ||
		!body.ReadASN1BitStringAsBytes(&k.Point) || !body.Empty() {
		return ChipAuthenticationPublicKey{}, ErrMalformed
	}
	k.Point = bytes.Clone(k.Point)
	_, _, err := k.Curve()
	switch {
	case errors.Is(err, ec.ErrUnknownCurve):
		return ChipAuthenticationPublicKey{}, errOtherCurve
	case err != nil:
		return ChipAuthenticationPublicKey{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return k, nil
}

// parseCertificateKey reads a key in the form that certificates use, with a named curve or with
// explicit parameters that are those of a standardized one.
func parseCertificateKey(raw []byte) (ChipAuthenticationPublicKey, error) {
	key, err := pki.ParsePublicKey(raw)
	switch {
	case errors.Is(err, pki.ErrUnsupported):
		return ChipAuthenticationPublicKey{}, errOtherCurve
	case err != nil:
		return ChipAuthenticationPublicKey{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	case key.Curve == nil:
		return ChipAuthenticationPublicKey{}, errOtherCurve
	}
	return ChipAuthenticationPublicKey{
		ParameterID: key.Curve.ParameterID(), Point: key.Curve.Bytes(key.Point), Explicit: key.Explicit,
	}, nil
}
