package token

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/sys/unix"

	"padarozhnik/station/journal"
)

// Options are the costs of argon2id. Zero fields mean the default: three passes over 256 MiB in
// one lane (RFC 9106, 4).
type Options struct {
	Passes    uint32
	MemoryKiB uint32
	Lanes     uint8
}

// Bounds of what a file may ask for, so that a hostile one cannot exhaust the machine.
const (
	maxPasses    = 16
	maxMemoryKiB = 1 << 20
	maxLanes     = 16
	maxFile      = 1 << 20 // bytes
	magic        = "padarozhnik/keys/1"
)

func (o Options) orDefault() Options {
	if o.Passes == 0 {
		o.Passes = 3
	}
	if o.MemoryKiB == 0 {
		o.MemoryKiB = 256 << 10
	}
	if o.Lanes == 0 {
		o.Lanes = 1
	}
	return o
}

// header stands before the keys and is authenticated with them.
type header struct {
	Magic     string `cbor:"1,keyasint"`
	Passes    uint32 `cbor:"2,keyasint"`
	MemoryKiB uint32 `cbor:"3,keyasint"`
	Lanes     uint8  `cbor:"4,keyasint"`
	Salt      []byte `cbor:"5,keyasint"`
}

func (h header) check() error {
	ok := h.Magic == magic && len(h.Salt) == 16 &&
		h.Passes >= 1 && h.Passes <= maxPasses &&
		h.Lanes >= 1 && h.Lanes <= maxLanes && h.MemoryKiB <= maxMemoryKiB
	if !ok {
		return ErrDamaged
	}
	return nil
}

// onDisk is the whole file.
type onDisk struct {
	Header header `cbor:"1,keyasint"`
	Nonce  []byte `cbor:"2,keyasint"`
	Sealed []byte `cbor:"3,keyasint"`
}

// safe is an encrypted file whose key has been derived.
type safe struct {
	path   string
	header header
	key    []byte
	digest [sha256.Size]byte // of the file as last read or written
}

func derive(passphrase []byte, h header) []byte {
	return argon2.IDKey(passphrase, h.Salt, h.Passes, h.MemoryKiB, h.Lanes, chacha20poly1305.KeySize)
}

// createSafe writes a new file; it never replaces one.
func createSafe(path string, passphrase []byte, o Options, records []record) (safe, error) {
	if _, err := os.Lstat(path); err == nil {
		return safe{}, fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	o = o.orDefault()
	s := safe{path: path, header: header{
		Magic: magic, Passes: o.Passes, MemoryKiB: o.MemoryKiB, Lanes: o.Lanes, Salt: randomBytes(16),
	}}
	if err := s.header.check(); err != nil {
		return safe{}, fmt.Errorf("argon2id parameters out of bounds: %w", err)
	}
	s.key = derive(passphrase, s.header)
	if err := s.save(records); err != nil {
		s.close()
		return safe{}, err
	}
	return s, nil
}

func openSafe(path string, passphrase []byte) (safe, []record, error) {
	raw, err := readBounded(path)
	if err != nil {
		return safe{}, nil, err
	}
	var d onDisk
	if err := journal.Decode(raw, &d); err != nil {
		return safe{}, nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	if err := d.Header.check(); err != nil || len(d.Nonce) != chacha20poly1305.NonceSizeX {
		return safe{}, nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	s := safe{path: path, header: d.Header, key: derive(passphrase, d.Header), digest: sha256.Sum256(raw)}
	records, err := s.decrypt(d)
	if err != nil {
		s.close()
		return safe{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, records, nil
}

func (s *safe) decrypt(d onDisk) ([]record, error) {
	aead, err := chacha20poly1305.NewX(s.key)
	if err != nil {
		return nil, err
	}
	head, err := journal.Encode(s.header)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, d.Nonce, d.Sealed, head)
	if err != nil {
		return nil, ErrWrongPassphrase
	}
	defer clear(plain)
	var records []record
	if err := journal.Decode(plain, &records); err != nil {
		return nil, ErrDamaged
	}
	return records, nil
}

func (s *safe) encrypt(records []record) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(s.key)
	if err != nil {
		return nil, err
	}
	head, err := journal.Encode(s.header)
	if err != nil {
		return nil, err
	}
	if records == nil {
		records = []record{}
	}
	plain, err := journal.Encode(records)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	nonce := randomBytes(chacha20poly1305.NonceSizeX)
	return journal.Encode(onDisk{Header: s.header, Nonce: nonce, Sealed: aead.Seal(nil, nonce, plain, head)})
}

// save replaces the file: a new one beside it, synced, renamed over it, and the directory synced.
// The directory is locked meanwhile, so that two programs cannot both believe to have been last.
func (s *safe) save(records []record) error {
	raw, err := s.encrypt(records)
	if err != nil {
		return err
	}
	if len(raw) > maxFile {
		return fmt.Errorf("%s: more keys than a file holds", s.path)
	}
	dir, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	defer dir.Close() // releases the lock
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	if err := s.unchanged(); err != nil {
		return err
	}
	if err := writeSynced(s.path, raw); err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir.Name(), err)
	}
	s.digest = sha256.Sum256(raw)
	return nil
}

// unchanged tells whether the file still is what this safe last read or wrote: for a new safe,
// whether there still is none.
func (s *safe) unchanged() error {
	raw, err := readBounded(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist) && s.digest == [sha256.Size]byte{}:
		return nil
	case err != nil:
		return err
	case sha256.Sum256(raw) != s.digest:
		return fmt.Errorf("%s: %w", s.path, ErrChanged)
	}
	return nil
}

func (s *safe) close() { clear(s.key) }

func writeSynced(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if n > maxFile {
		return nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return b.Bytes(), nil
}
