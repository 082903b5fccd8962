package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

const testPIN = "493817"

var _ token.Token = (*token.HSMToken)(nil)

func pin(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

// unknownCurve is one that no token has.
var unknownCurve = asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 99}

func curves(oid asn1.ObjectIdentifier) (elliptic.Curve, error) {
	if oid.Equal(unknownCurve) {
		return elliptic.P256(), nil
	}
	c, err := ec.ByOID(oid)
	if err != nil {
		return nil, err
	}
	return c.ECDSACurve(), nil
}

// openHSM opens one fresh token.
func openHSM(t testing.TB) (*token.HSM, string) {
	t.Helper()
	library := softhsmtest.New(t, testPIN, "csca").Library
	m, err := token.OpenModule(library)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	h, err := m.Open(token.Slot{Label: "csca", PIN: pin(testPIN), Curves: curves})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h, library
}

func TestHSMSignsOnEveryCurve(t *testing.T) {
	h, _ := openHSM(t)
	long := sha512.Sum512([]byte("what is signed"))
	for _, c := range []*ec.Curve{
		ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(),
	} {
		name := "key-" + strings.ToLower(c.Name())
		made, err := h.Generate(name, c.OID())
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		k, err := h.Signer(name)
		if err != nil {
			t.Fatal(err)
		}
		if !made.Public().(*ecdsa.PublicKey).Equal(k.Public()) || (k.KeyID() != "") != (c == ec.P256()) {
			t.Errorf("%s: another key when found again, or its name %q", c.Name(), k.KeyID())
		}
		for _, digest := range [][]byte{long[:20], long[:32], long[:]} {
			signature, err := k.Sign(nil, digest, crypto.SHA512)
			if err != nil || !ecdsa.VerifyASN1(k.Public().(*ecdsa.PublicKey), digest, signature) {
				t.Errorf("%s, %d bytes: %v", c.Name(), len(digest), err)
			}
		}
	}
	names, err := h.Names()
	if err != nil || len(names) != 6 || !slices.Contains(names, "key-brainpoolp256r1") {
		t.Errorf("%q, %v", names, err)
	}
}

func TestHSMRefuses(t *testing.T) {
	h, _ := openHSM(t)
	if _, err := h.Generate("csca", ec.P256().OID()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Generate("csca", ec.P256().OID()); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("name twice: %v", err)
	}
	if _, err := h.Signer("other"); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("no key: %v", err)
	}
	if _, err := h.Generate("New Key", ec.P256().OID()); err == nil {
		t.Error("name with capitals")
	}
	if _, err := h.Generate("other", asn1.ObjectIdentifier{1, 3, 132, 0, 10}); err == nil {
		t.Error("secp256k1")
	}
	if _, err := h.Generate("other", unknownCurve); !errors.Is(err, token.ErrCurve) {
		t.Errorf("curve that the token does not have: %v", err)
	}
	if h.Failure() != nil {
		t.Errorf("stopped by a refusal: %v", h.Failure())
	}
	k, err := h.Signer("csca")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Sign(nil, make([]byte, 32), nil); !errors.Is(err, token.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
	if err := h.Reopen(); !errors.Is(err, token.ErrClosed) {
		t.Errorf("reopened: %v", err)
	}
}

// TestSlots finds tokens by label and serial number, and says what is wrong without the PIN.
func TestSlots(t *testing.T) {
	m, err := token.OpenModule(softhsmtest.New(t, testPIN, "one", "two", "two").Library)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	present, err := m.Tokens()
	if err != nil || len(present) != 3 {
		t.Fatalf("%v, %v", present, err)
	}
	serial := present[slices.IndexFunc(present, func(p token.Present) bool { return p.Label == "two" })].Serial
	for name, test := range map[string]struct {
		slot token.Slot
		want error
	}{
		"by label":             {token.Slot{Label: "one", PIN: pin(testPIN)}, nil},
		"by serial number":     {token.Slot{Serial: serial, PIN: pin(testPIN)}, nil},
		"by both":              {token.Slot{Label: "two", Serial: serial, PIN: pin(testPIN)}, nil},
		"two of one label":     {token.Slot{Label: "two", PIN: pin(testPIN)}, token.ErrNoToken},
		"neither":              {token.Slot{PIN: pin(testPIN)}, token.ErrNoToken},
		"no such label":        {token.Slot{Label: "three", PIN: pin(testPIN)}, token.ErrNoToken},
		"label of another one": {token.Slot{Label: "one", Serial: serial, PIN: pin(testPIN)}, token.ErrNoToken},
		"wrong PIN":            {token.Slot{Label: "one", PIN: pin("271828")}, token.ErrWrongPIN},
		"PIN too short":        {token.Slot{Label: "one", PIN: pin("9")}, token.ErrWrongPIN},
	} {
		h, err := m.Open(test.slot)
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err == nil {
			_ = h.Close()
			continue
		}
		if strings.Contains(err.Error(), testPIN) || strings.Contains(err.Error(), "271828") {
			t.Errorf("%s: PIN in %q", name, err)
		}
	}
	if _, err := token.OpenModule(filepath.Join(t.TempDir(), "none.so")); !errors.Is(err, token.ErrNoModule) {
		t.Errorf("no library: %v", err)
	}
}

// TestHSMStopsAndReopens takes the sessions away behind the HSM's back, as a reset token does: the call
// that meets it fails, and the next one logs in again, whether a key signs, agrees or opens.
func TestHSMStopsAndReopens(t *testing.T) {
	h, library := openHSM(t)
	k, err := h.Generate("csca", ec.P256().OID())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.AddOpener("opener"), h.AddSecret("gp/one", []byte("master"))); err != nil {
		t.Fatal(err)
	}
	opener, err := h.Opener("opener")
	if err != nil {
		t.Fatal(err)
	}
	blob := sealed(t, opener.HPKEPublic(), "a case")
	digest := sha256.Sum256([]byte("x"))
	for name, call := range map[string]func() error{
		"sign":   func() error { _, err := k.Sign(nil, digest[:], nil); return err },
		"open":   func() error { _, err := seal.Open(opener, seal.PurposeCase, blob); return err },
		"secret": func() error { _, err := h.Secret("gp/one"); return err },
		"list":   func() error { _, err := h.Names(); return err },
	} {
		softhsmtest.PullOut(t, library)
		if err := call(); !errors.Is(err, token.ErrDevice) || strings.Contains(err.Error(), testPIN) || h.Failure() == nil {
			t.Errorf("%s without a session: %v", name, err)
		}
		if err := call(); err != nil || h.Failure() != nil {
			t.Errorf("%s at the next call: %v", name, err)
		}
	}
}

// TestNoPINTwice: a PIN that the token refuses when it is opened again is not tried once more.
func TestNoPINTwice(t *testing.T) {
	library := softhsmtest.New(t, testPIN, "csca").Library
	m, err := token.OpenModule(library)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	asked, text := 0, testPIN
	h, err := m.Open(token.Slot{Label: "csca", PIN: func() ([]byte, error) { asked++; return []byte(text), nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	text = "271828"
	softhsmtest.PullOut(t, library)
	for i, want := range []error{token.ErrDevice, token.ErrWrongPIN, token.ErrWrongPIN, token.ErrWrongPIN} {
		if _, err := h.Names(); !errors.Is(err, want) {
			t.Errorf("call %d: %v, want %v", i+1, err, want)
		}
	}
	if asked != 2 {
		t.Errorf("PIN asked for %d times, want 2", asked)
	}
	text = testPIN
	if err := h.Reopen(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Names(); err != nil {
		t.Error(err)
	}
}

func sealed(t *testing.T, public []byte, text string) []byte {
	t.Helper()
	key, err := seal.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	blob, _, err := seal.Seal(key, seal.PurposeCase, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func TestHSMToken(t *testing.T) {
	h, library := openHSM(t)
	made, err := h.CreateToken()
	if err != nil {
		t.Fatal(err)
	}
	blob := sealed(t, made.HPKEPublic(), "a case")
	if err := h.Reopen(); err != nil {
		t.Fatal(err)
	}
	again, err := h.Token()
	if err != nil || again.KeyID() != made.KeyID() || !bytes.Equal(again.HPKEPublic(), made.HPKEPublic()) {
		t.Fatalf("another token when opened again: %v", err)
	}
	plain, err := seal.Open(again, seal.PurposeCase, blob)
	if err != nil || string(plain) != "a case" {
		t.Errorf("%q, %v", plain, err)
	}
	for name, changed := range map[string][]byte{"purpose": blob, "message": append([]byte{blob[0] ^ 1}, blob[1:]...)} {
		purpose := seal.PurposeCase
		if name == "purpose" {
			purpose = seal.PurposeOrder
		}
		if _, err := seal.Open(again, purpose, changed); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("other %s: %v", name, err)
		}
	}
	s, err := journal.Sign(journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: 1, Kind: "day.opened"}, again)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(again.Public().(*ecdsa.PublicKey)); err != nil {
		t.Error(err)
	}
	if _, err := h.CreateToken(); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("made twice: %v", err)
	}
	softhsmtest.PullOut(t, library)
	if _, err := seal.Open(again, seal.PurposeCase, blob); !errors.Is(err, token.ErrDevice) {
		t.Errorf("opened by a token that is gone: %v", err)
	}
}

func FuzzParseECKey(f *testing.F) {
	params := []byte{6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7}
	c := ec.P256()
	point := c.Bytes(ec.Point{X: c.Gx, Y: c.Gy})
	f.Add(params, point)
	f.Add(params, append([]byte{4, byte(len(point))}, point...))
	f.Add([]byte{6, 5, 0x2B, 0x81, 4, 0, 34}, point)
	f.Fuzz(func(t *testing.T, params, point []byte) {
		key, err := token.ParseECKey(params, point, curves)
		if err != nil {
			return
		}
		if _, _, err := ec.FromPublicKey(key); err != nil {
			t.Errorf("a key that is none: %v", err)
		}
	})
}

func BenchmarkHSMSign(b *testing.B) {
	h, _ := openHSM(b)
	k, err := h.Generate("csca", ec.P256().OID())
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("x"))
	for b.Loop() {
		if _, err := k.Sign(nil, digest[:], nil); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHSMRSA makes an RSA key in the token: it signs by RSA-PSS with every hash, is found again, and
// refuses everything else.
func TestHSMRSA(t *testing.T) {
	h, _ := openHSM(t)
	made, err := h.GenerateRSA("csca", 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.Key("csca")
	if err != nil || !made.Public().(*rsa.PublicKey).Equal(k.Public()) {
		t.Fatalf("found again: %v", err)
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		digest := bytes.Repeat([]byte{0x5A}, hash.Size())
		how := &rsa.PSSOptions{Hash: hash, SaltLength: hash.Size()}
		signature, err := k.Sign(nil, digest, how)
		if err != nil || rsa.VerifyPSS(k.Public().(*rsa.PublicKey), hash, digest, signature, how) != nil {
			t.Errorf("%v: %v", hash, err)
		}
	}
	for name, opts := range map[string]crypto.SignerOpts{
		"the older padding": crypto.SHA256, "SHA-1": &rsa.PSSOptions{Hash: crypto.SHA1}, "another length": &rsa.PSSOptions{Hash: crypto.SHA512},
	} {
		if _, err := k.Sign(nil, make([]byte, 32), opts); !errors.Is(err, token.ErrRSA) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.GenerateRSA("csca", 2048); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("name twice: %v", err)
	}
	for _, bits := range []int{1024, 2500, 16384} {
		if _, err := h.GenerateRSA("other", bits); !errors.Is(err, token.ErrRSA) {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	if h.Failure() != nil {
		t.Errorf("stopped by a refusal: %v", h.Failure())
	}
	if made, err := h.Generate("curve", ec.P256().OID()); err != nil {
		t.Error(err)
	} else if k, err := h.Key("curve"); err != nil || !made.Public().(*ecdsa.PublicKey).Equal(k.Public()) {
		t.Errorf("a key on a curve by the same way: %v", err)
	}
}
