package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/rand"
	"fmt"
	"sync"
)

const (
	keySize     = 32
	keyOverhead = 12 + tag + lengthField // random nonce, tag, length
)

// Key is a symmetric key in memory: that of a case, or of a day. It may be used by several
// goroutines. Destroy clears it; after that every method returns ErrDestroyed.
type Key struct {
	mu    sync.RWMutex
	bytes [keySize]byte // guarded by mu
	gone  bool          // guarded by mu
}

// NewKey makes a random key.
func NewKey() *Key {
	k := &Key{}
	// Read never returns an error: the program ends when the system has no randomness.
	_, _ = rand.Read(k.bytes[:])
	return k
}

func keyFrom(b []byte) (*Key, error) {
	if len(b) != keySize {
		return nil, ErrOpen
	}
	k := &Key{}
	copy(k.bytes[:], b)
	clear(b)
	return k, nil
}

// Destroy clears the key. It may be called more than once.
func (k *Key) Destroy() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.bytes[:])
	k.gone = true
}

// use runs f with the key, which stays alive until f returns.
func (k *Key) use(f func(key []byte) error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.gone {
		return ErrDestroyed
	}
	return f(k.bytes[:])
}

// Seal encrypts plaintext (AES-256-GCM, random nonce in front), padded to a size class. context
// is authenticated with it and must be given again to Open: what was sealed for one row of one
// case opens nowhere else. One key may seal up to 2^32 times (NIST SP 800-38D, 8.3).
func (k *Key) Seal(context string, plaintext []byte) ([]byte, error) {
	padded, err := pad(plaintext, keyOverhead)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	defer clear(padded)
	return k.sealBytes(context, padded)
}

// Open undoes Seal. The caller clears the plaintext when it is done with it.
func (k *Key) Open(context string, sealed []byte) ([]byte, error) {
	padded, err := k.openBytes(context, sealed)
	if err != nil {
		return nil, err
	}
	plain, err := unpad(padded)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return plain, nil
}

func (k *Key) sealBytes(context string, plaintext []byte) (sealed []byte, err error) {
	err = k.use(func(key []byte) error {
		aead, err := newAEAD(key)
		if err != nil {
			return err
		}
		sealed = aead.Seal(nil, nil, plaintext, []byte(context))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

func (k *Key) openBytes(context string, sealed []byte) (plain []byte, err error) {
	err = k.use(func(key []byte) error {
		aead, err := newAEAD(key)
		if err != nil {
			return err
		}
		if plain, err = aead.Open(nil, nil, sealed, []byte(context)); err != nil {
			return ErrOpen
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return plain, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Wrap is a key sealed to one recipient.
type Wrap struct {
	Recipient string `cbor:"1,keyasint"` // Recipient of the public key
	Sealed    []byte `cbor:"2,keyasint"`
}

// WrapTo seals the key to every recipient. context says what the key opens, such as the case's
// token.
func (k *Key) WrapTo(context string, recipients ...hpke.PublicKey) ([]Wrap, error) {
	wraps := make([]Wrap, 0, len(recipients))
	err := k.use(func(key []byte) error {
		for _, pub := range recipients {
			sealed, err := sealTo(pub, []byte(wrapContext+context), key)
			if err != nil {
				return err
			}
			wraps = append(wraps, Wrap{Recipient: Recipient(pub.Bytes()), Sealed: sealed})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return wraps, nil
}

// Unwrap finds the wrap for an opener and opens it. It returns ErrNotRecipient where there is
// none.
func Unwrap(o Opener, context string, wraps []Wrap) (*Key, error) {
	me := Recipient(o.HPKEPublic())
	for _, w := range wraps {
		if w.Recipient != me {
			continue
		}
		b, err := o.Open([]byte(wrapContext+context), w.Sealed)
		if err != nil {
			return nil, fmt.Errorf("unwrap key: %w", err)
		}
		k, err := keyFrom(b)
		if err != nil {
			return nil, fmt.Errorf("unwrap key: %w", err)
		}
		return k, nil
	}
	return nil, fmt.Errorf("unwrap key: %w", ErrNotRecipient)
}

// WrapKey encrypts another key under this one, as a case key under the day's.
func (k *Key) WrapKey(context string, other *Key) (sealed []byte, err error) {
	err = other.use(func(b []byte) error {
		sealed, err = k.sealBytes(wrapContext+context, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return sealed, nil
}

// UnwrapKey undoes WrapKey.
func (k *Key) UnwrapKey(context string, sealed []byte) (*Key, error) {
	b, err := k.openBytes(wrapContext+context, sealed)
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	other, err := keyFrom(b)
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	return other, nil
}
