package pki

import (
	"crypto"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of master lists. The longest in circulation hold about 700 certificates in a megabyte.
const (
	maxMasterList        = 64 << 20
	maxListed            = 20000
	masterListSignerLife = 10 // years, the longest that a signer's certificate may be valid here
)

// MasterList is a signed list of CSCA certificates that one country vouches for having received
// (ICAO Doc 9303-12, 8 and 9). It keeps the bytes it was read from and parses a certificate when
// Certificates comes to it, so that a list takes little more memory than its file.
type MasterList struct {
	Raw         []byte
	Signer      *Certificate // the master list signer
	SigningTime time.Time    // as the signer claims it; zero where absent
	Len         int          // certificates in the list
	Defects     []string     // strayings that were read past

	signed *SignedData
	listed cryptobyte.String // contents of the SET OF Certificate
}

// ParseMasterList reads the signed data of a master list with nothing behind it. Every listed
// element is checked to be a bounded SEQUENCE; what is in it shows in Certificates. The signer's
// certificate must be embedded and be made for signing master lists (ErrProfile). It proves
// nothing: Verify does.
func ParseMasterList(b []byte) (*MasterList, error) {
	if len(b) > maxMasterList {
		return nil, malformed("master list over 64 MiB")
	}
	signed, err := parseSignedData(b)
	if err != nil {
		return nil, fmt.Errorf("master list: %w", err)
	}
	m := &MasterList{Raw: b, signed: signed, Signer: signed.Signer(), SigningTime: signed.SigningTime}
	if err := m.contents(); err != nil {
		return nil, fmt.Errorf("master list: %w", err)
	}
	if m.Signer == nil {
		return nil, fmt.Errorf("master list: signer's certificate is not embedded: %w", ErrUntrusted)
	}
	if err := m.Signer.checkMasterListSigner(); err != nil {
		return nil, fmt.Errorf("master list: %w", err)
	}
	return m, nil
}

// contents reads CscaMasterList: version 0 and the set.
func (m *MasterList) contents() error {
	if !m.signed.ContentType.Equal(CSCAMasterList()) {
		return fmt.Errorf("content type %v: %w", m.signed.ContentType, ErrMalformed)
	}
	p := &parser{defects: m.signed.Tolerated}
	body, err := whole(m.signed.Content, "list")
	if err != nil {
		return err
	}
	version, err := p.integer(&body, "version", 1)
	if err != nil {
		return err
	}
	if version.Sign() != 0 {
		return fmt.Errorf("version %v: %w", version, ErrUnsupported)
	}
	if !body.ReadASN1(&m.listed, der.SET) || !body.Empty() {
		return malformed("list")
	}
	for rest := m.listed; !rest.Empty(); m.Len++ {
		if one, err := element(&rest, "listed certificate"); err != nil || len(one) > maxCertificate || m.Len == maxListed {
			return malformed("listed certificates")
		}
	}
	if m.SigningTime.IsZero() {
		p.note("signing time is absent")
	}
	m.Defects = p.defects
	return nil
}

// checkMasterListSigner wants a certificate of the profile: no CA, digitalSignature, and the
// extended key usage of master lists (ICAO Doc 9303-12, 7.1.1).
func (c *Certificate) checkMasterListSigner() error {
	if c.IsCA || c.KeyUsage&UseDigitalSignature == 0 || !c.extended(oidMasterListSigner) || len(c.UnknownCritical) > 0 {
		return fmt.Errorf("signer is not a master list signer: %w", ErrProfile)
	}
	return nil
}

// Verify proves that the embedded signer signed the list. Whether the signer is to be believed is
// the trust store's question.
func (m *MasterList) Verify() error {
	if m.signed.Algorithm.Weak() || m.signed.Hash == crypto.SHA1 || m.Signer.Algorithm.Weak() {
		return fmt.Errorf("master list signed over SHA-1: %w", ErrUnsupported)
	}
	if err := m.signed.VerifyWith(m.Signer); err != nil {
		return fmt.Errorf("master list: %w", err)
	}
	return nil
}

// Certificates goes through the list in its order. Some states issued certificates that cannot be
// read: such an element comes as an error, and the next one follows.
func (m *MasterList) Certificates() iter.Seq2[*Certificate, error] {
	return func(yield func(*Certificate, error) bool) {
		for rest := m.listed; !rest.Empty(); {
			raw, err := element(&rest, "listed certificate")
			var c *Certificate
			if err == nil {
				c, err = ParseCertificate(raw)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// MasterListSpec is one issue of a master list.
type MasterListSpec struct {
	Certificates []*Certificate // CSCA roots and link certificates, in any order
	SigningTime  time.Time
	Along        []*Certificate // certificates beside the signer's: the CSCA that issued it
	Hash         crypto.Hash    // 0: as strong as the key
}

// NewMasterList signs a list (ICAO Doc 9303-12, 9). The signer is named by key identifier. It
// returns ErrProfile for a certificate that is no CSCA's and for a signer that may not, ErrKey and
// ErrOutsideKeyUse. The result has been parsed and verified.
func NewMasterList(spec MasterListSpec, signer crypto.Signer, cert *Certificate) (*MasterList, error) {
	m, err := newMasterList(spec, signer, cert)
	if err != nil {
		return nil, fmt.Errorf("new master list: %w", err)
	}
	return m, nil
}

func newMasterList(spec MasterListSpec, signer crypto.Signer, cert *Certificate) (*MasterList, error) {
	if err := cert.checkMasterListSigner(); err != nil {
		return nil, err
	}
	at := spec.SigningTime.UTC().Truncate(time.Second)
	switch {
	case len(spec.Certificates) == 0 || len(spec.Certificates) > maxListed:
		return nil, fmt.Errorf("%d certificates: %w", len(spec.Certificates), ErrProfile)
	case !(Period{cert.NotBefore, cert.NotAfter}).Contains(at):
		return nil, fmt.Errorf("signer: %w", ErrExpired)
	case !cert.KeyUse.Contains(at):
		return nil, fmt.Errorf("signer: %w", ErrOutsideKeyUse)
	}
	for _, c := range spec.Certificates {
		if !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&UseCertSign == 0 {
			return nil, fmt.Errorf("certificate %x is no CSCA's: %w", c.SerialNumber, ErrProfile)
		}
	}
	content, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
				for _, raw := range derOrder(spec.Certificates) {
					b.AddBytes(raw)
				}
			})
		})
	})
	if err != nil {
		return nil, err
	}
	e := envelope{
		contentType: CSCAMasterList(), content: content, cert: cert, others: spec.Along, signingTime: at, byKeyID: true,
	}
	raw, err := e.sign(signer, spec.Hash)
	if err != nil {
		return nil, err
	}
	return ParseMasterList(raw)
}

// MasterListSignerSpec is what a country decides about the signer of its master lists.
type MasterListSignerSpec struct {
	Subject   Name
	NotBefore time.Time
	KeyUse    Span // also the certificate's validity: a list is replaced, not kept
	Hash      crypto.Hash
}

// NewMasterListSigner certifies pub, as NewPublicKey takes it, as a master list signer: digitalSignature
// and the extended key usage 2.23.136.1.1.3, critical, and no document types
// (ICAO Doc 9303-12, 7.1.1). Errors are those of NewDocumentSigner.
func NewMasterListSigner(spec MasterListSignerSpec, pub crypto.PublicKey, issuer *Certificate,
	issuerKey crypto.Signer, rand io.Reader) (*Certificate, error) {
	c, err := newMasterListSigner(spec, pub, issuer, issuerKey, rand)
	if err != nil {
		return nil, fmt.Errorf("master list signer: %w", err)
	}
	return c, nil
}

func newMasterListSigner(spec MasterListSignerSpec, pub crypto.PublicKey, issuer *Certificate,
	issuerKey crypto.Signer, rand io.Reader) (*Certificate, error) {
	public, err := NewPublicKey(pub)
	if err != nil {
		return nil, err
	}
	start := spec.NotBefore.UTC().Truncate(time.Second)
	s, err := caSigning(issuer, issuerKey, spec.Hash, UseCertSign, start)
	if err != nil {
		return nil, err
	}
	use := Period{start, spec.KeyUse.After(start)}
	switch {
	case !spec.KeyUse.positive() || use.NotAfter.After(start.AddDate(masterListSignerLife, 0, 0)):
		return nil, fmt.Errorf("key use: %w", ErrProfile)
	case use.NotAfter.After(issuer.NotAfter):
		return nil, fmt.Errorf("would outlive its issuer: %w", ErrOutsideKeyUse)
	case !sameCountry(spec.Subject, issuer.Subject) || public.Equal(issuer.PublicKey):
		return nil, fmt.Errorf("another country than the issuer, or its key: %w", ErrProfile)
	}
	subject, err := spec.Subject.encode()
	if err != nil {
		return nil, err
	}
	t := template{
		issuer: issuer.RawSubject, subject: subject, public: public, validity: use,
		extensions: extensionSet{
			authorityKeyID: issuer.SubjectKeyID, subjectKeyID: public.KeyID(), keyUsage: UseDigitalSignature,
			keyUse: use, subjectAlt: issuer.SubjectAltName, issuerAlt: issuer.SubjectAltName,
			crlPoints: issuer.CRLPoints, masterList: true,
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
