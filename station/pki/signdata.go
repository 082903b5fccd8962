package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// SignData wraps content in CMS signed data version 3, signed by the key of cert: one signer named
// by issuer and serial number, contentType and messageDigest signed, cert included, no revocation
// list (ICAO Doc 9303-10, 4.6.2). hash 0 is as strong as the key. What is returned has been read back
// and verified as it will be by everybody else. It returns ErrKey where signer is not cert's key and ErrProfile where cert may not sign
// data; the time of signing is the caller's to ask (Certificate.CheckSigning).
func SignData(contentType asn1.ObjectIdentifier, content []byte, signer crypto.Signer, cert *Certificate,
	hash crypto.Hash) ([]byte, error) {
	e := envelope{contentType: contentType, content: content, cert: cert}
	raw, err := e.sign(signer, hash)
	if err != nil {
		return nil, fmt.Errorf("sign data: %w", err)
	}
	return raw, nil
}

// envelope is signed data before its signature.
type envelope struct {
	contentType asn1.ObjectIdentifier
	content     []byte
	cert        *Certificate   // of the signer
	others      []*Certificate // that go along with it
	signingTime time.Time      // signed where it is not zero
	byKeyID     bool           // name the signer by key identifier
}

func (e *envelope) sign(signer crypto.Signer, hash crypto.Hash) ([]byte, error) {
	s, err := newSigning(signer, e.cert.PublicKey, hash)
	if err != nil {
		return nil, err
	}
	if e.cert.IsCA || e.cert.KeyUsage&UseDigitalSignature == 0 {
		return nil, fmt.Errorf("certificate is no signer's: %w", ErrProfile)
	}
	attrs, err := e.attributes(s.algorithm.Hash)
	if err != nil {
		return nil, err
	}
	set, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(attrs) })
	})
	if err != nil {
		return nil, err
	}
	signature, err := s.signature(rand.Reader, set)
	if err != nil {
		return nil, err
	}
	raw, err := e.seal(s, attrs, signature)
	if err != nil {
		return nil, err
	}
	back, err := parseSignedData(raw)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	if !bytes.Equal(back.Content, e.content) {
		return nil, fmt.Errorf("read back: %w", ErrMalformed)
	}
	if err := back.Verify(); err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	return raw, nil
}

// attributes returns contentType, messageDigest and the time in DER order.
func (e *envelope) attributes(hash crypto.Hash) ([]byte, error) {
	h := hash.New()
	h.Write(e.content)
	digest := h.Sum(nil)
	attrs, err := build(func(b *cryptobyte.Builder) {
		addAttribute(b, oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(e.contentType) })
		addAttribute(b, oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
		if !e.signingTime.IsZero() {
			addAttribute(b, oidSigningTime, func(b *cryptobyte.Builder) { addTime(b, e.signingTime) })
		}
	})
	if err != nil {
		return nil, err
	}
	return sortedSet(attrs)
}

func addAttribute(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(der.SET, value)
	})
}

// seal puts content, certificates and signature together.
func (e *envelope) seal(s *signing, attrs, signature []byte) ([]byte, error) {
	digest, err := MarshalHashAlgorithm(s.algorithm.Hash)
	if err != nil {
		return nil, err
	}
	signerInfo := func(b *cryptobyte.Builder) {
		e.addSignerID(b)
		b.AddBytes(digest)
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddBytes(attrs) })
		b.AddBytes(s.raw)
		b.AddASN1OctetString(signature)
	}
	body := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(digest) })
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(e.contentType)
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(e.content) })
		})
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) {
			for _, raw := range derOrder(append([]*Certificate{e.cert}, e.others...)) {
				b.AddBytes(raw)
			}
		})
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddASN1(der.SEQUENCE, signerInfo) })
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1(der.SEQUENCE, body) })
		})
	})
}

// addSignerID writes the signer's version and name (RFC 5652, 5.3).
func (e *envelope) addSignerID(b *cryptobyte.Builder) {
	if e.byKeyID {
		b.AddASN1Int64(3)
		addText(b, primitive(0), string(e.cert.SubjectKeyID))
		return
	}
	b.AddASN1Int64(1)
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(e.cert.RawIssuer)
		b.AddASN1BigInt(e.cert.SerialNumber)
	})
}

// derOrder returns the certificates' bytes as a SET OF in DER has them: sorted, each once.
func derOrder(certificates []*Certificate) [][]byte {
	raws := make([][]byte, len(certificates))
	for i, c := range certificates {
		raws[i] = c.Raw
	}
	slices.SortFunc(raws, bytes.Compare)
	return slices.CompactFunc(raws, bytes.Equal)
}
