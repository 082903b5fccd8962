package sm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Suite is a cipher with its MAC and key derivation.
type Suite int

// Suites of Doc 9303-11. TripleDES is for reading old passports only.
const (
	TripleDES Suite = iota
	AES128
	AES192
	AES256
)

// String names the suite.
func (s Suite) String() string {
	switch s {
	case TripleDES:
		return "3DES"
	case AES128:
		return "AES-128"
	case AES192:
		return "AES-192"
	case AES256:
		return "AES-256"
	}
	return fmt.Sprintf("suite %d", int(s))
}

// KeySize is the length of a key in bytes.
func (s Suite) KeySize() int {
	switch s {
	case AES192:
		return 24
	case AES256:
		return 32
	}
	return 16
}

// BlockSize is the cipher's block and the size of the send sequence counter, in bytes.
func (s Suite) BlockSize() int {
	if s == TripleDES {
		return des.BlockSize
	}
	return aes.BlockSize
}

// Counters of the key derivation function (ICAO Doc 9303-11, 9.7.1).
const (
	CounterEnc = 1 // session key for encryption
	CounterMac = 2 // session key for the MAC
	CounterPi  = 3 // key that hides the nonce of PACE
)

// DeriveKey is KDF(secret, counter): SHA-1 for 3DES and AES-128, SHA-256 for longer keys (ICAO
// Doc 9303-11, 9.7.1.2). 3DES keys have their parity set.
func (s Suite) DeriveKey(secret []byte, counter uint32) []byte {
	input := binary.BigEndian.AppendUint32(append(make([]byte, 0, len(secret)+4), secret...), counter)
	defer clear(input)
	if s == AES192 || s == AES256 {
		sum := sha256.Sum256(input)
		return sum[:s.KeySize()]
	}
	sum := sha1.Sum(input)
	key := sum[:16]
	if s == TripleDES {
		for i, b := range key {
			if bits.OnesCount8(b)%2 == 0 {
				key[i] = b ^ 1
			}
		}
	}
	return key
}

// Block makes the suite's block cipher. A 3DES key has two parts, K1 K2 (ICAO Doc 9303-11,
// 9.7.1.2).
func (s Suite) Block(key []byte) (cipher.Block, error) {
	if len(key) != s.KeySize() {
		return nil, fmt.Errorf("%s key of %d bytes, want %d", s, len(key), s.KeySize())
	}
	if s == TripleDES {
		long := append(append(make([]byte, 0, 24), key...), key[:8]...)
		defer clear(long)
		return des.NewTripleDESCipher(long)
	}
	return aes.NewCipher(key)
}

// MAC is the suite's 8-byte authenticator over a message that is already padded for 3DES (retail
// MAC, ISO/IEC 9797-1 algorithm 3) and taken as it is for AES (CMAC, truncated).
func (s Suite) MAC(key, message []byte) ([]byte, error) {
	if s == TripleDES {
		return retailMAC(key, message)
	}
	block, err := s.Block(key)
	if err != nil {
		return nil, err
	}
	full := CMAC(block, message)
	return full[:8], nil
}

// retailMAC wants whole blocks.
func retailMAC(key, message []byte) ([]byte, error) {
	if len(key) != 16 || len(message) == 0 || len(message)%des.BlockSize != 0 {
		return nil, fmt.Errorf("retail MAC over %d bytes with a key of %d", len(message), len(key))
	}
	first, err := des.NewCipher(key[:8])
	if err != nil {
		return nil, err
	}
	second, err := des.NewCipher(key[8:])
	if err != nil {
		return nil, err
	}
	var acc [des.BlockSize]byte
	for i := 0; i < len(message); i += des.BlockSize {
		for j := range acc {
			acc[j] ^= message[i+j]
		}
		first.Encrypt(acc[:], acc[:])
	}
	second.Decrypt(acc[:], acc[:])
	first.Encrypt(acc[:], acc[:])
	return acc[:], nil
}

// CMAC is the AES-CMAC of NIST SP 800-38B over a message of any length, 16 bytes. The block
// cipher must have blocks of 16 bytes.
func CMAC(block cipher.Block, message []byte) [aes.BlockSize]byte {
	var sub, acc [aes.BlockSize]byte
	block.Encrypt(sub[:], sub[:])
	double(&sub)
	whole := len(message) / aes.BlockSize
	rest := len(message) % aes.BlockSize
	if rest == 0 && whole > 0 {
		whole--
		rest = aes.BlockSize
	}
	for i := range whole {
		for j := range acc {
			acc[j] ^= message[i*aes.BlockSize+j]
		}
		block.Encrypt(acc[:], acc[:])
	}
	tail := message[whole*aes.BlockSize:]
	for j := range tail {
		acc[j] ^= tail[j]
	}
	if rest < aes.BlockSize {
		double(&sub)
		acc[rest] ^= 0x80
	}
	for j := range acc {
		acc[j] ^= sub[j]
	}
	block.Encrypt(acc[:], acc[:])
	return acc
}

// double multiplies by x in GF(2^128).
func double(b *[aes.BlockSize]byte) {
	carry := b[0] >> 7
	for i := range len(b) - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[len(b)-1] = b[len(b)-1]<<1 ^ carry*0x87
}

// Pad adds 80 and zeros up to a whole block (ISO/IEC 9797-1 padding method 2). The result has
// memory of its own.
func Pad(b []byte, block int) []byte {
	n := (len(b)/block + 1) * block
	out := make([]byte, n)
	copy(out, b)
	out[len(b)] = 0x80
	return out
}

// Unpad takes the padding off.
func Unpad(b []byte) ([]byte, error) {
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case 0:
		case 0x80:
			return b[:i], nil
		default:
			return nil, ErrPadding
		}
	}
	return nil, ErrPadding
}
