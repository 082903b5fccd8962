package lint

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/pki"
)

const clauseCRL = "Doc 9303-12, 7.1.4"

// list is a revocation list, or what should be one.
type list struct {
	node    *ber.Node
	tbs     *ber.Node   // nil where the structure is not a list's
	times   []*ber.Node // this update, and next update where it is there
	revoked *ber.Node   // entries, nil where left out
	parsed  *pki.CRL    // nil where it is not readable
}

func openList(raw []byte) *list {
	l := &list{}
	node, err := ber.Parse(raw)
	if err != nil {
		return l
	}
	l.node = node
	if len(node.Children) != 3 || node.At(0).Tag != 0x30 || len(node.At(0).Children) < 4 || node.At(0, 0).Tag != 2 {
		return l
	}
	l.tbs = node.At(0)
	for _, n := range l.tbs.Children[3:] {
		switch n.Tag {
		case 0x17, 0x18:
			l.times = append(l.times, n)
		case 0x30:
			l.revoked = n
		}
	}
	if parsed, err := pki.ParseCRL(raw); err == nil {
		l.parsed = parsed
	}
	return l
}

// eachList asks something of every list.
func eachList(n, clause, asks string, test func(*subject, *list) finding) rule {
	return rule{"CRL-" + n, clause, asks, func(s *subject) finding {
		outcome := skip("no list, or an earlier check failed")
		for i, l := range s.lists {
			if l.tbs == nil && n != "01" {
				continue
			}
			switch f := test(s, l); f.result {
			case Fail:
				return finding{Fail, fmt.Sprintf("list %d: %s", i+1, f.found)}
			case Pass:
				outcome = f
			}
		}
		return outcome
	}}
}

// hasList asks for an extension.
func hasList(n, asks, oid string) rule {
	return eachList(n, clauseCRL, asks, func(_ *subject, l *list) finding {
		return judge(l.has(oid), "%s", oid)
	})
}

// crlRules are about the country's revocation lists.
func crlRules() []rule {
	return slices.Concat(listFormRules(), listContentRules())
}

// listFormRules are about the structure.
func listFormRules() []rule {
	return []rule{
		eachList("01", "RFC 5280, 5.1", "the list has its structure", func(_ *subject, l *list) finding {
			return judge(l.tbs != nil, "structure")
		}),
		eachList("02", clauseDER, "it is DER", func(_ *subject, l *list) finding {
			stray := l.node.NotDER()
			if stray == "" {
				return judge(true, "DER")
			}
			return fail("%s", stray)
		}),
		eachList("03", clauseCRL, "it is of version 2", func(_ *subject, l *list) finding {
			return judge(isNumber(l.tbs.At(0), 1), "version")
		}),
		eachList("04", "RFC 5280, 5.1.1.2", "its signature algorithm is the same inside and outside",
			func(_ *subject, l *list) finding {
				return judge(bytes.Equal(l.tbs.At(1).Bytes(), l.node.At(1).Bytes()), "algorithm")
			}),
		eachList("05", "Doc 9303-12, 4.4", "its signature is ECDSA or RSA-PSS with SHA-2",
			func(s *subject, l *list) finding {
				if s.failed["CRL-04"] {
					return skip("two algorithms")
				}
				return standardSignature(l.tbs.At(1))
			}),
		eachList("06", "Doc 9303-12, 7.1.1", "its issuer's country is two capitals in a PrintableString",
			func(_ *subject, l *list) finding {
				n := country(l.tbs.At(2))
				return judge(n != nil && n.Tag == 0x13 && capitals(string(n.Content)), "country")
			}),
		eachList("07", "RFC 5280, 5.1.2.4", "its times are UTCTime to 2049 and GeneralizedTime after",
			func(_ *subject, l *list) finding {
				return judge(!slices.ContainsFunc(l.times,
					func(n *ber.Node) bool { return !properTime(n) }), "%d times", len(l.times))
			}),
		eachList("08", clauseCRL, "it says when the next one is due", func(_ *subject, l *list) finding {
			return judge(len(l.times) == 2, "%d times", len(l.times))
		}),
	}
}

// listContentRules are about dates, extensions, entries and the signature.
func listContentRules() []rule {
	return []rule{
		eachList("09", "Doc 9303-12, 5.3", "the next one is due within 90 days", func(_ *subject, l *list) finding {
			if l.parsed == nil || l.parsed.NextUpdate.IsZero() {
				return skip("not readable, or no date")
			}
			life := l.parsed.NextUpdate.Sub(l.parsed.ThisUpdate)
			return judge(life > 0 && life <= 90*24*time.Hour, "%d days", int(life.Hours()/24))
		}),
		eachList("10", "Doc 9303-12, 5.3", "it is current at the date", func(s *subject, l *list) finding {
			if l.parsed == nil || l.parsed.NextUpdate.IsZero() || s.failed["CRL-09"] {
				return skip("not readable, or no date")
			}
			return judge(!s.at.Before(l.parsed.ThisUpdate) && !s.at.After(l.parsed.NextUpdate), "%s to %s",
				l.parsed.ThisUpdate.Format(time.DateOnly), l.parsed.NextUpdate.Format(time.DateOnly))
		}),
		hasList("11", "it names its authority's key", extAuthorityKey),
		hasList("12", "it has a number", extCRLNumber),
		eachList("13", clauseCRL, "entries have no reason", func(_ *subject, l *list) finding {
			for _, entry := range l.entries() {
				if len(entry.Children) > 2 {
					return fail("entry with extensions")
				}
			}
			return judge(true, "%d entries", len(l.entries()))
		}),
		eachList("14", clauseCRL, "a list without entries leaves them out", func(_ *subject, l *list) finding {
			return judge(l.revoked == nil || len(l.revoked.Children) > 0, "%d entries", len(l.entries()))
		}),
		eachList("15", clauseCRL, "it is no delta list", func(_ *subject, l *list) finding {
			return judge(!l.has(extDelta), "%s", extDelta)
		}),
		eachList("16", clauseCRL, "no certificate is revoked twice", func(_ *subject, l *list) finding {
			seen := map[string]bool{}
			for _, entry := range l.entries() {
				seen[string(entry.At(0).Bytes())] = true
			}
			return judge(len(seen) == len(l.entries()), "%d entries", len(l.entries()))
		}),
		eachList("17", "Doc 9303-12, 6", "it is signed by a CSCA of the country", signedList),
	}
}

func (l *list) entries() []*ber.Node {
	if l.revoked == nil {
		return nil
	}
	return l.revoked.Children
}

func (l *list) has(oid string) bool {
	return slices.ContainsFunc(extensions(l.tbs, 0xA0), func(e extension) bool { return e.oid == oid })
}

func signedList(s *subject, l *list) finding {
	if l.parsed == nil || s.failed["CRL-05"] {
		return skip("not readable, or another signature algorithm")
	}
	asked := 0
	for _, c := range s.cscas {
		if c.parsed == nil {
			continue
		}
		asked++
		if c.parsed.PublicKey.Verify(l.parsed.Algorithm, l.parsed.RawTBS, l.parsed.Signature) == nil {
			return judge(true, "%d entries", len(l.entries()))
		}
	}
	if asked == 0 {
		return skip("no CSCA")
	}
	return fail("signed by none of %d", asked)
}
