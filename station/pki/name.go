package pki

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// maxAttributes bounds the attributes of one name.
const maxAttributes = 64

// Name is a distinguished name of the profile (ICAO Doc 9303-12, 7.1.1). Attributes that are not
// listed here are read past.
type Name struct {
	Country      string // ISO 3166-1 two letters, upper case
	Organization string
	Unit         string
	CommonName   string
	SerialNumber string
	Locality     string // only in alternative names: the three-letter code of the MRZ
}

var (
	countryForm   = regexp.MustCompile(`^[A-Z]{2}$`)
	localityForm  = regexp.MustCompile(`^[A-Z]{1,3}$`)
	printableForm = regexp.MustCompile(`^[A-Za-z0-9 '()+,\-./:=?]*$`)
)

// attribute is one type and value; the values keep the bytes of their string type.
type attribute struct {
	oid   asn1.ObjectIdentifier
	tag   der.Tag
	value string
}

// parseName reads the DER of a Name.
func parseName(raw []byte) (Name, error) {
	var n Name
	attributes, err := readAttributes(raw)
	for _, a := range attributes {
		for _, f := range []struct {
			oid  asn1.ObjectIdentifier
			into *string
		}{
			{oidCountry, &n.Country}, {oidOrganization, &n.Organization}, {oidUnit, &n.Unit},
			{oidCommonName, &n.CommonName}, {oidSerialNumber, &n.SerialNumber}, {oidLocality, &n.Locality},
		} {
			if a.oid.Equal(f.oid) && *f.into == "" {
				*f.into = a.text()
			}
		}
	}
	return n, err
}

func readAttributes(raw []byte) ([]attribute, error) {
	rdns, err := whole(raw, "name")
	if err != nil {
		return nil, err
	}
	out := make([]attribute, 0, 4) // as many as most names have
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, der.SET) {
			return nil, malformed("name")
		}
		for !set.Empty() {
			pair, err := sequence(&set, "name")
			if err != nil {
				return nil, err
			}
			oid, err := objectID(&pair, "name")
			if err != nil {
				return nil, err
			}
			var value cryptobyte.String
			a := attribute{oid: oid}
			if !pair.ReadAnyASN1(&value, &a.tag) || !pair.Empty() || len(out) == maxAttributes {
				return nil, malformed("name")
			}
			a.value = string(value)
			out = append(out, a)
		}
	}
	return out, nil
}

// text returns a value as readable text: bytes that are no UTF-8 are replaced.
func (a attribute) text() string { return strings.ToValidUTF8(a.value, "?") }

// sameName reports whether two names are equal, whatever string type carries each value. Old and
// new certificates of one authority may differ in that.
func sameName(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err1 := readAttributes(a)
	y, err2 := readAttributes(b)
	if err1 != nil || err2 != nil || len(x) != len(y) {
		return false
	}
	for i := range x {
		if !x[i].oid.Equal(y[i].oid) || x[i].value != y[i].value || !x[i].plain() || !y[i].plain() {
			return false
		}
	}
	return true
}

// plain reports whether the value's bytes mean the same in PrintableString, UTF8String and the
// other single-byte types.
func (a attribute) plain() bool {
	switch a.tag {
	case der.PrintableString, der.UTF8String, der.T61String, der.IA5String:
		return true
	}
	return false
}

// sameCountry compares two countries; some certificates write theirs in lower case.
func sameCountry(a, b Name) bool {
	return a.Country != "" && strings.EqualFold(a.Country, b.Country)
}

func (n Name) check() error {
	if !countryForm.MatchString(n.Country) {
		return fmt.Errorf("country %q is not two capital letters: %w", n.Country, ErrProfile)
	}
	if n.CommonName == "" {
		return fmt.Errorf("name without a common name: %w", ErrProfile)
	}
	for _, text := range []string{n.Organization, n.Unit, n.CommonName, n.SerialNumber} {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 64 {
			return fmt.Errorf("name attribute over 64 characters: %w", ErrProfile)
		}
	}
	if n.Locality != "" || !printableForm.MatchString(n.SerialNumber) {
		return fmt.Errorf("name outside the profile: %w", ErrProfile)
	}
	return nil
}

// encode returns the DER of a name of the profile, ErrProfile for any other.
func (n Name) encode() ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	return build(n.add)
}

// add writes the name: country and serial number as PrintableString, the rest as PrintableString
// where it can be one and UTF8String else (ICAO Doc 9303-12, 7.1.1).
func (n Name) add(b *cryptobyte.Builder) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, a := range []attribute{
			{oid: oidCountry, value: n.Country}, {oid: oidLocality, value: n.Locality},
			{oid: oidOrganization, value: n.Organization}, {oid: oidUnit, value: n.Unit},
			{oid: oidCommonName, value: n.CommonName}, {oid: oidSerialNumber, value: n.SerialNumber},
		} {
			if a.value != "" {
				a.add(b)
			}
		}
	})
}

func (a attribute) add(b *cryptobyte.Builder) {
	tag := der.UTF8String
	if printableForm.MatchString(a.value) {
		tag = der.PrintableString
	}
	b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.oid)
			addText(b, tag, a.value)
		})
	})
}
