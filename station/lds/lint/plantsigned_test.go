package lint_test

import (
	"bytes"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/lds/tlv"
)

// Digest and signature algorithms that defects use.
func sha256OID(f *fixture) *ber.Node { return forge.OID(f.t, 2, 16, 840, 1, 101, 3, 4, 2, 1) }
func sha384OID(f *fixture) *ber.Node { return forge.OID(f.t, 2, 16, 840, 1, 101, 3, 4, 2, 2) }
func sha512OID(f *fixture) *ber.Node { return forge.OID(f.t, 2, 16, 840, 1, 101, 3, 4, 2, 3) }

// signedPlants are defects of signed data, the same for EF.SOD and EF.CardSecurity.
func signedPlants(prefix string) map[string]func(*fixture) {
	file := map[string]string{"SOD": "EF.SOD", "CSE": "EF.CardSecurity"}[prefix]
	of := func(f *fixture) *hooks {
		if prefix == "SOD" {
			return &f.sod
		}
		return &f.security
	}
	data := func(edit func(f *fixture, n *ber.Node)) func(*fixture) {
		return func(f *fixture) { of(f).data = func(n *ber.Node) { edit(f, n) } }
	}
	after := func(edit func(f *fixture, n *ber.Node)) func(*fixture) {
		return func(f *fixture) { of(f).after = func(n *ber.Node) { edit(f, n) } }
	}
	plants := map[string]func(*fixture){
		"-03": data(func(f *fixture, n *ber.Node) {
			n.At(1).Children = []*ber.Node{forge.Node(0x30, sha512OID(f)), forge.Node(0x30, sha256OID(f))}
		}),
		"-04": after(func(f *fixture, n *ber.Node) { n.Children[0] = forge.OID(f.t, 1, 2, 840, 113549, 1, 7, 1) }),
		"-05": data(func(_ *fixture, n *ber.Node) { n.At(0).Content = []byte{4} }),
		"-06": data(func(f *fixture, n *ber.Node) { n.At(1, 0).Children = []*ber.Node{sha384OID(f)} }),
		"-07": data(func(f *fixture, n *ber.Node) {
			n.At(1, 0).Children = []*ber.Node{sha256OID(f), forge.Text(5)}
		}),
		"-08": data(func(f *fixture, n *ber.Node) { n.At(2).Children[0] = forge.OID(f.t, 1, 2, 840, 113549, 1, 7, 1) }),
		"-09": data(func(_ *fixture, n *ber.Node) { forge.Cut(n, 3) }),
		"-10": data(func(f *fixture, n *ber.Node) { forge.Insert(n, 4, forge.Node(0xA1, forge.Tree(f.t, f.crl))) }),
		"-11": after(func(_ *fixture, n *ber.Node) {
			signers := n.At(1, 0, -1)
			signers.Children = append(signers.Children, signers.At(0))
		}),
		"-12": data(func(_ *fixture, n *ber.Node) { n.At(-1, 0, 0).Content = []byte{3} }),
		"-13": data(func(f *fixture, n *ber.Node) {
			issuer := forge.Tree(f.t, n.At(-1, 0, 1, 0).Bytes())
			otherText(issuer)
			n.At(-1, 0, 1).Children[0] = issuer
		}),
		"-14": data(func(_ *fixture, n *ber.Node) {
			n.At(-1, 0, 1).Children[1] = forge.Text(2, 0x11, 0x22)
		}),
		"-15": data(func(f *fixture, n *ber.Node) {
			attribute(n, 3).At(1).Children[0] = forge.OID(f.t, 1, 2, 840, 113549, 1, 7, 1)
		}),
		"-16": after(func(_ *fixture, n *ber.Node) {
			digest := attribute(n.At(1, 0), 4).At(1, 0)
			digest.Content = bytes.Repeat([]byte{0x5A}, len(digest.Content))
		}),
		"-17": data(func(f *fixture, n *ber.Node) {
			info := n.At(-1, 0)
			info.Children = append(info.Children, forge.Node(0xA1, forge.Node(0x30,
				forge.OID(f.t, 1, 2, 3), forge.Node(0x31, forge.Text(5)))))
		}),
		"-18": data(func(f *fixture, n *ber.Node) {
			n.At(-1, 0, 4).Children[0] = forge.OID(f.t, 1, 2, 840, 113549, 1, 1, 11)
		}),
		"-19": after(func(_ *fixture, n *ber.Node) {
			signature := n.At(1, 0, -1, 0, 5)
			signature.Content = bytes.Clone(signature.Content)
			signature.Content[len(signature.Content)-1] ^= 1
		}),
	}
	out := prefixed(prefix, plants)
	if prefix == "SOD" {
		out["SOD-01"] = drop(file)
		out["SOD-02"] = func(f *fixture) { f.last = func() { f.files[file] = append0(f.files[file]) } }
	}
	return out
}

func prefixed(prefix string, plants map[string]func(*fixture)) map[string]func(*fixture) {
	out := map[string]func(*fixture){}
	for id, plant := range plants {
		out[prefix+id] = plant
	}
	return out
}

// attribute returns the signed attribute 1.2.840.113549.1.9.last.
func attribute(data *ber.Node, last byte) *ber.Node {
	for _, a := range data.At(-1, 0, 3).Children {
		if bytes.HasSuffix(a.At(0).Content, []byte{1, 9, last}) {
			return a
		}
	}
	return nil
}

// otherText writes a name's common name as UTF8String.
func otherText(name *ber.Node) { name.At(-1, 0, 1).Tag = 0x0C }

// objectPlants are defects of the security object.
func objectPlants() map[string]func(*fixture) {
	content := func(edit func(f *fixture, n *ber.Node)) func(*fixture) {
		return func(f *fixture) { f.sod.content = func(n *ber.Node) { edit(f, n) } }
	}
	return map[string]func(*fixture){
		"SOD-20": content(func(_ *fixture, n *ber.Node) { n.Children = nil }),
		"SOD-21": content(func(_ *fixture, n *ber.Node) { forge.Cut(n, 3) }),
		"SOD-22": content(func(f *fixture, n *ber.Node) {
			n.At(1).Children = []*ber.Node{forge.OID(f.t, 1, 3, 14, 3, 2, 26)}
		}),
		"SOD-23": content(func(_ *fixture, n *ber.Node) { forge.Cut(n.At(2), 1) }),
		"SOD-24": content(func(_ *fixture, n *ber.Node) { backwards(n.At(2)) }),
		"SOD-25": content(func(_ *fixture, n *ber.Node) { n.At(2, 0, 1).Content = n.At(2, 0, 1).Content[:31] }),
		"SOD-26": content(func(_ *fixture, n *ber.Node) { n.At(2, 3, 1).Content = n.At(2, 2, 1).Content }),
		"SOD-27": func(f *fixture) { f.files["DG13"] = tlv.Encode(0x6D, []byte{1}) },
		"SOD-28": content(func(_ *fixture, n *ber.Node) { n.At(3, 0).Content = []byte("0109") }),
		"SOD-29": content(func(_ *fixture, n *ber.Node) { n.At(3, 1).Content = []byte("030000") }),
		"SOD-30": func(f *fixture) {
			f.sod.data = func(n *ber.Node) { n.At(2, 1, 0).Content = longer(n.At(2, 1, 0).Content) }
		},
		"SOD-31": content(func(_ *fixture, n *ber.Node) { n.At(1).Children = append(n.At(1).Children, forge.Text(5)) }),
	}
}
