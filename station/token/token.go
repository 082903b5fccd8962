// Package token keeps private keys where they are: callers get signatures and opened messages,
// never a key.
//
// A Token is what an officer or a station has: a P-256 key that signs and an HPKE key that opens
// what was sealed to it. A Keyring is what a ceremony at headquarters has: several named keys in
// one file. Both kinds here are files under a passphrase and are for training and for machines
// that stay offline; a hardware token stands behind the same Token interface.
//
// The file is one CBOR item: parameters and salt of argon2id (RFC 9106), a nonce, and the keys
// under XChaCha20-Poly1305, with everything before them authenticated. It is replaced as a whole,
// by rename, after its bytes have reached the disk.
package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// Conditions that a person can cure.
var (
	// ErrWrongPassphrase: the passphrase does not open the file, or the file was changed.
	ErrWrongPassphrase = errors.New("wrong passphrase")
	// ErrClosed: the token was closed, or pulled out.
	ErrClosed = errors.New("token closed")
	// ErrDamaged: the file is not a key file, or not a whole one.
	ErrDamaged = errors.New("key file damaged")
	// ErrChanged: another program wrote the file since it was opened.
	ErrChanged = errors.New("key file changed by another program")
	// ErrNoKey: there is no key of that name and kind.
	ErrNoKey = errors.New("no such key")
	// ErrNameTaken: a key of that name is there already; keys are never replaced.
	ErrNameTaken = errors.New("key name taken")
)

// Token signs with a P-256 key and opens HPKE messages without giving a key out.
//
// Public returns an *ecdsa.PublicKey. Sign takes a digest and returns an ASN.1 signature, as
// crypto.Signer says. KeyID names the signing key (journal.KeyID). Close forgets the keys; every
// method that needs one returns ErrClosed after it. A Token may be used by several goroutines.
type Token interface {
	crypto.Signer
	seal.Opener
	KeyID() string
	Close() error
}

// Names of a token's keys inside its file.
const (
	signing = "signing"
	sealing = "sealing"
)

// File is a Token in a passphrase file.
type File struct {
	ring   *Keyring
	key    *Key
	opener *hpkeKey
}

// Create makes a token with new keys in a new file. It returns an error wrapping fs.ErrExist
// where path exists.
func Create(path string, passphrase []byte, o Options) (*File, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	sign, err := ecdsaRecord(signing, private)
	if err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	open, err := hpkeRecord(sealing)
	if err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	ring, err := create(path, passphrase, o, []record{sign, open})
	if err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	return fileOf(ring)
}

// Open opens a token. It returns ErrWrongPassphrase or ErrDamaged.
func Open(path string, passphrase []byte) (*File, error) {
	ring, err := OpenKeyring(path, passphrase)
	if err != nil {
		return nil, fmt.Errorf("open token: %w", err)
	}
	return fileOf(ring)
}

func fileOf(ring *Keyring) (*File, error) {
	key, err := ring.Signer(signing)
	if err == nil && key.id == "" {
		err = fmt.Errorf("%w: signing key is not P-256", ErrDamaged)
	}
	if err != nil {
		_ = ring.Close()
		return nil, fmt.Errorf("open token: %w", err)
	}
	opener, err := ring.opener(sealing)
	if err != nil {
		_ = ring.Close()
		return nil, fmt.Errorf("open token: %w", err)
	}
	return &File{ring: ring, key: key, opener: opener}, nil
}

// Public is the public half of the signing key, an *ecdsa.PublicKey.
func (f *File) Public() crypto.PublicKey { return f.key.Public() }

// KeyID names the signing key.
func (f *File) KeyID() string { return f.key.KeyID() }

// Sign signs a digest.
func (f *File) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return f.key.Sign(rand, digest, opts)
}

// HPKEPublic is the public half of the key that opens.
func (f *File) HPKEPublic() []byte { return f.opener.HPKEPublic() }

// Open opens an HPKE message sealed to HPKEPublic.
func (f *File) Open(info, sealed []byte) ([]byte, error) { return f.opener.Open(info, sealed) }

// Close forgets the keys.
func (f *File) Close() error { return f.ring.Close() }

// idOf names P-256 keys and leaves others without a name.
func idOf(pub *ecdsa.PublicKey) string {
	id, err := journal.KeyID(pub)
	if err != nil {
		return ""
	}
	return id
}
