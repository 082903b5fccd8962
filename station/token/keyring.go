package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"regexp"
	"sync"

	"padarozhnik/station/journal/seal"
)

// Kinds of records.
const (
	kindECDSA  = "ecdsa"  // PKCS #8
	kindHPKE   = "hpke"   // private key as crypto/hpke serialises it
	kindSecret = "secret" // bytes for the caller
)

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9./-]{0,63}$`)

// record is one named key as the file holds it.
type record struct {
	Name  string `cbor:"1,keyasint"`
	Kind  string `cbor:"2,keyasint"`
	Bytes []byte `cbor:"3,keyasint"`
}

// Keyring is a file of several named keys. It may be used by several goroutines; a second program
// that adds to the same file makes Add return ErrChanged here.
type Keyring struct {
	mu      sync.RWMutex
	file    safe                         // guarded by mu
	records []record                     // guarded by mu
	signers map[string]*ecdsa.PrivateKey // guarded by mu
	closed  bool                         // guarded by mu
}

// CreateKeyring makes a new, empty file. It returns an error wrapping fs.ErrExist where path
// exists.
func CreateKeyring(path string, passphrase []byte, o Options) (*Keyring, error) {
	k, err := create(path, passphrase, o, nil)
	if err != nil {
		return nil, fmt.Errorf("create keyring: %w", err)
	}
	return k, nil
}

func create(path string, passphrase []byte, o Options, records []record) (*Keyring, error) {
	file, err := createSafe(path, passphrase, o, records)
	if err != nil {
		return nil, err
	}
	return newKeyring(file, records)
}

// OpenKeyring opens a file. It returns ErrWrongPassphrase or ErrDamaged.
func OpenKeyring(path string, passphrase []byte) (*Keyring, error) {
	file, records, err := openSafe(path, passphrase)
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	k, err := newKeyring(file, records)
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	return k, nil
}

func newKeyring(file safe, records []record) (*Keyring, error) {
	k := &Keyring{file: file, records: records, signers: map[string]*ecdsa.PrivateKey{}}
	for _, r := range records {
		if err := k.load(r); err != nil {
			_ = k.Close()
			return nil, err
		}
	}
	return k, nil
}

// load makes a record usable.
func (k *Keyring) load(r record) error {
	switch r.Kind {
	case kindECDSA:
		parsed, err := x509.ParsePKCS8PrivateKey(r.Bytes)
		private, ok := parsed.(*ecdsa.PrivateKey)
		if err != nil || !ok {
			return fmt.Errorf("key %s: %w", r.Name, ErrDamaged)
		}
		k.signers[r.Name] = private
	case kindHPKE, kindSecret:
	default:
		return fmt.Errorf("key %s: %w", r.Name, ErrDamaged)
	}
	return nil
}

// Names lists all keys in the order in which they were added.
func (k *Keyring) Names() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	names := make([]string, len(k.records))
	for i, r := range k.records {
		names[i] = r.Name
	}
	return names
}

// Add puts a signing key on any of NIST's curves into the file, durably. It returns ErrNameTaken,
// ErrChanged or ErrClosed; the file is as before then.
func (k *Keyring) Add(name string, key *ecdsa.PrivateKey) error {
	r, err := ecdsaRecord(name, key)
	if err != nil {
		return fmt.Errorf("add key: %w", err)
	}
	return k.add(r)
}

// AddSecret puts bytes into the file that are a key elsewhere, such as a checkpoint key or an
// HMAC key.
func (k *Keyring) AddSecret(name string, secret []byte) error {
	return k.add(record{Name: name, Kind: kindSecret, Bytes: append([]byte(nil), secret...)})
}

// AddOpener makes a new HPKE key and puts it into the file.
func (k *Keyring) AddOpener(name string) error {
	r, err := hpkeRecord(name)
	if err != nil {
		return fmt.Errorf("add key: %w", err)
	}
	return k.add(r)
}

func (k *Keyring) add(r record) error {
	if !nameForm.MatchString(r.Name) {
		return fmt.Errorf("add key: name %q: want lower-case letters, digits, '-', '.', '/'", r.Name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return fmt.Errorf("add key %s: %w", r.Name, ErrClosed)
	}
	for _, have := range k.records {
		if have.Name == r.Name {
			return fmt.Errorf("add key %s: %w", r.Name, ErrNameTaken)
		}
	}
	records := append(k.records[:len(k.records):len(k.records)], r)
	if err := k.file.save(records); err != nil {
		return fmt.Errorf("add key %s: %w", r.Name, err)
	}
	k.records = records
	return k.load(r)
}

// Signer returns the named signing key.
func (k *Keyring) Signer(name string) (*Key, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.closed {
		return nil, fmt.Errorf("key %s: %w", name, ErrClosed)
	}
	private, ok := k.signers[name]
	if !ok {
		return nil, fmt.Errorf("key %s: %w", name, ErrNoKey)
	}
	return &Key{ring: k, name: name, public: &private.PublicKey, id: idOf(&private.PublicKey)}, nil
}

// Secret returns a copy of the bytes that AddSecret kept.
func (k *Keyring) Secret(name string) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	b, err := k.bytes(name, kindSecret)
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), b...), nil
}

// Opener returns the named HPKE key.
func (k *Keyring) Opener(name string) (seal.Opener, error) { return k.opener(name) }

func (k *Keyring) opener(name string) (*hpkeKey, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	private, err := k.hpke(name)
	if err != nil {
		return nil, err
	}
	return &hpkeKey{ring: k, name: name, public: private.PublicKey().Bytes()}, nil
}

// hpke makes a key from its record; mu is held. It is made for each use, so that nothing of it
// stays after Close.
func (k *Keyring) hpke(name string) (hpke.PrivateKey, error) {
	b, err := k.bytes(name, kindHPKE)
	if err != nil {
		return nil, err
	}
	private, err := seal.KEM().NewPrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, ErrDamaged)
	}
	return private, nil
}

// bytes finds a record; mu is held.
func (k *Keyring) bytes(name, kind string) ([]byte, error) {
	if k.closed {
		return nil, fmt.Errorf("key %s: %w", name, ErrClosed)
	}
	for _, r := range k.records {
		if r.Name == name && r.Kind == kind {
			return r.Bytes, nil
		}
	}
	return nil, fmt.Errorf("key %s: %w", name, ErrNoKey)
}

// Close overwrites the key bytes that are within reach and drops the rest: the runtime's own
// copies go with the garbage collector. Keys taken from the ring return ErrClosed from now on.
func (k *Keyring) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	for _, r := range k.records {
		clear(r.Bytes)
	}
	for name, private := range k.signers {
		//lint:ignore SA1019 the one way to overwrite the scalar of a key in memory
		clear(private.D.Bits())
		delete(k.signers, name)
	}
	k.file.close()
	k.records = nil
	return nil
}

// Key is one signing key of a ring. It is a crypto.Signer.
type Key struct {
	ring   *Keyring
	name   string
	public *ecdsa.PublicKey
	id     string
}

// Public is the public half, an *ecdsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// KeyID names a P-256 key (journal.KeyID) and is empty for a key on another curve, which cannot
// sign entries.
func (k *Key) KeyID() string { return k.id }

// Sign signs a digest and returns the ASN.1 form, verified with the public key: a fault of the machine
// that spoils a signature could give the key away. opts may be nil. It returns ErrClosed after the ring
// was closed.
func (k *Key) Sign(rand io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	k.ring.mu.RLock()
	defer k.ring.mu.RUnlock()
	private, ok := k.ring.signers[k.name]
	if k.ring.closed || !ok {
		return nil, fmt.Errorf("sign with %s: %w", k.name, ErrClosed)
	}
	signature, err := ecdsa.SignASN1(rand, private, digest)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", k.name, err)
	}
	if !ecdsa.VerifyASN1(k.public, digest, signature) {
		return nil, fmt.Errorf("sign with %s: own signature is wrong: %w", k.name, ErrDamaged)
	}
	return signature, nil
}

// hpkeKey is one HPKE key of a ring.
type hpkeKey struct {
	ring   *Keyring
	name   string
	public []byte
}

func (h *hpkeKey) HPKEPublic() []byte { return append([]byte(nil), h.public...) }

func (h *hpkeKey) Open(info, sealed []byte) ([]byte, error) {
	h.ring.mu.RLock()
	defer h.ring.mu.RUnlock()
	private, err := h.ring.hpke(h.name)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return seal.OpenWith(private, info, sealed)
}

func ecdsaRecord(name string, key *ecdsa.PrivateKey) (record, error) {
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return record{}, fmt.Errorf("key %s: %w", name, err)
	}
	return record{Name: name, Kind: kindECDSA, Bytes: b}, nil
}

func hpkeRecord(name string) (record, error) {
	private, err := seal.KEM().GenerateKey()
	if err != nil {
		return record{}, fmt.Errorf("key %s: %w", name, err)
	}
	b, err := private.Bytes()
	if err != nil {
		return record{}, fmt.Errorf("key %s: %w", name, err)
	}
	return record{Name: name, Kind: kindHPKE, Bytes: b}, nil
}

// randomBytes never fails: the program ends when the system has no randomness.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
