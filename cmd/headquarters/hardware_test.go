package main_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"padarozhnik/station/pki"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

// hardware is a headquarters whose keys and officers are in tokens of SoftHSM2.
func hardware(t *testing.T) seat {
	t.Helper()
	s := tokens(t)
	s.must(t, "init")
	return s
}

// labels are the tokens of the tests: headquarters', and those of three people.
var labels = []string{"hq", "anna", "boris", "vera"}

// tokens sets up tokens for a headquarters that is not begun yet.
func tokens(t *testing.T) seat {
	t.Helper()
	soft := softhsmtest.New(t, secret, labels...)
	top := filepath.Dir(soft.Dir)
	pin := filepath.Join(top, "pin")
	if err := os.WriteFile(pin, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, officer := range labels[1:] {
		made := seat{dir: top, flags: []string{"--pkcs11", soft.Library, "--token", officer, "--pin-file", pin}}
		if out := made.must(t, "officer", "create"); !strings.Contains(out, "officer's token "+officer+": key ") {
			t.Errorf("officer create said %s", out)
		}
	}
	return seat{dir: filepath.Join(top, "hq"), soft: soft, flags: []string{
		"--passphrase-file", pin, "--pkcs11", soft.Library, "--token", "hq", "--pin-file", pin,
		"--officer", "pkcs11:anna=" + pin, "--officer", "pkcs11:boris=" + pin,
	}}
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
	stranger := seat{dir: s.dir, flags: slices.Clone(s.flags)}
	last := len(stranger.flags) - 1
	stranger.flags[last] = strings.Replace(stranger.flags[last], "boris", "vera", 1)
	stranger.refused(t, 1, "not one of the officers", "crl")
	absent := seat{dir: s.dir, flags: slices.Clone(s.flags)}
	absent.flags[5] = "other"
	absent.refused(t, 1, "token not present", "crl")
}

// TestEveryKeyIsInTheToken: after init no file of the vault holds a key, the token holds one of each kind,
// and gives none of them away to somebody who has the PIN.
func TestEveryKeyIsInTheToken(t *testing.T) {
	s := hardware(t)
	files, err := os.ReadDir(filepath.Join(s.dir, "vault"))
	if err != nil || len(files) != 1 || files[0].Name() != "client.der" {
		t.Errorf("in the vault's directory: %v, %v", files, err)
	}
	ctx, session := s.backDoor(t)
	kinds := map[string]int{}
	for _, o := range softhsmtest.Find(t, ctx, session, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)) {
		asked := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, nil)}
		got, err := ctx.GetAttributeValue(session, o, asked)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(string(got[0].Value), "-")
		kinds[kind]++
		value := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)}
		_, err = ctx.GetAttributeValue(session, o, value)
		if !errors.Is(err, pkcs11.Error(pkcs11.CKR_ATTRIBUTE_SENSITIVE)) {
			t.Errorf("%s: asked for its value, the token said %v", kind, err)
		}
		for attribute, want := range map[uint]byte{pkcs11.CKA_SENSITIVE: 1, pkcs11.CKA_EXTRACTABLE: 0} {
			got, err := ctx.GetAttributeValue(session, o, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
			if err != nil || len(got[0].Value) != 1 || got[0].Value[0] != want {
				t.Errorf("%s: attribute %x, %v", kind, attribute, err)
			}
		}
	}
	want := map[string]int{"root": 1, "csca": 1, "signer": 1, "vault": 1, "opener": 1, "duplicates": 1}
	if !maps.Equal(kinds, want) {
		t.Errorf("keys of kinds %v, want %v", kinds, want)
	}
	bare := seat{dir: s.dir, flags: s.flags[:2]} // whoever has the passphrase, but not the token
	bare.refused(t, 1, "--pkcs11", "vault", "--once")
}

// backDoor opens headquarters' token with its PIN and without this program.
func (s seat) backDoor(t *testing.T) (*pkcs11.Ctx, pkcs11.SessionHandle) {
	t.Helper()
	ctx := pkcs11.New(s.flags[3])
	if err := ctx.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ctx.Finalize(); ctx.Destroy() })
	slots, err := ctx.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		info, err := ctx.GetTokenInfo(slot)
		if err != nil || strings.TrimSpace(info.Label) != "hq" {
			continue
		}
		session, err := ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
		if err == nil {
			err = ctx.Login(session, pkcs11.CKU_USER, secret)
		}
		if err != nil {
			t.Fatal(err)
		}
		return ctx, session
	}
	t.Fatal("no token of headquarters")
	return nil, 0
}

// TestCurves: CSCA and signer are on the curves that were asked for, from the first ceremony on, and a
// refusal names the cure.
func TestCurves(t *testing.T) {
	s := tokens(t)
	s.refused(t, 2, "want one of P-256, P-384, P-521, brainpoolP256r1", "init", "--curve", "P-192")
	s.must(t, "init", "--curve", "brainpoolP512r1", "--signer-curve", "brainpoolP384r1")
	want := func(file, curve string) {
		t.Helper()
		if c := s.certificate(t, file); c.PublicKey.Curve.Name() != curve {
			t.Errorf("%s is on %s, want %s", file, c.PublicKey.Curve.Name(), curve)
		}
	}
	want("csca.der", "brainpoolP512r1")
	want("dsc.der", "brainpoolP384r1")
	for _, curve := range []string{"P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"} {
		s.must(t, "issue-signer", "--curve", curve)
		want("dsc.der", curve)
		if _, err := s.trust(t, "csca.der").VerifyIssue(s.certificate(t, "dsc.der"), time.Now(), "PP"); err != nil {
			t.Errorf("signer on %s: %v", curve, err)
		}
	}
	s.must(t, "roll", "--curve", "P-521")
	want("csca.der", "P-521")
	s.rsa(t)
	files := seat{dir: filepath.Join(t.TempDir(), "hq"), flags: s.flags[:2]}
	files.refused(t, 1, "--pkcs11", "init", "--curve", "brainpoolP256r1")
	files.refused(t, 1, "--pkcs11", "init", "--curve", "RSA-3072")
	files.must(t, "init", "--curve", "P-384")
}

// rsa rests the new key, and lets it certify a signer with an RSA key; the next root is one itself.
func (s seat) rsa(t *testing.T) {
	t.Helper()
	s.must(t, "issue-signer", "--curve", "RSA-2048")
	c := s.certificate(t, "dsc.der")
	if c.PublicKey.RSA == nil || c.PublicKey.RSA.N.BitLen() != 2048 {
		t.Error("the signer has no RSA key")
	}
	if _, err := s.trust(t, "csca-1.der").VerifyIssue(c, time.Now(), "PP"); err != nil {
		t.Errorf("signer with an RSA key: %v", err)
	}
	fresh := tokens(t)
	fresh.must(t, "init", "--curve", "RSA-3072", "--signer-curve", "P-256")
	root, signer := fresh.certificate(t, "csca.der"), fresh.certificate(t, "dsc.der")
	if root.PublicKey.RSA == nil || root.Algorithm.Scheme != pki.RSAPSS || signer.Algorithm.Scheme != pki.RSAPSS {
		t.Errorf("root signed by scheme %d, signer by %d", root.Algorithm.Scheme, signer.Algorithm.Scheme)
	}
	if _, err := fresh.trust(t, "csca.der").VerifyIssue(signer, time.Now(), "PP"); err != nil {
		t.Errorf("signer under an RSA root: %v", err)
	}
	fresh.must(t, "crl") // the key is found again
}
