package bundle

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// scanner goes through the plaintext once: frames, digests, order of kinds, padding. It keeps a
// line for each part and never a body but those of Hello and signature.
type scanner struct {
	plain     io.ReaderAt
	direction Direction
	limit     int64 // of the plaintext
	at        int64
	sum       hash.Hash // over everything before the signature
	hello     Hello
	parts     []Part
	end       signature
	signed    [sha256.Size]byte
}

func (s *scanner) all() error {
	s.sum = sha256.New()
	first, err := s.next(kindHello)
	if err != nil {
		return err
	}
	if err := s.decode(first, &s.hello); err != nil {
		return err
	}
	if err := s.hello.check(); err != nil {
		return err
	}
	for {
		s.signed = [sha256.Size]byte(s.sum.Sum(nil))
		p, err := s.next(0)
		if err != nil {
			return err
		}
		if p.Kind == kindSignature {
			if err := s.decode(p, &s.end); err != nil {
				return err
			}
			break
		}
		if s.parts = append(s.parts, p); len(s.parts) >= MaxParts {
			return fmt.Errorf("too many parts: %w", journal.ErrDamaged)
		}
	}
	if s.end.Parts != len(s.parts)+1 {
		return fmt.Errorf("%d parts of %d: %w", len(s.parts)+1, s.end.Parts, journal.ErrDamaged)
	}
	return s.padding()
}

// next reads the head of a part and goes through its body. want is 0 for any that may stand here.
func (s *scanner) next(want Kind) (Part, error) {
	head := make([]byte, partHead)
	if err := s.read(head); err != nil {
		return Part{}, err
	}
	size := int64(binary.BigEndian.Uint32(head[1:]))
	p := Part{Kind: Kind(head[0]), Size: size, Digest: journal.Hash(head[5:]), at: s.at}
	limit, ok := s.direction.allowed(p.Kind)
	switch {
	case want != 0:
		limit, ok = maxHello, p.Kind == want
	case p.Kind == kindSignature:
		limit, ok = maxSignature, true
	}
	if !ok || p.Size < 1 || p.Size > limit || p.Size > s.limit-s.at {
		return Part{}, fmt.Errorf("part of kind %d, %d bytes: %w", p.Kind, p.Size, journal.ErrDamaged)
	}
	body := sha256.New()
	buf := make([]byte, min(p.Size, chunkSize))
	for left := p.Size; left > 0; {
		n := min(left, chunkSize)
		if err := s.read(buf[:n]); err != nil {
			return Part{}, err
		}
		body.Write(buf[:n])
		left -= n
	}
	if journal.Hash(body.Sum(nil)) != p.Digest {
		return Part{}, fmt.Errorf("digest of a part: %w", journal.ErrDamaged)
	}
	return p, nil
}

func (s *scanner) read(b []byte) error {
	if _, err := s.plain.ReadAt(b, s.at); err != nil {
		return err
	}
	s.at += int64(len(b))
	s.sum.Write(b)
	return nil
}

// decode reads a short body again.
func (s *scanner) decode(p Part, v any) error {
	body := make([]byte, p.Size)
	if _, err := s.plain.ReadAt(body, p.at); err != nil {
		return err
	}
	if err := wire.Decode(body, v); err != nil {
		return fmt.Errorf("%w: %w", journal.ErrDamaged, err)
	}
	return nil
}

// padding must be zeros, and no more than the size class asks for.
func (s *scanner) padding() error {
	class := (int64(journal.SizeClass(int(s.at))) + chunkSize - 1) / chunkSize * chunkSize
	if s.limit != class {
		return fmt.Errorf("padding: %w", journal.ErrDamaged)
	}
	buf := make([]byte, chunkSize)
	for s.at < s.limit {
		n := min(s.limit-s.at, chunkSize)
		if err := s.read(buf[:n]); err != nil {
			return err
		}
		for _, b := range buf[:n] {
			if b != 0 {
				return fmt.Errorf("padding: %w", journal.ErrDamaged)
			}
		}
	}
	return nil
}

// verify checks the signature under the key that the Hello makes right.
func (s *scanner) verify(recipient []byte, by SignedBy) error {
	key, err := by(s.hello)
	if err != nil {
		return err
	}
	if !ecdsa.VerifyASN1(key, signed(s.direction, recipient, s.signed), s.end.Signature) {
		return fmt.Errorf("bundle: %w", journal.ErrSignature)
	}
	return nil
}
