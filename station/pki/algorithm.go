package pki

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"   // of old documents, see Weak
	_ "crypto/sha256" // SHA-224 and SHA-256 of the algorithms below
	_ "crypto/sha512" // SHA-384 and SHA-512
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Scheme is a way of signing.
type Scheme int

// Schemes of the standard (ICAO Doc 9303-12, 4.4). PKCS#1 v1.5 is verified and never made.
const (
	ECDSA Scheme = iota + 1
	RSAPSS
	RSAPKCS1
)

// SignatureAlgorithm is a parsed AlgorithmIdentifier of a signature.
type SignatureAlgorithm struct {
	Scheme     Scheme
	Hash       crypto.Hash // also of the mask generation function of RSA-PSS
	SaltLength int         // of RSA-PSS, in bytes
}

// Weak tells an algorithm that no longer proves what it once did: SHA-1, with which documents and
// CSCA of the first years are signed and which ICAO Doc 9303-12, 4.4, no longer names. Whoever
// verifies old documents with it says so; lists that are made today are refused with it.
func (a SignatureAlgorithm) Weak() bool { return a.Hash == crypto.SHA1 }

// signatureByOID knows the signatures whose identifier tells everything.
func signatureByOID(oid asn1.ObjectIdentifier) (SignatureAlgorithm, bool) {
	for _, a := range []struct {
		oid asn1.ObjectIdentifier
		alg SignatureAlgorithm
	}{
		{oidECDSASHA1, SignatureAlgorithm{Scheme: ECDSA, Hash: crypto.SHA1}},
		{oidECDSASHA224, SignatureAlgorithm{Scheme: ECDSA, Hash: crypto.SHA224}},
		{oidECDSASHA256, SignatureAlgorithm{Scheme: ECDSA, Hash: crypto.SHA256}},
		{oidECDSASHA384, SignatureAlgorithm{Scheme: ECDSA, Hash: crypto.SHA384}},
		{oidECDSASHA512, SignatureAlgorithm{Scheme: ECDSA, Hash: crypto.SHA512}},
		{oidRSASHA1, SignatureAlgorithm{Scheme: RSAPKCS1, Hash: crypto.SHA1}},
		{oidRSASHA224, SignatureAlgorithm{Scheme: RSAPKCS1, Hash: crypto.SHA224}},
		{oidRSASHA256, SignatureAlgorithm{Scheme: RSAPKCS1, Hash: crypto.SHA256}},
		{oidRSASHA384, SignatureAlgorithm{Scheme: RSAPKCS1, Hash: crypto.SHA384}},
		{oidRSASHA512, SignatureAlgorithm{Scheme: RSAPKCS1, Hash: crypto.SHA512}},
	} {
		if a.oid.Equal(oid) {
			return a.alg, true
		}
	}
	return SignatureAlgorithm{}, false
}

// hashes pairs the hash functions of the standard with their identifiers.
func hashes() map[crypto.Hash]asn1.ObjectIdentifier {
	return map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA224: oidSHA224, crypto.SHA256: oidSHA256, crypto.SHA384: oidSHA384, crypto.SHA512: oidSHA512,
	}
}

// ParseHashAlgorithm reads a digest AlgorithmIdentifier, DER, with or without NULL. SHA-224 to
// SHA-512 are known, and SHA-1 of old documents; all else is ErrUnsupported.
func ParseHashAlgorithm(raw []byte) (crypto.Hash, error) {
	body, err := whole(raw, "digest algorithm")
	if err != nil {
		return 0, err
	}
	oid, err := objectID(&body, "digest algorithm")
	if err != nil {
		return 0, err
	}
	if !absentOrNull(body) {
		return 0, malformed("digest algorithm")
	}
	if oid.Equal(oidSHA1) {
		return crypto.SHA1, nil
	}
	for h, known := range hashes() {
		if known.Equal(oid) {
			return h, nil
		}
	}
	return 0, fmt.Errorf("digest algorithm %v: %w", oid, ErrUnsupported)
}

// MarshalHashAlgorithm returns the AlgorithmIdentifier of a hash function without parameters
// (RFC 5754, 2). Only SHA-224 to SHA-512 have one here.
func MarshalHashAlgorithm(h crypto.Hash) ([]byte, error) {
	oid, ok := hashes()[h]
	if !ok {
		return nil, fmt.Errorf("hash function %d: %w", h, ErrUnsupported)
	}
	return marshalAlgorithm(oid)
}

func marshalAlgorithm(oid asn1.ObjectIdentifier) ([]byte, error) {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
	})
}

func absentOrNull(params cryptobyte.String) bool {
	return params.Empty() || bytes.Equal(params, []byte{0x05, 0x00})
}

// signatureAlgorithm reads the AlgorithmIdentifier of a signature. Where the identifier names only
// the kind of key, as some signers write it in signed data, fallback is the hash.
func (p *parser) signatureAlgorithm(raw []byte, fallback crypto.Hash) (SignatureAlgorithm, error) {
	body, err := whole(raw, "signature algorithm")
	if err != nil {
		return SignatureAlgorithm{}, err
	}
	oid, err := objectID(&body, "signature algorithm")
	if err != nil {
		return SignatureAlgorithm{}, err
	}
	if oid.Equal(oidRSAPSS) {
		return p.pss(body)
	}
	if alg, ok := signatureByOID(oid); ok {
		if !absentOrNull(body) {
			return SignatureAlgorithm{}, malformed("signature algorithm")
		}
		return alg, nil
	}
	switch {
	case fallback != 0 && oid.Equal(oidRSAEncryption):
		return SignatureAlgorithm{Scheme: RSAPKCS1, Hash: fallback}, nil
	case fallback != 0 && oid.Equal(oidECPublicKey):
		p.note("signature algorithm names a key and no hash")
		return SignatureAlgorithm{Scheme: ECDSA, Hash: fallback}, nil
	}
	return SignatureAlgorithm{}, fmt.Errorf("signature algorithm %v: %w", oid, ErrUnsupported)
}

// pss reads RSASSA-PSS-params (RFC 4055, 3.1). The defaults mean SHA-1.
func (p *parser) pss(params cryptobyte.String) (SignatureAlgorithm, error) {
	body, err := sequence(&params, "RSA-PSS parameters")
	if err != nil {
		return SignatureAlgorithm{}, err
	}
	var hash, mask, salt, trailer cryptobyte.String
	var hasHash, hasMask, hasSalt, hasTrailer bool
	if !body.ReadOptionalASN1(&hash, &hasHash, constructed(0)) ||
		!body.ReadOptionalASN1(&mask, &hasMask, constructed(1)) ||
		!body.ReadOptionalASN1(&salt, &hasSalt, constructed(2)) ||
		!body.ReadOptionalASN1(&trailer, &hasTrailer, constructed(3)) || !body.Empty() || !params.Empty() {
		return SignatureAlgorithm{}, malformed("RSA-PSS parameters")
	}
	alg := SignatureAlgorithm{Scheme: RSAPSS, Hash: crypto.SHA1, SaltLength: 20}
	if hasHash {
		if alg.Hash, err = ParseHashAlgorithm(hash); err != nil {
			return SignatureAlgorithm{}, err
		}
	}
	maskHash := crypto.SHA1
	if hasMask {
		if maskHash, err = maskGeneration(mask); err != nil {
			return SignatureAlgorithm{}, err
		}
	}
	if maskHash != alg.Hash {
		return SignatureAlgorithm{}, fmt.Errorf("RSA-PSS parameters: %w", ErrUnsupported)
	}
	if hasSalt {
		n, err := p.integer(&salt, "salt length", 2)
		if err != nil || !salt.Empty() || n.Sign() < 0 || n.Int64() > 255 {
			return SignatureAlgorithm{}, malformed("salt length")
		}
		alg.SaltLength = int(n.Int64())
	}
	if hasTrailer {
		if n, err := p.integer(&trailer, "trailer", 1); err != nil || n.Cmp(big.NewInt(1)) != 0 {
			return SignatureAlgorithm{}, malformed("trailer")
		}
	}
	return alg, nil
}

// maskGeneration reads the hash function of MGF1.
func maskGeneration(s cryptobyte.String) (crypto.Hash, error) {
	mgf, err1 := sequence(&s, "mask generation")
	oid, err2 := objectID(&mgf, "mask generation")
	if err := firstError(err1, err2); err != nil {
		return 0, err
	}
	if !oid.Equal(oidMGF1) {
		return 0, fmt.Errorf("mask generation: %w", ErrUnsupported)
	}
	return ParseHashAlgorithm(mgf)
}
