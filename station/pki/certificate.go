package pki

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of what is read.
const (
	maxCertificate = 64 << 10
	maxSerial      = 32 // octets; the profile says 20, some certificates exceed it
	maxExtensions  = 64
)

// KeyUsage is the set of uses of a key, bit n of RFC 5280, 4.2.1.3 at 1<<n.
type KeyUsage uint16

// Uses of keys in the profile (ICAO Doc 9303-12, 7.1.1).
const (
	UseDigitalSignature KeyUsage = 1 << 0
	UseCertSign         KeyUsage = 1 << 5
	UseCRLSign          KeyUsage = 1 << 6
)

// Period is a span of time, both ends included. A zero end is open.
type Period struct{ NotBefore, NotAfter time.Time }

// Contains reports whether t lies within the period.
func (p Period) Contains(t time.Time) bool {
	return (p.NotBefore.IsZero() || !t.Before(p.NotBefore)) && (p.NotAfter.IsZero() || !t.After(p.NotAfter))
}

// IsZero reports whether the period is open at both ends.
func (p Period) IsZero() bool { return p.NotBefore.IsZero() && p.NotAfter.IsZero() }

// AltName is a subject or issuer alternative name of the profile (ICAO Doc 9303-12, 7.1.1):
// where to reach the authority, and the country as the MRZ writes it.
type AltName struct {
	Locality string // three-letter code of the MRZ, in a directoryName
	Emails   []string
	URIs     []string
}

// Certificate is a parsed X.509 certificate. Raw bytes alias the input of ParseCertificate.
type Certificate struct {
	Raw, RawTBS, RawIssuer, RawSubject []byte

	SerialNumber        *big.Int
	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	PublicKey           *PublicKey

	// Extensions; zero where absent.
	SubjectKeyID, AuthorityKeyID  []byte
	KeyUsage                      KeyUsage
	BasicConstraints              bool // the extension is present
	IsCA                          bool
	PathLen                       int // -1 where absent
	KeyUse                        Period
	SubjectAltName, IssuerAltName AltName
	CRLPoints                     []string
	DocumentTypes                 []string
	ExtendedKeyUsage              []asn1.ObjectIdentifier
	NameChange                    bool
	Extensions                    []asn1.ObjectIdentifier // all that are present, in order
	UnknownCritical               []asn1.ObjectIdentifier // critical ones that mean nothing to this package
	Algorithm                     SignatureAlgorithm
	Signature                     []byte
	Defects                       []string // strayings from DER and the profile that were read past
}

// ParseCertificate reads one DER certificate with nothing behind it. It returns ErrMalformed for
// bytes that are no certificate and ErrUnsupported for keys and signatures outside the standard.
// It proves nothing: CheckSignatureFrom and TrustStore.Verify do.
func ParseCertificate(b []byte) (*Certificate, error) {
	if len(b) > maxCertificate {
		return nil, malformed("certificate over 64 KiB")
	}
	c, err := parseCertificate(b)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return c, nil
}

func parseCertificate(raw []byte) (*Certificate, error) {
	p := &parser{}
	c := &Certificate{Raw: raw, PathLen: -1}
	body, err := whole(raw, "certificate")
	if err != nil {
		return nil, err
	}
	tbs, outer, signature, err := signed(&body)
	if err != nil {
		return nil, err
	}
	c.RawTBS, c.Signature = tbs, signature
	inner, err := p.tbs(c)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(inner, outer) {
		return nil, malformed("signature algorithm inside and outside")
	}
	if c.Algorithm, err = p.signatureAlgorithm(outer, 0); err != nil {
		return nil, err
	}
	c.Defects = p.defects
	return c, nil
}

// signed takes the three parts of a signed structure: contents, algorithm, signature.
func signed(body *cryptobyte.String) (tbs, algorithm, signature []byte, err error) {
	if tbs, err = element(body, "signed part"); err != nil {
		return nil, nil, nil, err
	}
	if algorithm, err = element(body, "signature algorithm"); err != nil {
		return nil, nil, nil, err
	}
	if !body.ReadASN1BitStringAsBytes(&signature) || !body.Empty() {
		return nil, nil, nil, malformed("signature")
	}
	return tbs, algorithm, signature, nil
}

// tbs reads the signed part into c and returns the AlgorithmIdentifier inside it.
func (p *parser) tbs(c *Certificate) (inner []byte, err error) {
	body, err := whole(c.RawTBS, "certificate")
	if err != nil {
		return nil, err
	}
	var version int
	if !body.ReadOptionalASN1Integer(&version, constructed(0), 0) || version != 2 {
		return nil, fmt.Errorf("certificate version %d: %w", version+1, ErrUnsupported)
	}
	if c.SerialNumber, err = p.integer(&body, "serial number", maxSerial); err != nil {
		return nil, err
	}
	if c.SerialNumber.Sign() <= 0 || c.SerialNumber.BitLen() >= 160 {
		p.note("serial number is not positive or exceeds 20 octets")
	}
	var err1, err2, err3, err4 error
	inner, err1 = element(&body, "signature algorithm")
	c.RawIssuer, err2 = element(&body, "issuer")
	err3 = p.validity(&body, c)
	c.RawSubject, err4 = element(&body, "subject")
	if err := firstError(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	spki, err1 := element(&body, "public key")
	c.Issuer, err2 = parseName(c.RawIssuer)
	if c.Subject = c.Issuer; !bytes.Equal(c.RawIssuer, c.RawSubject) {
		c.Subject, err3 = parseName(c.RawSubject)
	}
	if err := firstError(err1, err2, err3); err != nil {
		return nil, err
	}
	if c.PublicKey, err = p.publicKey(spki); err != nil {
		return nil, err
	}
	if c.PublicKey.Curve != nil && !c.PublicKey.Explicit {
		p.note("curve is named, not written out")
	}
	if c.Issuer.Country != strings.ToUpper(c.Issuer.Country) || len(c.Issuer.Country) != 2 {
		p.note("issuer's country is not two capital letters")
	}
	return inner, p.tail(&body, c)
}

func (p *parser) validity(body *cryptobyte.String, c *Certificate) error {
	dates, err := sequence(body, "validity")
	if err != nil {
		return err
	}
	if c.NotBefore, err = p.time(&dates, "notBefore"); err != nil {
		return err
	}
	if c.NotAfter, err = p.time(&dates, "notAfter"); err != nil {
		return err
	}
	if !dates.Empty() || c.NotAfter.Before(c.NotBefore) {
		return malformed("validity")
	}
	return nil
}

// tail reads the unique identifiers past and the extensions in.
func (p *parser) tail(body *cryptobyte.String, c *Certificate) error {
	var extensions cryptobyte.String
	var present bool
	if !body.SkipOptionalASN1(primitive(1)) || !body.SkipOptionalASN1(primitive(2)) ||
		!body.ReadOptionalASN1(&extensions, &present, constructed(3)) || !body.Empty() {
		return malformed("extensions")
	}
	if !present {
		return nil
	}
	return p.extensions(extensions, func(oid asn1.ObjectIdentifier, critical bool, value []byte) error {
		for _, seen := range c.Extensions {
			if seen.Equal(oid) {
				return malformed("extension given twice")
			}
		}
		c.Extensions = append(c.Extensions, oid)
		known, err := p.certificateExtension(c, oid, value)
		if err == nil && !known && critical {
			c.UnknownCritical = append(c.UnknownCritical, oid)
		}
		return err
	})
}

// extensions calls f for each of a SEQUENCE OF Extension.
func (p *parser) extensions(s cryptobyte.String, f func(asn1.ObjectIdentifier, bool, []byte) error) error {
	list, err := sequence(&s, "extensions")
	if err != nil || !s.Empty() {
		return malformed("extensions")
	}
	for n := 0; !list.Empty(); n++ {
		one, err1 := sequence(&list, "extension")
		oid, err2 := objectID(&one, "extension")
		if err := firstError(err1, err2); err != nil || n == maxExtensions {
			return malformed("extensions")
		}
		critical := false
		if one.PeekASN1Tag(der.BOOLEAN) {
			if critical, err = p.boolean(&one, "critical"); err != nil {
				return err
			}
			if !critical {
				p.note("default value of critical is written out")
			}
		}
		var value cryptobyte.String
		if !one.ReadASN1(&value, der.OCTET_STRING) || !one.Empty() {
			return malformed("extension")
		}
		if err := f(oid, critical, value); err != nil {
			return fmt.Errorf("extension %v: %w", oid, err)
		}
	}
	return nil
}

// claimsSelfSigned tells a root from a document signer and from the link certificate of a
// roll-over, whose authority key is the old one (ICAO Doc 9303-12, 4.3.4).
func (c *Certificate) claimsSelfSigned() bool {
	return sameName(c.RawIssuer, c.RawSubject) &&
		(len(c.AuthorityKeyID) == 0 || bytes.Equal(c.AuthorityKeyID, c.SubjectKeyID))
}

// claimsLink tells the certificate by which an old CSCA key passes trust on to a new one.
func (c *Certificate) claimsLink() bool { return c.IsCA && !c.claimsSelfSigned() }

// extended reports whether the certificate has this extended key usage.
func (c *Certificate) extended(use asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(c.ExtendedKeyUsage, use.Equal)
}

// Country returns the issuer's two-letter country in capitals, or "".
func (c *Certificate) Country() string { return strings.ToUpper(c.Issuer.Country) }

// CheckSignatureFrom proves that issuer's key signed c and that issuer is a CA that may. It looks
// at no date, name or list: TrustStore.Verify does. Errors are ErrSignature, ErrProfile and
// ErrUnsupported.
func (c *Certificate) CheckSignatureFrom(issuer *Certificate) error {
	if !issuer.IsCA || issuer.KeyUsage != 0 && issuer.KeyUsage&UseCertSign == 0 {
		return fmt.Errorf("issuer may not sign certificates: %w", ErrProfile)
	}
	if err := issuer.PublicKey.Verify(c.Algorithm, c.RawTBS, c.Signature); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

// CheckSigning reports whether the key of a document signer may sign a document of this code at
// this time: ErrExpired, ErrOutsideKeyUse, ErrDocumentType, or ErrProfile for a certificate that is
// no document signer's (ICAO Doc 9303-12, 7.1.1). An empty code asks nothing about the type.
func (c *Certificate) CheckSigning(at time.Time, documentCode string) error {
	switch {
	case c.IsCA || c.KeyUsage&UseDigitalSignature == 0, c.extended(oidMasterListSigner), c.extended(oidDeviationSigner):
		return fmt.Errorf("not a document signer: %w", ErrProfile)
	case !(Period{c.NotBefore, c.NotAfter}).Contains(at):
		return ErrExpired
	case !c.KeyUse.Contains(at):
		return ErrOutsideKeyUse
	}
	return c.checkDocumentType(documentCode)
}

// checkDocumentType: a one-letter entry covers every code that begins with it. A certificate
// without the list may sign any document.
func (c *Certificate) checkDocumentType(code string) error {
	code = strings.TrimRight(code, "<")
	if code == "" || c.DocumentTypes == nil {
		return nil
	}
	for _, entry := range c.DocumentTypes {
		entry = strings.TrimRight(entry, "<")
		if entry == code || len(entry) == 1 && strings.HasPrefix(code, entry) {
			return nil
		}
	}
	return fmt.Errorf("document code %q: %w", code, ErrDocumentType)
}
