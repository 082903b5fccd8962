package lint

import (
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

const clauseSecurity = "Doc 9303-11, 9.2"

// securityRules are about EF.CardSecurity, which goes with chip authentication mapping.
func securityRules() []rule {
	head := []rule{
		{"CSE-01", clauseSecurity, "EF.CardSecurity is there with chip authentication mapping",
			func(s *subject) finding {
				a := infosOf(s.access)
				if a == nil || !hasCAM(a) {
					return skip("no chip authentication mapping")
				}
				b, ok := s.files["EF.CardSecurity"]
				return judge(ok, "%d bytes", len(b))
			}},
		{"CSE-02", clauseSecurity, "EF.CardSecurity is one element and nothing else", func(s *subject) finding {
			b, ok := s.files["EF.CardSecurity"]
			if !ok {
				return skip("not there")
			}
			return judge(s.security != nil, "%d bytes", len(b))
		}},
	}
	return slices.Concat(head, signedRules(kindOf{"CSE", clauseSecurity, "EF.CardSecurity", pki.CardSecurity(),
		func(s *subject) *signed { return s.security }}), securityInfoRules())
}

// securityInfoRules are about what EF.CardSecurity signs, and who signs it.
func securityInfoRules() []rule {
	infos := func(s *subject) *lds.SecurityInfos {
		if s.security == nil || s.security.data == nil || s.failed["CSE-08"] {
			return nil
		}
		i, err := lds.ParseSecurityInfos(s.security.content.At(1, 0).Content)
		if err != nil {
			return nil
		}
		return &i
	}
	return []rule{
		{"CSE-20", clauseSecurity, "the content is a set of security infos", on(func(s *subject) *signed {
			if s.security == nil || s.security.data == nil || s.failed["CSE-04"] || s.failed["CSE-08"] {
				return nil
			}
			return s.security
		}, func(_ *subject, d *signed) finding {
			_, err := lds.ParseSecurityInfos(d.content.At(1, 0).Content)
			return judge(err == nil, "%d bytes", len(d.content.At(1, 0).Content))
		})},
		{"CSE-21", clauseSecurity, "it holds a chip authentication key with its identifier", on(infos,
			func(_ *subject, i *lds.SecurityInfos) finding {
				ok := slices.ContainsFunc(i.ChipAuthenticationKeys, func(k lds.ChipAuthenticationPublicKey) bool {
					return k.KeyID != nil
				})
				return judge(ok, "%d keys", len(i.ChipAuthenticationKeys))
			})},
		{"CSE-22", clauseSecurity, "it repeats every info of EF.CardAccess", on(infos,
			func(s *subject, i *lds.SecurityInfos) finding {
				a := infosOf(s.access)
				if a == nil {
					return skip("no EF.CardAccess")
				}
				return judge(i.Contains(*a), "%d infos of PACE here, %d there", len(i.PACE), len(a.PACE))
			})},
		{"CSE-23", "Doc 9303-12, 6", "its signer is one of the country's",
			on(func(s *subject) *signed { return s.security },
				func(s *subject, d *signed) finding {
					c := d.signer()
					if c == nil || c.parsed == nil || len(s.cscas) == 0 {
						return skip("no signer, or no CSCA")
					}
					asked := 0
					for _, root := range s.cscas {
						if root.parsed == nil {
							continue
						}
						asked++
						if signedBy(c.parsed, root.parsed) {
							return judge(true, "signed by a CSCA")
						}
					}
					if asked == 0 {
						return skip("no readable CSCA")
					}
					return fail("signed by none of %d", asked)
				})},
	}
}
