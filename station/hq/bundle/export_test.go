package bundle

import (
	"bytes"

	"padarozhnik/station/journal"
)

// Scan reads a plaintext as a reader of a bundle does, without the envelope.
func Scan(plain []byte, d Direction) ([]Part, Hello, error) {
	s := &scanner{plain: exactly{bytes.NewReader(plain)}, direction: d, limit: int64(len(plain))}
	err := s.all()
	return s.parts, s.hello, err
}

// exactly ends where the plaintext ends, as the chunks of a file do.
type exactly struct{ *bytes.Reader }

func (e exactly) ReadAt(b []byte, at int64) (int, error) {
	n, err := e.Reader.ReadAt(b, at)
	if n < len(b) {
		return n, journal.ErrDamaged
	}
	if n == len(b) {
		err = nil
	}
	return n, err
}

// Plaintext decrypts a whole bundle.
func (b *Bundle) Plaintext() ([]byte, error) {
	out := make([]byte, b.plain.chunks*chunkSize)
	_, err := b.plain.ReadAt(out, 0)
	return out, err
}

// Sizes of the file's regions.
const (
	HeadSize  = headSize
	KeySize   = keySize
	ChunkSize = chunkSize
	TagSize   = tagSize
)
