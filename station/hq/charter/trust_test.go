package charter_test

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/hq/charter/abroad"
	"padarozhnik/station/pki"
)

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// TestTrustListCarriesOrigins: what a station reads is what was signed, and each anchor still says on
// which way it came.
func TestTrustListCarriesOrigins(t *testing.T) {
	root, a := newRoot(t), abroad.New(t, "XA", start)
	b, c := abroad.New(t, "XB", start), abroad.New(t, "XC", start)
	list := charter.TrustList{Version: 1, Signed: start.Unix(), Sources: []charter.Source{
		{Origin: "handed over, a.der", Roots: [][]byte{a.Root.Raw}},
		{Origin: "imported, b.ml", Roots: [][]byte{b.Root.Raw}, List: b.List(t, start.Add(time.Hour), a.Root, c.Root)},
	}}
	raw, err := charter.SignTrust(list, root)
	if err != nil {
		t.Fatal(err)
	}
	back, err := charter.ParseTrust(raw, &root.PublicKey)
	if err != nil || !reflect.DeepEqual(back, list) {
		t.Fatalf("%v: %+v", err, back)
	}
	store := pki.NewTrustStore()
	if err := back.AddTo(store); err != nil {
		t.Fatal(err)
	}
	for signer, want := range map[*pki.Certificate]string{
		a.Signer: "handed over, a.der", b.Signer: "imported, b.ml",
		c.Signer: "master list of XB, imported, b.ml",
	} {
		path, err := store.Verify(signer, start.AddDate(1, 0, 0), "PP")
		if err != nil || path.Origin != want {
			t.Errorf("%s: %q, %v", signer.Subject.Country, path.Origin, err)
		}
	}
	back.Sources[1].Roots = nil
	err = back.AddTo(pki.NewTrustStore())
	if !errors.Is(err, pki.ErrUntrusted) || !strings.Contains(err.Error(), "b.ml") {
		t.Errorf("master list without its root: %v", err)
	}
}

// TestOnlyTheCharteredListIsTaken: an older list, another root's, a changed and a shortened one are not.
func TestOnlyTheCharteredListIsTaken(t *testing.T) {
	root, stranger, a := newRoot(t), newRoot(t), abroad.New(t, "XA", start)
	sign := func(version int, by *ecdsa.PrivateKey, sources ...charter.Source) (charter.TrustList, []byte) {
		l := charter.TrustList{Version: version, Signed: start.Unix(), Sources: sources}
		raw, err := charter.SignTrust(l, by)
		if err != nil {
			t.Fatal(err)
		}
		return l, raw
	}
	source := charter.Source{Origin: "handed over", Roots: [][]byte{a.Root.Raw}}
	_, older := sign(1, root, source)
	current, raw := sign(2, root)
	_, again := sign(2, root)
	_, forged := sign(2, stranger)
	c := example()
	c.Trust = current.Ref(raw)
	if _, err := charter.Accompany(c, raw, &root.PublicKey); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"older": older, "same version signed again": again, "by another root": forged, "empty": nil,
		"with something behind it": append(bytes.Clone(raw), 0),
	} {
		if _, err := charter.Accompany(c, b, &root.PublicKey); !errors.Is(err, charter.ErrOtherTrust) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range raw {
		if _, err := charter.Accompany(c, raw[:n], &root.PublicKey); !errors.Is(err, charter.ErrOtherTrust) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if _, err := charter.ParseTrust(raw[:n], &root.PublicKey); err == nil {
			t.Fatalf("cut at %d: read", n)
		}
	}
	// Somebody who can write the charter's digest, but has not the root's key.
	c.Trust = current.Ref(forged)
	if _, err := charter.Accompany(c, forged, &root.PublicKey); !errors.Is(err, charter.ErrSignature) {
		t.Errorf("forged, under its own digest: %v", err)
	}
	c.Trust = current.Ref(older)
	if _, err := charter.Accompany(c, older, &root.PublicKey); !errors.Is(err, charter.ErrOtherTrust) {
		t.Errorf("older under the newer version: %v", err)
	}
	c.Trust = nil
	if _, err := charter.Accompany(c, raw, &root.PublicKey); !errors.Is(err, charter.ErrOtherTrust) {
		t.Errorf("charter that names none: %v", err)
	}
}

// TestSignaturesDoNotPassForOneAnother: a charter is no trust list, whatever is in it.
func TestSignaturesDoNotPassForOneAnother(t *testing.T) {
	root := newRoot(t)
	signed, err := charter.Sign(example(), root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := charter.ParseTrust(signed, &root.PublicKey); !errors.Is(err, charter.ErrSignature) {
		t.Errorf("charter as trust list: %v", err)
	}
	raw, err := charter.SignTrust(charter.TrustList{Version: 1}, root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := charter.Parse(raw, &root.PublicKey); !errors.Is(err, charter.ErrSignature) {
		t.Errorf("trust list as charter: %v", err)
	}
}

func TestTrustListIsBounded(t *testing.T) {
	root := newRoot(t)
	one := charter.Source{Origin: "handed over", Roots: [][]byte{{1}}}
	of := func(sources ...charter.Source) charter.TrustList {
		return charter.TrustList{Version: 1, Sources: sources}
	}
	for name, l := range map[string]charter.TrustList{
		"no version":       {Sources: []charter.Source{one}},
		"no origin":        of(charter.Source{Roots: one.Roots}),
		"a long origin":    of(charter.Source{Origin: strings.Repeat("x", 301), Roots: one.Roots}),
		"a source of none": of(charter.Source{Origin: "x"}),
		"too many sources": of(make([]charter.Source, 513)...),
		"too many roots":   of(charter.Source{Origin: "x", Roots: make([][]byte, 65)}),
		"too many bytes":   of(charter.Source{Origin: "x", List: make([]byte, charter.MaxTrust)}),
	} {
		if _, err := charter.SignTrust(l, root); !errors.Is(err, charter.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := charter.ParseTrust(make([]byte, charter.MaxTrust+1), &root.PublicKey)
	if !errors.Is(err, charter.ErrMalformed) {
		t.Errorf("read past the bound: %v", err)
	}
}

func FuzzParseTrust(f *testing.F) {
	root := newRoot(f)
	list := charter.TrustList{Version: 1, Sources: []charter.Source{{Origin: "handed over", Roots: [][]byte{{1}}}}}
	raw, err := charter.SignTrust(list, root)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := charter.ParseTrust(b, &root.PublicKey); err == nil && !reflect.DeepEqual(l, list) {
			t.Error("a trust list that the root did not sign")
		}
	})
}
