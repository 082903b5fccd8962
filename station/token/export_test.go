package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
)

// ParseECKey opens parseECKey, which reads what a token gives, to the fuzz target.
func ParseECKey(params, point []byte, curves func(asn1.ObjectIdentifier) (elliptic.Curve, error)) (
	*ecdsa.PublicKey, error) {
	return parseECKey(params, point, curves)
}
