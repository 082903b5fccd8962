package ec

import "math/big"

// nistPoint is what the point types of filippo.io/nistec have in common.
type nistPoint[T any] interface {
	Add(p, q T) T
	ScalarMult(p T, k []byte) (T, error)
	ScalarBaseMult(k []byte) (T, error)
	SetBytes(b []byte) (T, error)
	Bytes() []byte
}

// nistGroup is the constant-time arithmetic of one NIST curve.
type nistGroup[T nistPoint[T]] struct {
	fresh func() T
	size  int // of a coordinate, in bytes
}

func (g nistGroup[T]) add(p, q Point) Point {
	return g.leave(g.fresh().Add(g.enter(p), g.enter(q)))
}

func (g nistGroup[T]) mul(k []byte, p Point) Point {
	r, err := g.fresh().ScalarMult(g.enter(p), k)
	if err != nil {
		panic(err) // Curve.scalar always gives the length that nistec asks for
	}
	return g.leave(r)
}

func (g nistGroup[T]) baseMul(k []byte) Point {
	r, err := g.fresh().ScalarBaseMult(k)
	if err != nil {
		panic(err) // as in mul
	}
	return g.leave(r)
}

// enter takes a point that is known to lie on the curve.
func (g nistGroup[T]) enter(p Point) T {
	b := make([]byte, 1+2*g.size)
	b[0] = 4
	p.X.FillBytes(b[1 : 1+g.size])
	p.Y.FillBytes(b[1+g.size:])
	r, err := g.fresh().SetBytes(b)
	if err != nil {
		panic(err) // group's contract: callers check OnCurve
	}
	return r
}

func (g nistGroup[T]) leave(p T) Point {
	b := p.Bytes()
	if len(b) == 1 {
		return Point{}
	}
	return Point{new(big.Int).SetBytes(b[1 : 1+g.size]), new(big.Int).SetBytes(b[1+g.size:])}
}
