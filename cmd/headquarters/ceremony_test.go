package main_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
}

// training is a headquarters with key files and two officers' token files.
func training(t *testing.T) seat {
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
	s := training(t)
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
	one := seat{s.dir, s.flags[:4]}
	one.refused(t, 2, "two officers", "crl")
	twice := seat{s.dir, append(slices.Clone(one.flags), s.flags[2:4]...)}
	twice.refused(t, 1, "different tokens", "crl")
}

// hardware is a headquarters whose CSCA, signers and officers are tokens of SoftHSM2.
func hardware(t *testing.T) seat {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	found = append(found, "/usr/lib/softhsm/libsofthsm2.so")
	at := slices.IndexFunc(found, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
	if _, err := exec.LookPath("softhsm2-util"); err != nil || at < 0 {
		t.Skip("SoftHSM2 is not installed (Debian package softhsm2): no ceremony on a PKCS #11 token")
	}
	library, top := found[at], t.TempDir()
	conf := filepath.Join(top, "softhsm2.conf")
	if err := os.MkdirAll(filepath.Join(top, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "directories.tokendir = " + filepath.Join(top, "tokens") + "\nobjectstore.backend = file\n"
	for path, b := range map[string]string{conf: text, filepath.Join(top, "pin"): secret} {
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	for _, label := range []string{"csca", "anna", "boris", "vera"} {
		out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", secret,
			"--so-pin", "12345678").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	officerTokens(t, library, "anna", "boris", "vera")
	pin := filepath.Join(top, "pin")
	s := seat{dir: filepath.Join(top, "hq"), flags: []string{
		"--passphrase-file", pin, "--pkcs11", library, "--token-label", "csca", "--pin-file", pin,
		"--officer", "pkcs11:anna=" + pin, "--officer", "pkcs11:boris=" + pin,
	}}
	s.must(t, "init")
	return s
}

func officerTokens(t *testing.T, library string, labels ...string) {
	t.Helper()
	m, err := token.OpenModule(library)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, label := range labels {
		h, err := m.Open(token.Slot{Label: label, PIN: func() ([]byte, error) { return []byte(secret), nil }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.CreateToken(); err != nil {
			t.Fatal(err)
		}
		_ = h.Close()
	}
}

// TestCeremoniesInHardware holds them with every key in a token.
func TestCeremoniesInHardware(t *testing.T) {
	s := hardware(t)
	first := s.certificate(t, "csca.der")
	if out := s.must(t, "roll", "--curve", "brainpoolP384r1"); strings.Contains(out, secret) {
		t.Error("PIN on the terminal")
	}
	if c := s.certificate(t, "csca.der"); c.PublicKey.Curve.Name() != "brainpoolP384r1" {
		t.Errorf("new key on %s", c.PublicKey.Curve.Name())
	}
	s.must(t, "issue-signer")
	s.must(t, "crl")
	if _, err := s.trust(t, "csca-1.der").VerifyIssue(s.certificate(t, "dsc.der"), time.Now(), "PP"); err != nil {
		t.Error(err)
	}
	if s.certificate(t, "dsc.der").CheckSignatureFrom(first) != nil {
		t.Error("new signer is not signed by the key that has rested")
	}
	if got, want := s.protocols(t), []string{"init", "roll", "issue-signer", "crl"}; !slices.Equal(got, want) {
		t.Errorf("protocols of %q", got)
	}
	stranger := seat{s.dir, slices.Clone(s.flags)}
	last := len(stranger.flags) - 1
	stranger.flags[last] = strings.Replace(stranger.flags[last], "boris", "vera", 1)
	stranger.refused(t, 1, "not one of the officers", "crl")
	absent := seat{s.dir, slices.Clone(s.flags)}
	absent.flags[5] = "other"
	absent.refused(t, 1, "token not present", "crl")
}

// TestKilledCeremony kills a roll-over after each of its lines, at once and a little later: what is
// published is the old state or the new one, whole, and the next ceremony goes on from there.
func TestKilledCeremony(t *testing.T) {
	s := hardware(t)
	old := s.state(t)
	lines := []string{
		"officer present", "keys are in", "making a new key", "new key:", "new root:", "link:", "the new key rests",
		"writing", "both officers sign", "putting it in force", "in force",
	}
	for _, line := range lines {
		for _, later := range []time.Duration{0, 3 * time.Millisecond} {
			mend := s.tokens(t)
			s.kill(t, line, later)
			now := s.state(t)
			if now == old {
				mend()
				continue
			}
			if now.roots != 2 || now.links != 1 {
				t.Fatalf("killed at %q: %+v, before %+v", line, now, old)
			}
			s.afterKill(t, now)
			return
		}
	}
	t.Error("the ceremony went through and changed nothing")
}

// tokens copies SoftHSM2's files and returns what puts them back where a token is gone. SoftHSM2
// rewrites its token file in place at every login and loses the token when it is killed meanwhile; a
// device with a memory of its own does not, and this test is about our files.
func (s seat) tokens(t *testing.T) (mend func()) {
	t.Helper()
	dir, before := filepath.Join(filepath.Dir(s.dir), "tokens"), t.TempDir()
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		out, err := exec.Command("softhsm2-util", "--show-slots").CombinedOutput()
		whole := err == nil
		for _, label := range []string{"csca", "anna", "boris", "vera"} {
			whole = whole && strings.Contains(string(out), label)
		}
		if whole {
			return
		}
		t.Log("SoftHSM2 lost a token when it was killed: its files are put back")
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(before))); err != nil {
			t.Fatal(err)
		}
	}
}

// afterKill holds the next ceremony on the state that a killed one left.
func (s seat) afterKill(t *testing.T, was state) {
	t.Helper()
	out := s.must(t, "crl")
	if now := s.state(t); now.roots != was.roots || now.newest != was.newest || now.number != was.number+1 {
		t.Errorf("after the next ceremony: %+v, before %+v\n%s", now, was, out)
	}
	if !strings.Contains(out, "keys that belong to no certificate") {
		t.Errorf("keys of the ceremonies that were cut off are not named:\n%s", out)
	}
	if got, want := s.protocols(t), []string{"init", "roll", "crl"}; !slices.Equal(got, want) {
		t.Errorf("protocols of %q", got)
	}
}

// state is what public/ says, read as a whole.
type state struct {
	roots, links int
	newest       string
	number       int64
}

func (s seat) state(t *testing.T) state {
	t.Helper()
	var out state
	for prefix, count := range map[string]*int{"csca*.der": &out.roots, "link*.der": &out.links} {
		found, err := filepath.Glob(filepath.Join(s.dir, "public", prefix))
		if err != nil {
			t.Fatal(err)
		}
		*count = len(found)
		for _, path := range found {
			s.certificate(t, filepath.Base(path))
		}
	}
	list, err := pki.ParseCRL(s.public(t, "csca.crl"))
	if err != nil {
		t.Fatal(err)
	}
	out.newest, out.number = fmt.Sprintf("%x", s.certificate(t, "csca.der").SerialNumber), list.Number.Int64()
	return out
}

// kill starts a roll-over and kills it a little later than it has printed a line.
func (s seat) kill(t *testing.T, line string, later time.Duration) {
	t.Helper()
	cmd := s.command(t, "roll")
	r, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(r); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), line) {
			break
		}
	}
	time.Sleep(later)
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, r)
	if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("roll failed of itself: %v\n%s", err, said.String())
	}
}
