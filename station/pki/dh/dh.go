// Package dh holds the Diffie-Hellman groups of machine readable travel documents: integers modulo
// a prime with a subgroup of prime order, of which ICAO Doc 9303-11, 9.5.1 numbers three (RFC 5114)
// and a chip may state others in its own certificate form.
//
// They are here to read documents that have them: elliptic curves do the same with shorter numbers,
// and group 0 with its 1024 bits is too short for a new document.
//
// Timing: arithmetic is math/big, which is not constant time. That is borne by keys that live for
// one run; a long-lived private key does not belong into this package on a machine where an attacker
// can measure.
//
// Groups are immutable and shared; all methods may be called by several goroutines at a time.
package dh

import (
	"errors"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/station/pki/scalar"
)

// ErrUnknownGroup is returned for a number that the standard does not give to a group, and for
// explicit numbers that are no group or have a size that is not worth working with.
var ErrUnknownGroup = errors.New("unknown Diffie-Hellman group")

// ErrElement is returned for a number outside the group, and for the neutral element.
var ErrElement = errors.New("not an element of the group")

// Bounds of groups: shorter primes protect nothing, longer ones only burn time.
const (
	minBits      = 1024
	maxBits      = 3072
	minOrderBits = 160
)

// Group is the subgroup of order Q that G generates modulo the prime P. Q is nil for a group in the
// form of PKCS#3, which does not state it. The numbers must not be changed.
type Group struct {
	P, G, Q *big.Int

	name        string
	parameterID int // -1 for explicit numbers
}

// New returns the group of explicit numbers: a standardized one where they are its, q or no q. It
// checks sizes, and that g has the order q; that p and q are prime is the word of whoever signed
// them.
func New(p, g, q *big.Int) (*Group, error) {
	for _, known := range groups() {
		if known.P.Cmp(p) == 0 && known.G.Cmp(g) == 0 && (q == nil || known.Q.Cmp(q) == 0) {
			return known, nil
		}
	}
	one := big.NewInt(1)
	bits := p.BitLen()
	last := new(big.Int).Sub(p, one)
	if p.Sign() < 0 || bits < minBits || bits > maxBits || p.Bit(0) == 0 || g.Cmp(one) <= 0 || g.Cmp(last) >= 0 {
		return nil, fmt.Errorf("prime of %d bits: %w", bits, ErrUnknownGroup)
	}
	if q == nil {
		return &Group{P: p, G: g, name: fmt.Sprintf("MODP-%d", bits), parameterID: -1}, nil
	}
	if q.Sign() < 0 || q.BitLen() < minOrderBits || q.Cmp(p) >= 0 || new(big.Int).Mod(last, q).Sign() != 0 ||
		new(big.Int).Exp(g, q, p).Cmp(one) != 0 {
		return nil, fmt.Errorf("subgroup of %d bits: %w", q.BitLen(), ErrUnknownGroup)
	}
	return &Group{P: p, G: g, Q: q, name: fmt.Sprintf("MODP-%d/%d", bits, q.BitLen()), parameterID: -1}, nil
}

// Name tells the sizes of the group: "MODP-2048/256".
func (g *Group) Name() string { return g.name }

// ParameterID returns the number of the standardized domain parameters, -1 for explicit ones.
func (g *Group) ParameterID() int { return g.parameterID }

// Size returns the length of the prime in bytes.
func (g *Group) Size() int { return (g.P.BitLen() + 7) / 8 }

// Draw draws a private key below the order of the group.
func (g *Group) Draw(rand io.Reader) (*big.Int, error) {
	if g.Q == nil {
		return scalar.Draw(rand, new(big.Int).Sub(g.P, big.NewInt(1)))
	}
	return scalar.Draw(rand, g.Q)
}

// Exp returns base to the power of k.
func (g *Group) Exp(base, k *big.Int) *big.Int { return new(big.Int).Exp(base, k, g.P) }

// Mul returns a times b.
func (g *Group) Mul(a, b *big.Int) *big.Int {
	r := new(big.Int).Mul(a, b)
	return r.Mod(r, g.P)
}

// Element reads a public value: a number of 2..P-2, in the subgroup where its order is known (RFC
// 2631, 2.1.5). It returns ErrElement for anything else.
func (g *Group) Element(b []byte) (*big.Int, error) {
	if len(b) > g.Size() {
		return nil, fmt.Errorf("%s, %d bytes: %w", g.name, len(b), ErrElement)
	}
	y := new(big.Int).SetBytes(b)
	return y, g.Check(y)
}

// Check is Element's test of a number.
func (g *Group) Check(y *big.Int) error {
	one := big.NewInt(1)
	if y.Cmp(one) <= 0 || y.Cmp(new(big.Int).Sub(g.P, one)) >= 0 {
		return fmt.Errorf("%s: %w", g.name, ErrElement)
	}
	if g.Q != nil && g.Exp(y, g.Q).Cmp(one) != 0 {
		return fmt.Errorf("%s, outside the subgroup: %w", g.name, ErrElement)
	}
	return nil
}

// Encode maps a number to the subgroup: its power by the cofactor (ICAO Doc 9303-11, 4.4.3.3.2). It
// returns ErrElement where that is the neutral element, and ErrUnknownGroup without an order.
func (g *Group) Encode(x *big.Int) (*big.Int, error) {
	if g.Q == nil {
		return nil, fmt.Errorf("%s without an order: %w", g.name, ErrUnknownGroup)
	}
	cofactor := new(big.Int).Sub(g.P, big.NewInt(1))
	y := g.Exp(x, cofactor.Div(cofactor, g.Q))
	return y, g.Check(y)
}
