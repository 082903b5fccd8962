package pki

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of revocation lists.
const (
	maxCRL     = 16 << 20
	maxRevoked = 1 << 19
)

// CRL is a parsed revocation list. Raw bytes alias the input of ParseCRL.
type CRL struct {
	Raw, RawTBS, RawIssuer []byte

	Issuer         Name
	ThisUpdate     time.Time
	NextUpdate     time.Time // zero where absent
	AuthorityKeyID []byte
	Number         *big.Int // nil where absent
	Revoked        []Revocation
	Algorithm      SignatureAlgorithm
	Signature      []byte
	Defects        []string
}

// Revocation is one revoked certificate. RawIssuer names its issuer where an entry says so, else it
// is nil and means the issuer of the list.
type Revocation struct {
	SerialNumber *big.Int
	At           time.Time
	RawIssuer    []byte
}

// ParseCRL reads one DER revocation list with nothing behind it. It refuses delta lists and
// critical extensions that it does not know (ErrUnsupported).
func ParseCRL(b []byte) (*CRL, error) {
	if len(b) > maxCRL {
		return nil, malformed("revocation list over 16 MiB")
	}
	list, err := parseCRL(b)
	if err != nil {
		return nil, fmt.Errorf("revocation list: %w", err)
	}
	return list, nil
}

func parseCRL(raw []byte) (*CRL, error) {
	p := &parser{}
	list := &CRL{Raw: raw}
	body, err := whole(raw, "list")
	if err != nil {
		return nil, err
	}
	tbs, outer, signature, err := signed(&body)
	if err != nil {
		return nil, err
	}
	list.RawTBS, list.Signature = tbs, signature
	inner, err := p.tbsList(list)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(inner, outer) {
		return nil, malformed("signature algorithm inside and outside")
	}
	if list.Algorithm, err = p.signatureAlgorithm(outer, 0); err != nil {
		return nil, err
	}
	list.Defects = p.defects
	return list, nil
}

func (p *parser) tbsList(list *CRL) (inner []byte, err error) {
	body, err := whole(list.RawTBS, "list")
	if err != nil {
		return nil, err
	}
	version, err := p.integer(&body, "version", 1)
	if err != nil || version.Int64() != 1 {
		return nil, fmt.Errorf("list is not version 2: %w", ErrUnsupported)
	}
	var err1, err2, err3, err4 error
	inner, err1 = element(&body, "signature algorithm")
	list.RawIssuer, err2 = element(&body, "issuer")
	list.Issuer, err3 = parseName(list.RawIssuer)
	list.ThisUpdate, err4 = p.time(&body, "this update")
	if err := firstError(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	if body.PeekASN1Tag(der.UTCTime) || body.PeekASN1Tag(der.GeneralizedTime) {
		if list.NextUpdate, err = p.time(&body, "next update"); err != nil {
			return nil, err
		}
	}
	if body.PeekASN1Tag(der.SEQUENCE) {
		if err := p.revoked(&body, list); err != nil {
			return nil, err
		}
	}
	var extensions cryptobyte.String
	var present bool
	if !body.ReadOptionalASN1(&extensions, &present, constructed(0)) || !body.Empty() {
		return nil, malformed("list")
	}
	if !present {
		p.note("list has no extensions")
		return inner, nil
	}
	return inner, p.extensions(extensions, func(oid asn1.ObjectIdentifier, critical bool, value []byte) error {
		return p.listExtension(list, oid, critical, value)
	})
}

func (p *parser) listExtension(list *CRL, oid asn1.ObjectIdentifier, critical bool, value []byte) (err error) {
	s := cryptobyte.String(value)
	switch {
	case oid.Equal(oidAuthorityKeyID):
		list.AuthorityKeyID, err = authorityKeyID(value)
	case oid.Equal(oidCRLNumber):
		list.Number, err = p.integer(&s, "list number", 64)
	case oid.Equal(oidDeltaCRL), critical:
		err = ErrUnsupported
	}
	return err
}

func (p *parser) revoked(body *cryptobyte.String, list *CRL) error {
	entries, err := sequence(body, "entries")
	if err != nil {
		return err
	}
	if entries.Empty() {
		p.note("empty list of entries is written out")
	}
	var issuer []byte // the last certificateIssuer holds until the next one (RFC 5280, 5.3.3)
	for !entries.Empty() {
		entry, err := sequence(&entries, "entry")
		if err != nil || len(list.Revoked) == maxRevoked {
			return malformed("entries")
		}
		r := Revocation{}
		var err1, err2 error
		r.SerialNumber, err1 = p.integer(&entry, "revoked serial number", maxSerial)
		r.At, err2 = p.time(&entry, "revocation date")
		if err := firstError(err1, err2); err != nil {
			return err
		}
		if !entry.Empty() {
			if issuer, err = p.entryIssuer(entry, issuer); err != nil {
				return err
			}
		}
		r.RawIssuer = issuer
		list.Revoked = append(list.Revoked, r)
	}
	return nil
}

// entryIssuer returns the certificateIssuer among an entry's extensions, or before.
func (p *parser) entryIssuer(extensions cryptobyte.String, before []byte) ([]byte, error) {
	issuer := before
	err := p.extensions(extensions, func(oid asn1.ObjectIdentifier, critical bool, value []byte) error {
		if !oid.Equal(oidCertificateIssuer) {
			if critical {
				return ErrUnsupported
			}
			return nil // a reason code, which the profile forbids, changes nothing
		}
		names, err := whole(value, "certificate issuer")
		var name cryptobyte.String
		if err != nil || !names.ReadASN1(&name, constructed(4)) {
			return malformed("certificate issuer")
		}
		issuer = name
		return nil
	})
	return issuer, err
}

// CheckSignatureFrom proves that issuer's key signed the list and that issuer may.
func (l *CRL) CheckSignatureFrom(issuer *Certificate) error {
	if !issuer.IsCA || issuer.KeyUsage != 0 && issuer.KeyUsage&UseCRLSign == 0 {
		return fmt.Errorf("issuer may not sign revocation lists: %w", ErrProfile)
	}
	if l.Algorithm.Weak() {
		return fmt.Errorf("revocation list signed over SHA-1: %w", ErrUnsupported)
	}
	if err := issuer.PublicKey.Verify(l.Algorithm, l.RawTBS, l.Signature); err != nil {
		return fmt.Errorf("revocation list: %w", err)
	}
	return nil
}

// Revokes reports whether the list names the certificate by issuer and serial number. A country has
// one list, under its newest name: an entry without an issuer of its own also stands for document
// signers that an older name of the country issued (ICAO Doc 9303-12, 7.1.4).
func (l *CRL) Revokes(c *Certificate) bool {
	if !sameCountry(l.Issuer, c.Issuer) {
		return false
	}
	for _, r := range l.Revoked {
		if r.SerialNumber.Cmp(c.SerialNumber) != 0 {
			continue
		}
		if r.RawIssuer == nil && (!c.IsCA || sameName(l.RawIssuer, c.RawIssuer)) ||
			r.RawIssuer != nil && sameName(r.RawIssuer, c.RawIssuer) {
			return true
		}
	}
	return false
}
