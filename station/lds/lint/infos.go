package lint

import (
	"crypto"
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/pki/ec"
)

const (
	clauseDG14   = "Doc 9303-10, 4.7.14; 9303-11, 9.2"
	clauseDG15   = "Doc 9303-10, 4.7.15"
	clauseAccess = "Doc 9303-11, 9.2.10"
	clausePACE   = "Doc 9303-11, 9.2.1"
	clauseCA     = "Doc 9303-11, 9.2"
	clauseAA     = "Doc 9303-11, 9.2.7"
	clauseDER    = "ISO/IEC 8825-1, 10 and 11"
)

// strictness asks that a part is DER.
func strictness(id, asks string, part func(*subject) *ber.Node) rule {
	return rule{id, clauseDER, asks, on(part, func(_ *subject, n *ber.Node) finding {
		stray := n.NotDER()
		if stray == "" {
			return judge(true, "DER")
		}
		return fail("%s", stray)
	})}
}

func infosOf(f *infoFile) *lds.SecurityInfos {
	if f == nil {
		return nil
	}
	return f.infos
}

func nodeOf(f *infoFile) *ber.Node {
	if f == nil {
		return nil
	}
	return f.node
}

// dg14Rules are about DG14.
func dg14Rules() []rule {
	infos := func(s *subject) *lds.SecurityInfos { return infosOf(s.dg14) }
	return []rule{
		{"DG14-01", "Doc 9303-10, 4.7.14", "DG14 is there where the chip announces PACE", func(s *subject) finding {
			a := infosOf(s.access)
			if a == nil || len(a.PACE) == 0 {
				return skip("no PACE")
			}
			numbers, ok := s.listed()
			if _, there := s.files["DG14"]; !there && ok && slices.Contains(numbers, 14) {
				return skip("listed and not at hand")
			}
			b, there := s.files["DG14"]
			return judge(there, "%d bytes", len(b))
		}},
		wholeness("DG14-02", "Doc 9303-10, 4.7.14", "DG14", 0x6E),
		strictness("DG14-03", "DG14 is DER", func(s *subject) *ber.Node { return nodeOf(s.dg14) }),
		{"DG14-04", clauseDG14, "DG14 holds a set of security infos", on(func(s *subject) *infoFile { return s.dg14 },
			func(_ *subject, f *infoFile) finding {
				return judge(f.infos != nil, "%d elements", len(f.node.Children))
			})},
		{"DG14-05", clauseCA, "chip authentication is of version 1", on(infos,
			func(_ *subject, i *lds.SecurityInfos) finding {
				if len(i.ChipAuthentication) == 0 {
					return skip("no chip authentication")
				}
				ok := !slices.ContainsFunc(i.ChipAuthentication,
					func(c lds.ChipAuthenticationInfo) bool { return c.Version != 1 })
				return judge(ok, "%d variants", len(i.ChipAuthentication))
			})},
		{"DG14-06", clauseCA, "each variant of chip authentication has its key", on(infos, chipKeys)},
		{"DG14-07", "Doc 9303-11, 4.3; 9303-12, 4.4", "the chip's curve has at least 224 bits", on(infos, chipCurves)},
		{"DG14-08", clauseAA, "an ECDSA key of DG15 has its signature named", on(infos, activeInfo)},
		{"DG14-09", clauseAA, "active authentication is of version 1", on(infos, activeVersion)},
		{"DG14-10", clauseAA + "; BSI TR-03111, 5.2.1", "the signature is plain ECDSA with SHA-2", on(infos,
			activeSignature)},
		{"DG14-11", clauseAA, "the signature's hash is no longer than the key", on(infos, activeHash)},
		{"DG14-12", "Doc 9303-11, 9.2", "DG14 repeats every info of EF.CardAccess", on(infos,
			func(s *subject, i *lds.SecurityInfos) finding {
				a := infosOf(s.access)
				if a == nil {
					return skip("no EF.CardAccess")
				}
				return judge(i.Contains(*a), "%d infos of PACE here, %d there", len(i.PACE), len(a.PACE))
			})},
	}
}

func chipKeys(_ *subject, i *lds.SecurityInfos) finding {
	if len(i.ChipAuthentication) == 0 {
		return skip("no chip authentication")
	}
	for _, c := range i.ChipAuthentication {
		found := slices.ContainsFunc(i.ChipAuthenticationKeys, func(k lds.ChipAuthenticationPublicKey) bool {
			return c.KeyID == nil || k.KeyID != nil && *k.KeyID == *c.KeyID
		}) || slices.ContainsFunc(i.ChipAuthenticationKeysDH, func(k lds.ChipAuthenticationPublicKeyDH) bool {
			return c.KeyID == nil || k.KeyID != nil && *k.KeyID == *c.KeyID
		})
		if !found && len(i.Other) == 0 {
			return fail("%v has no key", c.OID)
		}
	}
	return judge(true, "%d variants, %d keys", len(i.ChipAuthentication), len(i.ChipAuthenticationKeys))
}

func chipCurves(_ *subject, i *lds.SecurityInfos) finding {
	if len(i.ChipAuthenticationKeys) == 0 {
		return skip("no key on a standardized curve")
	}
	for _, k := range i.ChipAuthenticationKeys {
		curve, err := ec.ByParameterID(k.ParameterID)
		if err != nil || curve.N.BitLen() < 224 {
			return fail("parameters %d", k.ParameterID)
		}
	}
	return judge(true, "%d keys", len(i.ChipAuthenticationKeys))
}

func activeInfo(s *subject, i *lds.SecurityInfos) finding {
	if s.dg15 == nil || s.dg15.key == nil || s.dg15.key.Curve == nil {
		return skip("no ECDSA key")
	}
	return judge(len(i.ActiveAuthentication) == 1, "%d infos", len(i.ActiveAuthentication))
}

func activeVersion(_ *subject, i *lds.SecurityInfos) finding {
	if len(i.ActiveAuthentication) == 0 {
		return skip("no active authentication")
	}
	return judge(i.ActiveAuthentication[0].Version == 1, "version %d", i.ActiveAuthentication[0].Version)
}

// plainECDSA returns the hash function of a plain ECDSA signature (BSI TR-03111, 5.2.1).
func plainECDSA(oid lds.OID) (crypto.Hash, bool) {
	family := lds.OIDECDSASHA256()
	last := len(family) - 1
	if len(oid) != len(family) || !oid[:last].Equal(family[:last]) {
		return 0, false
	}
	h, ok := map[int]crypto.Hash{2: crypto.SHA224, 3: crypto.SHA256, 4: crypto.SHA384, 5: crypto.SHA512}[oid[last]]
	return h, ok
}

func activeSignature(_ *subject, i *lds.SecurityInfos) finding {
	if len(i.ActiveAuthentication) == 0 {
		return skip("no active authentication")
	}
	_, ok := plainECDSA(i.ActiveAuthentication[0].Signature)
	return judge(ok, "%v", i.ActiveAuthentication[0].Signature)
}

func activeHash(s *subject, i *lds.SecurityInfos) finding {
	if len(i.ActiveAuthentication) == 0 || s.dg15 == nil || s.dg15.key == nil || s.dg15.key.Curve == nil {
		return skip("no ECDSA key")
	}
	h, ok := plainECDSA(i.ActiveAuthentication[0].Signature)
	if !ok {
		return skip("another signature")
	}
	bits := s.dg15.key.Curve.N.BitLen()
	return judge(8*h.Size() <= bits, "hash of %d bits, key of %d", 8*h.Size(), bits)
}

// dg15Rules are about DG15, which is optional.
func dg15Rules() []rule {
	open := func(s *subject) *keyFile { return s.dg15 }
	return []rule{
		wholeness("DG15-01", clauseDG15, "DG15", 0x6F),
		strictness("DG15-02", "DG15 is DER", func(s *subject) *ber.Node {
			if s.dg15 == nil {
				return nil
			}
			return s.dg15.node
		}),
		{"DG15-03", clauseDG15, "DG15 holds an RSA key, or a point on a standardized curve", on(open,
			func(_ *subject, k *keyFile) finding { return judge(k.key != nil, "%d elements", len(k.node.Children)) })},
		{"DG15-04", "Doc 9303-12, 4.4", "the key is long enough: 224 bits on a curve, 1280 by RSA", on(open,
			func(_ *subject, k *keyFile) finding {
				switch {
				case k.key == nil:
					return skip("no key")
				case k.key.RSA != nil:
					return judge(k.key.RSA.N.BitLen() >= 1280, "RSA of %d bits", k.key.RSA.N.BitLen())
				}
				return judge(k.key.Curve.N.BitLen() >= 224, "curve of %d bits", k.key.Curve.N.BitLen())
			})},
	}
}
