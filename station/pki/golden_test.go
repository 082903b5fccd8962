package pki_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

var update = flag.Bool("update", false, "rewrite the files of testdata")

// golden returns a file of testdata, the fixed corpus that fuzzing starts from.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// goldenList is a master list of the chain's country and another's.
func goldenList(t *testing.T, c chain) []byte {
	t.Helper()
	l := listerOf(t, c)
	return l.list(t, c.root, foreign(t, "XA").root).Raw
}

func goldenLink(t *testing.T, c chain) []byte {
	t.Helper()
	_, link := successor(t, c, "CSCA Free Utopia", start().AddDate(4, 0, 0))
	return link.Raw
}

// TestGolden reads structures that an earlier build wrote. With -update it writes new ones: keys
// are drawn anew and thrown away.
func TestGolden(t *testing.T) {
	if *update {
		c := newChain(t, ec.BrainpoolP384r1(), ec.P256())
		list := c.list(t, start(), c.signer.SerialNumber)
		for name, b := range map[string][]byte{
			"csca.der": c.root.Raw, "dsc.der": c.signer.Raw, "csca.crl": list.Raw,
			"data.cms": sign(t, c, []byte("contents"), 0), "key.der": c.root.PublicKey.Raw,
			"list.ml": goldenList(t, c), "link.der": goldenLink(t, c),
		} {
			write(t, "testdata", name, b)
		}
	}
	signed, err := pki.ParseSignedData(golden(t, "data.cms"))
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(); err != nil {
		t.Error(err)
	}
	root, err := pki.ParseCertificate(golden(t, "csca.der"))
	if err != nil {
		t.Fatal(err)
	}
	store := pki.NewTrustStore()
	if err := store.AddAnchor(root, "golden"); err != nil {
		t.Error(err)
	}
	if _, err := store.VerifyIssue(signed.Signer(), start(), "PP"); err != nil {
		t.Error(err)
	}
	list, err := pki.ParseCRL(golden(t, "csca.crl"))
	if err != nil || !list.Revokes(signed.Signer()) {
		t.Errorf("list: %v", err)
	}
	m, err := pki.ParseMasterList(golden(t, "list.ml"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := store.AddMasterList(m, time.Time{}, "golden"); err != nil || got.Known != 1 || got.Added != 1 {
		t.Errorf("master list: %+v, %v", got, err)
	}
	if key, err := pki.ParsePublicKey(golden(t, "key.der")); err != nil || !key.Equal(root.PublicKey) {
		t.Errorf("key: %v", err)
	}
}
