package main_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veraison/go-cose"

	"padarozhnik/station/hq/ledger/cluster"
	"padarozhnik/station/pki"
	"padarozhnik/station/token"
	"padarozhnik/station/token/softhsm"
)

// program is headquarters, built by TestMain.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "padarozhnik-headquarters-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "headquarters")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return cluster.Main(m)
}

const secret = "393142"

// seat is a headquarters directory with what its ceremonies need on the command line.
type seat struct {
	dir   string
	flags []string
	soft  softhsm.Tokens // where the keys are in tokens
}

// begun is a headquarters with key files and two officers' token files.
func begun(t *testing.T) seat {
	t.Helper()
	top := t.TempDir()
	phrase := filepath.Join(top, "passphrase")
	if err := os.WriteFile(phrase, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := seat{dir: filepath.Join(top, "hq"), flags: []string{"--passphrase-file", phrase}}
	s.must(t, "init")
	for _, name := range []string{"anna", "boris"} {
		path := filepath.Join(top, name+".token")
		f, err := token.Create(path, []byte(secret), token.Options{Passes: 1, MemoryKiB: 64})
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		s.flags = append(s.flags, "--officer", path)
	}
	return s
}

func (s seat) command(t *testing.T, args ...string) *exec.Cmd {
	args = append(append(args, "--dir", s.dir), s.flags...)
	return exec.CommandContext(t.Context(), program, args...)
}

func (s seat) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("headquarters %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// refused wants exit status and words.
func (s seat) refused(t *testing.T, status int, words string, args ...string) {
	t.Helper()
	out, err := s.command(t, args...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != status || !strings.Contains(string(out), words) {
		t.Errorf("headquarters %s: %v, want status %d and %q\n%s", strings.Join(args, " "), err, status, words, out)
	}
}

func (s seat) public(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "public", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s seat) certificate(t *testing.T, name string) *pki.Certificate {
	t.Helper()
	c, err := pki.ParseCertificate(s.public(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trust is what somebody has who got the first root by hand and takes the rest from public/.
func (s seat) trust(t *testing.T, root string) *pki.TrustStore {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{root, "link-2.der", "csca.crl", "masterlist.ml"} {
		if b, err := os.ReadFile(filepath.Join(s.dir, "public", name)); err == nil {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	trust, err := pki.LoadTrustDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// protocols verifies the protocol of every ceremony and returns the kinds in order.
func (s seat) protocols(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "ceremonies", "*", "protocol.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, path := range found {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Ceremony string
			Officers []struct {
				KeyID string
				SPKI  []byte
			}
			Steps         []struct{ What string }
			Before, After map[string]string
		}
		if err := json.Unmarshal(content, &p); err != nil {
			t.Fatal(err)
		}
		if len(p.Officers) != 2 || p.Officers[0].KeyID == p.Officers[1].KeyID || len(p.Steps) == 0 ||
			len(p.After) < len(p.Before) {
			t.Errorf("%s: incomplete", path)
		}
		for i, o := range p.Officers {
			raw, err := os.ReadFile(filepath.Join(filepath.Dir(path), fmt.Sprintf("protocol-%d.cose", i+1)))
			if err != nil {
				t.Fatal(err)
			}
			if err := verifyCOSE(raw, o.SPKI, string(content)); err != nil {
				t.Errorf("%s by officer %d: %v", path, i+1, err)
			}
		}
		kinds = append(kinds, p.Ceremony)
	}
	return kinds
}

func verifyCOSE(raw, spki []byte, content string) error {
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw); err != nil {
		return err
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return err
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, key.(*ecdsa.PublicKey))
	if err != nil {
		return err
	}
	if string(m.Payload) != content {
		return errors.New("another content than protocol.json")
	}
	return m.Verify([]byte("padarozhnik/ceremony/1"), v)
}

// TestCeremonies holds every ceremony once, in training.
func TestCeremonies(t *testing.T) {
	s := begun(t)
	first, dsc := s.certificate(t, "csca.der"), s.certificate(t, "dsc.der")
	out := s.must(t, "roll", "--common-name", "CSCA Free Utopia", "--curve", "P-384")
	if !strings.Contains(out, "name change: true") || !strings.Contains(out, "rests until") {
		t.Errorf("roll said\n%s", out)
	}
	second := s.certificate(t, "csca.der")
	if second.Subject.CommonName != "CSCA Free Utopia" ||
		!s.certificate(t, "csca-1.der").PublicKey.Equal(first.PublicKey) {
		t.Error("roots after roll-over")
	}
	s.refused(t, 1, "still resting", "roll")
	s.must(t, "issue-signer", "--months", "1")
	s.refused(t, 1, "no master list signer", "masterlist")
	s.must(t, "issue-signer", "--purpose", "masterlist")
	renewed := s.certificate(t, "dsc.der")
	if renewed.PublicKey.Equal(dsc.PublicKey) || renewed.CheckSignatureFrom(first) != nil {
		t.Error("new signer: same key, or not signed by the key that has rested")
	}
	s.certificate(t, fmt.Sprintf("dsc-%x.der", dsc.SerialNumber))
	s.must(t, "masterlist")
	out = s.must(t, "crl", "--revoke", fmt.Sprintf("%x", dsc.SerialNumber), "--days", "30")
	if !strings.Contains(out, "revocation list 2 after 1, 1 entries") {
		t.Errorf("crl said\n%s", out)
	}
	s.refused(t, 1, "revoked already", "crl", "--revoke", fmt.Sprintf("%x", dsc.SerialNumber))
	s.refused(t, 1, "was issued here", "crl", "--revoke", "1234")
	s.refused(t, 2, "1 to 90", "crl", "--days", "91")
	s.refused(t, 2, "3 to 5 years", "roll", "--key-years", "6")

	trust := s.trust(t, "csca-1.der")
	if n := len(trust.Anchors()); n < 2 {
		t.Errorf("%d anchors for one who follows the link and the master list", n)
	}
	if _, err := trust.VerifyIssue(renewed, time.Now(), "PP"); err != nil {
		t.Errorf("new signer: %v", err)
	}
	if _, err := trust.Verify(dsc, time.Now(), "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("revoked signer: %v", err)
	}
	want := []string{"roll", "issue-signer", "issue-signer", "masterlist", "crl"}
	if got := s.protocols(t); !slices.Equal(got, want) {
		t.Errorf("protocols of %q", got)
	}
	one := seat{dir: s.dir, flags: s.flags[:4]}
	one.refused(t, 2, "two officers", "crl")
	twice := seat{dir: s.dir, flags: append(slices.Clone(one.flags), s.flags[2:4]...)}
	twice.refused(t, 1, "different tokens", "crl")
}
