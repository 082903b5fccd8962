package ledger

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"padarozhnik/station/journal"
)

// A segment is what one run of a backup adds: records in the order of the tree, each a kind, a length
// (unsigned varint) and its bytes. A blob stands before the first entry that names it, a checkpoint
// behind the entry that completes it, so that whoever reads from the first segment on has at any
// place a whole ledger of that size.
const (
	recordBlob       = 'b' // digest, size (8 bytes, big endian), name of the caller who sent it
	recordPiece      = 'd' // the next bytes of that blob
	recordEntry      = 'e' // signed entry
	recordCheckpoint = 'c' // signed note
)

// recordBounds are the longest records of each kind.
var recordBounds = map[byte]uint64{
	recordBlob: sha256.Size + 8 + 64, recordPiece: maxPiece, recordEntry: journal.MaxEntry, recordCheckpoint: 4 << 10,
}

// errSegment: a segment is not in its form.
var errSegment = errors.New("backup segment is damaged")

// segmentWriter writes records and sums up their bytes.
type segmentWriter struct {
	to    *bufio.Writer
	sum   hash.Hash
	bytes int64
}

func newSegmentWriter(w io.Writer) *segmentWriter {
	s := &segmentWriter{sum: sha256.New()}
	s.to = bufio.NewWriterSize(io.MultiWriter(w, s.sum), 1<<20)
	return s
}

func (s *segmentWriter) record(kind byte, parts ...[]byte) error {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	head := binary.AppendUvarint([]byte{kind}, uint64(length))
	for _, p := range append([][]byte{head}, parts...) {
		n, err := s.to.Write(p)
		s.bytes += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// Write makes a piece of every call, so that a blob can be copied into a segment.
func (s *segmentWriter) Write(p []byte) (int, error) { return len(p), s.record(recordPiece, p) }

// blobHeader is the first record of a blob.
type blobHeader struct {
	digest journal.Hash
	size   int64
	party  string
}

func (b blobHeader) marshal() []byte {
	out := binary.BigEndian.AppendUint64(append([]byte(nil), b.digest[:]...), uint64(b.size))
	return append(out, b.party...)
}

func parseBlobHeader(p []byte) (b blobHeader, err error) {
	if len(p) <= len(b.digest)+8 {
		return b, errSegment
	}
	copy(b.digest[:], p)
	b.size = int64(binary.BigEndian.Uint64(p[len(b.digest):]))
	if b.size < 1 || b.size > journal.MaxBlob {
		return b, errSegment
	}
	b.party = string(p[len(b.digest)+8:])
	return b, nil
}

// reading is who a segment is read to, in its order. The bytes are valid during the call. The blob's
// digest has been checked when blobEnd is called.
type reading interface {
	blob(b blobHeader) error
	piece(at int64, data []byte) error
	blobEnd() error
	entry(raw []byte) error
	checkpoint(raw []byte) error
}

// readSegment reads a segment to its end and returns its digest. Lengths are checked before anything
// is read.
func readSegment(from io.Reader, to reading) (digest journal.Hash, err error) {
	sum := sha256.New()
	r := bufio.NewReaderSize(io.TeeReader(from, sum), 1<<20)
	p := &segmentParser{to: to, body: sha256.New()}
	buffer := make([]byte, maxPiece)
	for {
		kind, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			return journal.Hash(sum.Sum(nil)), p.end()
		}
		if err != nil {
			return digest, err
		}
		length, err := binary.ReadUvarint(r)
		if err != nil || length == 0 || length > recordBounds[kind] {
			return digest, fmt.Errorf("%w: record", errSegment)
		}
		if _, err := io.ReadFull(r, buffer[:length]); err != nil {
			return digest, fmt.Errorf("%w: cut off: %w", errSegment, err)
		}
		if err := p.record(kind, buffer[:length]); err != nil {
			return digest, err
		}
	}
}

// segmentParser keeps blobs whole.
type segmentParser struct {
	to   reading
	open *blobHeader
	at   int64
	body hash.Hash
}

func (p *segmentParser) end() error {
	if p.open != nil {
		return fmt.Errorf("%w: ends within a blob", errSegment)
	}
	return nil
}

func (p *segmentParser) record(kind byte, data []byte) error {
	if (p.open != nil) != (kind == recordPiece) {
		return fmt.Errorf("%w: order of records", errSegment)
	}
	switch kind {
	case recordBlob:
		b, err := parseBlobHeader(data)
		if err != nil {
			return err
		}
		p.open, p.at = &b, 0
		p.body.Reset()
		return p.to.blob(b)
	case recordPiece:
		return p.piece(data)
	case recordEntry:
		return p.to.entry(data)
	}
	return p.to.checkpoint(data)
}

func (p *segmentParser) piece(data []byte) error {
	p.body.Write(data)
	if err := p.to.piece(p.at, data); err != nil {
		return err
	}
	p.at += int64(len(data))
	switch {
	case p.at < p.open.size:
		return nil
	case p.at > p.open.size || journal.Hash(p.body.Sum(nil)) != p.open.digest:
		return fmt.Errorf("%w: blob %s differs from its digest", errSegment, p.open.digest)
	}
	p.open = nil
	return p.to.blobEnd()
}
