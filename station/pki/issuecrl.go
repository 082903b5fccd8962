package pki

import (
	"crypto"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of the profile on a list.
const (
	maxCRLLife   = 90 * 24 * time.Hour // a new list is due within 90 days (ICAO Doc 9303-12, 5.3)
	maxCRLNumber = 20                  // octets (RFC 5280, 5.2.3)
)

// CRLSpec is one issue of a country's revocation list.
type CRLSpec struct {
	Number     *big.Int // counts up from issue to issue
	ThisUpdate time.Time
	NextUpdate time.Time // within 90 days
	Revoked    []Revocation
	Hash       crypto.Hash // 0: as strong as the key
}

// NewCRL signs a revocation list version 2 (ICAO Doc 9303-12, 7.1.4) with the newest CSCA key. It
// covers the older keys and names of the country too, and its entries carry no extension, so
// RawIssuer of an entry must be nil.
func NewCRL(spec CRLSpec, issuer *Certificate, issuerKey crypto.Signer, rand io.Reader) (*CRL, error) {
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	s, err := caSigning(issuer, issuerKey, spec.Hash, UseCRLSign, spec.ThisUpdate)
	if err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	tbs, err := build(func(b *cryptobyte.Builder) { spec.add(b, issuer, s.raw) })
	if err != nil {
		return nil, err
	}
	raw, err := s.seal(rand, tbs)
	if err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	list, err := ParseCRL(raw)
	if err != nil {
		return nil, err
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return nil, err
	}
	return list, nil
}

// Next returns the list that comes after l: the next number, every entry kept, and what is newly
// revoked behind them. It returns ErrProfile where l has no number or entries of other issuers,
// where a certificate is in the list already, and where the new list would be no newer.
func (l *CRL) Next(thisUpdate, nextUpdate time.Time, revoked ...Revocation) (CRLSpec, error) {
	spec := CRLSpec{ThisUpdate: thisUpdate, NextUpdate: nextUpdate, Revoked: append(slices.Clone(l.Revoked), revoked...)}
	if l.Number == nil || l.Number.Sign() < 0 {
		return CRLSpec{}, fmt.Errorf("revocation list before this one has no number: %w", ErrProfile)
	}
	if !thisUpdate.Truncate(time.Second).After(l.ThisUpdate) {
		return CRLSpec{}, fmt.Errorf("revocation list before this one is not older: %w", ErrProfile)
	}
	spec.Number = new(big.Int).Add(l.Number, big.NewInt(1))
	if err := spec.check(); err != nil {
		return CRLSpec{}, fmt.Errorf("next revocation list: %w", err)
	}
	return spec, nil
}

func (spec *CRLSpec) check() error {
	life := spec.NextUpdate.Sub(spec.ThisUpdate)
	if life <= 0 || life > maxCRLLife {
		return fmt.Errorf("next update is not within 90 days: %w", ErrProfile)
	}
	if spec.Number == nil || spec.Number.Sign() < 0 || spec.Number.BitLen() >= 8*maxCRLNumber {
		return fmt.Errorf("number: %w", ErrProfile)
	}
	seen := map[string]bool{}
	for _, r := range spec.Revoked {
		if r.SerialNumber == nil || r.SerialNumber.Sign() <= 0 || r.RawIssuer != nil || r.At.IsZero() {
			return fmt.Errorf("entry: %w", ErrProfile)
		}
		if seen[r.SerialNumber.String()] {
			return fmt.Errorf("certificate revoked twice: %w", ErrProfile)
		}
		seen[r.SerialNumber.String()] = true
	}
	return nil
}

// add writes TBSCertList. An empty list of entries is left out (ICAO Doc 9303-12, 7.1.4).
func (spec *CRLSpec) add(b *cryptobyte.Builder, issuer *Certificate, algorithm []byte) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(algorithm)
		b.AddBytes(issuer.RawSubject)
		addTime(b, spec.ThisUpdate)
		addTime(b, spec.NextUpdate)
		if len(spec.Revoked) > 0 {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, r := range spec.Revoked {
					b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1BigInt(r.SerialNumber)
						addTime(b, r.At)
					})
				}
			})
		}
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				addAuthorityKeyID(b, issuer.SubjectKeyID)
				addExtension(b, oidCRLNumber, false, func(b *cryptobyte.Builder) { b.AddASN1BigInt(spec.Number) })
			})
		})
	})
}
