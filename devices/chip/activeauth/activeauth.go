// Package activeauth is Active Authentication (ICAO Doc 9303-11, 6.1): the chip signs a nonce of the
// terminal with a key that never leaves it and whose public half stands in DG15, so that a copy of
// the files on another chip is found out. Terminal and Signer are the two ends.
//
// An RSA key signs by ISO/IEC 9796-2, scheme 1, with message recovery; an ECDSA key gives a plain
// signature r||s, and DG14 names its hash.
//
// Timing: a terminal handles no secret here. The Signer is for chips that are programs: RSA and
// Brainpool signatures are made by math/big, which is not constant time.
package activeauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1"   // hashes of the trailers
	_ "crypto/sha256" // SHA-224, SHA-256
	_ "crypto/sha512" // SHA-384, SHA-512
	"crypto/subtle"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/pki/ec"
)

// Errors of a run.
var (
	// ErrSignature: the answer was not signed by the key of DG15 over this nonce.
	ErrSignature = errors.New("active authentication: wrong signature")
	// ErrUnsupported: no key or hash of the standard.
	ErrUnsupported = errors.New("active authentication: not supported")
)

// NonceSize is the length of the terminal's nonce in bytes.
const NonceSize = 8

// Key is a chip's public key as DG15 states it: RSA, or a point on a curve with the hash that
// ActiveAuthenticationInfo names.
type Key struct {
	RSA   *rsa.PublicKey // nil for a curve
	Curve *ec.Curve
	Point ec.Point
	Hash  crypto.Hash // of ECDSA
}

// plainECDSA is the arc of plain ECDSA signatures (BSI TR-03111, 5.2.1).
var plainECDSA = asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1}

// ParseSignature finds the hash of a plain ECDSA signature's object identifier. It returns
// ErrUnsupported for others, SHA-1 and RIPEMD-160 among them (ICAO Doc 9303-11, 6.1.2.3).
func ParseSignature(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	n := len(plainECDSA)
	if len(oid) == n+1 && oid[:n].Equal(plainECDSA) {
		switch oid[n] {
		case 2:
			return crypto.SHA224, nil
		case 3:
			return crypto.SHA256, nil
		case 4:
			return crypto.SHA384, nil
		case 5:
			return crypto.SHA512, nil
		}
	}
	return 0, fmt.Errorf("%w: signature %s", ErrUnsupported, oid)
}

// Terminal asks a chip for a signature. Rand gives the nonce. Extended says that the chip takes
// extended length, which signatures of more than 1792 bits need under secure messaging.
type Terminal struct {
	Rand     io.Reader
	Extended bool
}

// shortRoom is the longest signature that fits a short response under AES secure messaging.
const shortRoom = 1792 / 8

// Run sends a fresh nonce and verifies the answer. It returns ErrSignature for a chip without the
// private key.
func (t Terminal) Run(ctx context.Context, ch *sm.Channel, k Key) error {
	nonce := make([]byte, NonceSize)
	if _, err := io.ReadFull(t.Rand, nonce); err != nil {
		return fmt.Errorf("active authentication: draw nonce: %w", err)
	}
	c := apdu.Command{INS: 0x88, Data: nonce, Ne: apdu.MaxShort}
	if t.Extended && k.RSA != nil && k.RSA.Size() > shortRoom {
		c.Ne = apdu.MaxExtended
	}
	r, err := ch.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("active authentication: %w", err)
	}
	return k.Verify(nonce, r.Data)
}

// Verify checks a signature over a nonce.
func (k Key) Verify(nonce, signature []byte) error {
	switch {
	case k.RSA != nil:
		return verifyRSA(k.RSA, nonce, signature)
	case k.Curve != nil && k.Hash.Available():
		return k.verifyECDSA(nonce, signature)
	}
	return fmt.Errorf("%w: neither RSA nor a curve with a hash", ErrUnsupported)
}

// verifyECDSA takes r||s, each as long as the group order. A hash longer than the order, which the
// standard forbids to issuers, is cut as ECDSA does.
func (k Key) verifyECDSA(nonce, signature []byte) error {
	size := (k.Curve.N.BitLen() + 7) / 8
	if len(signature) != 2*size {
		return fmt.Errorf("%w: %d bytes on %s", ErrSignature, len(signature), k.Curve.Name())
	}
	public, err := k.Curve.PublicKey(k.Point)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
	if !ecdsa.Verify(public, digest(k.Hash, nonce), r, s) {
		return ErrSignature
	}
	return nil
}

func digest(h crypto.Hash, parts ...[]byte) []byte {
	w := h.New()
	for _, p := range parts {
		w.Write(p)
	}
	return w.Sum(nil)
}

// header begins a message of which part is recovered from the signature and part is known: the nonce
// (ISO/IEC 9796-2, 8.2.2).
const header = 0x6A

// Trailers by their last byte (ISO/IEC 9796-2, 8.2.2): option 1 says nothing of the hash, which is
// SHA-1; option 2 names it.
const (
	trailerOption1 = 0xBC
	trailerOption2 = 0xCC
)

// trailerHashes are the hash identifiers of option 2 (ISO/IEC 10118; ICAO Doc 9303-11, 6.1.2.2). 33
// is SHA-1, which the standard wants in option 1 and some chips write out.
var trailerHashes = map[byte]crypto.Hash{
	0x33: crypto.SHA1, 0x38: crypto.SHA224, 0x34: crypto.SHA256, 0x36: crypto.SHA384, 0x35: crypto.SHA512,
}

// verifyRSA recovers the message from the signature and checks its form, and its hash over the
// recovered part and the nonce. Both ways of signing are taken, with the number itself and with the
// smaller one of it and its complement (ISO/IEC 9796-2, B.6 and B.4).
func verifyRSA(key *rsa.PublicKey, nonce, signature []byte) error {
	s := new(big.Int).SetBytes(signature)
	if key.N.BitLen()%8 != 0 {
		return fmt.Errorf("%w: RSA of %d bits", ErrUnsupported, key.N.BitLen())
	}
	if len(signature) != key.Size() || s.Cmp(key.N) >= 0 {
		return fmt.Errorf("%w: %d bytes by RSA of %d", ErrSignature, len(signature), key.Size())
	}
	f := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	if f.Bit(0) != 0 || f.Bit(1) != 0 || f.Bit(2) != 1 || f.Bit(3) != 1 { // every trailer ends in C
		f.Sub(key.N, f)
	}
	return checkMessage(f.FillBytes(make([]byte, key.Size())), nonce)
}

// checkMessage checks header, M1, hash and trailer.
func checkMessage(f, nonce []byte) error {
	n := len(f)
	h, trailer := crypto.SHA1, 1
	switch f[n-1] {
	case trailerOption1:
	case trailerOption2:
		named, ok := trailerHashes[f[n-2]]
		if !ok {
			return fmt.Errorf("%w: trailer %X", ErrSignature, f[n-2:])
		}
		h, trailer = named, 2
	default:
		return fmt.Errorf("%w: trailer %02X", ErrSignature, f[n-1])
	}
	end := n - trailer - h.Size()
	if f[0] != header || end <= 1 {
		return fmt.Errorf("%w: header %02X", ErrSignature, f[0])
	}
	if subtle.ConstantTimeCompare(digest(h, f[1:end], nonce), f[end:end+h.Size()]) != 1 {
		return fmt.Errorf("%w: hash", ErrSignature)
	}
	return nil
}
