package lint_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/lds/lint"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/published"
)

// hooks change signed data: its content, its structure before it is signed, and after.
type hooks struct{ content, data, after func(*ber.Node) }

// fixture is a passport with every file and its country, before the last seal.
type fixture struct {
	t                 testing.TB
	at                time.Time
	files             map[string][]byte
	key, rootKey      crypto.Signer
	root, signer, crl []byte
	sod, security     hooks
	last              func() // after the seal
}

func portrait(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// vectorZone returns the file of the published example of a passport's zone.
func vectorZone(t testing.TB) []byte {
	t.Helper()
	var v struct {
		Examples []struct{ Name, Hex string } `json:"lds_examples"`
	}
	published.Doc9303(t, &v)
	for _, e := range v.Examples {
		if strings.HasPrefix(e.Name, "EF.DG1 TD3") {
			b, err := hex.DecodeString(e.Hex)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatal("no example")
	return nil
}

func infos(t testing.TB) lds.SecurityInfos {
	t.Helper()
	twelve, one := 12, 1
	curve := ec.P256()
	return lds.SecurityInfos{
		PACE: []lds.PACEInfo{
			{OID: lds.OIDPACEGM(lds.AES128), Version: 2, ParameterID: &twelve},
			{OID: lds.OIDPACEIM(lds.AES128), Version: 2, ParameterID: &twelve},
			{OID: lds.OIDPACECAM(lds.AES128), Version: 2, ParameterID: &twelve},
		},
		ChipAuthentication: []lds.ChipAuthenticationInfo{
			{OID: lds.OIDChipAuthentication(lds.AES128), Version: 1, KeyID: &one},
		},
		ChipAuthenticationKeys: []lds.ChipAuthenticationPublicKey{
			{ParameterID: 12, Point: curve.Bytes(ec.Point{X: curve.Gx, Y: curve.Gy}), KeyID: &one},
		},
		ActiveAuthentication: []lds.ActiveAuthenticationInfo{{Version: 1, Signature: lds.OIDECDSASHA256()}},
	}
}

func generate(t testing.TB, curve *ec.Curve) crypto.Signer {
	t.Helper()
	d, _, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := curve.PrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newFixture makes a sound passport of a year, and its country on the curves.
func newFixture(t testing.TB, year int, rootCurve, signerCurve *ec.Curve) *fixture {
	t.Helper()
	day := func(month time.Month, d int) time.Time { return time.Date(year, month, d, 8, 0, 0, 0, time.UTC) }
	f := &fixture{t: t, at: day(12, 1), rootKey: generate(t, rootCurve), key: generate(t, signerCurve)}
	root, err := pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", CommonName: "CSCA Utopia"}, AltName: pki.AltName{Locality: "UTO"},
		CRLPoints: []string{"https://utopia.example/csca.crl"}, NotBefore: day(1, 1), KeyUse: pki.Span{Years: 5},
		SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, f.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := pki.NewDocumentSigner(pki.SignerSpec{
		Subject: pki.Name{Country: "UT", CommonName: "Document Signer"}, DocumentTypes: []string{"P"},
		NotBefore: day(11, 15), KeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, f.key.Public(), root, f.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pki.NewCRL(pki.CRLSpec{Number: big.NewInt(7), ThisUpdate: day(11, 20),
		NextUpdate: day(11, 20).AddDate(0, 0, 80)}, root, f.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.root, f.signer, f.crl = root.Raw, signer.Raw, list.Raw
	f.write(signer)
	return f
}

// write makes the files.
func (f *fixture) write(signer *pki.Certificate) {
	t := f.t
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	dg2, err := lds.NewDG2(portrait(t, 36, 45))
	if err != nil {
		t.Fatal(err)
	}
	active, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dg15, err := lds.NewDG15(active.Public())
	if err != nil {
		t.Fatal(err)
	}
	f.files = map[string][]byte{
		"EF.COM": must(lds.NewCOM(1, 2, 11, 12, 14, 15).Bytes()), "DG1": vectorZone(t), "DG2": must(dg2.Bytes()),
		"DG11": must(lds.DG11{FullName: "ERIKSSON<<ANNA", Birth: "19690806", OtherNames: []string{"A", "B"}}.Bytes()),
		"DG12": must(lds.DG12{Authority: "Utopia", Issued: "20261201", OtherPersons: []string{"A"}}.Bytes()),
		"DG14": must(lds.DG14{Infos: infos(t)}.Bytes()), "DG15": must(dg15.Bytes()),
		"EF.CardAccess":   must(lds.CardAccess{Infos: lds.SecurityInfos{PACE: infos(t).PACE}}.Bytes()),
		"EF.CardSecurity": must(lds.SignCardSecurity(infos(t), f.at, f.key, signer, crypto.SHA256)),
		"EF.ATR-INFO": must(lds.ATRInfo{Capabilities: lds.ExtendedCapabilities(), MaxCommand: 4096,
			MaxResponse: 4096}.Bytes()),
	}
	groups := map[int][]byte{}
	for number, name := range map[int]string{1: "DG1", 2: "DG2", 11: "DG11", 12: "DG12", 14: "DG14", 15: "DG15"} {
		groups[number] = f.files[name]
	}
	f.files["EF.SOD"] = must(lds.SignSOD(lds.SODSpec{DataGroups: groups, Hash: crypto.SHA256, Issued: f.at,
		DocumentCode: "PP"}, f.key, signer))
}

// clone is a copy whose files may be changed.
func (f *fixture) clone(t testing.TB) *fixture {
	c := *f
	c.t, c.files = t, maps.Clone(f.files)
	return &c
}

// seal signs again what the plant left to be signed.
func (f *fixture) seal() {
	t := f.t
	if file, ok := f.files["EF.SOD"]; ok {
		inner, err := tlv.Only(file, 0x77)
		if err != nil {
			t.Fatal(err)
		}
		f.files["EF.SOD"] = tlv.Encode(0x77, f.resign(inner, f.sod, func(data *ber.Node) {
			f.digest(data)
			f.embed(data)
		}))
	}
	if file, ok := f.files["EF.CardSecurity"]; ok {
		f.files["EF.CardSecurity"] = f.resign(file, f.security, func(*ber.Node) {})
	}
	if f.last != nil {
		f.last()
	}
}

func (f *fixture) resign(raw []byte, h hooks, before func(*ber.Node)) []byte {
	raw = forge.CMS(f.t, raw, f.key, func(data *ber.Node) {
		before(data)
		if content := data.At(2, 1, 0); h.content != nil {
			content.Content = forge.Edit(f.t, content.Content, h.content)
		}
		if h.data != nil {
			h.data(data)
		}
	})
	if h.after == nil {
		return raw
	}
	return forge.Edit(f.t, raw, h.after)
}

// digest writes the digests of the files at hand.
func (f *fixture) digest(data *ber.Node) {
	content := data.At(2, 1, 0)
	content.Content = forge.Edit(f.t, content.Content, func(n *ber.Node) {
		for _, g := range n.At(2).Children {
			if file, ok := f.files[groupName(g)]; ok {
				sum := sha256.Sum256(file)
				g.At(1).Content = sum[:]
			}
		}
	})
}

func groupName(g *ber.Node) string {
	return "DG" + big.NewInt(int64(g.At(0).Content[0])).String()
}

// embed puts the document signer in, and its names into the signer's identifier.
func (f *fixture) embed(data *ber.Node) {
	certificate := forge.Tree(f.t, f.signer)
	data.At(3).Children = []*ber.Node{certificate}
	tbs, skip := certificate.At(0), 0
	if first := tbs.At(0); first != nil && first.Tag == 0xA0 {
		skip = 1
	}
	if tbs.At(skip+2) != nil {
		data.At(-1, 0, 1).Children = []*ber.Node{tbs.At(skip + 2), tbs.At(skip)}
	}
}

func (f *fixture) lint() lint.Report {
	return lint.Lint(f.files, lint.Trust{CSCA: [][]byte{f.root}, CRL: [][]byte{f.crl}}, f.at)
}
