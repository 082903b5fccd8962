package ec

import "math/big"

// jacobian is the arithmetic of Brainpool curves and P-192: Jacobian coordinates over math/big, where
// (X, Y, Z) stands for the affine point (X/Z², Y/Z³). Not constant time.
type jacobian struct{ c *Curve }

// triple is a point in Jacobian coordinates; Z = 0 is infinity.
type triple struct{ x, y, z *big.Int }

func infinity() triple { return triple{big.NewInt(1), big.NewInt(1), new(big.Int)} }

func (j *jacobian) add(p, q Point) Point {
	return j.affine(j.sum(lift(p), lift(q)))
}

func (j *jacobian) baseMul(k []byte) Point {
	return j.mul(k, Point{j.c.Gx, j.c.Gy})
}

// mul walks the scalar in windows of four bits, over a table of the fifteen first multiples.
func (j *jacobian) mul(k []byte, p Point) Point {
	var table [16]triple
	table[0], table[1] = infinity(), lift(p)
	for i := 2; i < len(table); i++ {
		table[i] = j.sum(table[i-1], table[1])
	}
	r := infinity()
	for _, b := range k {
		for _, digit := range [2]byte{b >> 4, b & 15} {
			for range 4 {
				r = j.double(r)
			}
			r = j.sum(r, table[digit])
		}
	}
	return j.affine(r)
}

func lift(p Point) triple { return triple{p.X, p.Y, big.NewInt(1)} }

func (j *jacobian) affine(t triple) Point {
	if t.z.Sign() == 0 {
		return Point{}
	}
	inv := new(big.Int).ModInverse(t.z, j.c.P)
	inv2 := j.times(inv, inv)
	return Point{j.times(t.x, inv2), j.times(t.y, j.times(inv2, inv))}
}

// double returns 2t. A point of order two has y = 0 and gives z = 0, as it must.
func (j *jacobian) double(t triple) triple {
	if t.z.Sign() == 0 {
		return t
	}
	yy := j.times(t.y, t.y)
	zz := j.times(t.z, t.z)
	s := j.times(t.x, yy)
	s.Lsh(s, 2) // 4xy²
	m := j.times(t.x, t.x)
	m.Mul(m, big.NewInt(3))
	m.Add(m, j.times(j.c.A, j.times(zz, zz))).Mod(m, j.c.P) // 3x² + az⁴

	x := new(big.Int).Mul(m, m)
	x.Sub(x, s).Sub(x, s).Mod(x, j.c.P)
	y8 := j.times(yy, yy)
	y8.Lsh(y8, 3) // 8y⁴
	y := s.Sub(s, x)
	y.Mul(y, m).Sub(y, y8).Mod(y, j.c.P)
	z := j.times(t.y, t.z)
	z.Lsh(z, 1).Mod(z, j.c.P)
	return triple{x, y, z}
}

// sum returns t + u for any two points, equal and opposite ones included.
func (j *jacobian) sum(t, u triple) triple {
	if t.z.Sign() == 0 {
		return u
	}
	if u.z.Sign() == 0 {
		return t
	}
	tz2, uz2 := j.times(t.z, t.z), j.times(u.z, u.z)
	x1, x2 := j.times(t.x, uz2), j.times(u.x, tz2)
	y1, y2 := j.times(t.y, j.times(u.z, uz2)), j.times(u.y, j.times(t.z, tz2))
	h := new(big.Int).Sub(x2, x1)
	r := new(big.Int).Sub(y2, y1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			return j.double(t)
		}
		return infinity()
	}
	h2 := j.times(h, h)
	h3 := j.times(h, h2)
	v := j.times(x1, h2)

	x := new(big.Int).Mul(r, r)
	x.Sub(x, h3).Sub(x, v).Sub(x, v).Mod(x, j.c.P)
	y := v.Sub(v, x)
	y.Mul(y, r).Sub(y, y1.Mul(y1, h3)).Mod(y, j.c.P)
	return triple{x, y, j.times(h, j.times(t.z, u.z))}
}

func (j *jacobian) times(a, b *big.Int) *big.Int {
	r := new(big.Int).Mul(a, b)
	return r.Mod(r, j.c.P)
}
