// Package seal makes what is personal unreadable: blobs for headquarters or for a station, and
// the keys of open cases.
//
// A blob is for one recipient: HPKE (RFC 9180) with MLKEM768-P256, HKDF-SHA256 and AES-256-GCM.
// Its bytes are the encapsulated key followed by the ciphertext, nothing before and nothing
// between, so a blob says neither what it is nor for whom; its name is its SHA-256. The info
// string binds it to a purpose: what was sealed as a case never opens as an order. The plaintext
// is padded so that the size of a blob tells its class alone.
//
// Size classes are 4 KiB, and from there four steps to each doubling: 5, 6, 7, 8, 10, 12, 14, 16,
// 20 KiB and on. At most a quarter of a blob is padding above 4 KiB.
//
// A Key is for what stays at the station: a case under its case key, a case key under the day's
// key or wrapped to the tokens of the officers who may open it. Destroying the Key and its wraps
// destroys the case.
//
// Everything here takes its randomness from crypto/rand on purpose: nothing may replace it.
package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
)

// Purposes of sealed things. A purpose is part of what is authenticated.
const (
	PurposeCase  = "case"  // a case, to headquarters
	PurposeOrder = "order" // a production order, to a station
)

// Sizes of the envelope, in bytes.
const (
	encapsulation  = 1088 + 65 // ML-KEM-768 ciphertext, uncompressed P-256 point
	tag            = 16
	lengthField    = 4
	blobOverhead   = encapsulation + tag + lengthField
	blobContext    = "padarozhnik/blob/1 "
	wrapContext    = "padarozhnik/key/1 "
	MaxPlaintext   = journal.MaxBlob - blobOverhead // bytes that fit into the largest blob
	recipientBytes = 16
)

// Conditions of sealed things.
var (
	// ErrOpen: the bytes were not sealed to this key for this purpose, or were changed since.
	ErrOpen = errors.New("does not open")
	// ErrTooLarge: more plaintext than a blob can take.
	ErrTooLarge = errors.New("too large to seal")
	// ErrDestroyed: the key has been destroyed.
	ErrDestroyed = errors.New("key destroyed")
	// ErrNotRecipient: nothing was wrapped to this key.
	ErrNotRecipient = errors.New("not a recipient")
)

// Opener holds a private HPKE key and opens what was sealed to it, without giving the key out.
// Tokens are Openers. HPKEPublic is the public half; Open takes an encapsulated key followed by a
// ciphertext and returns an error wrapping ErrOpen when it does not open under info.
type Opener interface {
	HPKEPublic() []byte
	Open(info, sealed []byte) ([]byte, error)
}

// KEM is the one key encapsulation in use.
func KEM() hpke.KEM { return hpke.MLKEM768P256() }

// ParsePublic reads a public key as HPKEPublic returns it.
func ParsePublic(b []byte) (hpke.PublicKey, error) {
	pub, err := KEM().NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("hpke public key: %w", err)
	}
	return pub, nil
}

// Recipient names a public key: the first 16 bytes of its SHA-256, in hexadecimal.
func Recipient(pub []byte) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:recipientBytes])
}

// OpenWith opens one HPKE message with a private key that is at hand. Implementations of Opener
// call it; everybody else calls Open or Unwrap.
func OpenWith(private hpke.PrivateKey, info, sealed []byte) ([]byte, error) {
	plain, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func sealTo(pub hpke.PublicKey, info, plaintext []byte) ([]byte, error) {
	return hpke.Seal(pub, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plaintext)
}

// Seal makes a padded blob that only the owner of pub can open, and only for the same purpose.
// The second result is what an entry says of it.
func Seal(pub hpke.PublicKey, purpose string, plaintext []byte) ([]byte, journal.Blob, error) {
	padded, err := pad(plaintext, blobOverhead)
	if err != nil {
		return nil, journal.Blob{}, fmt.Errorf("seal %s: %w", purpose, err)
	}
	defer clear(padded)
	blob, err := sealTo(pub, []byte(blobContext+purpose), padded)
	if err != nil {
		return nil, journal.Blob{}, fmt.Errorf("seal %s: %w", purpose, err)
	}
	return blob, journal.Blob{Digest: sha256.Sum256(blob), Size: int64(len(blob))}, nil
}

// Open opens a blob. The caller clears the plaintext when it is done with it.
func Open(o Opener, purpose string, blob []byte) ([]byte, error) {
	if len(blob) > journal.MaxBlob {
		return nil, fmt.Errorf("open %s: %w", purpose, journal.ErrTooLarge)
	}
	padded, err := o.Open([]byte(blobContext+purpose), blob)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	plain, err := unpad(padded)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	return plain, nil
}

// SizeClass is journal.SizeClass: what every blob is padded to.
func SizeClass(n int) int { return journal.SizeClass(n) }

// pad puts the length before and zeros behind, so that the sealed whole, which is longer by
// overhead (the length included), has the size of a class.
func pad(plaintext []byte, overhead int) ([]byte, error) {
	if len(plaintext) > journal.MaxBlob-overhead {
		return nil, ErrTooLarge
	}
	padded := make([]byte, SizeClass(len(plaintext)+overhead)-overhead+lengthField)
	binary.BigEndian.PutUint32(padded, uint32(len(plaintext)))
	copy(padded[lengthField:], plaintext)
	return padded, nil
}

// unpad undoes pad, in place.
func unpad(padded []byte) ([]byte, error) {
	if len(padded) < lengthField {
		return nil, ErrOpen
	}
	n := int64(binary.BigEndian.Uint32(padded))
	body := padded[lengthField:]
	if n > int64(len(body)) {
		return nil, ErrOpen
	}
	for _, b := range body[n:] {
		if b != 0 {
			return nil, ErrOpen
		}
	}
	return body[:n:n], nil
}
