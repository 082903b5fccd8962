package lds

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
)

// openSOD takes the contents out of tag 77, with notes on how it was closed. Its length may be open
// or longer than necessary.
func openSOD(b []byte) (contents []byte, notes []string, err error) {
	if len(b) > 4 && b[0] == byte(tagSOD) && b[1] == 0x80 {
		if !bytes.HasSuffix(b, []byte{0, 0}) {
			return nil, nil, ErrMalformed
		}
		return b[2 : len(b)-2], []string{"tag 77 has an indefinite length"}, nil
	}
	if contents, err = tlv.Only(b, uint32(tagSOD)); err != nil {
		return nil, nil, err
	}
	if !bytes.HasPrefix(b, tlv.Encode(uint32(tagSOD), contents)) {
		notes = append(notes, "length of tag 77 is longer than necessary")
	}
	return contents, notes, nil
}

// strayings lists what the security object and the signer's name do otherwise than the standard
// asks and what is read past.
func (s *SOD) strayings(contents []byte) []string {
	var notes []string
	if s.Version == 0 {
		notes = append(notes, "security object is version 0")
	}
	for _, h := range []crypto.Hash{s.Hash, s.SignedData.Hash} {
		if note := "digest is " + h.String(); h == crypto.SHA224 && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	if !s.ascending() {
		notes = append(notes, "digests of data groups are not in ascending order")
	}
	if s.Signer == nil {
		return append(notes, "document signer is not embedded")
	}
	if issuer := signerIssuer(contents); issuer != nil && !bytes.Equal(issuer, s.Signer.RawIssuer) {
		notes = append(notes, "signer's issuer is written in another string type than in its certificate")
	}
	return notes
}

// ascending reports whether the digests stand in the order of their data groups.
func (s *SOD) ascending() bool {
	n, err := ber.Parse(s.SignedData.Content)
	if err != nil {
		return true
	}
	groups, last := n.At(2), 0
	for i := range len(groups.Children) {
		number := groups.At(i, 0)
		if number == nil || len(number.Content) == 0 {
			continue
		}
		current := int(number.Content[len(number.Content)-1])
		if current < last {
			return false
		}
		last = current
	}
	return true
}

// signerIssuer returns the issuer in the signer identifier in definite lengths, nil where the signer
// is named by its key.
func signerIssuer(signed []byte) []byte {
	n, err := ber.Parse(signed)
	if err != nil {
		return nil
	}
	issuer := n.At(1, 0, -1, 0, 1, 0)
	if issuer == nil || issuer.Tag != 0x30 {
		return nil
	}
	return issuer.Bytes()
}

// weaknesses lists algorithms that no longer prove what they once did.
func (s *SOD) weaknesses(path pki.Path) []string {
	var weak []string
	add := func(is bool, format string, args ...any) {
		if is {
			weak = append(weak, fmt.Sprintf(format, args...))
		}
	}
	add(s.Hash == crypto.SHA1, "data groups are digested by SHA-1")
	add(s.SignedData.Hash == crypto.SHA1, "security object is digested by SHA-1")
	add(s.SignedData.Algorithm.Hash == crypto.SHA1, "security object is signed over SHA-1")
	for _, c := range []struct {
		who  string
		cert *pki.Certificate
	}{{"document signer", s.Signer}, {"CSCA", path.Anchor}} {
		if c.cert == nil {
			continue
		}
		add(c.cert.Algorithm.Hash == crypto.SHA1, "certificate of the %s is signed over SHA-1", c.who)
		if key := c.cert.PublicKey; key.RSA != nil {
			add(key.RSA.N.BitLen() < 2048, "RSA key of the %s has %d bits", c.who, key.RSA.N.BitLen())
		} else {
			add(key.Curve.N.BitLen() < 224, "curve of the %s has %d bits", c.who, key.Curve.N.BitLen())
		}
	}
	return weak
}
