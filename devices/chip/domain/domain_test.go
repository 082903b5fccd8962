package domain_test

import (
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/domain"
)

func TestEveryGroupAgrees(t *testing.T) {
	found := 0
	for id := range 32 {
		g, err := domain.ByParameterID(id)
		if err != nil {
			if !errors.Is(err, domain.ErrUnknown) {
				t.Errorf("parameters %d: %v", id, err)
			}
			continue
		}
		found++
		t.Run(g.Name(), func(t *testing.T) { agree(t, g, id) })
	}
	if found != 3+11 {
		t.Errorf("%d standardized domain parameters, want 14", found)
	}
}

func agree(t *testing.T, g domain.Group, id int) {
	a, err1 := g.Draw(rand.Reader)
	b, err2 := g.Draw(rand.Reader)
	if err := errors.Join(err1, err2); err != nil || g.ParameterID() != id {
		t.Fatal(g.ParameterID(), err)
	}
	pubA, err1 := g.Public(a)
	pubB, err2 := g.Public(b)
	read, err3 := g.Parse(g.Bytes(pubB))
	if err := errors.Join(err1, err2, err3); err != nil || !g.Equal(read, pubB) || g.Equal(read, pubA) {
		t.Fatalf("public keys: %v", err)
	}
	one, err1 := g.Mul(a, pubB)
	two, err2 := g.Mul(b, pubA)
	if err := errors.Join(err1, err2); err != nil || !g.Equal(one, two) {
		t.Errorf("ends do not agree: %v", err)
	}
	if n := len(g.Secret(one)); n != (g.Field().BitLen()+7)/8 {
		t.Errorf("secret of %d bytes", n)
	}
	sum := new(big.Int).Add(a, b)
	direct, err1 := g.Public(sum.Mod(sum, g.Order()))
	combined, err2 := g.Combine(pubA, pubB)
	if err := errors.Join(err1, err2); err != nil || !g.Equal(direct, combined) {
		t.Errorf("combination: %v", err)
	}
	if d, err := g.Private(g.PrivateBytes(a)); err != nil || d.Cmp(a) != 0 {
		t.Errorf("private key: %v", err)
	}
	if _, err := g.Encode(big.NewInt(4711)); (err == nil) != g.Encodable() {
		t.Errorf("encode: %v", err)
	}
	refuses(t, g, pubA)
}

func refuses(t *testing.T, g domain.Group, e domain.Element) {
	for _, b := range [][]byte{nil, {0}, {1}, {2}, {4}, g.Field().Bytes(), append(g.Bytes(e), 0)} {
		if _, err := g.Parse(b); !errors.Is(err, domain.ErrElement) {
			t.Errorf("%d bytes were taken for a public key", len(b))
		}
	}
	if _, err := g.Mul(g.Order(), e); !errors.Is(err, domain.ErrElement) {
		t.Errorf("the neutral element: %v", err)
	}
	for _, b := range [][]byte{nil, g.Order().Bytes(), {1}, make([]byte, len(g.PrivateBytes(big.NewInt(1))))} {
		if _, err := g.Private(b); !errors.Is(err, domain.ErrElement) {
			t.Errorf("%d bytes were taken for a private key", len(b))
		}
	}
}
