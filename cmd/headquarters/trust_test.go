package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/tokenfile"
	"padarozhnik/station/hq/charter/abroad"
	"padarozhnik/station/issuance"
	"padarozhnik/station/pki"
)

// file writes bytes beside the headquarters.
func (s seat) file(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(s.dir), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// enrol makes a station and returns the configuration of its desk, with the files laid out for it.
func (s seat) enrol(t *testing.T) setup.Config {
	t.Helper()
	public := filepath.Join(filepath.Dir(s.dir), "station.json")
	token := filepath.Join(filepath.Dir(s.dir), "station.token")
	if err := tokenfile.Create(token, public, "UTO-01", []byte(secret)); err != nil {
		t.Fatal(err)
	}
	seat{dir: s.dir, flags: s.flags[:len(s.flags)-4]}.must(t, "station", "enrol", "UTO-01", "--key", public)
	return s.config()
}

// config is a station that reads what headquarters has laid out for it.
func (s seat) config() setup.Config {
	at := filepath.Join(s.dir, "stations", "UTO-01")
	return setup.Config{
		Root: filepath.Join(s.dir, "public", "root.der"), Charter: filepath.Join(at, "charter.cose"),
		Trust: filepath.Join(at, "trust.cose"),
	}
}

// renew signs the next charter; it is no ceremony.
func (s seat) renew(t *testing.T) {
	t.Helper()
	seat{dir: s.dir, flags: s.flags[:len(s.flags)-4]}.must(t, "station", "renew")
}

// TestTrustTravels: certificates handed over and master lists imported at headquarters reach the station's
// store, each with its origin, and judge a foreign signer there.
func TestTrustTravels(t *testing.T) {
	s := hardware(t)
	config := s.enrol(t)
	since := time.Now().UTC().Truncate(24 * time.Hour)
	a, b, c := abroad.New(t, "XA", since), abroad.New(t, "XB", since), abroad.New(t, "XC", since)
	early, late := time.Now().Add(-2*time.Minute), time.Now().Add(-time.Minute)
	aDER, bDER := s.file(t, "a.der", a.Root.Raw), s.file(t, "b.der", b.Root.Raw)
	older := s.file(t, "older.ml", b.List(t, early, c.Root))
	newer := s.file(t, "newer.ml", b.List(t, late, c.Root, a.Root))

	s.origins(t, config, map[*pki.Certificate]string{a.Signer: "", b.Signer: "", c.Signer: ""})
	s.must(t, "issue-signer", "--purpose", "masterlist")
	s.must(t, "masterlist", aDER, "--origin", "handed over by the embassy")
	s.refused(t, 1, "--root", "masterlist", "import", newer)
	out := s.must(t, "masterlist", "import", newer, "--root", bDER, "--origin", "from their web page")
	for _, words := range []string{"SHA-256", "is believed by: from their web page", "trust list 2"} {
		if !strings.Contains(out, words) {
			t.Errorf("import does not say %q:\n%s", words, out)
		}
	}
	s.refused(t, 1, "in force already", "masterlist", "import", newer)
	s.refused(t, 1, "older list", "masterlist", "import", older, "--root", bDER)
	s.origins(t, config, map[*pki.Certificate]string{a.Signer: ""})
	s.renew(t)
	today := time.Now().UTC().Format(time.DateOnly)
	s.origins(t, config, map[*pki.Certificate]string{
		a.Signer:                    "handed over by the embassy, a.der, " + today,
		b.Signer:                    "from their web page, newer.ml, " + today,
		c.Signer:                    "master list of XB, from their web page, newer.ml, " + today,
		s.certificate(t, "dsc.der"): "charter",
	})
	s.must(t, "masterlist", filepath.Join(s.dir, "public", "csca.der")) // XA is in the imported list alone now
	s.renew(t)
	s.origins(t, config, map[*pki.Certificate]string{
		a.Signer: "master list of XB, from their web page, newer.ml, " + today,
	})
	s.must(t, "masterlist", "withdraw", "xb")
	s.renew(t)
	s.origins(t, config, map[*pki.Certificate]string{a.Signer: "", b.Signer: "", c.Signer: ""})
	s.refused(t, 1, "no list of XB", "masterlist", "withdraw", "XB")
}

// origins wants a station to find each signer's anchor with an origin, "" for none.
func (s seat) origins(t *testing.T, c setup.Config, want map[*pki.Certificate]string) {
	t.Helper()
	store, err := setup.Documents(c)
	if err != nil {
		t.Fatal(err)
	}
	for signer, origin := range want {
		path, err := store.Verify(signer, time.Now(), "PP")
		if path.Origin != origin || (origin == "") != errors.Is(err, pki.ErrUntrusted) {
			t.Errorf("%s: %q, %v, want %q", signer.Subject.Country, path.Origin, err, origin)
		}
	}
}

// TestForeignRevocationTravels: a revocation list of another country reaches the station's store, where its
// signer is revoked then. An older list, one that nobody known signed, and our own country's are refused,
// and a list goes when the certificate that signed it does.
func TestForeignRevocationTravels(t *testing.T) {
	s := hardware(t)
	config := s.enrol(t)
	since := time.Now().UTC().Truncate(24 * time.Hour)
	a, b := abroad.New(t, "XA", since), abroad.New(t, "XB", since)
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	none, newer := s.file(t, "1.crl", a.Revoke(t, 1, at)), s.file(t, "2.crl", a.Revoke(t, 2, at.Add(time.Minute), a.Signer))
	s.refused(t, 1, "masterlist import", "crl", "import", none)
	s.must(t, "issue-signer", "--purpose", "masterlist")
	s.must(t, "masterlist", s.file(t, "a.der", a.Root.Raw), s.file(t, "b.der", b.Root.Raw))
	s.must(t, "crl", "import", none)
	out := s.must(t, "crl", "import", newer, "--origin", "their PKD page")
	for _, words := range []string{"revocation list of XA", "1 entries", "1 revocation lists"} {
		if !strings.Contains(out, words) {
			t.Errorf("import does not say %q:\n%s", words, out)
		}
	}
	s.refused(t, 1, "older list", "crl", "import", none)
	own := abroad.New(t, "UT", since)
	s.refused(t, 1, "not imported", "crl", "import", s.file(t, "own.crl", own.Revoke(t, 9, at)))
	forged := a.Revoke(t, 3, at.Add(2*time.Minute))
	forged[len(forged)-1] ^= 1
	s.refused(t, 1, "signature", "crl", "import", s.file(t, "forged.crl", forged))
	s.renew(t)
	store, err := setup.Documents(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Verify(a.Signer, time.Now(), "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("a signer that its country revoked: %v", err)
	}
	if _, err := store.Verify(b.Signer, time.Now(), "PP"); err != nil {
		t.Errorf("a signer of another country: %v", err)
	}
	if out := s.must(t, "masterlist", s.file(t, "b.der", b.Root.Raw)); !strings.Contains(out, "0 revocation lists") {
		t.Errorf("the list stays without the certificate:\n%s", out)
	}
}

// TestStationTakesNoOtherTrust: the list of an older charter, a shortened one, one of another root and a
// missing one are refused, and the cure is named.
func TestStationTakesNoOtherTrust(t *testing.T) {
	s, other := hardware(t), begun(t)
	since := time.Now().UTC().Truncate(24 * time.Hour)
	aDER := s.file(t, "a.der", abroad.New(t, "XA", since).Root.Raw)
	for _, hq := range []seat{s, other} {
		hq.must(t, "issue-signer", "--purpose", "masterlist")
		hq.must(t, "masterlist", aDER)
	}
	config := s.enrol(t)
	older, err := os.ReadFile(config.Trust)
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, "masterlist")
	s.renew(t)
	if _, err := setup.Documents(config); err != nil {
		t.Fatal(err)
	}
	current, err := os.ReadFile(config.Trust)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"older": older, "shortened": current[:len(current)-1], "of another root": other.public(t, "trust.cose"),
	} {
		if err := os.WriteFile(config.Trust, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := setup.Documents(config); !errors.Is(err, issuance.ErrTrustList) || issuance.Cure(err) != "trust-list" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(config.Trust); err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Documents(config); !errors.Is(err, issuance.ErrTrustList) {
		t.Errorf("missing: %v", err)
	}
}

// TestNobodyElseNamesOurCSCA: a foreign list is not a way to make stations believe a false root of ours,
// and a list that does not hold leaves everything as it was.
func TestNobodyElseNamesOurCSCA(t *testing.T) {
	s := hardware(t)
	since := time.Now().UTC().Truncate(24 * time.Hour)
	b, liar := abroad.New(t, "XB", since), abroad.New(t, "UT", since)
	bDER, liarDER := s.file(t, "b.der", b.Root.Raw), s.file(t, "false.der", liar.Root.Raw)
	at := time.Now().Add(-time.Minute)
	s.refused(t, 1, "not ours", "masterlist", "import", s.file(t, "false.ml", b.List(t, at, liar.Root)), "--root", bDER)
	s.refused(t, 1, "not imported", "masterlist", "import", s.file(t, "own.ml", liar.List(t, at)), "--root", liarDER)
	s.must(t, "issue-signer", "--purpose", "masterlist")
	s.refused(t, 1, "not ours", "masterlist", liarDER)
	whole := b.List(t, at)
	forged := append([]byte(nil), whole...)
	forged[len(forged)-1] ^= 1
	s.refused(t, 1, "signature", "masterlist", "import", s.file(t, "forged.ml", forged), "--root", bDER)
	s.refused(t, 1, "malformed", "masterlist", "import", s.file(t, "short.ml", whole[:len(whole)-9]), "--root", bDER)
	if _, err := os.Stat(filepath.Join(s.dir, "public", "trust.cose")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a trust list was made: %v", err)
	}
	ours := s.file(t, "ours.ml", b.List(t, at, s.certificate(t, "csca.der")))
	s.must(t, "masterlist", "import", ours, "--root", bDER)
	if got := fmt.Sprint(s.protocols(t)); got != "[init issue-signer masterlist-import]" {
		t.Errorf("protocols of %s", got)
	}
}
