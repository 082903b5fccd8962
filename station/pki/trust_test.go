package pki_test

import (
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

func TestVerify(t *testing.T) {
	c := newChain(t, ec.BrainpoolP384r1(), ec.P256())
	other := newChain(t, ec.P256(), ec.P256())
	for name, test := range map[string]struct {
		signer *pki.Certificate
		at     time.Time
		code   string
		want   error
	}{
		"passport":                   {c.signer, start(), "PP", nil},
		"old code":                   {c.signer, start(), "P<", nil},
		"no code asked":              {c.signer, start(), "", nil},
		"ten years on":               {c.signer, start().AddDate(10, 0, 0), "PP", nil},
		"visa":                       {c.signer, start(), "V", pki.ErrDocumentType},
		"too early":                  {c.signer, start().Add(-time.Second), "PP", pki.ErrExpired},
		"too late":                   {c.signer, start().AddDate(10, 3, 1), "PP", pki.ErrExpired},
		"other root of same country": {other.signer, start(), "PP", pki.ErrUntrusted},
		"root as signer":             {c.root, start(), "PP", pki.ErrProfile},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := c.store(t).Verify(test.signer, test.at, test.code)
			if !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err == nil && (path.Anchor != c.root || path.Origin != "test") {
				t.Error("path does not end at the root")
			}
		})
	}
	if _, err := pki.NewTrustStore().Verify(c.signer, start(), "PP"); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("empty store: %v", err)
	}
	var zero pki.TrustStore
	if err := zero.AddAnchor(c.root, ""); err != nil {
		t.Error(err)
	}
}

func TestVerifyIssue(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	s := c.store(t)
	for name, test := range map[string]struct {
		at   time.Time
		want error
	}{
		"first day": {start(), nil},
		"last day":  {start().AddDate(0, 3, 0), nil},
		"day after": {start().AddDate(0, 3, 1), pki.ErrOutsideKeyUse},
	} {
		if _, err := s.VerifyIssue(c.signer, test.at, "PP"); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.signer.CheckSigning(test.at, "PP"); !errors.Is(err, test.want) {
			t.Errorf("%s: signing: %v", name, err)
		}
	}
	if err := c.signer.CheckSigning(start(), "I"); !errors.Is(err, pki.ErrDocumentType) {
		t.Errorf("identity card: %v", err)
	}
	if err := c.root.CheckSigning(start(), "P"); !errors.Is(err, pki.ErrProfile) {
		t.Errorf("root signs a document: %v", err)
	}
}

func TestDocumentTypes(t *testing.T) {
	for _, test := range []struct {
		list []string
		code string
		ok   bool
	}{
		{[]string{"P"}, "PP", true}, {[]string{"P"}, "P", true}, {[]string{"PP"}, "P", false},
		{[]string{"PP"}, "PD", false}, {[]string{"PD", "PP", "A"}, "PP", true}, {[]string{"A"}, "P<", false},
	} {
		spec := signerSpec()
		spec.DocumentTypes = test.list
		c := chainFrom(t, rootSpec(), spec, ec.P256(), ec.P256())
		if _, err := c.store(t).Verify(c.signer, start(), test.code); (err == nil) != test.ok {
			t.Errorf("%v permits %s: %v", test.list, test.code, err)
		}
	}
}

func TestRevoked(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	s := c.store(t)
	path, err := s.Verify(c.signer, start(), "PP")
	if err != nil || !slices.Contains(path.Tolerated, "no revocation list of the country") {
		t.Errorf("%v, %q", err, path.Tolerated)
	}
	if err := s.AddCRL(c.list(t, start())); err != nil {
		t.Fatal(err)
	}
	if path, err = s.Verify(c.signer, start(), "PP"); err != nil || len(path.Tolerated) > 0 {
		t.Errorf("%v, %q", err, path.Tolerated)
	}
	if path, err = s.Verify(c.signer, start().AddDate(0, 0, 91), "PP"); err != nil || len(path.Tolerated) != 1 {
		t.Errorf("stale list: %v, %q", err, path.Tolerated)
	}
	if err := s.AddCRL(c.list(t, start().Add(time.Hour), c.signer.SerialNumber)); err != nil {
		t.Fatal(err)
	}
	if err := s.AddCRL(c.list(t, start())); err != nil { // an older one changes nothing
		t.Fatal(err)
	}
	if _, err := s.Verify(c.signer, start(), "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("revoked signer: %v", err)
	}
	stranger := newChain(t, ec.P256(), ec.P256())
	if err := s.AddCRL(stranger.list(t, start())); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("list of a stranger: %v", err)
	}
}

// TestRollOver covers a country whose CSCA changed key and name: the newest key's list revokes what
// the old one issued.
func TestRollOver(t *testing.T) {
	old := newChain(t, ec.P256(), ec.P256())
	spec := rootSpec()
	spec.Subject.CommonName = "CSCA Utopia 2"
	spec.NotBefore = start().AddDate(4, 0, 0)
	young := signerSpec()
	young.NotBefore = spec.NotBefore
	renewed := chainFrom(t, spec, young, ec.P384(), ec.P256())
	s := old.store(t)
	if err := s.AddAnchor(renewed.root, "roll-over"); err != nil {
		t.Fatal(err)
	}
	at := spec.NotBefore.AddDate(0, 1, 0)
	if err := s.AddCRL(renewed.list(t, at, big.NewInt(9))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []chain{old, renewed} {
		path, err := s.Verify(c.signer, at, "PP")
		if err != nil || path.Anchor != c.root || path.List == nil {
			t.Errorf("%s: %v", c.root.Subject.CommonName, err)
		}
	}
	if err := s.AddCRL(renewed.list(t, at.Add(time.Hour), old.signer.SerialNumber)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(old.signer, at, "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("old signer, revoked by the new name: %v", err)
	}
	if _, err := s.Verify(renewed.signer, at, "PP"); err != nil {
		t.Error(err)
	}
}

func TestAnchorsMustBeRoots(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	s := pki.NewTrustStore()
	if err := s.AddAnchor(c.signer, ""); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("document signer as anchor: %v", err)
	}
	forged := slices.Clone(c.root.Raw)
	forged[len(forged)-1] ^= 1
	if bad, err := pki.ParseCertificate(forged); err == nil {
		if err := s.AddAnchor(bad, ""); !errors.Is(err, pki.ErrSignature) {
			t.Errorf("forged root: %v", err)
		}
	}
	for range 2 {
		if err := s.AddAnchor(c.root, "by hand"); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Anchors(); len(got) != 1 || got[0].Origin != "by hand" {
		t.Errorf("anchors %v", got)
	}
	foreign := rootSpec()
	foreign.Subject.Country = "XU"
	key := newKey(t, ec.P256())
	root, err := pki.NewCSCA(foreign, key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	only := pki.NewTrustStore()
	if err := only.AddAnchor(root, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := only.Verify(c.signer, start(), "PP"); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("by another country's root: %v", err)
	}
}

func TestLoadTrust(t *testing.T) {
	c := newChain(t, ec.BrainpoolP256r1(), ec.P256())
	list := c.list(t, start(), c.signer.SerialNumber)
	folder := fstest.MapFS{
		"csca.der":  {Data: c.root.Raw},
		"dsc.der":   {Data: c.signer.Raw},
		"csca.crl":  {Data: list.Raw},
		"notes.txt": {Data: []byte("anything")},
	}
	s, err := pki.LoadTrust(folder)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.Anchors(); len(a) != 1 || a[0].Origin != "file csca.der" || len(s.Lists()) != 1 {
		t.Errorf("anchors %v", a)
	}
	if _, err := s.Verify(c.signer, start(), "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("%v", err)
	}
	folder["broken.der"] = &fstest.MapFile{Data: []byte("no certificate")}
	if _, err := pki.LoadTrust(folder); !errors.Is(err, pki.ErrMalformed) || !strings.Contains(err.Error(), "broken.der") {
		t.Errorf("broken file: %v", err)
	}
	delete(folder, "broken.der")
	delete(folder, "csca.der")
	if _, err := pki.LoadTrust(folder); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("list without its root: %v", err)
	}
	if _, err := pki.LoadTrustDir(t.TempDir()); err != nil {
		t.Error(err)
	}
}
