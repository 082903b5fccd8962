package pki

import (
	"crypto"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// signing is a private key with the algorithm it signs by.
type signing struct {
	key       crypto.Signer
	public    *PublicKey
	algorithm SignatureAlgorithm
	raw       []byte // AlgorithmIdentifier
}

// newSigning prepares the key whose public half is public: ECDSA on an elliptic curve, RSA-PSS with a
// salt as long as the hash for an RSA key (ICAO Doc 9303-12, 4.4.1). Hash 0 chooses the hash function
// that is as strong as the key. It returns ErrKey for another's key.
func newSigning(key crypto.Signer, public *PublicKey, h crypto.Hash) (*signing, error) {
	if !public.is(key.Public()) {
		return nil, ErrKey
	}
	if h == 0 {
		h = HashFor(public)
	}
	s := &signing{key: key, public: public, algorithm: SignatureAlgorithm{Scheme: ECDSA, Hash: h}}
	oids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA256: oidECDSASHA256, crypto.SHA384: oidECDSASHA384, crypto.SHA512: oidECDSASHA512,
	}
	var err error
	switch {
	case oids[h] == nil:
		return nil, fmt.Errorf("sign with hash function %d: %w", h, ErrUnsupported)
	case public.RSA != nil:
		s.algorithm.Scheme, s.algorithm.SaltLength = RSAPSS, h.Size()
		s.raw, err = marshalPSS(s.algorithm)
	default:
		s.raw, err = marshalAlgorithm(oids[h])
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// marshalPSS writes RSASSA-PSS with its parameters (RFC 4055, 3.1); the trailer is the default.
func marshalPSS(a SignatureAlgorithm) ([]byte, error) {
	hash, err := MarshalHashAlgorithm(a.Hash)
	if err != nil {
		return nil, err
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSAPSS)
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { b.AddBytes(hash) })
				b.AddASN1(constructed(1), func(b *cryptobyte.Builder) {
					b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidMGF1)
						b.AddBytes(hash)
					})
				})
				b.AddASN1(constructed(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(a.SaltLength)) })
			})
		})
	})
}

// HashFor returns the hash function as strong as a key: SHA-256 up to 256 bits and for RSA,
// SHA-384 up to 384, else SHA-512.
func HashFor(k *PublicKey) crypto.Hash {
	switch {
	case k.Curve == nil || k.Curve.N.BitLen() <= 256:
		return crypto.SHA256
	case k.Curve.N.BitLen() <= 384:
		return crypto.SHA384
	}
	return crypto.SHA512
}

// sign returns a signature over message that has been verified.
func (s *signing) sign(rand io.Reader, message []byte) ([]byte, error) {
	signature, err := s.signature(rand, message)
	if err != nil {
		return nil, err
	}
	if err := s.public.Verify(s.algorithm, message, signature); err != nil {
		return nil, fmt.Errorf("verify own signature: %w", err)
	}
	return signature, nil
}

// signature is sign without the proof, for a caller that verifies what it builds around it.
func (s *signing) signature(rand io.Reader, message []byte) ([]byte, error) {
	h := s.algorithm.Hash.New()
	h.Write(message)
	var how crypto.SignerOpts = s.algorithm.Hash
	if s.algorithm.Scheme == RSAPSS {
		how = &rsa.PSSOptions{SaltLength: s.algorithm.SaltLength, Hash: s.algorithm.Hash}
	}
	signature, err := s.key.Sign(rand, h.Sum(nil), how)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signature, nil
}
