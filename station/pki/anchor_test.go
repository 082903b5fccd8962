package pki_test

import (
	"bytes"
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

// successor is the next CSCA of a country, with the link from the old one.
func successor(t testing.TB, old chain, name string, at time.Time) (chain, *pki.Certificate) {
	t.Helper()
	rs, ss := rootSpec(), signerSpec()
	rs.Subject.CommonName, rs.NotBefore, ss.NotBefore = name, at, at
	next := chainFrom(t, rs, ss, ec.P384(), ec.P256())
	link, err := pki.NewLink(next.root, old.root, old.rootKey, at, 0, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return next, link
}

func TestFollowLink(t *testing.T) {
	at := start().AddDate(4, 0, 0)
	for name, changed := range map[string]bool{"CSCA Utopia": false, "CSCA Free Utopia": true} {
		t.Run(name, func(t *testing.T) {
			old := newChain(t, ec.P256(), ec.P256())
			next, link := successor(t, old, name, at)
			if link.NameChange != changed {
				t.Fatal("name change")
			}
			for what, root := range map[string]*pki.Certificate{"link": nil, "root": next.root} {
				s := old.store(t)
				if _, err := s.Verify(next.signer, at, "PP"); !errors.Is(err, pki.ErrUntrusted) {
					t.Errorf("%s: before: %v", what, err)
				}
				if err := s.FollowLink(link, root, at); err != nil {
					t.Fatal(err)
				}
				path, err := s.VerifyIssue(next.signer, at, "PP")
				if err != nil || !strings.HasSuffix(path.Origin, " under test") || !strings.HasPrefix(path.Origin, "link") {
					t.Errorf("%s: %q, %v", what, path.Origin, err)
				}
				if root != nil && !bytes.Equal(path.Anchor.Raw, root.Raw) {
					t.Error("path does not end at the new root")
				}
				if err := s.AddCRL(next.list(t, at, old.signer.SerialNumber)); err != nil {
					t.Errorf("%s: list by the new key: %v", what, err)
				}
				if _, err := s.Verify(old.signer, at, "PP"); !errors.Is(err, pki.ErrRevoked) {
					t.Errorf("%s: old signer, revoked by the new key: %v", what, err)
				}
			}
		})
	}
}

func TestRefusedLinks(t *testing.T) {
	at := start().AddDate(4, 0, 0)
	old := newChain(t, ec.P256(), ec.P256())
	next, link := successor(t, old, "CSCA Utopia", at)
	other, _ := successor(t, old, "CSCA Utopia", at)
	for name, test := range map[string]struct {
		store      *pki.TrustStore
		link, root *pki.Certificate
		at         time.Time
		want       error
	}{
		"unknown old key":     {newChain(t, ec.P256(), ec.P256()).store(t), link, nil, at, pki.ErrUntrusted},
		"empty store":         {pki.NewTrustStore(), link, nil, at, pki.ErrUntrusted},
		"root as a link":      {old.store(t), next.root, nil, at, pki.ErrProfile},
		"signer as a link":    {old.store(t), old.signer, nil, at, pki.ErrProfile},
		"root of another key": {old.store(t), link, other.root, at, pki.ErrProfile},
		"before the link":     {old.store(t), link, nil, at.Add(-time.Second), pki.ErrExpired},
		"after the old root":  {old.store(t), link, nil, at.AddDate(20, 0, 0), pki.ErrExpired},
	} {
		if err := test.store.FollowLink(test.link, test.root, test.at); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if n := len(test.store.Anchors()); n > 1 {
			t.Errorf("%s: %d anchors", name, n)
		}
	}
	s := old.store(t)
	if err := s.AddCRL(old.list(t, at, link.SerialNumber)); err != nil {
		t.Fatal(err)
	}
	if err := s.FollowLink(link, nil, at); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("revoked link: %v", err)
	}
}

// TestLoadTrustFollowsLinks has the first root and two links, the later one named first.
func TestLoadTrustFollowsLinks(t *testing.T) {
	first := newChain(t, ec.P256(), ec.P256())
	second, link1 := successor(t, first, "CSCA Utopia", start().AddDate(4, 0, 0))
	third, link2 := successor(t, second, "CSCA Free Utopia", start().AddDate(8, 0, 0))
	s, err := pki.LoadTrust(fstest.MapFS{
		"root.der": {Data: first.root.Raw}, "a.der": {Data: link2.Raw}, "b.der": {Data: link1.Raw},
	})
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.Verify(third.signer, start().AddDate(8, 0, 1), "PP")
	if err != nil || strings.Count(path.Origin, "link certificate") != 2 ||
		!strings.HasSuffix(path.Origin, "under file root.der") {
		t.Errorf("%q, %v", path.Origin, err)
	}
}

func TestNextList(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	first := c.list(t, start(), big.NewInt(7))
	at := start().AddDate(0, 1, 0)
	spec, err := first.Next(at, at.AddDate(0, 0, 90), pki.Revocation{SerialNumber: big.NewInt(9), At: at})
	if err != nil {
		t.Fatal(err)
	}
	next, err := pki.NewCRL(spec, c.root, c.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if want := new(big.Int).Add(first.Number, big.NewInt(1)); next.Number.Cmp(want) != 0 || len(next.Revoked) != 2 {
		t.Errorf("number %v after %v, %d entries", next.Number, first.Number, len(next.Revoked))
	}
	for name, test := range map[string]struct {
		at, due time.Time
		serial  int64
	}{
		"revoked twice":      {at, at.AddDate(0, 0, 90), 7},
		"not newer":          {start(), at, 9},
		"longer than 90 day": {at, at.AddDate(0, 0, 91), 9},
	} {
		_, err := first.Next(test.at, test.due, pki.Revocation{SerialNumber: big.NewInt(test.serial), At: at})
		if !errors.Is(err, pki.ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNumberGoesBack: a newer list with a lower number counts, and is remarked on.
func TestNumberGoesBack(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	s := c.store(t)
	spec := pki.CRLSpec{Number: big.NewInt(5), ThisUpdate: start(), NextUpdate: start().AddDate(0, 0, 90)}
	for _, number := range []int64{5, 4} {
		spec.Number = big.NewInt(number)
		spec.ThisUpdate = spec.ThisUpdate.Add(time.Hour)
		list, err := pki.NewCRL(spec, c.root, c.rootKey, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddCRL(list); err != nil {
			t.Fatal(err)
		}
	}
	path, err := s.Verify(c.signer, start().Add(3*time.Hour), "PP")
	if err != nil || !slices.Contains(path.Tolerated, "revocation list has a lower number than an older one") {
		t.Errorf("%q, %v", path.Tolerated, err)
	}
}
