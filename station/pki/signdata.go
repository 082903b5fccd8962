package pki

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// SignData wraps content in CMS signed data version 3, signed by the key of cert: one signer named
// by issuer and serial number, contentType and messageDigest signed, cert included, no revocation
// list (ICAO Doc 9303-10, 4.6.2). hash 0 is as strong as the key. The result has been parsed and
// verified. It returns ErrKey where signer is not cert's key and ErrProfile where cert may not sign
// data; the time of signing is the caller's to ask (Certificate.CheckSigning).
func SignData(contentType asn1.ObjectIdentifier, content []byte, signer crypto.Signer, cert *Certificate,
	hash crypto.Hash) ([]byte, error) {
	s, err := newSigning(signer, hash)
	if err != nil {
		return nil, fmt.Errorf("sign data: %w", err)
	}
	if !s.public.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("sign data: %w", ErrKey)
	}
	if cert.IsCA || cert.KeyUsage&UseDigitalSignature == 0 {
		return nil, fmt.Errorf("sign data: certificate is no signer's: %w", ErrProfile)
	}
	attrs, err := signedAttributes(contentType, content, s.algorithm.Hash)
	if err != nil {
		return nil, err
	}
	set, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(attrs) })
	})
	if err != nil {
		return nil, err
	}
	signature, err := s.sign(rand.Reader, set)
	if err != nil {
		return nil, fmt.Errorf("sign data: %w", err)
	}
	raw, err := s.signedData(contentType, content, cert, attrs, signature)
	if err != nil {
		return nil, err
	}
	back, err := ParseSignedData(raw)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	if !bytes.Equal(back.Content, content) {
		return nil, fmt.Errorf("read back: %w", ErrMalformed)
	}
	if err := back.Verify(); err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	return raw, nil
}

// signedAttributes returns contentType and messageDigest in DER order.
func signedAttributes(contentType asn1.ObjectIdentifier, content []byte, hash crypto.Hash) ([]byte, error) {
	h := hash.New()
	h.Write(content)
	digest := h.Sum(nil)
	attrs, err := build(func(b *cryptobyte.Builder) {
		addAttribute(b, oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(contentType) })
		addAttribute(b, oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
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

func (s *signing) signedData(contentType asn1.ObjectIdentifier, content []byte, cert *Certificate,
	attrs, signature []byte) ([]byte, error) {
	digest, err := MarshalHashAlgorithm(s.algorithm.Hash)
	if err != nil {
		return nil, err
	}
	signerInfo := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.RawIssuer)
			b.AddASN1BigInt(cert.SerialNumber)
		})
		b.AddBytes(digest)
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddBytes(attrs) })
		b.AddBytes(s.raw)
		b.AddASN1OctetString(signature)
	}
	body := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddBytes(digest) })
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(contentType)
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
		})
		b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddBytes(cert.Raw) })
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) { b.AddASN1(der.SEQUENCE, signerInfo) })
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddASN1(der.SEQUENCE, body) })
		})
	})
}
