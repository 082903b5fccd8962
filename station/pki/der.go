package pki

import (
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// parser collects what a tolerant reading overlooked.
type parser struct{ defects []string }

// maxDefects bounds the notes on one structure.
const maxDefects = 32

func (p *parser) note(format string, args ...any) {
	if len(p.defects) == maxDefects {
		return
	}
	p.defects = append(p.defects, fmt.Sprintf(format, args...))
}

func malformed(what string) error { return fmt.Errorf("%s: %w", what, ErrMalformed) }

// integer reads an INTEGER of at most limit bytes, padded or not.
func (p *parser) integer(s *cryptobyte.String, what string, limit int) (*big.Int, error) {
	var body cryptobyte.String
	if !s.ReadASN1(&body, der.INTEGER) || len(body) == 0 || len(body) > limit {
		return nil, malformed(what)
	}
	if len(body) > 1 && (body[0] == 0 && body[1] < 0x80 || body[0] == 0xFF && body[1] >= 0x80) {
		p.note("%s is padded", what)
	}
	n := new(big.Int).SetBytes(body)
	if body[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(body))))
	}
	return n, nil
}

// time reads a UTCTime or GeneralizedTime. Missing seconds, offsets from UTC and the wrong one of
// the two types are overlooked.
func (p *parser) time(s *cryptobyte.String, what string) (time.Time, error) {
	var body cryptobyte.String
	var tag der.Tag
	if !s.ReadAnyASN1(&body, &tag) {
		return time.Time{}, malformed(what)
	}
	switch tag {
	case der.UTCTime:
		return p.utcTime(string(body), what)
	case der.GeneralizedTime:
		t, err := p.generalizedTime(string(body), what)
		if err == nil && t.Year() < 2050 {
			p.note("%s before 2050 is a GeneralizedTime", what)
		}
		return t, err
	}
	return time.Time{}, malformed(what)
}

func (p *parser) utcTime(text, what string) (time.Time, error) {
	t, err := p.layouts(text, what, "060102150405Z", "0601021504Z", "060102150405-0700", "0601021504-0700")
	if err == nil && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0) // RFC 5280, 4.1.2.5.1
	}
	return t, err
}

func (p *parser) generalizedTime(text, what string) (time.Time, error) {
	return p.layouts(text, what, "20060102150405Z", "20060102150405.999Z", "200601021504Z", "20060102150405-0700")
}

// layouts tries the proper layout first and notes when another one fits.
func (p *parser) layouts(text, what string, layouts ...string) (time.Time, error) {
	for i, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if i > 0 {
			p.note("%s is not in the DER form of a time", what)
		}
		return t.UTC(), nil
	}
	return time.Time{}, malformed(what)
}

// boolean reads a BOOLEAN of any non-zero value as true.
func (p *parser) boolean(s *cryptobyte.String, what string) (bool, error) {
	var body cryptobyte.String
	if !s.ReadASN1(&body, der.BOOLEAN) || len(body) != 1 {
		return false, malformed(what)
	}
	if body[0] != 0 && body[0] != 0xFF {
		p.note("%s is not a DER boolean", what)
	}
	return body[0] != 0, nil
}

// sequence takes the next SEQUENCE off s.
func sequence(s *cryptobyte.String, what string) (cryptobyte.String, error) {
	var body cryptobyte.String
	if !s.ReadASN1(&body, der.SEQUENCE) {
		return nil, malformed(what)
	}
	return body, nil
}

// whole reads b as one SEQUENCE with nothing behind it.
func whole(b []byte, what string) (cryptobyte.String, error) {
	s := cryptobyte.String(b)
	body, err := sequence(&s, what)
	if err == nil && !s.Empty() {
		err = malformed(what)
	}
	return body, err
}

// element takes the next SEQUENCE off s with its tag and length.
func element(s *cryptobyte.String, what string) ([]byte, error) {
	var el cryptobyte.String
	if !s.ReadASN1Element(&el, der.SEQUENCE) {
		return nil, malformed(what)
	}
	return el, nil
}

func objectID(s *cryptobyte.String, what string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return nil, malformed(what)
	}
	return oid, nil
}

// Tags that a context gives: [n] IMPLICIT of a primitive, and [n] of a constructed value.
func primitive(n uint8) der.Tag   { return der.Tag(n).ContextSpecific() }
func constructed(n uint8) der.Tag { return der.Tag(n).ContextSpecific().Constructed() }

// build runs f on a fresh builder and returns the DER bytes.
func build(f func(b *cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	f(&b)
	out, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return out, nil
}

// addTime writes UTCTime up to 2049 and GeneralizedTime from then on (RFC 5280, 4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t.UTC().Year() < 2050 {
		b.AddASN1UTCTime(t.UTC())
		return
	}
	b.AddASN1GeneralizedTime(t.UTC())
}

func addText(b *cryptobyte.Builder, tag der.Tag, text string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
}
