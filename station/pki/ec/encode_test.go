package ec_test

import (
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	"padarozhnik/station/pki/ec"
	"padarozhnik/station/published"
)

// TestEncodePublished is the mapping of ICAO Doc 9303-11, Appendix H.1.
func TestEncodePublished(t *testing.T) {
	var all struct {
		V struct {
			Rp        string `json:"Rp"`
			Generator string `json:"mapped_generator"`
		} `json:"pace_im_ecdh_H1"`
	}
	published.Doc9303(t, &all)
	r, ok := new(big.Int).SetString(all.V.Rp, 16)
	want, ok2 := new(big.Int).SetString("04"+all.V.Generator, 16)
	if !ok || !ok2 {
		t.Fatal("no vector")
	}
	p, err := ec.BrainpoolP256r1().Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := new(big.Int).SetBytes(ec.BrainpoolP256r1().Bytes(p)); got.Cmp(want) != 0 {
		t.Errorf("point %x, want %x", got, want)
	}
}

func TestEncodeEverywhere(t *testing.T) {
	for _, c := range all() {
		t.Run(c.Name(), func(t *testing.T) {
			if c == ec.P224() {
				if _, err := c.Encode(big.NewInt(5)); !errors.Is(err, ec.ErrUnknownCurve) {
					t.Errorf("error %v, want ErrUnknownCurve", err)
				}
				return
			}
			for range 20 {
				r, err := rand.Int(rand.Reader, c.P)
				if err != nil {
					t.Fatal(err)
				}
				p, err := c.Encode(r)
				if err != nil || !c.OnCurve(p) {
					t.Fatalf("%x: %v", r, err)
				}
				q, err := c.Encode(new(big.Int).Sub(c.P, r))
				if err != nil || q.X.Cmp(p.X) != 0 {
					t.Errorf("t and -t have different x: %v", err)
				}
			}
			// Where alpha+alpha² is zero the inverse does not exist.
			for _, r := range []*big.Int{new(big.Int), big.NewInt(1), new(big.Int).Sub(c.P, big.NewInt(1))} {
				if p, err := c.Encode(r); err == nil && !c.OnCurve(p) {
					t.Errorf("%v left the curve", r)
				}
			}
		})
	}
}
