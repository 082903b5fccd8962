package lint

import (
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/tlv"
)

// mapping is the place of PACE's variant within its object identifier, 9; the cipher follows it.
const mapping = 9

// Variants of PACE (ICAO Doc 9303-11, 9.2.1).
const (
	dhGM    = 1
	ecdhGM  = 2
	dhIM    = 3
	ecdhIM  = 4
	ecdhCAM = 6
)

// announced returns the infos of EF.CardAccess.
func announced(s *subject) *lds.SecurityInfos { return infosOf(s.access) }

// eachPACE asks something of every announcement of PACE.
func eachPACE(id, clause, asks string, ok func(lds.PACEInfo) (holds, applies bool)) rule {
	return rule{id, clause, asks, on(announced, func(_ *subject, i *lds.SecurityInfos) finding {
		asked := 0
		for _, p := range i.PACE {
			holds, applies := ok(p)
			if applies && !holds {
				return fail("%v version %d", p.OID, p.Version)
			}
			if applies {
				asked++
			}
		}
		if asked == 0 {
			return skip("no such variant")
		}
		return judge(true, "%d variants", asked)
	})}
}

// accessRules are about EF.CardAccess, which every chip with PACE has.
func accessRules() []rule {
	infos := func(s *subject) *lds.SecurityInfos { return infosOf(s.access) }
	return []rule{
		{"ACC-01", clauseAccess, "EF.CardAccess is one set and nothing else", func(s *subject) finding {
			b, ok := s.files["EF.CardAccess"]
			if !ok {
				return skip("not there")
			}
			n, err := ber.Parse(b)
			return judge(err == nil && n.Tag == 0x31, "%d bytes", len(b))
		}},
		strictness("ACC-02", "EF.CardAccess is DER", func(s *subject) *ber.Node {
			if s.failed["ACC-01"] {
				return nil
			}
			return nodeOf(s.access)
		}),
		{"ACC-03", clauseAccess, "EF.CardAccess holds security infos", on(func(s *subject) *infoFile {
			if s.failed["ACC-01"] {
				return nil
			}
			return s.access
		}, func(_ *subject, f *infoFile) finding {
			return judge(f.infos != nil, "%d elements", len(f.node.Children))
		})},
		{"ACC-04", clauseAccess, "EF.CardAccess announces PACE", on(infos,
			func(_ *subject, i *lds.SecurityInfos) finding {
				return judge(len(i.PACE) > 0, "%d variants", len(i.PACE))
			})},
		eachPACE("ACC-05", clausePACE, "PACE is of version 2",
			func(p lds.PACEInfo) (bool, bool) { return p.Version == 2, true }),
		eachPACE("ACC-06", "Doc 9303-11, 9.5.1", "its parameters are standardized ones",
			func(p lds.PACEInfo) (bool, bool) {
				return p.ParameterID != nil && slices.Contains([]int{0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
					*p.ParameterID), true
			}),
		eachPACE("ACC-07", clausePACE, "its parameters are of its kind, group or curve",
			func(p lds.PACEInfo) (bool, bool) {
				if p.ParameterID == nil || *p.ParameterID > 18 {
					return true, false
				}
				group := p.OID[mapping] == dhGM || p.OID[mapping] == dhIM
				return group == (*p.ParameterID <= 2), true
			}),
		eachPACE("ACC-08", clausePACE, "it is a known mapping with a known cipher", func(p lds.PACEInfo) (bool, bool) {
			m, cipher := p.OID[mapping], p.OID[mapping+1]
			return slices.Contains([]int{dhGM, ecdhGM, dhIM, ecdhIM, ecdhCAM}, m) && cipher >= 1 && cipher <= 4, true
		}),
		eachPACE("ACC-09", "Doc 9303-11, 9.5.1", "integrated mapping is not over P-224",
			func(p lds.PACEInfo) (bool, bool) {
				return p.ParameterID == nil || *p.ParameterID != 10, p.OID[mapping] == ecdhIM
			}),
		eachPACE("ACC-10", clausePACE, "chip authentication mapping has AES", func(p lds.PACEInfo) (bool, bool) {
			return lds.Cipher(p.OID[mapping+1]) != lds.TripleDES, p.OID[mapping] == ecdhCAM
		}),
		{"ACC-11", "Doc 9303-11, 4.4.1", "chip authentication mapping stands beside another mapping", on(infos,
			func(_ *subject, i *lds.SecurityInfos) finding {
				if !hasCAM(i) {
					return skip("no chip authentication mapping")
				}
				other := slices.ContainsFunc(i.PACE, func(p lds.PACEInfo) bool { return p.OID[mapping] != ecdhCAM })
				return judge(other, "%d variants", len(i.PACE))
			})},
		{"ACC-12", clauseAccess, "no key stands in it", on(infos, func(_ *subject, i *lds.SecurityInfos) finding {
			return judge(len(i.ChipAuthenticationKeys) == 0, "%d keys", len(i.ChipAuthenticationKeys))
		})},
	}
}

func hasCAM(i *lds.SecurityInfos) bool {
	return slices.ContainsFunc(i.PACE, func(p lds.PACEInfo) bool { return p.OID[mapping] == ecdhCAM })
}

// atrRules are about EF.ATR/INFO, which a chip without extended length may lack.
func atrRules() []rule {
	const clause = "Doc 9303-10, 3.11.1; ISO/IEC 7816-4, 12.1.1"
	objects := func(s *subject) *[]tlv.Element {
		list, err := tlv.Elements(s.files["EF.ATR-INFO"])
		if err != nil || len(list) == 0 {
			return nil
		}
		return &list
	}
	return []rule{
		{"ATR-01", clause, "EF.ATR/INFO is data objects and nothing else", func(s *subject) finding {
			b, ok := s.files["EF.ATR-INFO"]
			if !ok {
				return skip("not there")
			}
			list, err := tlv.Elements(b)
			return judge(err == nil && len(list) > 0, "%d bytes", len(b))
		}},
		{"ATR-02", clause, "the card capabilities have three bytes", on(objects,
			func(_ *subject, l *[]tlv.Element) finding {
				value, there := tlv.Find(*l, 0x47)
				return judge(there && len(value) == 3, "%d bytes", len(value))
			})},
		{"ATR-03", clause, "a chip that takes extended length states its buffers", on(objects,
			func(s *subject, l *[]tlv.Element) finding {
				value, _ := tlv.Find(*l, 0x47)
				if len(value) != 3 || value[2]&0x40 == 0 {
					return skip("no extended length")
				}
				_, there := tlv.Find(*l, 0x7F66)
				return judge(there, "%d objects", len(*l))
			})},
		{"ATR-04", clause, "the buffers are two integers of a use", on(objects,
			func(s *subject, l *[]tlv.Element) finding {
				raw, there := tlv.Find(*l, 0x7F66)
				if !there {
					return skip("no buffers")
				}
				sizes, err := tlv.Elements(raw)
				return judge(err == nil && sameTags(sizes, 2, 2) && natural(sizes[0].Value) > 256 &&
					natural(sizes[1].Value) > 256, "%d objects", len(sizes))
			})},
	}
}
