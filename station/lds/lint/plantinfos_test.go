package lint_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"slices"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki/ec"
)

// pace announces other variants in all three files.
func pace(edit func(i *lds.SecurityInfos)) func(*fixture) {
	return func(f *fixture) {
		all := infos(f.t)
		edit(&all)
		chip(lds.SecurityInfos{PACE: all.PACE, Other: all.Other}, all, all)(f)
	}
}

// dg14 changes DG14 alone.
func dg14(edit func(i *lds.SecurityInfos)) func(*fixture) {
	return func(f *fixture) {
		all := infos(f.t)
		edit(&all)
		chip(lds.SecurityInfos{PACE: infos(f.t).PACE}, all, infos(f.t))(f)
	}
}

// security changes what EF.CardSecurity signs.
func security(edit func(i *lds.SecurityInfos)) func(*fixture) {
	return func(f *fixture) {
		all := infos(f.t)
		edit(&all)
		chip(lds.SecurityInfos{PACE: infos(f.t).PACE}, infos(f.t), all)(f)
	}
}

// backwards turns the order of a set around.
func backwards(n *ber.Node) { slices.Reverse(n.Children) }

// noInfos is a set that holds no security info.
func noInfos() []byte { return []byte{0x31, 3, 2, 1, 5} }

// infoPlants are defects of DG14 and DG15.
func infoPlants() map[string]func(*fixture) {
	signature := func(oid lds.OID) func(*lds.SecurityInfos) {
		return func(i *lds.SecurityInfos) { i.ActiveAuthentication[0].Signature = oid }
	}
	return map[string]func(*fixture){
		"DG14-01": func(f *fixture) {
			delete(f.files, "DG14")
			com(comObjects("0108", "040000", 0x61, 0x75, 0x6B, 0x6C, 0x6F)...)(f)
			f.sod.content = func(n *ber.Node) { forge.Cut(n.At(2), 4) }
		},
		"DG14-02": change("DG14", append0),
		"DG14-03": change("DG14", func(b []byte) []byte {
			set, err := tlv.Only(b, 0x6E)
			if err != nil {
				panic(err)
			}
			n, err := ber.Parse(set)
			if err != nil {
				panic(err)
			}
			backwards(n)
			return tlv.Encode(0x6E, n.Bytes())
		}),
		"DG14-04": change("DG14", func([]byte) []byte { return tlv.Encode(0x6E, noInfos()) }),
		"DG14-05": dg14(func(i *lds.SecurityInfos) { i.ChipAuthentication[0].Version = 2 }),
		"DG14-06": dg14(func(i *lds.SecurityInfos) { nine := 9; i.ChipAuthentication[0].KeyID = &nine }),
		"DG14-07": dg14(func(i *lds.SecurityInfos) {
			c, two := ec.BrainpoolP192r1(), 2
			i.ChipAuthenticationKeys = append(i.ChipAuthenticationKeys, lds.ChipAuthenticationPublicKey{
				ParameterID: 9, Point: c.Bytes(ec.Point{X: c.Gx, Y: c.Gy}), KeyID: &two})
		}),
		"DG14-08": dg14(func(i *lds.SecurityInfos) { i.ActiveAuthentication = nil }),
		"DG14-09": dg14(func(i *lds.SecurityInfos) { i.ActiveAuthentication[0].Version = 2 }),
		"DG14-10": dg14(signature(lds.OID{1, 2, 840, 10045, 4, 3, 2})),
		"DG14-11": dg14(signature(append(lds.OIDECDSASHA256()[:10:10], 5))),
		"DG14-12": dg14(func(i *lds.SecurityInfos) { i.PACE = i.PACE[:2] }),
		"DG15-01": change("DG15", append0),
		"DG15-02": change("DG15", func(b []byte) []byte {
			raw, err := tlv.Only(b, 0x6F)
			if err != nil {
				panic(err)
			}
			n, err := ber.Parse(raw)
			if err != nil {
				panic(err)
			}
			order := n.At(0, 1, 4)
			order.Content = append([]byte{0}, order.Content...)
			return tlv.Encode(0x6F, n.Bytes())
		}),
		"DG15-03": change("DG15", func([]byte) []byte { return tlv.Encode(0x6F, []byte{0x30, 0}) }),
		"DG15-04": func(f *fixture) {
			f.t.Setenv("GODEBUG", "rsa1024min=0")
			key, err := rsa.GenerateKey(rand.Reader, 1024)
			if err != nil {
				f.t.Fatal(err)
			}
			dg, err := lds.NewDG15(key.Public())
			if err != nil {
				f.t.Fatal(err)
			}
			if f.files["DG15"], err = dg.Bytes(); err != nil {
				f.t.Fatal(err)
			}
		},
	}
}

// accessPlants are defects of EF.CardAccess and what EF.CardSecurity holds.
func accessPlants() map[string]func(*fixture) {
	parameter := func(place, id int) func(*lds.SecurityInfos) {
		return func(i *lds.SecurityInfos) { i.PACE[place].ParameterID = &id }
	}
	variant := func(place int, oid lds.OID) func(*lds.SecurityInfos) {
		return func(i *lds.SecurityInfos) { i.PACE[place].OID = oid }
	}
	return map[string]func(*fixture){
		"ACC-01": change("EF.CardAccess", append0),
		"ACC-02": func(f *fixture) {
			f.files["EF.CardAccess"] = forge.Edit(f.t, f.files["EF.CardAccess"], backwards)
		},
		"ACC-03": change("EF.CardAccess", func([]byte) []byte { return noInfos() }),
		"ACC-04": pace(func(i *lds.SecurityInfos) {
			i.PACE, i.Other = nil, [][]byte{{0x30, 5, 6, 3, 0x2A, 3, 4}}
		}),
		"ACC-05": pace(func(i *lds.SecurityInfos) { i.PACE[0].Version = 1 }),
		"ACC-06": pace(parameter(0, 30)),
		"ACC-07": pace(parameter(0, 1)),
		"ACC-08": pace(variant(0, lds.OID{0, 4, 0, 127, 0, 7, 2, 2, 4, 7, 2})),
		"ACC-09": pace(parameter(1, 10)),
		"ACC-10": pace(variant(2, lds.OIDPACECAM(lds.TripleDES))),
		"ACC-11": pace(func(i *lds.SecurityInfos) { i.PACE = i.PACE[2:] }),
		"ACC-12": func(f *fixture) { all := infos(f.t); chip(all, all, all)(f) },
		"CSE-01": drop("EF.CardSecurity"),
		"CSE-02": func(f *fixture) {
			f.last = func() { f.files["EF.CardSecurity"] = append0(f.files["EF.CardSecurity"]) }
		},
		"CSE-20": func(f *fixture) {
			f.security.content = func(n *ber.Node) { n.Children = []*ber.Node{forge.Text(2, 5)} }
		},
		"CSE-21": security(func(i *lds.SecurityInfos) { i.ChipAuthenticationKeys[0].KeyID = nil }),
		"CSE-22": security(func(i *lds.SecurityInfos) { i.PACE = i.PACE[:2] }),
		"CSE-23": func(f *fixture) {
			stranger := newFixture(f.t, 2026, ec.P256(), ec.P256())
			f.last = func() { f.files["EF.CardSecurity"] = bytes.Clone(stranger.files["EF.CardSecurity"]) }
		},
	}
}
