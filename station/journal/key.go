package journal

import (
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
)

// ParseKey reads a key of a token, DER SubjectPublicKeyInfo. It returns ErrUnknownKey for what is no
// elliptic-curve key.
func ParseKey(spki []byte) (*ecdsa.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownKey, err)
	}
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return nil, ErrUnknownKey
	}
	return key, nil
}
