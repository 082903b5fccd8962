package lds

import (
	"bytes"
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/pki"
)

// What EF.SOD states as its version: LDS 1.8, Unicode 4.0.0 (ICAO Doc 9303-10, 4.6.2.3).
const (
	sodLDSVersion     = "0108"
	sodUnicodeVersion = "040000"
)

const tagSOD = der.Tag(0x77)

// errSODContent is what every malformed security object wraps below ErrMalformed.
var errSODContent = errors.New("security object")

// SOD is a parsed EF.SOD: the digests of the data groups and who signed them
// (ICAO Doc 9303-10, 4.6.2).
type SOD struct {
	Version        int            // of the security object, 0 or 1
	Hash           crypto.Hash    // crypto.SHA1 in some old documents, see Judge
	DataGroups     map[int][]byte // digest by number of data group
	LDSVersion     string         // "0108"; empty in a version 0 object
	UnicodeVersion string         // "040000"; empty in a version 0 object
	SignedData     *pki.SignedData
	Signer         *pki.Certificate // the embedded document signer, nil where there is none
	Tolerated      []string         // strayings of the whole file that were read past
}

// SODSpec is what an issuer signs. DataGroups holds whole files, tag and length included, by number.
// Hash 0 is as strong as the signer's key. The signer's key must be in use at Issued and permitted
// for DocumentCode ("PP").
type SODSpec struct {
	DataGroups   map[int][]byte
	Hash         crypto.Hash
	Issued       time.Time
	DocumentCode string
}

// SignSOD returns a whole EF.SOD: an LDS security object version 1 in signed data, in tag 77. What
// it returns has been read back and verified. It refuses with ErrContent for files that are not
// the data groups they are said to be, with pki.ErrOutsideKeyUse, pki.ErrExpired, pki.ErrDocumentType
// or pki.ErrProfile where the certificate forbids it, and with pki.ErrKey for another's key.
func SignSOD(spec SODSpec, signer crypto.Signer, cert *pki.Certificate) ([]byte, error) {
	if spec.Issued.IsZero() || spec.DocumentCode == "" {
		return nil, fmt.Errorf("EF.SOD without issue date or document code: %w", ErrContent)
	}
	if err := cert.CheckSigning(spec.Issued, spec.DocumentCode); err != nil {
		return nil, fmt.Errorf("EF.SOD: %w", err)
	}
	if spec.Hash == 0 {
		spec.Hash = pki.HashFor(cert.PublicKey)
	}
	object, err := spec.securityObject()
	if err != nil {
		return nil, fmt.Errorf("EF.SOD: %w", err)
	}
	signed, err := pki.SignData(pki.LDSSecurityObject(), object, signer, cert, spec.Hash)
	if err != nil {
		return nil, fmt.Errorf("EF.SOD: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(tagSOD, func(b *cryptobyte.Builder) { b.AddBytes(signed) })
	file, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("EF.SOD: %w", err)
	}
	return file, nil
}

// prove reads a fresh security object back and compares it with what was to be signed. That this
// very object was signed, and that the signature holds, is pki.SignData's to prove.
func (spec SODSpec) prove(object []byte, digests map[int][]byte) error {
	back := &SOD{DataGroups: map[int][]byte{}}
	if err := back.parseObject(object); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if back.Hash != spec.Hash || !maps.EqualFunc(back.DataGroups, digests, bytes.Equal) {
		return fmt.Errorf("read back: %w", ErrMalformed)
	}
	return nil
}

// securityObject writes LDSSecurityObject version 1 and reads it back (ICAO Doc 9303-10, 4.6.2.3).
func (spec SODSpec) securityObject() ([]byte, error) {
	algorithm, err := pki.MarshalHashAlgorithm(spec.Hash)
	if err != nil {
		return nil, err
	}
	if len(spec.DataGroups) < 2 {
		return nil, fmt.Errorf("fewer than two data groups: %w", ErrContent)
	}
	numbers := slices.Sorted(maps.Keys(spec.DataGroups))
	for _, n := range numbers {
		tag, ok := DataGroupTag(n)
		var whole, contents cryptobyte.String = spec.DataGroups[n], nil
		if !ok || !whole.ReadASN1(&contents, der.Tag(tag)) || !whole.Empty() {
			return nil, fmt.Errorf("data group %d is not its whole file: %w", n, ErrContent)
		}
	}
	digests := map[int][]byte{}
	for n, file := range spec.DataGroups {
		digests[n] = digest(spec.Hash, file)
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(algorithm)
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, n := range numbers {
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(int64(n))
					b.AddASN1OctetString(digests[n])
				})
			}
		})
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, text := range []string{sodLDSVersion, sodUnicodeVersion} {
				b.AddASN1(der.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
			}
		})
	})
	object, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return object, spec.prove(object, digests)
}

func digest(h crypto.Hash, b []byte) []byte {
	sum := h.New()
	sum.Write(b)
	return sum.Sum(nil)
}

// ParseSOD reads a whole EF.SOD, of versions 0 and 1. It proves nothing: Judge, or Verify and
// CheckDataGroup, do. It returns ErrMalformed, and pki.ErrUnsupported for algorithms outside the
// standard. What it reads past stands in Tolerated.
func ParseSOD(b []byte) (*SOD, error) {
	if len(b) > maxFileLength {
		return nil, fmt.Errorf("EF.SOD of %d bytes: %w", len(b), ErrMalformed)
	}
	contents, notes, err := openSOD(bytes.Clone(b))
	if err != nil {
		return nil, fmt.Errorf("EF.SOD: no tag 77: %w", ErrMalformed)
	}
	signed, err := pki.ParseSignedData(contents)
	if err != nil {
		return nil, fmt.Errorf("EF.SOD: %w: %w", ErrMalformed, err)
	}
	if !signed.ContentType.Equal(pki.LDSSecurityObject()) {
		return nil, fmt.Errorf("EF.SOD: content type %v: %w", signed.ContentType, ErrMalformed)
	}
	s := &SOD{SignedData: signed, Signer: signed.Signer(), DataGroups: map[int][]byte{}}
	if err := s.parseObject(signed.Content); err != nil {
		return nil, fmt.Errorf("EF.SOD: %w: %w", ErrMalformed, err)
	}
	s.Tolerated = slices.Concat(notes, signed.Tolerated, s.strayings(contents))
	return s, nil
}

func (s *SOD) parseObject(content cryptobyte.String) error {
	var body, algorithm, groups cryptobyte.String
	var version int
	if !content.ReadASN1(&body, der.SEQUENCE) || !content.Empty() || !body.ReadASN1Integer(&version) ||
		!body.ReadASN1Element(&algorithm, der.SEQUENCE) || !body.ReadASN1(&groups, der.SEQUENCE) {
		return errSODContent
	}
	var err error
	if s.Hash, err = pki.ParseHashAlgorithm(algorithm); err != nil {
		return err
	}
	s.Version = version
	for !groups.Empty() {
		var one, value cryptobyte.String
		var number int
		if !groups.ReadASN1(&one, der.SEQUENCE) || !one.ReadASN1Integer(&number) ||
			!one.ReadASN1(&value, der.OCTET_STRING) || !one.Empty() {
			return errSODContent
		}
		if number < 1 || number > DataGroups || s.DataGroups[number] != nil || len(value) != s.Hash.Size() {
			return fmt.Errorf("digest of data group %d: %w", number, errSODContent)
		}
		s.DataGroups[number] = value
	}
	switch {
	case len(s.DataGroups) < 2:
		return fmt.Errorf("fewer than two digests: %w", errSODContent)
	case version == 0 && body.Empty():
		return nil
	case version != 1:
		return fmt.Errorf("version %d: %w", version, errSODContent)
	}
	return s.parseVersions(body)
}

// parseVersions reads LDSVersionInfo, which version 1 must have.
func (s *SOD) parseVersions(body cryptobyte.String) error {
	var info cryptobyte.String
	if !body.ReadASN1(&info, der.SEQUENCE) || !body.Empty() {
		return errSODContent
	}
	for _, into := range []*string{&s.LDSVersion, &s.UnicodeVersion} {
		var text cryptobyte.String
		if !info.ReadASN1(&text, der.PrintableString) || len(text) > 16 {
			return errSODContent
		}
		*into = string(text)
	}
	if !info.Empty() {
		return errSODContent
	}
	return nil
}

// Verify proves that the embedded document signer signed this object. Whether that signer is to be
// believed is the question of pki.TrustStore. It returns pki.ErrSignature, or pki.ErrUntrusted where
// no certificate is embedded.
func (s *SOD) Verify() error {
	if err := s.SignedData.Verify(); err != nil {
		return fmt.Errorf("EF.SOD: %w", err)
	}
	return nil
}

// CheckDataGroup compares a whole file, tag and length included, with its signed digest. It returns
// pki.ErrSignature where they differ or where the object has no digest of that data group.
func (s *SOD) CheckDataGroup(number int, ef []byte) error {
	want := s.DataGroups[number]
	if want == nil {
		return fmt.Errorf("data group %d is not in EF.SOD: %w", number, pki.ErrSignature)
	}
	if subtle.ConstantTimeCompare(digest(s.Hash, ef), want) != 1 {
		return fmt.Errorf("data group %d is not what was signed: %w", number, pki.ErrSignature)
	}
	return nil
}
