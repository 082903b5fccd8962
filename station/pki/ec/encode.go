package ec

import (
	"fmt"
	"math/big"
)

// Encode maps an element of the field to a point: the simplified encoding of Shallue, van de
// Woestijne and Ulas in affine coordinates (ICAO Doc 9303-11, Appendix B). It is for curves over a
// prime that is 3 modulo 4 and returns ErrUnknownCurve for P-224, whose prime is not, and ErrPoint
// where the point is infinity. Not constant time, on any curve.
func (c *Curve) Encode(t *big.Int) (Point, error) {
	if c.P.Bit(0) != 1 || c.P.Bit(1) != 1 {
		return Point{}, fmt.Errorf("encode into %s: %w", c.name, ErrUnknownCurve)
	}
	f := field{c.P}
	alpha := f.sub(new(big.Int), f.mul(t, t))
	sum := f.inverse(f.add(alpha, f.mul(alpha, alpha)))
	x2 := f.mul(f.sub(new(big.Int), f.mul(c.B, f.inverse(c.A))), f.add(big.NewInt(1), sum))
	x3 := f.mul(alpha, x2)
	h2, u := c.right(x2), f.mul(t, f.mul(t, t))
	u = f.mul(u, h2)

	quarter := new(big.Int).Add(c.P, big.NewInt(1))
	quarter.Rsh(quarter, 2)
	exponent := new(big.Int).Sub(c.P, big.NewInt(1))
	a := new(big.Int).Exp(h2, exponent.Sub(exponent, quarter), c.P)
	p := Point{x3, f.mul(a, u)}
	if f.mul(f.mul(a, a), h2).Cmp(big.NewInt(1)) == 0 {
		p = Point{x2, f.mul(a, h2)}
	}
	if !c.OnCurve(p) {
		return Point{}, fmt.Errorf("encode into %s: %w", c.name, ErrPoint)
	}
	return p, nil // every curve here has cofactor 1
}

// right is the right side of the curve's equation at x.
func (c *Curve) right(x *big.Int) *big.Int {
	y := new(big.Int).Mul(x, x)
	return y.Add(y, c.A).Mul(y, x).Add(y, c.B).Mod(y, c.P)
}

// field is arithmetic modulo a prime.
type field struct{ p *big.Int }

func (f field) add(a, b *big.Int) *big.Int {
	r := new(big.Int).Add(a, b)
	return r.Mod(r, f.p)
}

func (f field) sub(a, b *big.Int) *big.Int {
	r := new(big.Int).Sub(a, b)
	return r.Mod(r, f.p)
}

func (f field) mul(a, b *big.Int) *big.Int {
	r := new(big.Int).Mul(a, b)
	return r.Mod(r, f.p)
}

// inverse of zero is zero, as it is for the power p-2.
func (f field) inverse(a *big.Int) *big.Int {
	if r := new(big.Int).ModInverse(a, f.p); r != nil {
		return r
	}
	return new(big.Int)
}
