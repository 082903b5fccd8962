package pki

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of signed data.
const (
	maxSignedData   = 4 << 20
	maxCertificates = 16
	maxSignedAttrs  = 32
)

// SignedData is parsed CMS signed data with one signer (RFC 5652, 5): the envelope of EF.SOD and
// EF.CardSecurity.
type SignedData struct {
	ContentType  asn1.ObjectIdentifier
	Content      []byte
	Certificates []*Certificate
	Hash         crypto.Hash        // of the message digest
	Algorithm    SignatureAlgorithm // of the signature
	SigningTime  time.Time          // as the signer claims it; zero where absent
	Tolerated    []string           // strayings that were read past

	rawIssuer   []byte // issuerAndSerialNumber, or
	serial      *big.Int
	keyID       []byte // subjectKeyIdentifier
	signedAttrs []byte // contents of [0], without tag and length
	digest      []byte
	signature   []byte
}

// ParseSignedData reads a ContentInfo that holds SignedData version 3 with exactly one signer and
// nothing behind it. It proves nothing: Verify does. Certificates that cannot be read are passed
// over, with a note, and so are the indefinite lengths of BER.
func ParseSignedData(raw []byte) (*SignedData, error) {
	if len(raw) > maxSignedData {
		return nil, malformed("signed data over 4 MiB")
	}
	return parseSignedData(raw)
}

// parseSignedData is ParseSignedData without its bound of length.
func parseSignedData(raw []byte) (*SignedData, error) {
	p := &parser{}
	body, rest, err := normalize(raw, 0)
	if err != nil || len(rest) > 0 {
		return nil, malformed("signed data")
	}
	if !bytes.Equal(body, raw) {
		p.note("signed data is BER, not DER")
	}
	d, err := p.signedData(body)
	if err != nil {
		return nil, fmt.Errorf("signed data: %w", err)
	}
	d.Tolerated = p.defects
	return d, nil
}

func (p *parser) signedData(raw []byte) (*SignedData, error) {
	info, err := whole(raw, "content info")
	if err != nil {
		return nil, err
	}
	oid, err := objectID(&info, "content type")
	if err != nil {
		return nil, err
	}
	var explicit cryptobyte.String
	if !oid.Equal(oidSignedData) || !info.ReadASN1(&explicit, constructed(0)) || !info.Empty() {
		return nil, malformed("content info")
	}
	body, err := whole(explicit, "signed data")
	if err != nil {
		return nil, err
	}
	version, err := p.integer(&body, "version", 1)
	if err != nil {
		return nil, err
	}
	if version.Int64() != 3 {
		return nil, fmt.Errorf("version %v: %w", version, ErrUnsupported)
	}
	var digests, certificates, signers cryptobyte.String
	if !body.ReadASN1(&digests, der.SET) {
		return nil, malformed("digest algorithms")
	}
	d := &SignedData{}
	if err := d.encapsulated(&body); err != nil {
		return nil, err
	}
	var present bool
	if !body.ReadOptionalASN1(&certificates, &present, constructed(0)) ||
		!body.SkipOptionalASN1(constructed(1)) || !body.ReadASN1(&signers, der.SET) || !body.Empty() {
		return nil, malformed("signed data")
	}
	if err := p.embedded(d, certificates); err != nil {
		return nil, err
	}
	if err := p.signerInfo(d, signers); err != nil {
		return nil, err
	}
	return d, d.checkDigests(digests)
}

// encapsulated reads EncapsulatedContentInfo; the content must be there.
func (d *SignedData) encapsulated(body *cryptobyte.String) error {
	inner, err := sequence(body, "content")
	if err != nil {
		return err
	}
	if d.ContentType, err = objectID(&inner, "content type"); err != nil {
		return err
	}
	var explicit, content cryptobyte.String
	if !inner.ReadASN1(&explicit, constructed(0)) || !inner.Empty() ||
		!explicit.ReadASN1(&content, der.OCTET_STRING) || !explicit.Empty() {
		return malformed("content")
	}
	d.Content = content
	return nil
}

func (p *parser) embedded(d *SignedData, certificates cryptobyte.String) error {
	for n := 0; !certificates.Empty(); n++ {
		var one cryptobyte.String
		var tag der.Tag
		if !certificates.ReadAnyASN1Element(&one, &tag) || n == maxCertificates {
			return malformed("certificates")
		}
		c, err := ParseCertificate(one)
		if err != nil {
			p.note("an embedded certificate is not readable")
			continue
		}
		d.Certificates = append(d.Certificates, c)
	}
	return nil
}

// checkDigests wants the signer's digest among the announced ones.
func (d *SignedData) checkDigests(announced cryptobyte.String) error {
	for !announced.Empty() {
		raw, err := element(&announced, "digest algorithms")
		if err != nil {
			return err
		}
		if h, err := ParseHashAlgorithm(raw); err == nil && h == d.Hash {
			return nil
		}
	}
	return malformed("digest algorithms")
}

func (p *parser) signerInfo(d *SignedData, signers cryptobyte.String) error {
	info, err := sequence(&signers, "signer")
	if err != nil || !signers.Empty() {
		return malformed("not exactly one signer")
	}
	version, err := p.integer(&info, "signer version", 1)
	if err != nil {
		return err
	}
	if err := p.signerID(d, &info, version.Int64()); err != nil {
		return err
	}
	digest, err := element(&info, "digest algorithm")
	if err != nil {
		return err
	}
	if d.Hash, err = ParseHashAlgorithm(digest); err != nil {
		return err
	}
	var attrs, signature cryptobyte.String
	if !info.ReadASN1(&attrs, constructed(0)) {
		return malformed("no signed attributes")
	}
	d.signedAttrs = attrs
	algorithm, err := element(&info, "signature algorithm")
	if err != nil {
		return err
	}
	if d.Algorithm, err = p.signatureAlgorithm(algorithm, d.Hash); err != nil {
		return err
	}
	if !info.ReadASN1(&signature, der.OCTET_STRING) || !info.SkipOptionalASN1(constructed(1)) || !info.Empty() {
		return malformed("signer")
	}
	d.signature = signature
	return p.attributes(d)
}

// signerID reads issuerAndSerialNumber (signer version 1) or subjectKeyIdentifier (version 3).
func (p *parser) signerID(d *SignedData, info *cryptobyte.String, version int64) error {
	var id cryptobyte.String
	var present bool
	if !info.ReadOptionalASN1(&id, &present, primitive(0)) {
		return malformed("signer identifier")
	}
	if present {
		if version != 3 || len(id) == 0 {
			return malformed("signer version")
		}
		d.keyID = id
		if !d.ContentType.Equal(CSCAMasterList()) { // where the profile recommends it
			p.note("signer is named by key identifier")
		}
		return nil
	}
	pair, err := sequence(info, "signer identifier")
	if err != nil {
		return err
	}
	var err1, err2 error
	d.rawIssuer, err1 = element(&pair, "signer identifier")
	d.serial, err2 = p.integer(&pair, "signer identifier", maxSerial)
	if err := firstError(err1, err2); err != nil {
		return err
	}
	if version != 1 || !pair.Empty() {
		return malformed("signer version")
	}
	return nil
}

// attributes finds the content type, which must equal the content's, and the message digest.
func (p *parser) attributes(d *SignedData) error {
	attrs := cryptobyte.String(d.signedAttrs)
	var typed bool
	for n := 0; !attrs.Empty(); n++ {
		attr, err1 := sequence(&attrs, "signed attribute")
		oid, err2 := objectID(&attr, "signed attribute")
		var values cryptobyte.String
		if firstError(err1, err2) != nil || n == maxSignedAttrs ||
			!attr.ReadASN1(&values, der.SET) || !attr.Empty() {
			return malformed("signed attributes")
		}
		switch {
		case oid.Equal(oidContentType) && !typed:
			kind, err := objectID(&values, "content type")
			if err != nil || !kind.Equal(d.ContentType) || !values.Empty() {
				return malformed("signed content type")
			}
			typed = true
		case oid.Equal(oidMessageDigest) && d.digest == nil:
			if !values.ReadASN1Bytes(&d.digest, der.OCTET_STRING) || !values.Empty() {
				return malformed("message digest")
			}
		case oid.Equal(oidContentType), oid.Equal(oidMessageDigest):
			return malformed("signed attribute given twice")
		case oid.Equal(oidSigningTime) && d.SigningTime.IsZero():
			d.SigningTime = lenient[time.Time](p, "signing time")(p.time(&values, "signing time"))
		}
	}
	if !typed || len(d.digest) == 0 {
		return malformed("signed attributes lack content type or message digest")
	}
	return nil
}

// Signer returns the embedded certificate that the signer identifier names, or nil.
func (d *SignedData) Signer() *Certificate {
	for _, c := range d.Certificates {
		if d.names(c) {
			return c
		}
	}
	return nil
}

func (d *SignedData) names(c *Certificate) bool {
	if d.keyID != nil {
		return bytes.Equal(d.keyID, c.SubjectKeyID)
	}
	return d.serial.Cmp(c.SerialNumber) == 0 && sameName(d.rawIssuer, c.RawIssuer)
}

// Verify proves that the embedded certificate's key signed the content. Whether that certificate
// is to be believed is TrustStore.Verify's question. It returns ErrUntrusted where the certificate
// is not embedded, and ErrSignature.
func (d *SignedData) Verify() error {
	c := d.Signer()
	if c == nil {
		return fmt.Errorf("signer's certificate is not embedded: %w", ErrUntrusted)
	}
	return d.VerifyWith(c)
}

// VerifyWith is Verify with a certificate from elsewhere, which the signer identifier must name.
func (d *SignedData) VerifyWith(c *Certificate) error {
	if !d.names(c) {
		return fmt.Errorf("another certificate than the signer's: %w", ErrSignature)
	}
	h := d.Hash.New()
	h.Write(d.Content)
	if !bytes.Equal(h.Sum(nil), d.digest) {
		return fmt.Errorf("message digest: %w", ErrSignature)
	}
	message, err := d.message(d.signedAttrs)
	if err != nil {
		return err
	}
	err = c.PublicKey.Verify(d.Algorithm, message, d.signature)
	if err == nil {
		return nil
	}
	sorted, err2 := sortedSet(d.signedAttrs)
	if err2 != nil || bytes.Equal(sorted, d.signedAttrs) {
		return fmt.Errorf("signed data: %w", err)
	}
	if message, err = d.message(sorted); err != nil {
		return err
	}
	if err := c.PublicKey.Verify(d.Algorithm, message, d.signature); err != nil {
		return fmt.Errorf("signed data: %w", err)
	}
	return nil
}

// message is what is signed: the attributes as a SET (RFC 5652, 5.4).
func (d *SignedData) message(attrs []byte) ([]byte, error) {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(attrs) })
	})
}

// sortedSet returns the elements of a SET OF in DER order. Some signers sort before they sign and
// not when they write.
func sortedSet(contents []byte) ([]byte, error) {
	s := cryptobyte.String(contents)
	var elements [][]byte
	for !s.Empty() {
		el, err := element(&s, "set")
		if err != nil {
			return nil, err
		}
		elements = append(elements, el)
	}
	slices.SortFunc(elements, bytes.Compare)
	return bytes.Join(elements, nil), nil
}
