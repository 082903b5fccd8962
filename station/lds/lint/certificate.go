package lint

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/pki"
)

const (
	clauseCertificate = "Doc 9303-12, 7.1.1"
	clauseAlgorithms  = "Doc 9303-12, 4.4"
)

// certificate is a certificate, or what should be one, with its signed part by places.
type certificate struct {
	node   *ber.Node
	tbs    *ber.Node        // nil where the structure is not a certificate's
	skip   int              // 1 where a version stands before the serial number
	parsed *pki.Certificate // nil where it is not readable
}

func openCertificate(raw []byte) *certificate {
	c := &certificate{}
	node, err := ber.Parse(raw)
	if err != nil {
		return c
	}
	c.node = node
	if len(node.Children) != 3 || node.At(0).Tag != 0x30 {
		return c
	}
	tbs := node.At(0)
	if first := tbs.At(0); first != nil && first.Tag == 0xA0 {
		c.skip = 1
	}
	if len(tbs.Children) < c.skip+6 || len(tbs.At(c.skip+3).Children) != 2 || len(tbs.At(c.skip+5).Children) != 2 {
		return c
	}
	c.tbs = tbs
	if parsed, err := pki.ParseCertificate(raw); err == nil {
		c.parsed = parsed
	}
	return c
}

// IsCSCA reports whether a certificate in DER is a CA's, and not a document signer's, by its basic
// constraints. What is no certificate counts as one, so that it is judged and not passed over.
func IsCSCA(raw []byte) bool {
	c := openCertificate(raw)
	return c.tbs == nil || c.extension(extConstraints) != nil
}

func (c *certificate) place(n int) *ber.Node {
	if c.tbs == nil {
		return nil
	}
	return c.tbs.At(c.skip + n)
}

func (c *certificate) serial() *ber.Node   { return c.place(0) }
func (c *certificate) issuer() *ber.Node   { return c.place(2) }
func (c *certificate) validity() *ber.Node { return c.place(3) }
func (c *certificate) subject() *ber.Node  { return c.place(4) }
func (c *certificate) key() *ber.Node      { return c.place(5) }

// extension is one extension; value is nil where its bytes are no BER.
type extension struct {
	oid      string
	critical bool
	spelt    bool // critical is written out
	value    *ber.Node
}

// extensions returns those of a certificate or list within [tag].
func extensions(tbs *ber.Node, tag byte) []extension {
	var out []extension
	last := tbs.At(-1)
	if last == nil || last.Tag != tag || last.At(0) == nil {
		return nil
	}
	for _, e := range last.At(0).Children {
		var oid asn1.ObjectIdentifier
		if len(e.Children) < 2 {
			continue
		}
		if _, err := asn1.Unmarshal(e.At(0).Bytes(), &oid); err != nil {
			continue
		}
		x := extension{oid: oid.String(), spelt: len(e.Children) == 3}
		x.critical = x.spelt && bytes.Equal(e.At(1).Content, []byte{0xFF})
		x.value, _ = ber.Parse(e.At(-1).Content)
		out = append(out, x)
	}
	return out
}

func (c *certificate) extension(oid string) *extension {
	list := extensions(c.tbs, 0xA3)
	if i := slices.IndexFunc(list, func(e extension) bool { return e.oid == oid }); i >= 0 {
		return &list[i]
	}
	return nil
}

// Identifiers of extensions (RFC 5280, 4.2; ICAO Doc 9303-12, 7.1.1).
const (
	extSubjectKey   = "2.5.29.14"
	extKeyUsage     = "2.5.29.15"
	extKeyUse       = "2.5.29.16"
	extSubjectAlt   = "2.5.29.17"
	extIssuerAlt    = "2.5.29.18"
	extConstraints  = "2.5.29.19"
	extCRLNumber    = "2.5.29.20"
	extDelta        = "2.5.29.27"
	extPoints       = "2.5.29.31"
	extAuthorityKey = "2.5.29.35"
	extExtendedUse  = "2.5.29.37"
	extTypes        = "2.23.136.1.1.6.2"
)

// profile is what sets the certificates of one use apart.
type profile struct {
	prefix, name string
	usage        pki.KeyUsage
	all          func(*subject) []*certificate
}

// each asks something of every certificate of the profile.
func (p profile) each(n, clause, asks string, test func(*subject, *certificate) finding) rule {
	return rule{p.prefix + "-" + n, clause, asks, func(s *subject) finding {
		list := p.all(s)
		outcome := skip("no certificate, or an earlier check failed")
		passed := 0
		for i, c := range list {
			if c.tbs == nil && n != "01" {
				continue
			}
			f := test(s, c)
			if f.result == Fail {
				return finding{Fail, fmt.Sprintf("certificate %d: %s", i+1, f.found)}
			}
			if f.result == Pass {
				passed, outcome = passed+1, f
			}
		}
		if passed > 1 {
			outcome.found = fmt.Sprintf("%d certificates", passed)
		}
		return outcome
	}}
}

// has asks for an extension.
func (p profile) has(n, asks, oid string) rule {
	return p.each(n, clauseCertificate, asks, func(_ *subject, c *certificate) finding {
		return judge(c.extension(oid) != nil, "%s", oid)
	})
}

// certificateRules are about every certificate of the profile, with numbers from 01 to 24.
func certificateRules(p profile) []rule {
	return slices.Concat(formRules(p), useRules(p))
}

// formRules are about the structure, the algorithms and the names.
func formRules(p profile) []rule {
	return []rule{
		p.each("01", "RFC 5280, 4.1", p.name+" has the structure of a certificate",
			func(_ *subject, c *certificate) finding {
				return judge(c.tbs != nil, "structure")
			}),
		p.each("02", clauseDER, p.name+" is DER", derCertificate),
		p.each("03", clauseCertificate, "it is of version 3", func(_ *subject, c *certificate) finding {
			return judge(c.skip == 1 && isNumber(c.tbs.At(0, 0), 2), "version")
		}),
		p.each("04", clauseCertificate, "its serial number is positive and of at most 20 octets",
			func(_ *subject, c *certificate) finding {
				b := c.serial().Content
				return judge(len(b) > 0 && len(b) <= 20 && b[0] < 0x80 &&
					strings.Trim(string(b), "\x00") != "", "%d octets", len(b))
			}),
		p.each("05", "RFC 5280, 4.1.1.2", "its signature algorithm is the same inside and outside",
			func(_ *subject, c *certificate) finding {
				return judge(bytes.Equal(c.place(1).Bytes(), c.node.At(1).Bytes()), "algorithm")
			}),
		p.each("06", clauseAlgorithms, "its signature is ECDSA or RSA-PSS with SHA-2",
			func(s *subject, c *certificate) finding {
				if s.failed[p.prefix+"-05"] {
					return skip("two algorithms")
				}
				return standardSignature(c.place(1))
			}),
		p.each("07", clauseCertificate, "its issuer's country is two capitals in a PrintableString",
			func(_ *subject, c *certificate) finding {
				n := country(c.issuer())
				return judge(n != nil && n.Tag == 0x13 && capitals(string(n.Content)), "country")
			}),
		p.each("08", clauseCertificate, "its subject's country is its issuer's",
			func(_ *subject, c *certificate) finding {
				a, b := country(c.subject()), country(c.issuer())
				return judge(a != nil && b != nil && bytes.EqualFold(a.Content, b.Content), "country")
			}),
		p.each("09", "Doc 9303-12, 7.1.1; RFC 5280, 4.1.2.5",
			"its validity is UTCTime to 2049 and GeneralizedTime after",
			func(_ *subject, c *certificate) finding {
				for _, n := range c.validity().Children {
					if !properTime(n) {
						return fail("time of %d bytes, tag %X", len(n.Content), n.Tag)
					}
				}
				return judge(true, "two times")
			}),
		p.each("10", "Doc 9303-12, 4.4.1.3", "its curve is written out with the cofactor", explicitCurve),
		p.each("11", "Doc 9303-12, 4.4.1.3", "its point is not compressed", func(_ *subject, c *certificate) finding {
			if !isCurve(c.key()) {
				return skip("no curve")
			}
			point := c.key().At(1).Content
			return judge(len(point) > 2 && point[0] == 0 && point[1] == 4, "%d bytes", len(point))
		}),
		p.each("12", "RFC 5280, 4.2", "each extension is there once", func(_ *subject, c *certificate) finding {
			seen := map[string]bool{}
			for _, e := range extensions(c.tbs, 0xA3) {
				if seen[e.oid] {
					return fail("%s", e.oid)
				}
				seen[e.oid] = true
			}
			return judge(true, "%d extensions", len(seen))
		}),
		p.each("13", clauseDER+"; Doc 9303-12, 7.1.1", "default values are left out", defaults),
	}
}

// useRules are about what the key is for, and when.
func useRules(p profile) []rule {
	return []rule{
		p.each("14", clauseCertificate, "its key usage is there and critical",
			func(_ *subject, c *certificate) finding {
				e := c.extension(extKeyUsage)
				return judge(e != nil && e.critical, "%s", extKeyUsage)
			}),
		p.each("15", clauseCertificate, "its key usage is that of its use alone",
			func(s *subject, c *certificate) finding {
				if c.parsed == nil || s.failed[p.prefix+"-14"] {
					return skip("not readable, or no key usage")
				}
				return judge(c.parsed.KeyUsage == p.usage, "bits %#x", int(c.parsed.KeyUsage))
			}),
		p.has("16", "its private key usage period is there", extKeyUse),
		p.each("17", clauseCertificate, "its private key usage period is two GeneralizedTimes within its validity",
			keyUse),
		p.each("18", "Doc 9303-12, 7.1.1", "its subject's alternative name has the country's code",
			localized(extSubjectAlt)),
		p.each("19", "Doc 9303-12, 7.1.1", "its issuer's alternative name has the country's code",
			localized(extIssuerAlt)),
		p.has("20", "it says where revocation lists are", extPoints),
		p.each("21", "Doc 9303-12, 7.1.1", "that place is reached by ldap, http or https",
			func(_ *subject, c *certificate) finding {
				if c.parsed == nil || c.extension(extPoints) == nil {
					return skip("not readable, or no place")
				}
				for _, uri := range c.parsed.CRLPoints {
					scheme, _, _ := strings.Cut(uri, "://")
					if !slices.Contains([]string{"ldap", "http", "https"}, scheme) {
						return fail("another scheme")
					}
				}
				return judge(len(c.parsed.CRLPoints) > 0, "%d places", len(c.parsed.CRLPoints))
			}),
		p.each("22", "RFC 5280, 4.2", "no critical extension is unknown", func(_ *subject, c *certificate) finding {
			if c.parsed == nil {
				return skip("not readable")
			}
			return judge(len(c.parsed.UnknownCritical) == 0, "%d unknown", len(c.parsed.UnknownCritical))
		}),
		p.each("23", "Doc 9303-12, 6", "it is valid at the date", func(s *subject, c *certificate) finding {
			if c.parsed == nil {
				return skip("not readable")
			}
			return judge(!s.at.Before(c.parsed.NotBefore) && !s.at.After(c.parsed.NotAfter), "%s to %s",
				c.parsed.NotBefore.Format(time.DateOnly), c.parsed.NotAfter.Format(time.DateOnly))
		}),
		p.each("24", clauseAlgorithms, "its key is long enough: 224 bits on a curve, 2048 by RSA",
			func(_ *subject, c *certificate) finding {
				switch {
				case c.parsed == nil:
					return skip("not readable")
				case c.parsed.PublicKey.RSA != nil:
					return judge(c.parsed.PublicKey.RSA.N.BitLen() >= 2048, "RSA of %d bits",
						c.parsed.PublicKey.RSA.N.BitLen())
				}
				bits := c.parsed.PublicKey.Curve.N.BitLen()
				return judge(bits >= 224, "curve of %d bits", bits)
			}),
	}
}

// derCertificate looks into the values of extensions too.
func derCertificate(_ *subject, c *certificate) finding {
	stray := c.node.NotDER()
	for _, e := range extensions(c.tbs, 0xA3) {
		if stray == "" && e.value != nil {
			stray = e.value.NotDER()
		}
	}
	if stray == "" {
		return judge(true, "DER")
	}
	return fail("%s", stray)
}
