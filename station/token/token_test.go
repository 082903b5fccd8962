package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/token"
)

var cheap = token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}

var passphrase = []byte("тры пальмы на ўзмор'і")

var _ token.Token = (*token.File)(nil)

func TestTokenSignsAndOpensAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "officer.key")
	made, err := token.Create(path, passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := seal.ParsePublic(made.HPKEPublic())
	if err != nil {
		t.Fatal(err)
	}
	blob, _, err := seal.Seal(pub, seal.PurposeCase, []byte("sealed before closing"))
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyID()
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}

	f, err := token.Open(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.KeyID() != id || len(id) != 32 {
		t.Errorf("key id %q after reopening, was %q", f.KeyID(), id)
	}
	digest := sha256.Sum256([]byte("what a person decided"))
	signature, err := f.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(f.Public().(*ecdsa.PublicKey), digest[:], signature) {
		t.Error("signature does not verify")
	}
	plain, err := seal.Open(f, seal.PurposeCase, blob)
	if err != nil || string(plain) != "sealed before closing" {
		t.Errorf("opened %q, %v", plain, err)
	}
	e := journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: 1, Kind: "day.opened"}
	s, err := journal.Sign(e, f)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(f.Public().(*ecdsa.PublicKey)); err != nil {
		t.Error(err)
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "officer.key")
	f, err := token.Create(path, passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := token.Create(path, passphrase, cheap); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second create: %v", err)
	}
	if _, err := token.Open(path, []byte("wrong")); !errors.Is(err, token.ErrWrongPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestEveryDamageIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	k, err := token.CreateKeyring(path, passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.AddSecret("checkpoint", []byte("PRIVATE+KEY")); err != nil {
		t.Fatal(err)
	}
	_ = k.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		if costly(changed) {
			continue
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := token.OpenKeyring(path, passphrase)
		if !errors.Is(err, token.ErrWrongPassphrase) && !errors.Is(err, token.ErrDamaged) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	for n := range raw {
		if err := os.WriteFile(path, raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := token.OpenKeyring(path, passphrase); !errors.Is(err, token.ErrDamaged) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

// header and file are the form of a key file.
type header struct {
	Magic     string `cbor:"1,keyasint"`
	Passes    uint32 `cbor:"2,keyasint"`
	MemoryKiB uint32 `cbor:"3,keyasint"`
	Lanes     uint8  `cbor:"4,keyasint"`
	Salt      []byte `cbor:"5,keyasint"`
}

type file struct {
	Header header `cbor:"1,keyasint"`
	Nonce  []byte `cbor:"2,keyasint"`
	Sealed []byte `cbor:"3,keyasint"`
}

// costly tells whether a changed file asks for real work, which it may within bounds.
func costly(raw []byte) bool {
	var f file
	if journal.Decode(raw, &f) != nil {
		return false
	}
	return f.Header.Passes > 2 || f.Header.MemoryKiB > 256
}

func TestHostileHeaderIsBounded(t *testing.T) {
	good := header{Magic: "padarozhnik/keys/1", Passes: 1, MemoryKiB: 64, Lanes: 1, Salt: make([]byte, 16)}
	for name, change := range map[string]func(*header){
		"memory":    func(h *header) { h.MemoryKiB = 1<<32 - 1 },
		"passes":    func(h *header) { h.Passes = 1<<32 - 1 },
		"no passes": func(h *header) { h.Passes = 0 },
		"lanes":     func(h *header) { h.Lanes = 255 },
		"no lanes":  func(h *header) { h.Lanes = 0 },
		"magic":     func(h *header) { h.Magic = "x" },
		"salt":      func(h *header) { h.Salt = nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := good
			change(&h)
			raw, err := journal.Encode(file{Header: h, Nonce: make([]byte, 24), Sealed: make([]byte, 64)})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := token.OpenKeyring(path, passphrase); !errors.Is(err, token.ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKeyring(t *testing.T) {
	path := filepath.Join(t.TempDir(), "headquarters.keys")
	k, err := token.CreateKeyring(path, passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	root, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	csca, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for name, err := range map[string]error{
		"root":       k.Add("root", root),
		"csca":       k.Add("csca", csca),
		"checkpoint": k.AddSecret("checkpoint", []byte("secret")),
		"vault":      k.AddOpener("vault"),
	} {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := k.Add("root", root); !errors.Is(err, token.ErrNameTaken) {
		t.Errorf("same name: %v", err)
	}
	if err := k.AddSecret("No Such Name", nil); err == nil {
		t.Error("bad name accepted")
	}

	again, err := token.OpenKeyring(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	names := again.Names()
	slices.Sort(names)
	if !slices.Equal(names, []string{"checkpoint", "csca", "root", "vault"}) {
		t.Errorf("names %v", names)
	}
	signer, err := again.Signer("csca")
	if err != nil || !csca.PublicKey.Equal(signer.Public()) || signer.KeyID() != "" {
		t.Errorf("csca: %v", err)
	}
	if b, err := again.Secret("checkpoint"); err != nil || string(b) != "secret" {
		t.Errorf("secret %q, %v", b, err)
	}
	if _, err := again.Opener("vault"); err != nil {
		t.Error(err)
	}
	if _, err := again.Signer("vault"); !errors.Is(err, token.ErrNoKey) {
		t.Errorf("signer of another kind: %v", err)
	}
	if err := again.AddSecret("later", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := k.AddSecret("stale", []byte("x")); !errors.Is(err, token.ErrChanged) {
		t.Errorf("file written by another program: %v", err)
	}
}

func TestClosedTokenDoesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	f, err := token.Create(path, passphrase, cheap)
	if err != nil {
		t.Fatal(err)
	}
	pub, _ := seal.ParsePublic(f.HPKEPublic())
	blob, _, _ := seal.Seal(pub, seal.PurposeOrder, []byte("x"))
	_ = f.Close()
	_ = f.Close()
	if _, err := f.Sign(rand.Reader, make([]byte, 32), nil); !errors.Is(err, token.ErrClosed) {
		t.Errorf("sign: %v", err)
	}
	if _, err := seal.Open(f, seal.PurposeOrder, blob); !errors.Is(err, token.ErrClosed) {
		t.Errorf("open: %v", err)
	}
}

func FuzzOpenKeyring(f *testing.F) {
	path := filepath.Join(f.TempDir(), "keys")
	k, err := token.CreateKeyring(path, passphrase, cheap)
	if err != nil {
		f.Fatal(err)
	}
	_ = k.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if costly(b) {
			return
		}
		path := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if k, err := token.OpenKeyring(path, passphrase); err == nil {
			_ = k.Close()
		}
	})
}

// BenchmarkOpenDefaultCost is what an officer waits for after typing a passphrase.
func BenchmarkOpenDefaultCost(b *testing.B) {
	path := filepath.Join(b.TempDir(), "officer.key")
	f, err := token.Create(path, passphrase, token.Options{})
	if err != nil {
		b.Fatal(err)
	}
	_ = f.Close()
	for b.Loop() {
		f, err := token.Open(path, passphrase)
		if err != nil {
			b.Fatal(err)
		}
		_ = f.Close()
	}
}
