package lint_test

import (
	"bytes"
	"slices"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/pki/ec"
)

// edit changes a certificate of one profile and signs it again.
func certificate(prefix string, edit func(f *fixture, tbs *ber.Node)) func(*fixture) {
	return func(f *fixture) {
		raw := &f.signer
		if prefix == "CSCA" {
			raw = &f.root
		}
		*raw = forge.Signed(f.t, *raw, f.rootKey, func(tbs *ber.Node) { edit(f, tbs) })
	}
}

// outside changes a certificate without signing it again.
func outside(prefix string, edit func(f *fixture, n *ber.Node)) func(*fixture) {
	return func(f *fixture) {
		raw := &f.signer
		if prefix == "CSCA" {
			raw = &f.root
		}
		*raw = forge.Edit(f.t, *raw, func(n *ber.Node) { edit(f, n) })
	}
}

func ecdsaSHA1(f *fixture) *ber.Node { return forge.Node(0x30, forge.OID(f.t, 1, 2, 840, 10045, 4, 1)) }
func ecdsaSHA384(f *fixture) *ber.Node {
	return forge.Node(0x30, forge.OID(f.t, 1, 2, 840, 10045, 4, 3, 3))
}

func country(name *ber.Node) *ber.Node { return name.At(0, 0, 1) }

func flip(n *ber.Node) {
	b := bytes.Clone(n.At(2).Content)
	b[len(b)-1] ^= 1
	n.At(2).Content = b
}

// useEnd writes the end of the private key usage period.
func useEnd(f *fixture, tbs *ber.Node, text string) {
	forge.Inner(f.t, tbs, func(n *ber.Node) { n.At(1).Content = []byte(text) }, 2, 5, 29, 16)
}

// ftp writes a place of revocation lists that the profile does not permit.
func ftp(points *ber.Node) { points.At(0, 0, 0, 0).Content = []byte("ftp://utopia.example/") }

// small turns a country's code into small letters.
func small(name *ber.Node) { country(name).Content = []byte("ut") }

// certificatePlants are defects of a certificate, the same for CSCA and document signer.
func certificatePlants(prefix string) map[string]func(*fixture) {
	plant := func(edit func(f *fixture, tbs *ber.Node)) func(*fixture) { return certificate(prefix, edit) }
	without := func(arcs ...int) func(*fixture) {
		return plant(func(f *fixture, tbs *ber.Node) { forge.Drop(f.t, tbs, arcs...) })
	}
	root := prefix == "CSCA"
	return prefixed(prefix, map[string]func(*fixture){
		"-01": outside(prefix, func(_ *fixture, n *ber.Node) { n.At(0).Children = nil }),
		"-02": plant(func(f *fixture, tbs *ber.Node) {
			if root {
				forge.Inner(f.t, tbs, func(n *ber.Node) { n.At(0).Content = []byte{1} }, 2, 5, 29, 19)
				return
			}
			forge.Inner(f.t, tbs, func(n *ber.Node) {
				n.At(1).Children = []*ber.Node{forge.Text(0x13, 'A', 'R'), forge.Text(0x13, 'P')}
			}, 2, 23, 136, 1, 1, 6, 2)
		}),
		"-03": plant(func(_ *fixture, tbs *ber.Node) { tbs.At(0, 0).Content = []byte{1} }),
		"-04": plant(func(_ *fixture, tbs *ber.Node) {
			tbs.At(1).Content = append([]byte{0x80}, tbs.At(1).Content[1:]...)
		}),
		"-05": outside(prefix, func(f *fixture, n *ber.Node) { n.Children[1] = ecdsaSHA384(f) }),
		"-06": func(f *fixture) {
			plant(func(f *fixture, tbs *ber.Node) { tbs.Children[2] = ecdsaSHA1(f) })(f)
			outside(prefix, func(f *fixture, n *ber.Node) { n.Children[1] = ecdsaSHA1(f) })(f)
		},
		"-07": plant(func(_ *fixture, tbs *ber.Node) {
			small(tbs.At(3))
			if root {
				small(tbs.At(5))
			}
		}),
		"-08": plant(func(_ *fixture, tbs *ber.Node) { country(tbs.At(5)).Content = []byte("ZZ") }),
		"-09": plant(func(_ *fixture, tbs *ber.Node) {
			n := tbs.At(4, 0)
			n.Tag, n.Content = 0x18, append([]byte("20"), n.Content...)
		}),
		"-10": plant(func(f *fixture, tbs *ber.Node) { tbs.At(6, 0).Children[1] = forge.OID(f.t, ec.P256().OID()...) }),
		"-11": plant(func(_ *fixture, tbs *ber.Node) {
			n := tbs.At(6, 1)
			n.Content = append([]byte{0, 2 + n.Content[65]&1}, n.Content[2:34]...)
		}),
		"-12": plant(func(_ *fixture, tbs *ber.Node) {
			list := tbs.At(-1, 0)
			list.Children = append(slices.Clone(list.Children), list.At(0))
		}),
		"-13": plant(func(f *fixture, tbs *ber.Node) {
			forge.Insert(forge.Extension(f.t, tbs, 2, 5, 29, 17), 1, forge.Text(1, 0))
		}),
		"-14": plant(func(f *fixture, tbs *ber.Node) { forge.Cut(forge.Extension(f.t, tbs, 2, 5, 29, 15), 1) }),
		"-15": plant(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, func(n *ber.Node) {
				n.Content = map[bool][]byte{false: {6, 0xC0}, true: {2, 4}}[root]
			}, 2, 5, 29, 15)
		}),
		"-16": without(2, 5, 29, 16),
		"-17": plant(func(f *fixture, tbs *ber.Node) { useEnd(f, tbs, "20990101000000Z") }),
		"-18": without(2, 5, 29, 17), "-19": without(2, 5, 29, 18), "-20": without(2, 5, 29, 31),
		"-21": plant(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, ftp, 2, 5, 29, 31)
		}),
		"-22": plant(func(f *fixture, tbs *ber.Node) { forge.Add(f.t, tbs, true, []byte{5, 0}, 1, 2, 3, 4) }),
		"-23": plant(func(f *fixture, tbs *ber.Node) {
			tbs.At(4, 1).Content = []byte("261130000000Z")
			useEnd(f, tbs, "20261130000000Z")
		}),
	})
}

// chainPlants are defects that only one of the two kinds of certificates can have.
func chainPlants() map[string]func(*fixture) {
	dsc := func(edit func(f *fixture, tbs *ber.Node)) func(*fixture) { return certificate("DSC", edit) }
	csca := func(edit func(f *fixture, tbs *ber.Node)) func(*fixture) { return certificate("CSCA", edit) }
	locality := func(n *ber.Node) { n.At(0, 0, 0, 0, 1).Content = []byte("XXX") }
	use := []byte{0x30, 4, 6, 2, 0x2A, 3}
	return map[string]func(*fixture){
		"DSC-25": dsc(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, func(n *ber.Node) { n.Children = nil }, 2, 5, 29, 35)
		}),
		"DSC-26": dsc(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, func(n *ber.Node) { n.At(0).Content = bytes.Repeat([]byte{7}, 20) }, 2, 5, 29, 35)
		}),
		"DSC-27": dsc(func(f *fixture, tbs *ber.Node) { forge.Add(f.t, tbs, false, []byte{0x30, 0}, 2, 5, 29, 19) }),
		"DSC-28": dsc(func(f *fixture, tbs *ber.Node) { forge.Add(f.t, tbs, false, use, 2, 5, 29, 37) }),
		"DSC-29": dsc(func(f *fixture, tbs *ber.Node) { forge.Drop(f.t, tbs, 2, 23, 136, 1, 1, 6, 2) }),
		"DSC-30": dsc(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, func(n *ber.Node) { n.At(1, 0).Content = []byte("I") }, 2, 23, 136, 1, 1, 6, 2)
		}),
		"DSC-31": dsc(func(_ *fixture, tbs *ber.Node) { otherText(tbs.At(3)) }),
		"DSC-32": outside("DSC", func(_ *fixture, n *ber.Node) { flip(n) }),
		"DSC-33": func(f *fixture) {
			serial := forge.Tree(f.t, f.signer).At(0, 1)
			f.crl = forge.Signed(f.t, f.crl, f.rootKey, func(tbs *ber.Node) {
				forge.Insert(tbs, 5, forge.Node(0x30, forge.Node(0x30, serial, tbs.At(3))))
			})
		},
		"DSC-34":  dsc(func(f *fixture, tbs *ber.Node) { forge.Inner(f.t, tbs, locality, 2, 5, 29, 17) }),
		"DSC-35":  dsc(func(f *fixture, tbs *ber.Node) { useEnd(f, tbs, "20270401000000Z") }),
		"DSC-36":  dsc(func(_ *fixture, tbs *ber.Node) { tbs.At(4, 1).Content = []byte("490101000000Z") }),
		"CSCA-25": csca(func(f *fixture, tbs *ber.Node) { forge.Drop(f.t, tbs, 2, 5, 29, 14) }),
		"CSCA-26": csca(func(f *fixture, tbs *ber.Node) { forge.Cut(forge.Extension(f.t, tbs, 2, 5, 29, 19), 1) }),
		"CSCA-27": csca(func(f *fixture, tbs *ber.Node) {
			forge.Inner(f.t, tbs, func(n *ber.Node) { n.At(1).Content = []byte{1} }, 2, 5, 29, 19)
		}),
		"CSCA-28": csca(func(f *fixture, tbs *ber.Node) { forge.Inner(f.t, tbs, locality, 2, 5, 29, 18) }),
		"CSCA-29": outside("CSCA", func(_ *fixture, n *ber.Node) { flip(n) }),
		"CSCA-30": csca(func(f *fixture, tbs *ber.Node) { useEnd(f, tbs, "20320201000000Z") }),
		"CSCA-31": csca(func(f *fixture, tbs *ber.Node) { forge.Add(f.t, tbs, false, use, 2, 5, 29, 37) }),
	}
}

// listPlants are defects of the revocation list.
func listPlants() map[string]func(*fixture) {
	list := func(edit func(f *fixture, tbs *ber.Node)) func(*fixture) {
		return func(f *fixture) {
			f.crl = forge.Signed(f.t, f.crl, f.rootKey, func(tbs *ber.Node) { edit(f, tbs) })
		}
	}
	bare := func(edit func(f *fixture, n *ber.Node)) func(*fixture) {
		return func(f *fixture) { f.crl = forge.Edit(f.t, f.crl, func(n *ber.Node) { edit(f, n) }) }
	}
	entries := func(of func(when *ber.Node) []*ber.Node) func(*fixture) {
		return list(func(_ *fixture, tbs *ber.Node) { forge.Insert(tbs, 5, forge.Node(0x30, of(tbs.At(3))...)) })
	}
	entry := func(when *ber.Node, serial ...byte) *ber.Node {
		return forge.Node(0x30, forge.Text(2, serial...), when)
	}
	return map[string]func(*fixture){
		"CRL-01": bare(func(_ *fixture, n *ber.Node) { n.At(0).Children = nil }),
		"CRL-02": entries(func(when *ber.Node) []*ber.Node { return []*ber.Node{entry(when, 0, 5)} }),
		"CRL-03": list(func(_ *fixture, tbs *ber.Node) { tbs.At(0).Content = []byte{0} }),
		"CRL-04": bare(func(f *fixture, n *ber.Node) { n.Children[1] = ecdsaSHA384(f) }),
		"CRL-05": func(f *fixture) {
			list(func(f *fixture, tbs *ber.Node) { tbs.Children[1] = ecdsaSHA1(f) })(f)
			bare(func(f *fixture, n *ber.Node) { n.Children[1] = ecdsaSHA1(f) })(f)
		},
		"CRL-06": list(func(_ *fixture, tbs *ber.Node) { country(tbs.At(2)).Content = []byte("ut") }),
		"CRL-07": list(func(_ *fixture, tbs *ber.Node) {
			n := tbs.At(3)
			n.Tag, n.Content = 0x18, append([]byte("20"), n.Content...)
		}),
		"CRL-08": list(func(_ *fixture, tbs *ber.Node) { forge.Cut(tbs, 4) }),
		"CRL-09": list(func(_ *fixture, tbs *ber.Node) { tbs.At(4).Content = []byte("270601000000Z") }),
		"CRL-10": list(func(_ *fixture, tbs *ber.Node) {
			tbs.At(3).Content, tbs.At(4).Content = []byte("260701000000Z"), []byte("260901000000Z")
		}),
		"CRL-11": list(func(f *fixture, tbs *ber.Node) { forge.Drop(f.t, tbs, 2, 5, 29, 35) }),
		"CRL-12": list(func(f *fixture, tbs *ber.Node) { forge.Drop(f.t, tbs, 2, 5, 29, 20) }),
		"CRL-13": entries(func(when *ber.Node) []*ber.Node {
			e := entry(when, 5)
			reason := forge.Node(0x30, forge.Text(6, 0x55, 0x1D, 0x15), forge.Text(4, 0x0A, 1, 1))
			e.Children = append(e.Children, forge.Node(0x30, reason))
			return []*ber.Node{e}
		}),
		"CRL-14": entries(func(*ber.Node) []*ber.Node { return nil }),
		"CRL-15": list(func(f *fixture, tbs *ber.Node) { forge.Add(f.t, tbs, true, []byte{2, 1, 1}, 2, 5, 29, 27) }),
		"CRL-16": entries(func(when *ber.Node) []*ber.Node { return []*ber.Node{entry(when, 5), entry(when, 5)} }),
		"CRL-17": bare(func(_ *fixture, n *ber.Node) { flip(n) }),
	}
}
