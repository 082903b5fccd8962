package ec

import (
	"crypto/elliptic"
	"encoding/asn1"
	"fmt"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// Object identifiers of the NIST curves (RFC 5480, 2.1.1.1).
var (
	oidP192 = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}
	oidP224 = asn1.ObjectIdentifier{1, 3, 132, 0, 33}
	oidP256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	oidP384 = asn1.ObjectIdentifier{1, 3, 132, 0, 34}
	oidP521 = asn1.ObjectIdentifier{1, 3, 132, 0, 35}
)

func oidBrainpool(arc int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, arc}
}

// curves builds the read-only table of all curves once.
var curves = sync.OnceValue(func() []*Curve {
	return []*Curve{
		generic(8, "P-192", oidP192, nist192),
		nist(10, elliptic.P224(), oidP224, nistGroup[*nistec.P224Point]{nistec.NewP224Point, 28}),
		nist(12, elliptic.P256(), oidP256, nistGroup[*nistec.P256Point]{nistec.NewP256Point, 32}),
		nist(15, elliptic.P384(), oidP384, nistGroup[*nistec.P384Point]{nistec.NewP384Point, 48}),
		nist(18, elliptic.P521(), oidP521, nistGroup[*nistec.P521Point]{nistec.NewP521Point, 66}),
		generic(9, "brainpoolP192r1", oidBrainpool(3), brainpool192),
		generic(11, "brainpoolP224r1", oidBrainpool(5), brainpool224),
		generic(13, "brainpoolP256r1", oidBrainpool(7), brainpool256),
		generic(14, "brainpoolP320r1", oidBrainpool(9), brainpool320),
		generic(16, "brainpoolP384r1", oidBrainpool(11), brainpool384),
		generic(17, "brainpoolP512r1", oidBrainpool(13), brainpool512),
	}
})

// P192 returns NIST P-192, parameters 8. It is too short for new documents and serves to read old
// ones.
func P192() *Curve { return mustByID(8) }

// P224 returns NIST P-224, parameters 10.
func P224() *Curve { return mustByID(10) }

// P256 returns NIST P-256, parameters 12.
func P256() *Curve { return mustByID(12) }

// P384 returns NIST P-384, parameters 15.
func P384() *Curve { return mustByID(15) }

// P521 returns NIST P-521, parameters 18.
func P521() *Curve { return mustByID(18) }

// BrainpoolP192r1 returns brainpoolP192r1 (RFC 5639, 3.2), parameters 9. It is too short for new
// documents and serves to read old ones.
func BrainpoolP192r1() *Curve { return mustByID(9) }

// BrainpoolP224r1 returns brainpoolP224r1 (RFC 5639, 3.3), parameters 11.
func BrainpoolP224r1() *Curve { return mustByID(11) }

// BrainpoolP256r1 returns brainpoolP256r1 (RFC 5639, 3.4), parameters 13.
func BrainpoolP256r1() *Curve { return mustByID(13) }

// BrainpoolP320r1 returns brainpoolP320r1 (RFC 5639, 3.5), parameters 14.
func BrainpoolP320r1() *Curve { return mustByID(14) }

// BrainpoolP384r1 returns brainpoolP384r1 (RFC 5639, 3.6), parameters 16.
func BrainpoolP384r1() *Curve { return mustByID(16) }

// BrainpoolP512r1 returns brainpoolP512r1 (RFC 5639, 3.7), parameters 17.
func BrainpoolP512r1() *Curve { return mustByID(17) }

func mustByID(id int) *Curve {
	c, err := ByParameterID(id)
	if err != nil {
		panic(err) // the callers above pass numbers of the table only
	}
	return c
}

// ByParameterID returns the curve of a standardized domain parameter number
// (ICAO Doc 9303-11, 9.5.1), or ErrUnknownCurve: numbers below 8 are no curves.
func ByParameterID(id int) (*Curve, error) {
	for _, c := range curves() {
		if c.parameterID == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("domain parameters %d: %w", id, ErrUnknownCurve)
}

// ByOID returns the curve of an object identifier, or ErrUnknownCurve.
func ByOID(oid asn1.ObjectIdentifier) (*Curve, error) {
	for _, c := range curves() {
		if c.oid.Equal(oid) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("curve %v: %w", oid, ErrUnknownCurve)
}

// ByParams returns the curve whose parameters are exactly these, or ErrUnknownCurve. A curve that
// differs in any number, the generator included, is refused: explicit parameters must never bring
// a curve of their own.
func ByParams(p, a, b, gx, gy, n *big.Int) (*Curve, error) {
	for _, c := range curves() {
		if c.P.Cmp(p) == 0 && c.A.Cmp(a) == 0 && c.B.Cmp(b) == 0 &&
			c.Gx.Cmp(gx) == 0 && c.Gy.Cmp(gy) == 0 && c.N.Cmp(n) == 0 {
			return c, nil
		}
	}
	return nil, fmt.Errorf("explicit parameters of %d bits: %w", p.BitLen(), ErrUnknownCurve)
}

// Of returns the Curve that an elliptic.Curve of crypto/ecdsa stands for, or ErrUnknownCurve.
func Of(e elliptic.Curve) (*Curve, error) {
	for _, c := range curves() {
		if e == c.ECDSACurve() || e == elliptic.Curve(c) {
			return c, nil
		}
	}
	return nil, ErrUnknownCurve
}

func nist(id int, e elliptic.Curve, oid asn1.ObjectIdentifier, g group) *Curve {
	p := e.Params()
	return &Curve{
		P: p.P, A: new(big.Int).Sub(p.P, big.NewInt(3)), B: p.B, N: p.N, Gx: p.Gx, Gy: p.Gy, H: 1,
		name: p.Name, parameterID: id, params: p, standard: e, group: g, oid: oid,
	}
}

// generic makes a curve whose arithmetic is math/big.
func generic(id int, name string, oid asn1.ObjectIdentifier, hex domain) *Curve {
	c := &Curve{
		P: number(hex.p), A: number(hex.a), B: number(hex.b), N: number(hex.n),
		Gx: number(hex.x), Gy: number(hex.y), H: 1,
		name: name, parameterID: id, oid: oid,
	}
	c.params = &elliptic.CurveParams{
		P: c.P, N: c.N, B: c.B, Gx: c.Gx, Gy: c.Gy, BitSize: c.P.BitLen(), Name: name,
	}
	c.group = &jacobian{c}
	return c
}

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("ec: bad constant") // constants of this package only
	}
	return n
}
