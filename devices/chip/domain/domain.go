// Package domain puts the two kinds of domain parameters in which a passport chip agrees on keys
// behind one type: elliptic curves and integers modulo a prime (ICAO Doc 9303-11, 9.5 and 9.6).
// PACE and Chip Authentication are written once, over a Group.
//
// Timing is that of the arithmetic below: constant time on P-224, P-256, P-384 and P-521; math/big,
// and so not constant time, on Brainpool, P-192 and all integers modulo a prime (packages ec, dh).
package domain

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/station/pki/dh"
	"padarozhnik/station/pki/ec"
)

// Errors of groups.
var (
	// ErrUnknown: no standardized domain parameters have this number.
	ErrUnknown = errors.New("unknown domain parameters")
	// ErrElement: not a public key of the group, or the neutral element.
	ErrElement = errors.New("not an element of the group")
)

// Group is a curve or a group of integers. The zero value is neither and must not be used.
type Group struct {
	curve *ec.Curve
	modp  *dh.Group
}

// Element is a public key of a group, checked to be one. The zero value is none.
type Element struct {
	point  ec.Point
	number *big.Int
}

// Curve is the group of a curve.
func Curve(c *ec.Curve) Group { return Group{curve: c} }

// Modular is a group of integers.
func Modular(g *dh.Group) Group { return Group{modp: g} }

// ByParameterID finds the standardized domain parameters of a number: 0 to 2 and 8 to 18. It returns
// ErrUnknown.
func ByParameterID(id int) (Group, error) {
	if g, err := dh.ByParameterID(id); err == nil {
		return Modular(g), nil
	}
	c, err := ec.ByParameterID(id)
	if err != nil {
		return Group{}, fmt.Errorf("%w: %d", ErrUnknown, id)
	}
	return Curve(c), nil
}

// IsZero tells a Group that was never set.
func (g Group) IsZero() bool { return g.curve == nil && g.modp == nil }

// OnCurve tells a curve from integers.
func (g Group) OnCurve() bool { return g.curve != nil }

// Name is that of the curve, or the sizes of prime and subgroup.
func (g Group) Name() string {
	if g.curve != nil {
		return g.curve.Name()
	}
	return g.modp.Name()
}

// ParameterID is the number of standardized domain parameters, -1 for explicit ones.
func (g Group) ParameterID() int {
	if g.curve != nil {
		return g.curve.ParameterID()
	}
	return g.modp.ParameterID()
}

// Field is the prime below the group's numbers; it must not be changed.
func (g Group) Field() *big.Int {
	if g.curve != nil {
		return g.curve.P
	}
	return g.modp.P
}

// Order is the group's order, nil where it is not known; it must not be changed.
func (g Group) Order() *big.Int {
	if g.curve != nil {
		return g.curve.N
	}
	return g.modp.Q
}

// Encodable tells whether field elements can be mapped to the group, as Integrated Mapping needs:
// not on P-224, and not without an order.
func (g Group) Encodable() bool {
	if g.curve != nil {
		return g.curve.P.Bit(1) == 1
	}
	return g.modp.Q != nil
}

// Draw draws a private key.
func (g Group) Draw(rand io.Reader) (*big.Int, error) {
	if g.curve != nil {
		return g.curve.Draw(rand)
	}
	return g.modp.Draw(rand)
}

// Generate draws a key pair on the group's own generator.
func (g Group) Generate(rand io.Reader) (private *big.Int, public Element, err error) {
	if private, err = g.Draw(rand); err != nil {
		return nil, Element{}, err
	}
	public, err = g.Public(private)
	return private, public, err
}

// Parse reads a public key as it goes over the wire: an uncompressed point, or an unsigned integer
// (ICAO Doc 9303-11, 9.4.5). Every key is checked to lie in the group (RFC 2631, 2.1.5; BSI TR-03111,
// 3.2.2.1). It returns ErrElement.
func (g Group) Parse(b []byte) (Element, error) {
	if g.curve != nil {
		p, err := g.curve.Point(b)
		if err != nil {
			return Element{}, fmt.Errorf("%w: %w", ErrElement, err)
		}
		return Element{point: p}, nil
	}
	y, err := g.modp.Element(b)
	if err != nil {
		return Element{}, fmt.Errorf("%w: %w", ErrElement, err)
	}
	return Element{number: y}, nil
}

// Bytes is the wire form: an uncompressed point, or the shortest unsigned integer (ICAO Doc 9303-11,
// 9.4.1 and 9.4.3).
func (g Group) Bytes(e Element) []byte {
	if g.curve != nil {
		return g.curve.Bytes(e.point)
	}
	return e.number.Bytes()
}

// Tag is that of the public key in a public key data object (ICAO Doc 9303-11, 9.4.3 and 9.4.4).
func (g Group) Tag() uint32 {
	if g.curve != nil {
		return 0x86
	}
	return 0x84
}

// Secret is what a key agreement that came to e gives to key derivation: the x-coordinate, or the
// number, as long as the prime (ICAO Doc 9303-11, 9.6 and 9.7.1).
func (g Group) Secret(e Element) []byte {
	if g.curve != nil {
		return e.point.X.FillBytes(make([]byte, g.curve.Size()))
	}
	return e.number.FillBytes(make([]byte, g.modp.Size()))
}

// Public is the public key of a private one on the group's own generator.
func (g Group) Public(private *big.Int) (Element, error) {
	if g.curve != nil {
		return onCurve(g.curve.BaseMul(private))
	}
	return g.number(g.modp.Exp(g.modp.G, private))
}

// Mul applies a private key to a public one. It returns ErrElement for the neutral element.
func (g Group) Mul(private *big.Int, e Element) (Element, error) {
	if g.curve != nil {
		return onCurve(g.curve.Mul(private, e.point))
	}
	return g.number(g.modp.Exp(e.number, private))
}

// Combine is the group's operation on two elements: the sum of points, the product of integers. It
// returns ErrElement for the neutral element.
func (g Group) Combine(a, b Element) (Element, error) {
	if g.curve != nil {
		return onCurve(g.curve.AddPoints(a.point, b.point))
	}
	return g.number(g.modp.Mul(a.number, b.number))
}

// Encode maps an element of the field to the group (ICAO Doc 9303-11, 4.4.3.3.2).
func (g Group) Encode(x *big.Int) (Element, error) {
	if g.curve != nil {
		p, err := g.curve.Encode(x)
		if err != nil {
			return Element{}, fmt.Errorf("%w: %w", ErrElement, err)
		}
		return onCurve(p)
	}
	y, err := g.modp.Encode(x)
	if err != nil {
		return Element{}, fmt.Errorf("%w: %w", ErrElement, err)
	}
	return g.number(y)
}

// Equal reports whether two elements are the same.
func (g Group) Equal(a, b Element) bool {
	if g.curve != nil {
		return a.point.Equal(b.point)
	}
	return a.number.Cmp(b.number) == 0
}

// Private reads a private key: a number of 1 below the order, in as many bytes as the order has. It
// returns ErrElement.
func (g Group) Private(b []byte) (*big.Int, error) {
	n := g.Order()
	if n == nil {
		n = g.Field()
	}
	d := new(big.Int).SetBytes(b)
	if len(b) != (n.BitLen()+7)/8 || d.Sign() == 0 || d.Cmp(n) >= 0 {
		return nil, fmt.Errorf("%w: private key of %d bytes on %s", ErrElement, len(b), g.Name())
	}
	return d, nil
}

// PrivateBytes is the form that Private reads.
func (g Group) PrivateBytes(d *big.Int) []byte {
	n := g.Order()
	if n == nil {
		n = g.Field()
	}
	return d.FillBytes(make([]byte, (n.BitLen()+7)/8))
}

// SigningKey is a private key on a curve as crypto/ecdsa takes it.
func SigningKey(parameterID int, private []byte) (*ecdsa.PrivateKey, error) {
	c, err := ec.ByParameterID(parameterID)
	if err != nil {
		return nil, fmt.Errorf("%w: %d", ErrUnknown, parameterID)
	}
	d, err := Curve(c).Private(private)
	if err != nil {
		return nil, err
	}
	return c.PrivateKey(d)
}

func onCurve(p ec.Point) (Element, error) {
	if p.IsInfinity() {
		return Element{}, fmt.Errorf("%w: infinity", ErrElement)
	}
	return Element{point: p}, nil
}

func (g Group) number(y *big.Int) (Element, error) {
	if y.Cmp(big.NewInt(1)) <= 0 {
		return Element{}, fmt.Errorf("%w: neutral element", ErrElement)
	}
	return Element{number: y}, nil
}
