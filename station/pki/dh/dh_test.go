package dh_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"padarozhnik/station/pki/dh"
	"padarozhnik/station/published"
)

func group(t testing.TB, id int) *dh.Group {
	t.Helper()
	g, err := dh.ByParameterID(id)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func vectors(t *testing.T, name string) func(key string) *big.Int {
	t.Helper()
	var all map[string]json.RawMessage
	published.Doc9303(t, &all)
	var v map[string]any
	if err := json.Unmarshal(all[name], &v); err != nil {
		t.Fatal(err)
	}
	return func(key string) *big.Int {
		s, _ := v[key].(string)
		n, ok := new(big.Int).SetString(s, 16)
		if !ok {
			t.Fatalf("no vector %s", key)
		}
		return n
	}
}

// TestPublished holds group 0 and its operations against ICAO Doc 9303-11, Appendix G.2 and H.2.
func TestPublished(t *testing.T) {
	g := group(t, 0)
	v := vectors(t, "pace_gm_dh_G2")
	for _, n := range []struct {
		key  string
		have *big.Int
	}{
		{"p", g.P}, {"g", g.G}, {"q", g.Q},
		{"map_chip_public", g.Exp(g.G, v("map_chip_private"))},
		{"shared_h", g.Exp(v("map_chip_public"), v("map_terminal_private"))},
		{"mapped_generator", g.Mul(g.Exp(g.G, v("nonce_s")), v("shared_h"))},
	} {
		if n.have.Cmp(v(n.key)) != 0 {
			t.Errorf("%s is %x", n.key, n.have)
		}
	}
	v = vectors(t, "pace_im_dh_H2")
	if got, err := g.Encode(v("Rp")); err != nil || got.Cmp(v("mapped_generator")) != 0 {
		t.Errorf("encoded %x, %v", got, err)
	}
}

func TestGroups(t *testing.T) {
	for id, order := range []int{160, 224, 256} {
		g := group(t, id)
		if !g.P.ProbablyPrime(4) || !g.Q.ProbablyPrime(4) || g.Q.BitLen() != order || g.ParameterID() != id {
			t.Errorf("%s: bad constants", g.Name())
		}
		a, err1 := g.Draw(rand.Reader)
		b, err2 := g.Draw(rand.Reader)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		pub, err := g.Element(g.Exp(g.G, a).Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if g.Exp(pub, b).Cmp(g.Exp(g.Exp(g.G, b), a)) != 0 {
			t.Errorf("%s: ends do not agree", g.Name())
		}
		again, err := dh.New(g.P, g.G, nil)
		if err != nil || again != g {
			t.Errorf("%s is not found by its numbers: %v", g.Name(), err)
		}
	}
	if _, err := dh.ByParameterID(3); !errors.Is(err, dh.ErrUnknownGroup) {
		t.Errorf("group 3: %v", err)
	}
}

func TestElementsRefused(t *testing.T) {
	g := group(t, 1)
	last := new(big.Int).Sub(g.P, big.NewInt(1))
	for _, test := range []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"zero", []byte{0}},
		{"one", []byte{1}},
		{"order two", last.Bytes()},
		{"the prime", g.P.Bytes()},
		{"outside the subgroup", []byte{2}},
		{"longer than the prime", append([]byte{1}, g.P.Bytes()...)},
	} {
		if _, err := g.Element(test.b); !errors.Is(err, dh.ErrElement) {
			t.Errorf("%s: %v, want ErrElement", test.name, err)
		}
	}
}

func TestExplicitNumbers(t *testing.T) {
	g := group(t, 2)
	other := new(big.Int).Exp(g.G, big.NewInt(3), g.P)
	own, err := dh.New(g.P, other, g.Q)
	if err != nil || own.ParameterID() != -1 || own.Q == nil {
		t.Fatalf("another generator: %v", err)
	}
	bare, err := dh.New(g.P, other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Encode(big.NewInt(7)); !errors.Is(err, dh.ErrUnknownGroup) {
		t.Errorf("encode without an order: %v", err)
	}
	if d, err := bare.Draw(rand.Reader); err != nil || d.BitLen() < 1900 {
		t.Errorf("key of %d bits without an order, %v", d.BitLen(), err)
	}
	short, even := big.NewInt(23), new(big.Int).Add(g.P, big.NewInt(1))
	long := new(big.Int).Lsh(g.P, 4000)
	for _, n := range []struct {
		name    string
		p, g, q *big.Int
	}{
		{"short prime", short, big.NewInt(2), nil},
		{"even prime", even, big.NewInt(2), nil},
		{"long prime", long, big.NewInt(2), nil},
		{"generator one", g.P, big.NewInt(1), nil},
		{"generator of another order", g.P, big.NewInt(2), g.Q},
		{"order zero", g.P, g.G, new(big.Int)},
		{"order that does not divide", g.P, g.G, new(big.Int).Add(g.Q, big.NewInt(2))},
	} {
		if _, err := dh.New(n.p, n.g, n.q); !errors.Is(err, dh.ErrUnknownGroup) {
			t.Errorf("%s: %v, want ErrUnknownGroup", n.name, err)
		}
	}
}
