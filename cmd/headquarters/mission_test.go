package main_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources"
	"padarozhnik/station/issuance"
	"padarozhnik/station/pki"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

// TestMissionSigner holds the ceremony that makes a document signer for one office, and opens the token
// there.
func TestMissionSigner(t *testing.T) {
	soft := softhsmtest.New(t, secret, "mission", "stranger")
	s := begun(t)
	c := s.enrol(t)
	top := filepath.Dir(s.dir)
	c.Tokens = setup.Tokens{Module: soft.Library, Signer: "mission"}
	c.Store, c.Token, c.Page.DPI = filepath.Join(top, "station.db"), filepath.Join(top, "station.token"), 300
	pin := filepath.Join(top, "passphrase")
	issue := []string{"issue-signer", "--mission", "UTO-01", "--mission-pkcs11", soft.Library, "--mission-pin-file", pin,
		"--mission-token", "mission"}
	s.refused(t, 1, "allows no signer of its own", issue...)

	profile := filepath.Join(top, "mission.toml")
	text := strings.Replace(string(resources.UtopiaProfile), "chip_tries = 3",
		"chip_tries = 3\nmission_signing = \"after-clear\"\nmission_orders = 20", 1)
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(top, "station.json")
	alone := seat{dir: s.dir, flags: s.flags[:len(s.flags)-4]}
	alone.must(t, "station", "enrol", "UTO-01", "--key", public, "--profile", profile)
	s.refused(t, 2, "one month", append(issue, "--months", "3")...)
	s.refused(t, 2, "1 to 20", append(issue, "--orders", "21")...)
	s.must(t, append(issue, "--orders", "12")...)

	office := s.openDesk(t, c)
	m, ok := office.Desk.Charter.Mission()
	cert, err := pki.ParseCertificate(m.Certificate)
	if err != nil || !ok || m.Orders != 12 {
		t.Fatalf("%d books, %v: %v", m.Orders, ok, err)
	}
	if use := cert.KeyUse.NotAfter.Sub(cert.KeyUse.NotBefore); use > 31*24*time.Hour {
		t.Errorf("key use of %v", use)
	}
	if _, err := s.trust(t, "csca.der").VerifyIssue(cert, time.Now(), "PP"); err != nil {
		t.Error(err)
	}
	alone.must(t, "station", "enrol", "UTO-01", "--key", public, "--profile", profile)
	opensSigner(t, office, cert)

	c.Tokens.Signer = "stranger"
	_ = office.Close()
	other := s.openDesk(t, c)
	if len(other.Desk.Charter.Signers) != 1 {
		t.Error("the next charter forgot the signer")
	}
	if _, _, err := other.Signer(says(secret)); !errors.Is(err, issuance.ErrOtherSigner) {
		t.Errorf("another token: %v", err)
	}
}

func says(pin string) setup.Ask { return func(string) ([]byte, error) { return []byte(pin), nil } }

// opensSigner tries a wrong PIN, is warned, and signs with the right one.
func opensSigner(t *testing.T, office *setup.Office, cert *pki.Certificate) {
	t.Helper()
	if _, _, err := office.Signer(says("000000")); !errors.Is(err, issuance.ErrTokenPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	var prompt string
	key, end, err := office.Signer(func(p string) ([]byte, error) { prompt = p; return []byte(secret), nil })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(prompt, "fewer tries are left") {
		t.Errorf("after a wrong PIN the prompt is %q", prompt)
	}
	digest := sha256.Sum256([]byte("a book"))
	if sig, err := key.Sign(rand.Reader, digest[:], nil); err != nil || len(sig) == 0 {
		t.Errorf("signature: %v", err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if _, err := key.Sign(rand.Reader, digest[:], nil); err == nil {
		t.Error("a closed token signs")
	}
	if err := cert.CheckSigning(time.Now(), "PP"); err != nil {
		t.Error(err)
	}
}

// openDesk opens the station's desk as its program does.
func (s seat) openDesk(t *testing.T, c setup.Config) *setup.Office {
	t.Helper()
	o, err := setup.Open(t.Context(), c, says(secret), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}
