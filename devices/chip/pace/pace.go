// Package pace is Password Authenticated Connection Establishment (ICAO Doc 9303-11, 4.4): a terminal
// that knows a short password and a chip that holds it agree on strong session keys.
//
// The run has four rounds of GENERAL AUTHENTICATE. The chip hides a nonce under the password;
// both sides map the nonce to a generator of the group that only they know; they agree on a key
// with that generator; each proves by a token that it came to the same key. Terminal and Chip are
// the two ends, and share every formula. Three mappings differ in the second round:
//
//	generic     both sides agree on a point H with fresh keys; the generator is s·G + H
//	integrated  the terminal sends a second nonce in clear; a pseudo-random function of both nonces
//	            is a field element, which is encoded into the group
//	chip auth   generic, and the chip shows with its last answer that it knows the quotient of its
//	            mapping key and its static key: a proof that whoever opened the chip has, to be held
//	            against the signed key of EF.CardSecurity (Proof)
//
// Generic and integrated mapping run on curves and on integers modulo a prime, under 3DES and AES;
// chip authentication mapping knows curves and AES alone. 3DES, integers of 1024 bits and curves of
// 192 bits are here to read old documents. Choose takes the best of what a chip offers.
//
// Timing: the password and the nonce go through AES and SHA-1 or SHA-256 of the standard library.
// The scalar multiplications run in constant time on the NIST curves from P-224 on, and not on
// Brainpool, P-192 and integers (package domain). The encoding of integrated mapping is math/big on
// every curve; its input depends on the password, and so a terminal whose timing an attacker can
// measure should prefer generic mapping, as Choose does. Comparisons of tokens are constant time.
package pace

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"errors"
	"fmt"
	"math/big"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// Errors of a run.
var (
	// ErrUnsupported: the protocol or its domain parameters are not offered here.
	ErrUnsupported = errors.New("pace: protocol not supported")
	// ErrPassword: the other side came to another key, so its password differs.
	ErrPassword = errors.New("pace: password refused")
	// ErrToken: the chip's proof is wrong although it accepted ours.
	ErrToken = errors.New("pace: wrong authentication token")
	// ErrProtocol: a message does not hold what its round asks for.
	ErrProtocol = errors.New("pace: out of protocol")
	// ErrChipKey: the chip's authentication data does not go with the static key.
	ErrChipKey = errors.New("pace: chip does not hold the key of EF.CardSecurity")
)

// Password is a secret with its reference in the protocol (ICAO Doc 9303-11, 4.4.4.1).
type Password struct {
	Reference byte
	secret    []byte
}

// References of passwords.
const (
	ReferenceMRZ = 1
	ReferenceCAN = 2
)

// MRZ is the password that is printed in the machine readable zone: SHA-1 over the MRZ
// information, 20 bytes.
func MRZ(hash []byte) Password { return Password{Reference: ReferenceMRZ, secret: hash} }

// CAN is the card access number: the characters as printed.
func CAN(digits string) Password { return Password{Reference: ReferenceCAN, secret: []byte(digits)} }

// nonceSize is the smallest multiple of the block that is as long as the key.
func nonceSize(s sm.Suite) int {
	b := s.BlockSize()
	return (s.KeySize() + b - 1) / b * b
}

// maxNonce bounds what a chip may send.
const maxNonce = 4 * aes.BlockSize

// cryptNonce encrypts or decrypts the nonce under the password (ICAO Doc 9303-11, 4.4.3.3): CBC
// with a zero vector, no padding.
func cryptNonce(s sm.Suite, pw Password, b []byte, encrypt bool) ([]byte, error) {
	block, err := nonceCipher(s, pw)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || len(b)%block.BlockSize() != 0 || len(b) > maxNonce {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrProtocol, len(b))
	}
	out := make([]byte, len(b))
	iv := make([]byte, block.BlockSize())
	if encrypt {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, b)
	} else {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, b)
	}
	return out, nil
}

func nonceCipher(s sm.Suite, pw Password) (cipher.Block, error) {
	key := s.DeriveKey(pw.secret, sm.CounterPi)
	defer clear(key)
	return s.Block(key)
}

// outOfProtocol says of an error of the group that the other side's message was wrong.
func outOfProtocol(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrProtocol, what, err)
}

// sessionKeys agrees on the secret. Equal public keys would let a chip mirror the terminal (ICAO
// Doc 9303-11, 4.4.1).
func sessionKeys(s sm.Suite, g domain.Group, own *big.Int, mine, theirs domain.Element) (keys, error) {
	if g.Equal(mine, theirs) {
		return keys{}, fmt.Errorf("%w: both public keys are the same", ErrProtocol)
	}
	k, err := g.Mul(own, theirs)
	if err != nil {
		return keys{}, outOfProtocol("key agreement", err)
	}
	secret := g.Secret(k)
	defer clear(secret)
	return deriveKeys(s, secret), nil
}

// token authenticates the other side's ephemeral public key (ICAO Doc 9303-11, 4.4.3.4).
func token(p Protocol, g domain.Group, ksMac []byte, public domain.Element) ([]byte, error) {
	input := tlv.Encode(0x7F49, tlv.Encode(0x06, p.OID()), tlv.Encode(g.Tag(), g.Bytes(public)))
	if p.Suite == sm.TripleDES {
		input = sm.Pad(input, des.BlockSize)
	}
	return p.Suite.MAC(ksMac, input)
}

// keys are the two session keys of a run.
type keys struct{ enc, mac []byte }

func deriveKeys(s sm.Suite, secret []byte) keys {
	return keys{enc: s.DeriveKey(secret, sm.CounterEnc), mac: s.DeriveKey(secret, sm.CounterMac)}
}

func (k keys) zero() {
	clear(k.enc)
	clear(k.mac)
}
