package lds_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"slices"
	"strings"
	"testing"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// open writes the tree with indefinite lengths as far down as depth.
func open(n *ber.Node, depth int) []byte {
	if !n.Constructed() || depth == 0 {
		return n.Bytes()
	}
	out := []byte{n.Tag, 0x80}
	for _, c := range n.Children {
		out = append(out, open(c, depth-1)...)
	}
	return append(out, 0, 0)
}

// utf8Names turns the PrintableStrings of a name into UTF8Strings.
func utf8Names(name *ber.Node) {
	for _, set := range name.Children {
		if v := set.At(0, 1); v.Tag == 0x13 {
			v.Tag = 0x0C
		}
	}
}

// TestSODTolerance reads what the world writes: each straying passes and is listed.
func TestSODTolerance(t *testing.T) {
	o := newOffice(t, ec.P256(), ec.P256())
	file, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	inner := func(b []byte) []byte { return b[4:] }
	wrap := func(b []byte) []byte { return tlv.Encode(0x77, b) }
	resign := func(change func(*ber.Node)) []byte {
		return wrap(forge.CMS(t, inner(file), o.key, change))
	}
	object := func(change func(*ber.Node)) []byte {
		return resign(func(n *ber.Node) {
			content := n.At(2, 1, 0)
			content.Content = forge.Edit(t, content.Content, change)
		})
	}
	certificate := func(change func(tbs *ber.Node)) []byte {
		raw := forge.Signed(t, o.signer.Raw, o.rootKey, change)
		return resign(func(n *ber.Node) { n.At(3).Children[0] = forge.Tree(t, raw) })
	}
	for _, c := range []struct {
		name, note string
		file       []byte
	}{
		{"version 0", "version 0", object(func(n *ber.Node) { n.At(0).Content = []byte{0}; forge.Cut(n, 3) })},
		{"order of digests", "ascending", object(func(n *ber.Node) { slices.Reverse(n.At(2).Children) })},
		{"open lengths inside", "BER", wrap(open(forge.Tree(t, inner(file)), 4))},
		{"tag 77 open", "indefinite", append(append([]byte{0x77, 0x80}, inner(file)...), 0, 0)},
		{"long length of 77", "longer", append([]byte{0x77, 0x83, 0, file[2], file[3]}, inner(file)...)},
		{"signer's issuer in UTF-8", "another string type than in its certificate", resign(func(n *ber.Node) {
			utf8Names(n.At(-1, 0, 1, 0))
		})},
		{"certificate's issuer in UTF-8", "another string type than the CSCA's", certificate(func(tbs *ber.Node) {
			utf8Names(tbs.At(3))
		})},
		{"named curve", "named", certificate(func(tbs *ber.Node) {
			tbs.At(6, 0).Children[1] = forge.OID(t, ec.P256().OID()...)
		})},
		{"no document types", "no document type list", certificate(func(tbs *ber.Node) {
			forge.Drop(t, tbs, 2, 23, 136, 1, 1, 6, 2)
		})},
		{"no key use", "no private key usage period", certificate(func(tbs *ber.Node) {
			forge.Drop(t, tbs, 2, 5, 29, 16)
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			sod, err := lds.ParseSOD(c.file)
			if err != nil {
				t.Fatal(err)
			}
			v, err := sod.Judge(o.trust(t), sodIssued(), "PP", sodFiles())
			if err != nil || len(v.Checked) != 3 || len(v.Unread) != 0 || len(v.Weak) != 0 {
				t.Fatalf("%v, weak %q", err, v.Weak)
			}
			if !slices.ContainsFunc(v.Tolerated, func(s string) bool { return strings.Contains(s, c.note) }) {
				t.Errorf("not listed: %q", v.Tolerated)
			}
			broken := bytes.Clone(c.file)
			broken[len(broken)-8] ^= 1
			if sod, err := lds.ParseSOD(broken); err == nil {
				if _, err := sod.Judge(o.trust(t), sodIssued(), "PP", sodFiles()); err == nil {
					t.Error("a changed signature passed")
				}
			}
		})
	}
}

// TestSODWeak: what rests on SHA-1 is read and verified, and every use of it is named.
func TestSODWeak(t *testing.T) {
	o := newOffice(t, ec.P256(), ec.P256())
	file, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	groups := func(data *ber.Node) {
		content := data.At(2, 1, 0)
		content.Content = forge.Edit(t, content.Content, func(n *ber.Node) {
			n.Children[1] = forge.SHA1(t)
			for i, number := range []int{1, 2, 14} {
				sum := sha1.Sum(sodFiles()[number])
				n.At(2, i, 1).Content = sum[:]
			}
		})
	}
	envelope := func(data *ber.Node) {
		data.At(1).Children[0] = forge.SHA1(t)
		info := data.At(-1, 0)
		info.Children[2] = forge.SHA1(t)
		info.Children[4] = forge.Node(0x30, forge.OID(t, 1, 2, 840, 10045, 4, 1))
	}
	inGroups := "data groups are digested by SHA-1"
	inEnvelope := []string{"security object is digested by SHA-1", "security object is signed over SHA-1"}
	for _, c := range []struct {
		name   string
		change func(data *ber.Node)
		weak   []string
	}{
		{"data groups", groups, []string{inGroups}},
		{"envelope", envelope, inEnvelope},
		{"both", func(data *ber.Node) { groups(data); envelope(data) }, append([]string{inGroups}, inEnvelope...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := tlv.Encode(0x77, forge.CMS(t, file[4:], o.key, c.change))
			sod, err := lds.ParseSOD(old)
			if err != nil {
				t.Fatal(err)
			}
			v, err := sod.Judge(o.trust(t), sodIssued(), "PP", sodFiles())
			if err != nil || !slices.Equal(v.Weak, c.weak) {
				t.Errorf("%q, %v", v.Weak, err)
			}
			changed := sodFiles()
			changed[2] = append(bytes.Clone(changed[2][:len(changed[2])-1]), changed[2][len(changed[2])-1]^1)
			if _, err := sod.Judge(o.trust(t), sodIssued(), "PP", changed); !errors.Is(err, pki.ErrSignature) {
				t.Errorf("a changed data group: %v", err)
			}
		})
	}
}

func TestSODJudgeRefuses(t *testing.T) {
	o, other := newOffice(t, ec.P256(), ec.P256()), newOffice(t, ec.P256(), ec.P256())
	file, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	sod, err := lds.ParseSOD(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := sodFiles()
	changed[1] = append(bytes.Clone(changed[1]), 0)
	for _, c := range []struct {
		name  string
		trust *pki.TrustStore
		files map[int][]byte
		want  error
	}{
		{"another root", other.trust(t), sodFiles(), pki.ErrSignature},
		{"no root", pki.NewTrustStore(), sodFiles(), pki.ErrUntrusted},
		{"changed file", o.trust(t), changed, pki.ErrSignature},
		{"no file", o.trust(t), nil, lds.ErrIncomplete},
		{"file without digest", o.trust(t), map[int][]byte{13: {0x6D, 1, 0}}, pki.ErrSignature},
	} {
		if _, err := sod.Judge(c.trust, sodIssued(), "PP", c.files); err == nil ||
			!errors.Is(err, c.want) && !errors.Is(err, pki.ErrUntrusted) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	v, err := sod.Judge(o.trust(t), sodIssued(), "PP", map[int][]byte{2: sodFiles()[2]})
	if err != nil || !slices.Equal(v.Checked, []int{2}) || !slices.Equal(v.Unread, []int{1, 14}) {
		t.Errorf("part of the files: %v, %v, %v", v.Checked, v.Unread, err)
	}
}
