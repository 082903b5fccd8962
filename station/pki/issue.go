package pki

import (
	"crypto"
	"fmt"
	"io"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// CSCASpec is what a country decides about its root. The certificate's validity is computed: the
// key's use, then the use of the last document signer, then the life of the last document.
type CSCASpec struct {
	Subject          Name
	AltName          AltName  // subject and issuer alike
	CRLPoints        []string // http, https or ldap
	NotBefore        time.Time
	KeyUse           Span        // 3 to 5 years (ICAO Doc 9303-12, 4.3.2)
	SignerKeyUse     Span        // of the document signers below
	DocumentValidity Span        // of the longest-lived document
	Hash             crypto.Hash // 0: as strong as the key
}

// NewCSCA makes a self-signed CSCA certificate for a key as NewPublicKey takes it
// (ICAO Doc 9303-12, 7.1.1). rand gives the serial number and blinds the signature.
func NewCSCA(spec CSCASpec, key crypto.Signer, rand io.Reader) (*Certificate, error) {
	public, err := NewPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("CSCA: %w", err)
	}
	s, err := newSigning(key, public, spec.Hash)
	if err != nil {
		return nil, fmt.Errorf("CSCA: %w", err)
	}
	if !spec.KeyUse.positive() || !spec.SignerKeyUse.positive() || !spec.DocumentValidity.positive() {
		return nil, fmt.Errorf("CSCA without key use or document validity: %w", ErrProfile)
	}
	subject, err := spec.Subject.encode()
	if err != nil {
		return nil, fmt.Errorf("CSCA: %w", err)
	}
	start := spec.NotBefore.UTC().Truncate(time.Second)
	useEnd := spec.KeyUse.After(start)
	t := template{
		issuer: subject, subject: subject, public: public,
		validity: Period{start, spec.DocumentValidity.After(spec.SignerKeyUse.After(useEnd))},
		extensions: extensionSet{
			subjectKeyID: s.public.KeyID(), keyUsage: UseCertSign | UseCRLSign, ca: true,
			keyUse: Period{start, useEnd}, subjectAlt: spec.AltName, issuerAlt: spec.AltName,
			crlPoints: spec.CRLPoints,
		},
	}
	c, err := t.issue(s, rand)
	if err != nil {
		return nil, fmt.Errorf("CSCA: %w", err)
	}
	if err := c.CheckSignatureFrom(c); err != nil {
		return nil, fmt.Errorf("CSCA: %w", err)
	}
	return c, nil
}

// SignerSpec is what a country decides about one document signer. The certificate's validity is
// computed: the key's use, then the life of the last document.
type SignerSpec struct {
	Subject          Name
	AltName          AltName  // zero: the issuer's
	CRLPoints        []string // nil: the issuer's
	DocumentTypes    []string // document codes, "P" covers "PP"
	NotBefore        time.Time
	KeyUse           Span // up to 3 months (ICAO Doc 9303-12, 4.3.2)
	DocumentValidity Span
	Hash             crypto.Hash // 0: as strong as the issuer's key
}

// NewDocumentSigner certifies pub, as NewPublicKey takes it, as a document signer
// (ICAO Doc 9303-12, 7.1.1). It refuses with ErrOutsideKeyUse where the certificate would begin
// outside the issuer's key use or end after the issuer, and with ErrKey where issuerKey is not the
// issuer's.
func NewDocumentSigner(spec SignerSpec, pub crypto.PublicKey, issuer *Certificate, issuerKey crypto.Signer,
	rand io.Reader) (*Certificate, error) {
	c, err := newDocumentSigner(spec, pub, issuer, issuerKey, rand)
	if err != nil {
		return nil, fmt.Errorf("document signer: %w", err)
	}
	return c, nil
}

func newDocumentSigner(spec SignerSpec, pub crypto.PublicKey, issuer *Certificate, issuerKey crypto.Signer,
	rand io.Reader) (*Certificate, error) {
	public, err := NewPublicKey(pub)
	if err != nil {
		return nil, err
	}
	start := spec.NotBefore.UTC().Truncate(time.Second)
	s, err := caSigning(issuer, issuerKey, spec.Hash, UseCertSign, start)
	if err != nil {
		return nil, err
	}
	if !spec.KeyUse.positive() || !spec.DocumentValidity.positive() || len(spec.DocumentTypes) == 0 {
		return nil, fmt.Errorf("no key use, document validity or document types: %w", ErrProfile)
	}
	useEnd := spec.KeyUse.After(start)
	validity := Period{start, spec.DocumentValidity.After(useEnd)}
	if validity.NotAfter.After(issuer.NotAfter) {
		return nil, fmt.Errorf("would outlive its issuer: %w", ErrOutsideKeyUse)
	}
	if !sameCountry(spec.Subject, issuer.Subject) || public.Equal(issuer.PublicKey) {
		return nil, fmt.Errorf("another country than the issuer, or its key: %w", ErrProfile)
	}
	subject, err := spec.Subject.encode()
	if err != nil {
		return nil, err
	}
	if spec.AltName.Locality == "" {
		spec.AltName = issuer.SubjectAltName
	}
	if spec.CRLPoints == nil {
		spec.CRLPoints = issuer.CRLPoints
	}
	t := template{
		issuer: issuer.RawSubject, subject: subject, public: public, validity: validity,
		extensions: extensionSet{
			authorityKeyID: issuer.SubjectKeyID, subjectKeyID: public.KeyID(), keyUsage: UseDigitalSignature,
			keyUse: Period{start, useEnd}, subjectAlt: spec.AltName, issuerAlt: issuer.SubjectAltName,
			crlPoints: spec.CRLPoints, documentTypes: spec.DocumentTypes,
		},
	}
	c, err := t.issue(s, rand)
	if err != nil {
		return nil, err
	}
	if err := c.CheckSignatureFrom(issuer); err != nil {
		return nil, err
	}
	return c, nil
}

// caSigning prepares a CSCA's key for one use at one time.
func caSigning(issuer *Certificate, key crypto.Signer, h crypto.Hash, use KeyUsage, at time.Time) (*signing, error) {
	s, err := newSigning(key, issuer.PublicKey, h)
	if err != nil {
		return nil, err
	}
	switch {
	case !issuer.IsCA || issuer.KeyUsage&use == 0 || len(issuer.SubjectKeyID) == 0:
		return nil, fmt.Errorf("issuer is no CSCA: %w", ErrProfile)
	case !(Period{issuer.NotBefore, issuer.NotAfter}).Contains(at):
		return nil, fmt.Errorf("issuer: %w", ErrExpired)
	case !issuer.KeyUse.Contains(at):
		return nil, fmt.Errorf("issuer: %w", ErrOutsideKeyUse)
	}
	return s, nil
}

// template is a certificate before its signature.
type template struct {
	issuer     []byte // DER of the name
	subject    []byte
	public     *PublicKey
	validity   Period
	extensions extensionSet
}

// issue draws a serial number, signs, and returns the certificate as read back.
func (t *template) issue(s *signing, rand io.Reader) (*Certificate, error) {
	if err := t.extensions.check(); err != nil {
		return nil, err
	}
	serial, err := drawSerial(rand)
	if err != nil {
		return nil, err
	}
	tbs, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
			b.AddASN1BigInt(serial)
			b.AddBytes(s.raw)
			b.AddBytes(t.issuer)
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				addTime(b, t.validity.NotBefore)
				addTime(b, t.validity.NotAfter)
			})
			b.AddBytes(t.subject)
			b.AddBytes(t.public.Raw)
			b.AddASN1(constructed(3), t.extensions.add)
		})
	})
	if err != nil {
		return nil, err
	}
	raw, err := s.seal(rand, tbs)
	if err != nil {
		return nil, err
	}
	return ParseCertificate(raw)
}

// seal wraps a signed part with its algorithm and signature.
func (s *signing) seal(rand io.Reader, tbs []byte) ([]byte, error) {
	signature, err := s.sign(rand, tbs)
	if err != nil {
		return nil, err
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(tbs)
			b.AddBytes(s.raw)
			b.AddASN1BitString(signature)
		})
	})
}

// drawSerial returns a positive number of sixteen octets, never the same twice by chance.
func drawSerial(rand io.Reader) (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	b[0] = b[0]&0x7F | 0x40
	return new(big.Int).SetBytes(b), nil
}
