package lds

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
)

const tagDG15 = 0x6F

// DG15 is the public key of active authentication (ICAO Doc 9303-10, 4.7.15): a point on a
// standardized curve, or an RSA key. With a curve, DG14 names the signature.
type DG15 struct {
	Key *pki.PublicKey
}

// NewDG15 returns the DG15 of an *ecdsa.PublicKey, with explicit parameters, or of an
// *rsa.PublicKey. Other keys, and lengths that no chip should have, give ErrContent.
func NewDG15(public crypto.PublicKey) (DG15, error) {
	if key, ok := public.(*rsa.PublicKey); ok {
		return newRSADG15(key)
	}
	key, err := pki.NewPublicKey(public)
	if err != nil {
		return DG15{}, fmt.Errorf("DG15: %w: %w", ErrContent, err)
	}
	return DG15{key}, nil
}

// newRSADG15 writes rsaEncryption with its NULL parameters (RFC 3279, 2.3.1).
func newRSADG15(public *rsa.PublicKey) (DG15, error) {
	if public.N == nil || public.N.Sign() <= 0 {
		return DG15{}, fmt.Errorf("DG15 without modulus: %w", ErrContent)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(OID{1, 2, 840, 113549, 1, 1, 1})
			b.AddASN1NULL()
		})
		b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(public.N)
				b.AddASN1Int64(int64(public.E))
			})
		})
	})
	raw, err := b.Bytes()
	if err != nil {
		return DG15{}, fmt.Errorf("DG15: %w", err)
	}
	key, err := pki.ParsePublicKey(raw)
	if err != nil {
		return DG15{}, fmt.Errorf("DG15: %w: %w", ErrContent, err)
	}
	return DG15{key}, nil
}

// Bytes writes the file.
func (d DG15) Bytes() ([]byte, error) {
	if d.Key == nil || len(d.Key.Raw) == 0 {
		return nil, fmt.Errorf("DG15 without key: %w", ErrContent)
	}
	return tlv.Encode(tagDG15, d.Key.Raw), nil
}

// ParseDG15 reads the file. A key outside the standard gives pki.ErrUnsupported and not
// ErrMalformed: the file may be sound and only of no use here.
func ParseDG15(b []byte) (DG15, error) {
	if err := tooLong("DG15", b); err != nil {
		return DG15{}, err
	}
	raw, err := tlv.Only(b, tagDG15)
	if err != nil {
		return DG15{}, malformed("DG15", err)
	}
	key, err := pki.ParsePublicKey(bytes.Clone(raw))
	switch {
	case errors.Is(err, pki.ErrUnsupported):
		return DG15{}, fmt.Errorf("DG15: %w", err)
	case err != nil:
		return DG15{}, malformed("DG15", err)
	}
	return DG15{key}, nil
}
