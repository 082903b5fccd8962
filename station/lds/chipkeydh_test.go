package lds_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki/dh"
)

// dhInfos is a DG14 content with one DH key.
func dhInfos(k lds.ChipAuthenticationPublicKeyDH) lds.SecurityInfos {
	return lds.SecurityInfos{
		ChipAuthentication:       []lds.ChipAuthenticationInfo{{OID: lds.OIDChipAuthenticationDH(lds.TripleDES), Version: 1}},
		ChipAuthenticationKeysDH: []lds.ChipAuthenticationPublicKeyDH{k},
	}
}

func dhKey(t *testing.T, id int) lds.ChipAuthenticationPublicKeyDH {
	t.Helper()
	g, err := dh.ByParameterID(id)
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Draw(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return lds.ChipAuthenticationPublicKeyDH{Group: g, Public: g.Exp(g.G, d)}
}

func TestChipKeyDH(t *testing.T) {
	number := 3
	for id := range 3 {
		k := dhKey(t, id)
		if id == 2 {
			k.KeyID = &number
		}
		infos := dhInfos(k)
		b, err := infos.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := lds.ParseSecurityInfos(b)
		if err != nil || len(got.ChipAuthenticationKeysDH) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		back := got.ChipAuthenticationKeysDH[0]
		if back.Group != k.Group || back.Public.Cmp(k.Public) != 0 || (back.KeyID == nil) != (k.KeyID == nil) {
			t.Errorf("read back %+v", back)
		}
		if !got.Contains(infos) || !infos.Contains(got) {
			t.Error("infos differ from themselves")
		}
		if got.Contains(dhInfos(dhKey(t, id))) {
			t.Error("contains another key")
		}
	}
}

// TestChipKeyDHForms reads keys that OpenSSL writes, with numbers of X9.42 and of PKCS#3.
func TestChipKeyDHForms(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("no openssl: run make deps")
	}
	for _, test := range []struct{ name, algorithm, group string }{
		{"X9.42", "DHX", "dh_rfc5114:2"},
		{"PKCS#3, a group of another standard", "DH", "group:ffdhe2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			private, public := filepath.Join(dir, "key"), filepath.Join(dir, "pub")
			for _, args := range [][]string{
				{"genpkey", "-algorithm", test.algorithm, "-pkeyopt", test.group, "-outform", "DER", "-out", private},
				{"pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER", "-out", public},
			} {
				if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			raw, err := os.ReadFile(public)
			if err != nil {
				t.Fatal(err)
			}
			set := infoSet(t, raw)
			got, err := lds.ParseSecurityInfos(set)
			if err != nil || len(got.ChipAuthenticationKeysDH) != 1 || !bytes.Equal(got.ChipAuthenticationKeysDH[0].Raw, raw) {
				t.Fatalf("%+v, %v", got, err)
			}
			if again, err := got.Bytes(); err != nil || !bytes.Equal(again, set) {
				t.Errorf("written differently: %v", err)
			}
		})
	}
}

// infoSet wraps a SubjectPublicKeyInfo.
func infoSet(t *testing.T, key []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(lds.OIDChipAuthenticationKeyDH())
			b.AddBytes(key)
		})
	})
	return b.BytesOrPanic()
}

func TestChipKeyDHRefused(t *testing.T) {
	k := dhKey(t, 0)
	one := k
	one.Public = big.NewInt(1)
	if _, err := dhInfos(one).Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("the neutral element: %v", err)
	}
	if _, err := dhInfos(lds.ChipAuthenticationPublicKeyDH{}).Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("no key: %v", err)
	}
	b, err := dhInfos(k).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1 // no longer in the subgroup
	if _, err := lds.ParseSecurityInfos(b); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("outside the subgroup: %v", err)
	}
	// A group that nobody knows is kept as it stands.
	unknown := infoSet(t, []byte("\x30\x0E\x30\x06\x06\x01\x2A\x02\x01\x05\x03\x04\x00\x02\x01\x07"))
	got, err := lds.ParseSecurityInfos(unknown)
	if err != nil || len(got.Other) != 1 {
		t.Errorf("unknown group: %+v, %v", got, err)
	}
}

// FuzzChipKeyDH reads infos with DH keys; what can be read can be written and says the same again.
func FuzzChipKeyDH(f *testing.F) {
	g, err := dh.ByParameterID(0)
	if err != nil {
		f.Fatal(err)
	}
	for _, number := range []*int{nil, new(int)} {
		b, err := dhInfos(lds.ChipAuthenticationPublicKeyDH{Group: g, Public: g.G, KeyID: number}).Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		infos, err := lds.ParseSecurityInfos(b)
		if err != nil || len(infos.ChipAuthenticationKeysDH) == 0 {
			return
		}
		again, err := infos.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		back, err := lds.ParseSecurityInfos(again)
		if err != nil || !back.Contains(infos) || !infos.Contains(back) {
			t.Errorf("written differently: %v", err)
		}
	})
}
