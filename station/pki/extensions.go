package pki

import (
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// maxNames bounds the names of one alternative name, distribution point or list.
const maxNames = 64

// certificateExtension reads one extension into c and reports whether it is known.
func (p *parser) certificateExtension(c *Certificate, oid asn1.ObjectIdentifier, value []byte) (bool, error) {
	var err error
	switch {
	case oid.Equal(oidSubjectKeyID):
		s := cryptobyte.String(value)
		if !s.ReadASN1Bytes(&c.SubjectKeyID, der.OCTET_STRING) || !s.Empty() {
			err = malformed("subject key identifier")
		}
	case oid.Equal(oidAuthorityKeyID):
		c.AuthorityKeyID, err = authorityKeyID(value)
	case oid.Equal(oidKeyUsage):
		c.KeyUsage, err = keyUsage(value)
	case oid.Equal(oidBasicConstraints):
		err = p.basicConstraints(c, value)
	case oid.Equal(oidKeyUsePeriod):
		c.KeyUse, err = p.keyUsePeriod(value)
	case oid.Equal(oidSubjectAltName):
		c.SubjectAltName = lenient[AltName](p, "subject alternative name")(altName(value))
	case oid.Equal(oidIssuerAltName):
		c.IssuerAltName = lenient[AltName](p, "issuer alternative name")(altName(value))
	case oid.Equal(oidCRLPoints):
		c.CRLPoints = lenient[[]string](p, "distribution points")(crlPoints(value))
	case oid.Equal(oidDocumentTypeList):
		c.DocumentTypes, err = p.documentTypes(value)
	case oid.Equal(oidNameChange):
		c.NameChange = true
	case oid.Equal(oidExtendedKeyUsage):
		c.ExtendedKeyUsage, err = extendedKeyUsage(value)
	case oid.Equal(oidPolicies):
	default:
		return false, nil
	}
	return true, err
}

// lenient turns the error of an extension that only informs into a note.
func lenient[T any](p *parser, what string) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			p.note("%s is not readable", what)
		}
		return v
	}
}

// authorityKeyID returns the key identifier, nil where only a name and serial are given.
func authorityKeyID(value []byte) ([]byte, error) {
	body, err := whole(value, "authority key identifier")
	if err != nil {
		return nil, err
	}
	var id cryptobyte.String
	var present bool
	if !body.ReadOptionalASN1(&id, &present, primitive(0)) ||
		!body.SkipOptionalASN1(constructed(1)) || !body.SkipOptionalASN1(primitive(2)) || !body.Empty() {
		return nil, malformed("authority key identifier")
	}
	return id, nil
}

func keyUsage(value []byte) (KeyUsage, error) {
	s := cryptobyte.String(value)
	var bits asn1.BitString
	if !s.ReadASN1BitString(&bits) || !s.Empty() || bits.BitLength > 16 {
		return 0, malformed("key usage")
	}
	var use KeyUsage
	for i := range bits.BitLength {
		use |= KeyUsage(bits.At(i)) << i
	}
	if use == 0 {
		return 0, malformed("key usage")
	}
	return use, nil
}

func (p *parser) basicConstraints(c *Certificate, value []byte) error {
	body, err := whole(value, "basic constraints")
	if err != nil {
		return err
	}
	c.BasicConstraints = true
	if body.PeekASN1Tag(der.BOOLEAN) {
		if c.IsCA, err = p.boolean(&body, "cA"); err != nil {
			return err
		}
		if !c.IsCA {
			p.note("default value of cA is written out")
		}
	}
	if body.Empty() {
		return nil
	}
	n, err := p.integer(&body, "path length", 2)
	if err != nil || n.Sign() < 0 || !body.Empty() {
		return malformed("path length")
	}
	c.PathLen = int(n.Int64())
	return nil
}

// keyUsePeriod reads PrivateKeyUsagePeriod: two optional GeneralizedTimes (ICAO Doc 9303-12, 7.1.1).
func (p *parser) keyUsePeriod(value []byte) (Period, error) {
	body, err := whole(value, "key usage period")
	if err != nil {
		return Period{}, err
	}
	var use Period
	for tag, into := range []*time.Time{&use.NotBefore, &use.NotAfter} {
		var text cryptobyte.String
		var present bool
		if !body.ReadOptionalASN1(&text, &present, primitive(uint8(tag))) {
			return Period{}, malformed("key usage period")
		}
		if !present {
			continue
		}
		if *into, err = p.generalizedTime(string(text), "key usage period"); err != nil {
			return Period{}, err
		}
	}
	if !body.Empty() || use.IsZero() {
		return Period{}, malformed("key usage period")
	}
	return use, nil
}

// altName reads GeneralNames and keeps the kinds of the profile.
func altName(value []byte) (AltName, error) {
	names, err := whole(value, "alternative name")
	if err != nil {
		return AltName{}, err
	}
	var alt AltName
	for n := 0; !names.Empty(); n++ {
		var one cryptobyte.String
		var tag der.Tag
		if !names.ReadAnyASN1(&one, &tag) || n == maxNames {
			return AltName{}, malformed("alternative name")
		}
		switch tag {
		case primitive(1):
			alt.Emails = append(alt.Emails, string(one))
		case primitive(6):
			alt.URIs = append(alt.URIs, string(one))
		case constructed(4):
			name, err := parseName(one)
			if err != nil {
				return AltName{}, err
			}
			if alt.Locality == "" {
				alt.Locality = name.Locality
			}
		}
	}
	return alt, nil
}

// crlPoints returns the URIs of all distribution points.
func crlPoints(value []byte) ([]string, error) {
	points, err := whole(value, "distribution points")
	if err != nil {
		return nil, err
	}
	var out []string
	for n := 0; !points.Empty(); n++ {
		point, err := sequence(&points, "distribution point")
		if err != nil || n == maxNames {
			return nil, malformed("distribution points")
		}
		var name, full cryptobyte.String
		var hasName, hasFull bool
		if !point.ReadOptionalASN1(&name, &hasName, constructed(0)) ||
			!name.ReadOptionalASN1(&full, &hasFull, constructed(0)) {
			return nil, malformed("distribution point")
		}
		for !full.Empty() {
			var one cryptobyte.String
			var tag der.Tag
			if !full.ReadAnyASN1(&one, &tag) || len(out) == maxNames {
				return nil, malformed("distribution point")
			}
			if tag == primitive(6) {
				out = append(out, string(one))
			}
		}
	}
	return out, nil
}

// documentTypes reads DocumentTypeList: version 0 and a SET OF PrintableString of one or two
// letters (ICAO Doc 9303-12, 7.1.1.6).
func (p *parser) documentTypes(value []byte) ([]string, error) {
	body, err := whole(value, "document type list")
	if err != nil {
		return nil, err
	}
	version, err := p.integer(&body, "document type list", 1)
	if err != nil {
		return nil, err
	}
	if version.Sign() != 0 {
		p.note("document type list is not version 0")
	}
	var set cryptobyte.String
	if !body.ReadASN1(&set, der.SET) || !body.Empty() {
		return nil, malformed("document type list")
	}
	out := []string{}
	for !set.Empty() {
		var one cryptobyte.String
		if !set.ReadASN1(&one, der.PrintableString) || len(one) == 0 || len(one) > 2 || len(out) == maxNames {
			return nil, malformed("document type list")
		}
		out = append(out, string(one))
	}
	return out, nil
}

func extendedKeyUsage(value []byte) ([]asn1.ObjectIdentifier, error) {
	body, err := whole(value, "extended key usage")
	if err != nil {
		return nil, err
	}
	var out []asn1.ObjectIdentifier
	for !body.Empty() {
		oid, err := objectID(&body, "extended key usage")
		if err != nil || len(out) == maxNames {
			return nil, malformed("extended key usage")
		}
		out = append(out, oid)
	}
	return out, nil
}
