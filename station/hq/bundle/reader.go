package bundle

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// Bundle is an opened file whose every byte has been verified. It is used by one goroutine; Close
// ends it.
type Bundle struct {
	Hello Hello
	Parts []Part
	file  *os.File
	plain *plaintext
}

// Part is one message inside a bundle.
type Part struct {
	Kind   Kind
	Digest journal.Hash
	Size   int64
	at     int64 // of the body in the plaintext
}

// Open opens a bundle that came in a direction and verifies all of it. It returns an error wrapping
// journal.ErrForeignFile for what is no bundle or goes the other way, ErrIncomplete, ErrDamaged,
// ErrNotForUs for one that is not sealed to o, and journal.ErrSignature.
func Open(path string, d Direction, o seal.Opener, by SignedBy) (*Bundle, error) {
	b, err := open(path, d, o, by)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return b, nil
}

func open(path string, d Direction, o seal.Opener, by SignedBy) (*Bundle, error) {
	// A stick may hold anything: no waiting for the other end of a pipe, no following of links.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("a link: %w", journal.ErrForeignFile)
	}
	if err != nil {
		return nil, err
	}
	b, err := read(f, d, o, by)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

func read(f *os.File, d Direction, o seal.Opener, by SignedBy) (*Bundle, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, journal.ErrForeignFile
	}
	p, err := openPlaintext(f, info.Size(), d, o)
	if err != nil {
		return nil, err
	}
	b := &Bundle{file: f, plain: p}
	s := &scanner{plain: p, direction: d, limit: p.chunks * chunkSize}
	if err := s.all(); err != nil {
		return nil, err
	}
	b.Hello, b.Parts = s.hello, s.parts
	return b, s.verify(o.HPKEPublic(), by)
}

// Close closes the file.
func (b *Bundle) Close() error { return b.file.Close() }

// Body reads a part. Its length was bounded when the bundle was opened.
func (b *Bundle) Body(p Part) ([]byte, error) {
	body := make([]byte, p.Size)
	if _, err := b.plain.ReadAt(body, p.at); err != nil {
		return nil, err
	}
	if sha256.Sum256(body) != p.Digest {
		return nil, journal.ErrDamaged
	}
	return body, nil
}

// plaintext decrypts chunks where they lie. It keeps one.
type plaintext struct {
	file   io.ReaderAt
	aead   cipher.AEAD
	head   []byte
	chunks int64
	kept   int64 // number of the chunk in buf; -1: none
	buf    []byte
	raw    []byte
}

func openPlaintext(f io.ReaderAt, size int64, d Direction, o seal.Opener) (*plaintext, error) {
	head, sealed := make([]byte, headSize), make([]byte, keySize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case n < len(magic) || string(head[:len(magic)]) != magic:
		return nil, journal.ErrForeignFile
	case n < headSize || size < headSize+keySize:
		return nil, journal.ErrIncomplete
	case head[8] != version:
		return nil, fmt.Errorf("bundle of version %d: %w", head[8], journal.ErrForeignFile)
	}
	if _, err := f.ReadAt(sealed, headSize); err != nil {
		return nil, err
	}
	if !bytes.Equal(head, headOf(Direction(head[9]), sealed)) {
		return nil, journal.ErrDamaged
	}
	if Direction(head[9]) != d {
		return nil, fmt.Errorf("goes the other way: %w", journal.ErrForeignFile)
	}
	chunks := (size - headSize - keySize) / (chunkSize + tagSize)
	if chunks == 0 || headSize+keySize+chunks*(chunkSize+tagSize) != size {
		return nil, journal.ErrIncomplete
	}
	aead, err := openKey(sealed, d, o)
	if err != nil {
		return nil, err
	}
	p := &plaintext{file: f, aead: aead, head: head, chunks: chunks, kept: -1,
		buf: make([]byte, 0, chunkSize), raw: make([]byte, chunkSize+tagSize)}
	return p, p.load(chunks - 1) // a copy that was cut off shows at its end
}

func openKey(sealed []byte, d Direction, o seal.Opener) (cipher.AEAD, error) {
	plain, err := seal.Open(o, d.purpose(), sealed)
	if errors.Is(err, seal.ErrOpen) {
		return nil, journal.ErrNotForUs
	}
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	var k contentKey
	if err := wire.Decode(plain, &k); err != nil || len(k.Key) != 32 {
		return nil, journal.ErrDamaged
	}
	defer clear(k.Key)
	return newAEAD(k.Key)
}

// load decrypts one chunk into buf.
func (p *plaintext) load(n int64) error {
	if n == p.kept {
		return nil
	}
	p.kept = -1
	if _, err := p.file.ReadAt(p.raw, headSize+keySize+n*(chunkSize+tagSize)); err != nil {
		return err
	}
	last := n == p.chunks-1
	plain, err := p.aead.Open(p.buf[:0], nonce(n, last), p.raw, p.head)
	if err != nil {
		// A chunk that opens without the mark of the last shows where a copy was cut off.
		if _, err := p.aead.Open(p.buf[:0], nonce(n, false), p.raw, p.head); last && err == nil {
			return journal.ErrIncomplete
		}
		return journal.ErrDamaged
	}
	p.buf, p.kept = plain, n
	return nil
}

// ReadAt fills b from the plaintext; io.ErrUnexpectedEOF is journal.ErrDamaged here, because the
// plaintext is as long as its chunks.
func (p *plaintext) ReadAt(b []byte, off int64) (int, error) {
	read := 0
	for read < len(b) {
		at := off + int64(read)
		if at < 0 || at >= p.chunks*chunkSize {
			return read, journal.ErrDamaged
		}
		if err := p.load(at / chunkSize); err != nil {
			return read, err
		}
		read += copy(b[read:], p.buf[at%chunkSize:])
	}
	return read, nil
}
