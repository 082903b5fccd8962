package lint

import (
	"bytes"
	"slices"
	"time"

	"padarozhnik/station/pki"
)

func dscProfile() profile {
	return profile{"DSC", "the document signer", pki.UseDigitalSignature, func(s *subject) []*certificate {
		if s.dsc == nil {
			return nil
		}
		return []*certificate{s.dsc}
	}}
}

func cscaProfile() profile {
	return profile{"CSCA", "the CSCA", pki.UseCertSign | pki.UseCRLSign,
		func(s *subject) []*certificate { return s.cscas }}
}

// selfSigned reports whether a CSCA is a root and not a link of a roll-over.
func (c *certificate) selfSigned() bool {
	if c.parsed == nil {
		return false
	}
	authority := c.parsed.AuthorityKeyID
	return bytes.Equal(c.parsed.RawIssuer, c.parsed.RawSubject) &&
		(len(authority) == 0 || bytes.Equal(authority, c.parsed.SubjectKeyID))
}

// cscaRules are about the country's CSCA certificates.
func cscaRules() []rule {
	p := cscaProfile()
	return slices.Concat(certificateRules(p), []rule{
		p.each("25", clauseCertificate, "it names its key", func(_ *subject, c *certificate) finding {
			return judge(c.extension(extSubjectKey) != nil, "%s", extSubjectKey)
		}),
		p.each("26", clauseCertificate, "its basic constraints are there and critical",
			func(_ *subject, c *certificate) finding {
				e := c.extension(extConstraints)
				return judge(e != nil && e.critical, "%s", extConstraints)
			}),
		p.each("27", clauseCertificate, "it is a CA with path length 0", func(s *subject, c *certificate) finding {
			if c.parsed == nil || s.failed["CSCA-26"] {
				return skip("not readable, or no constraints")
			}
			return judge(c.parsed.IsCA && c.parsed.PathLen == 0, "path length %d", c.parsed.PathLen)
		}),
		p.each("28", "Doc 9303-12, 7.1.1", "a root's alternative names are equal",
			func(s *subject, c *certificate) finding {
				a, b := c.extension(extSubjectAlt), c.extension(extIssuerAlt)
				if a == nil || b == nil || a.value == nil || b.value == nil || !c.selfSigned() || s.failed["CSCA-18"] ||
					s.failed["CSCA-19"] {
					return skip("no root, or no names")
				}
				return judge(bytes.Equal(a.value.Bytes(), b.value.Bytes()), "%d and %d names",
					len(a.value.Children), len(b.value.Children))
			}),
		p.each("29", "Doc 9303-12, 6", "a root's signature is its own", func(s *subject, c *certificate) finding {
			if !c.selfSigned() || s.failed["CSCA-06"] || s.failed["CSCA-27"] {
				return skip("no root, or an earlier check failed")
			}
			err := c.parsed.PublicKey.Verify(c.parsed.Algorithm, c.parsed.RawTBS, c.parsed.Signature)
			return judge(err == nil, "%d bytes", len(c.parsed.Signature))
		}),
		p.each("30", "Doc 9303-12, 4.3.1", "a root's key is used for three to five years",
			func(s *subject, c *certificate) finding {
				if !c.selfSigned() || s.failed["CSCA-17"] || s.failed["CSCA-23"] || c.parsed.KeyUse.IsZero() {
					return skip("no root, or no key usage period")
				}
				use := c.parsed.KeyUse
				return judge(!use.NotAfter.Before(use.NotBefore.AddDate(3, 0, -1)) &&
					!use.NotAfter.After(use.NotBefore.AddDate(5, 0, 1)),
					"%d days", int(use.NotAfter.Sub(use.NotBefore).Hours()/24))
			}),
		p.each("31", clauseCertificate, "it has no extended key usage", func(_ *subject, c *certificate) finding {
			return judge(c.extension(extExtendedUse) == nil, "%s", extExtendedUse)
		}),
	})
}

// signedBy reports whether a certificate's signature is another's, whatever that one may sign.
func signedBy(c, above *pki.Certificate) bool {
	return above.PublicKey.Verify(c.Algorithm, c.RawTBS, c.Signature) == nil
}

// anchor returns the CSCA that signed the document signer, else one with its name.
func (s *subject) anchor() *certificate {
	if s.dsc == nil || s.dsc.parsed == nil {
		return nil
	}
	var named *certificate
	for _, c := range s.cscas {
		if c.parsed == nil {
			continue
		}
		if signedBy(s.dsc.parsed, c.parsed) {
			return c
		}
		if named == nil && bytes.Equal(c.parsed.SubjectKeyID, s.dsc.parsed.AuthorityKeyID) {
			named = c
		}
	}
	return named
}

// none asks that an extension is not there.
func (p profile) none(n, asks, oid string) rule {
	return p.each(n, clauseCertificate, asks, func(_ *subject, c *certificate) finding {
		return judge(c.extension(oid) == nil, "%s", oid)
	})
}

// below asks something of the signer and its CSCA.
func (p profile) below(n, clause, asks string, test func(s *subject, c, above *pki.Certificate) finding) rule {
	return p.each(n, clause, asks, func(s *subject, c *certificate) finding {
		above := s.anchor()
		if c.parsed == nil || above == nil {
			return skip("not readable, or no CSCA")
		}
		return test(s, c.parsed, above.parsed)
	})
}

// dscRules are about the document signer in EF.SOD.
func dscRules() []rule {
	p := dscProfile()
	return slices.Concat(certificateRules(p), signerOwnRules(p), signerChainRules(p))
}

// signerOwnRules are about the document signer itself.
func signerOwnRules(p profile) []rule {
	return []rule{
		p.each("25", clauseCertificate, "it names its authority's key", func(_ *subject, c *certificate) finding {
			if c.parsed == nil {
				return skip("not readable")
			}
			return judge(len(c.parsed.AuthorityKeyID) > 0, "%d bytes", len(c.parsed.AuthorityKeyID))
		}),
		p.below("26", "Doc 9303-12, 6", "that key is its CSCA's", func(s *subject, c, above *pki.Certificate) finding {
			if s.failed["DSC-25"] || s.failed["CSCA-25"] {
				return skip("no names of keys")
			}
			return judge(bytes.Equal(c.AuthorityKeyID, above.SubjectKeyID), "%d bytes", len(c.AuthorityKeyID))
		}),
		p.none("27", "it has no basic constraints", extConstraints),
		p.none("28", "it has no extended key usage", extExtendedUse),
		p.each("29", "Doc 9303-12, 7.1.1.6", "it lists its document types", func(_ *subject, c *certificate) finding {
			return judge(c.extension(extTypes) != nil, "%s", extTypes)
		}),
		p.each("30", "Doc 9303-12, 7.1.1.6", "the list permits the document of DG1",
			func(s *subject, c *certificate) finding {
				f := s.zoneText()
				if c.parsed == nil || c.parsed.DocumentTypes == nil || f == nil {
					return skip("no list, or no zone")
				}
				return judge(permits(c.parsed.DocumentTypes, f.text[:2]), "%d types", len(c.parsed.DocumentTypes))
			}),
	}
}

// signerChainRules are about the document signer in its country.
func signerChainRules(p profile) []rule {
	return []rule{
		p.below("31", "Doc 9303-12, 7.1.1", "its issuer is byte for byte the CSCA's subject",
			func(s *subject, c, above *pki.Certificate) finding {
				if s.failed["DSC-07"] || s.failed["CSCA-07"] || s.failed["CSCA-08"] {
					return skip("an earlier check failed")
				}
				return judge(bytes.Equal(c.RawIssuer, above.RawSubject), "%d bytes", len(c.RawIssuer))
			}),
		p.below("32", "Doc 9303-12, 6", "it is signed by a CSCA of the country",
			func(s *subject, c, above *pki.Certificate) finding {
				if s.failed["DSC-06"] {
					return skip("another signature algorithm")
				}
				return judge(signedBy(c, above), "%d bytes",
					len(c.Signature))
			}),
		p.each("33", "Doc 9303-12, 6 and 7.1.4", "no list revokes it", func(s *subject, c *certificate) finding {
			asked := 0
			for _, l := range s.lists {
				if l.parsed == nil || c.parsed == nil {
					continue
				}
				if l.parsed.Revokes(c.parsed) {
					return fail("revoked")
				}
				asked++
			}
			if asked == 0 {
				return skip("no list, or not readable")
			}
			return judge(true, "%d lists", asked)
		}),
		p.each("34", "Doc 9303-12, 7.1.1", "its alternative name has the issuing State of DG1",
			func(s *subject, c *certificate) finding {
				e, state := c.extension(extSubjectAlt), s.issuingState()
				if e == nil || e.value == nil || state == "" || s.failed["DSC-18"] {
					return skip("no name, or no zone")
				}
				return judge(locality(e.value) == state, "locality")
			}),
		p.each("35", "Doc 9303-12, 4.3.2", "its key is used for three months at most",
			func(s *subject, c *certificate) finding {
				if c.parsed == nil || c.parsed.KeyUse.NotAfter.IsZero() || s.failed["DSC-17"] {
					return skip("no key usage period")
				}
				use := c.parsed.KeyUse
				return judge(!use.NotAfter.After(use.NotBefore.AddDate(0, 3, 1)), "%d days",
					int(use.NotAfter.Sub(use.NotBefore).Hours()/24))
			}),
		p.below("36", "Doc 9303-12, 4.3", "it ends before its CSCA",
			func(s *subject, c, above *pki.Certificate) finding {
				if s.failed["CSCA-23"] {
					return skip("CSCA-23 failed")
				}
				return judge(!c.NotAfter.After(above.NotAfter), "%s and %s", c.NotAfter.Format(time.DateOnly),
					above.NotAfter.Format(time.DateOnly))
			}),
	}
}

// permits reports whether a list of document types covers a code of the zone.
func permits(types []string, code string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		return t == code || len(t) == 1 && (t == code[:1]) || t+"<" == code
	})
}
