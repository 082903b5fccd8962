package activeauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
)

// Signer is the chip's end: a private key of either kind, and the hash that it signs with. Rand
// gives the chip's half of the message, or what ECDSA needs.
type Signer struct {
	RSA   *rsa.PrivateKey // nil for a curve
	ECDSA *ecdsa.PrivateKey
	Hash  crypto.Hash
	Rand  io.Reader
}

// Sign answers INTERNAL AUTHENTICATE. It returns ErrUnsupported for a nonce of another length, and
// for a key that is too short for its hash.
func (s Signer) Sign(nonce []byte) ([]byte, error) {
	if len(nonce) != NonceSize || !s.Hash.Available() {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrUnsupported, len(nonce))
	}
	if s.RSA != nil {
		return s.signRSA(nonce)
	}
	return s.signECDSA(nonce)
}

// signRSA is ISO/IEC 9796-2, B.6: the message fills the modulus.
func (s Signer) signRSA(nonce []byte) ([]byte, error) {
	trailer, err := trailerOf(s.Hash)
	if err != nil {
		return nil, err
	}
	f := make([]byte, s.RSA.Size())
	end := len(f) - len(trailer) - s.Hash.Size()
	if s.RSA.N.BitLen()%8 != 0 || end <= 1 {
		return nil, fmt.Errorf("%w: RSA of %d bits with %s", ErrUnsupported, s.RSA.N.BitLen(), s.Hash)
	}
	f[0] = header
	if _, err := io.ReadFull(s.Rand, f[1:end]); err != nil {
		return nil, fmt.Errorf("active authentication: draw message: %w", err)
	}
	copy(f[end:], digest(s.Hash, f[1:end], nonce))
	copy(f[len(f)-len(trailer):], trailer)
	signature := new(big.Int).Exp(new(big.Int).SetBytes(f), s.RSA.D, s.RSA.N)
	return signature.FillBytes(f), nil
}

// trailerOf is option 1 for SHA-1 and option 2 for the others (ICAO Doc 9303-11, 6.1.2.2).
func trailerOf(h crypto.Hash) ([]byte, error) {
	if h == crypto.SHA1 {
		return []byte{trailerOption1}, nil
	}
	for id, known := range trailerHashes {
		if known == h {
			return []byte{id, trailerOption2}, nil
		}
	}
	return nil, fmt.Errorf("%w: hash %s", ErrUnsupported, h)
}

// signECDSA gives r||s, each as long as the group order.
func (s Signer) signECDSA(nonce []byte) ([]byte, error) {
	if s.ECDSA == nil {
		return nil, fmt.Errorf("%w: no key", ErrUnsupported)
	}
	encoded, err := ecdsa.SignASN1(s.Rand, s.ECDSA, digest(s.Hash, nonce))
	if err != nil {
		return nil, fmt.Errorf("active authentication: %w", err)
	}
	var numbers struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(encoded, &numbers); err != nil {
		return nil, fmt.Errorf("active authentication: %w", err)
	}
	size := (s.ECDSA.Params().N.BitLen() + 7) / 8
	out := make([]byte, 2*size)
	numbers.R.FillBytes(out[:size])
	numbers.S.FillBytes(out[size:])
	return out, nil
}
