package pki_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"testing/fstest"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

func TestLink(t *testing.T) {
	old := newChain(t, ec.P256(), ec.P256())
	at := start().AddDate(4, 11, 0)
	for name, changed := range map[string]bool{"CSCA Utopia": false, "CSCA Free Utopia": true} {
		spec := rootSpec()
		spec.Subject.CommonName, spec.NotBefore = name, at
		root, err := pki.NewCSCA(spec, newKey(t, ec.BrainpoolP384r1()), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		link, err := pki.NewLink(root, old.root, old.rootKey, at, 0, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if link.NameChange != changed || !bytes.Equal(link.AuthorityKeyID, old.root.SubjectKeyID) ||
			!bytes.Equal(link.RawSubject, root.RawSubject) || !link.PublicKey.Equal(root.PublicKey) {
			t.Errorf("%s: link does not join the two roots", name)
		}
		if !link.NotAfter.Equal(old.root.NotAfter) || link.KeyUse != root.KeyUse || len(link.Defects) > 0 {
			t.Errorf("%s: until %v, defects %q", name, link.NotAfter, link.Defects)
		}
		if err := pki.NewTrustStore().AddAnchor(link, ""); !errors.Is(err, pki.ErrUntrusted) {
			t.Errorf("%s: link as an anchor: %v", name, err)
		}
		store, err := pki.LoadTrust(fstest.MapFS{"new.der": {Data: root.Raw}, "link.der": {Data: link.Raw}})
		if err != nil || len(store.Anchors()) != 1 {
			t.Errorf("%s: folder with a link: %v", name, err)
		}
		late := old.root.KeyUse.NotAfter.AddDate(0, 0, 1)
		if _, err := pki.NewLink(root, old.root, old.rootKey, late, 0, rand.Reader); !errors.Is(err, pki.ErrOutsideKeyUse) {
			t.Errorf("%s: after the old key's use: %v", name, err)
		}
	}
	_, err := pki.NewLink(old.root, old.root, old.rootKey, at, 0, rand.Reader)
	if !errors.Is(err, pki.ErrProfile) {
		t.Errorf("link to itself: %v", err)
	}
}
