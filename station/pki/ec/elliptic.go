package ec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// This file lets a Curve stand in crypto/ecdsa, where (0, 0) is infinity.

var _ elliptic.Curve = (*Curve)(nil)

// Params returns the numbers of the curve without A. The arithmetic of elliptic.CurveParams itself
// is wrong for Brainpool, because it takes A as -3: call the methods of Curve.
func (c *Curve) Params() *elliptic.CurveParams { return c.params }

// IsOnCurve reports whether (x, y) is an affine point of the curve.
func (c *Curve) IsOnCurve(x, y *big.Int) bool { return c.OnCurve(Point{x, y}) }

// Add returns the sum of two points.
func (c *Curve) Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int) {
	return pair(c.AddPoints(Point{x1, y1}, Point{x2, y2}))
}

// Double returns twice a point.
func (c *Curve) Double(x1, y1 *big.Int) (x, y *big.Int) {
	return c.Add(x1, y1, x1, y1)
}

// ScalarMult returns k times a point, k big endian.
func (c *Curve) ScalarMult(x1, y1 *big.Int, k []byte) (x, y *big.Int) {
	return pair(c.Mul(new(big.Int).SetBytes(k), Point{x1, y1}))
}

// ScalarBaseMult returns k times the generator, k big endian.
func (c *Curve) ScalarBaseMult(k []byte) (x, y *big.Int) {
	return pair(c.BaseMul(new(big.Int).SetBytes(k)))
}

func pair(p Point) (x, y *big.Int) {
	if p.IsInfinity() {
		return new(big.Int), new(big.Int)
	}
	return p.X, p.Y
}

// PublicKey returns p as a key of crypto/ecdsa on ECDSACurve. It returns ErrPoint for a point that
// is not on the curve.
func (c *Curve) PublicKey(p Point) (*ecdsa.PublicKey, error) {
	if !c.OnCurve(p) {
		return nil, fmt.Errorf("%s: %w", c.name, ErrPoint)
	}
	//lint:ignore SA1019 Brainpool has no other way into crypto/ecdsa
	return &ecdsa.PublicKey{Curve: c.ECDSACurve(), X: p.X, Y: p.Y}, nil
}

// PrivateKey returns the key pair of the scalar d, 0 < d < N, as a key of crypto/ecdsa.
func (c *Curve) PrivateKey(d *big.Int) (*ecdsa.PrivateKey, error) {
	if d.Sign() <= 0 || d.Cmp(c.N) >= 0 {
		return nil, errors.New("private key outside 1..N-1")
	}
	pub, err := c.PublicKey(c.BaseMul(d))
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 Brainpool has no other way into crypto/ecdsa
	return &ecdsa.PrivateKey{PublicKey: *pub, D: d}, nil
}

// FromPublicKey returns the curve and the point of a key of crypto/ecdsa. It returns
// ErrUnknownCurve or ErrPoint.
func FromPublicKey(pub *ecdsa.PublicKey) (*Curve, Point, error) {
	c, err := Of(pub.Curve)
	if err != nil {
		return nil, Point{}, err
	}
	//lint:ignore SA1019 Brainpool has no other way out of crypto/ecdsa
	p := Point{pub.X, pub.Y}
	if !c.OnCurve(p) {
		return nil, Point{}, fmt.Errorf("%s: %w", c.name, ErrPoint)
	}
	return c, p, nil
}

// ECDSAByOID is ECDSACurve of the curve with an object identifier, as a token names its keys' curves.
func ECDSAByOID(oid asn1.ObjectIdentifier) (elliptic.Curve, error) {
	c, err := ByOID(oid)
	if err != nil {
		return nil, err
	}
	return c.ECDSACurve(), nil
}
