package lint

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"strings"
	"time"

	"padarozhnik/station/lds/internal/ber"
)

// country returns the value of a name's countryName (ITU-T X.520, 6.3.1).
func country(name *ber.Node) *ber.Node {
	for _, set := range name.Children {
		if isOID(set.At(0, 0), asn1.ObjectIdentifier{2, 5, 4, 6}) {
			return set.At(0, 1)
		}
	}
	return nil
}

func capitals(s string) bool {
	return len(s) == 2 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// properTime judges one time of a validity (RFC 5280, 4.1.2.5).
func properTime(n *ber.Node) bool {
	switch n.Tag {
	case 0x17:
		_, err := time.Parse("060102150405Z", string(n.Content))
		return err == nil
	case 0x18:
		t, err := time.Parse("20060102150405Z", string(n.Content))
		return err == nil && t.Year() >= 2050
	}
	return false
}

func isCurve(key *ber.Node) bool {
	return isOID(key.At(0, 0), asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1})
}

func explicitCurve(_ *subject, c *certificate) finding {
	if !isCurve(c.key()) {
		return skip("no curve")
	}
	parameters := c.key().At(0, 1)
	if parameters == nil || parameters.Tag != 0x30 {
		return fail("the curve is named")
	}
	return judge(len(parameters.Children) == 6, "%d parameters", len(parameters.Children))
}

// defaults judges critical FALSE and cA FALSE, which DER leaves out (ISO/IEC 8825-1, 11.5).
func defaults(_ *subject, c *certificate) finding {
	for _, e := range extensions(c.tbs, 0xA3) {
		if e.spelt && !e.critical {
			return fail("critical of %s", e.oid)
		}
		if e.oid != extConstraints || e.value == nil {
			continue
		}
		if ca := e.value.At(0); ca != nil && ca.Tag == 1 && bytes.Equal(ca.Content, []byte{0}) {
			return fail("cA of %s", e.oid)
		}
	}
	return judge(true, "none written")
}

// keyUse judges the form of the private key usage period and that it lies within the validity.
func keyUse(_ *subject, c *certificate) finding {
	e := c.extension(extKeyUse)
	if e == nil || e.value == nil || c.parsed == nil {
		return skip("not there, or not readable")
	}
	if len(e.value.Children) != 2 || e.value.At(0).Tag != 0x80 || e.value.At(1).Tag != 0x81 {
		return fail("%d times", len(e.value.Children))
	}
	for _, n := range e.value.Children {
		if _, err := time.Parse("20060102150405Z", string(n.Content)); err != nil {
			return fail("time of %d bytes", len(n.Content))
		}
	}
	use := c.parsed.KeyUse
	return judge(!use.NotBefore.Before(c.parsed.NotBefore) && !use.NotAfter.After(c.parsed.NotAfter), "%s to %s",
		use.NotBefore.Format(time.DateOnly), use.NotAfter.Format(time.DateOnly))
}

// localized judges an alternative name: a directory name with the code of the zone as its locality.
func localized(oid string) func(*subject, *certificate) finding {
	return func(_ *subject, c *certificate) finding {
		e := c.extension(oid)
		if e == nil || e.value == nil {
			return fail("no %s", oid)
		}
		return judge(letters(locality(e.value)), "%d names", len(e.value.Children))
	}
}

// locality returns the locality of the first directory name among general names.
func locality(names *ber.Node) string {
	i := slices.IndexFunc(names.Children, func(n *ber.Node) bool { return n.Tag == 0xA4 })
	if i < 0 || names.At(i, 0) == nil {
		return ""
	}
	for _, set := range names.At(i, 0).Children {
		if isOID(set.At(0, 0), asn1.ObjectIdentifier{2, 5, 4, 7}) && set.At(0, 1) != nil {
			return string(set.At(0, 1).Content)
		}
	}
	return ""
}
