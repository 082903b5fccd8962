package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" // names keys only, see KeyID
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"padarozhnik/station/pki/ec"
)

// Bounds of RSA keys that are worth verifying with: shorter ones prove nothing, longer ones only
// burn time.
const (
	minRSABits      = 1024
	maxRSABits      = 8192
	leastNewRSABits = 2048 // of keys that we make (ICAO Doc 9303-12, 4.4.1.1)
)

// PublicKey is the subject public key of a certificate or of a chip: a point on a standardized
// curve, or an RSA key.
type PublicKey struct {
	Raw      []byte         // SubjectPublicKeyInfo, DER
	Curve    *ec.Curve      // nil for RSA
	Point    ec.Point       // the public point on Curve
	RSA      *rsa.PublicKey // nil for elliptic curves
	Explicit bool           // the curve was written out as explicit parameters
	PSSOnly  bool           // the key may only be used with RSA-PSS (RFC 4055, 1.2)

	bits []byte // contents of the subjectPublicKey bit string
}

// NewPublicKey returns the key in the form that certificates of the profile carry: an RSA key of
// 2048 bits or more, or a key on a curve of package ec with explicit parameters, cofactor and
// uncompressed point (ICAO Doc 9303-12, 4.4.1).
func NewPublicKey(pub crypto.PublicKey) (*PublicKey, error) {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		return newECKey(key)
	case *rsa.PublicKey:
		return newRSAKey(key)
	}
	return nil, fmt.Errorf("public key of type %T: %w", pub, ErrUnsupported)
}

func newRSAKey(key *rsa.PublicKey) (*PublicKey, error) {
	if n := key.N.BitLen(); n < leastNewRSABits || n > maxRSABits {
		return nil, fmt.Errorf("RSA key of %d bits: %w", n, ErrUnsupported)
	}
	bits, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(key.N)
			b.AddASN1Int64(int64(key.E))
		})
	})
	if err != nil {
		return nil, err
	}
	raw, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidRSAEncryption)
				b.AddASN1NULL()
			})
			b.AddASN1BitString(bits)
		})
	})
	if err != nil {
		return nil, err
	}
	return &PublicKey{Raw: raw, RSA: key, bits: bits}, nil
}

func newECKey(key *ecdsa.PublicKey) (*PublicKey, error) {
	curve, point, err := ec.FromPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	raw, err := build(func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidECPublicKey)
				addCurve(b, curve)
			})
			b.AddASN1BitString(curve.Bytes(point))
		})
	})
	if err != nil {
		return nil, err
	}
	return &PublicKey{Raw: raw, Curve: curve, Point: point, Explicit: true, bits: curve.Bytes(point)}, nil
}

// addCurve writes ECParameters version 1 with the cofactor (BSI TR-03111, 5.1.1).
func addCurve(b *cryptobyte.Builder, c *ec.Curve) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPrimeField)
			b.AddASN1BigInt(c.P)
		})
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(c.A.FillBytes(make([]byte, c.Size())))
			b.AddASN1OctetString(c.B.FillBytes(make([]byte, c.Size())))
		})
		b.AddASN1OctetString(c.Bytes(ec.Point{X: c.Gx, Y: c.Gy}))
		b.AddASN1BigInt(c.N)
		b.AddASN1Int64(int64(c.H))
	})
}

// Certifies tells whether the key is that of a signer on a curve.
func (k *PublicKey) Certifies(pub *ecdsa.PublicKey) bool {
	curve, point, err := ec.FromPublicKey(pub)
	return err == nil && k.Curve == curve && k.Point.Equal(point)
}

// ParsePublicKey reads a SubjectPublicKeyInfo. Curves may be named or explicit but must be
// standardized ones (ErrUnsupported), points uncompressed and on the curve (ErrMalformed).
func ParsePublicKey(raw []byte) (*PublicKey, error) {
	p := &parser{}
	return p.publicKey(raw)
}

func (p *parser) publicKey(raw []byte) (*PublicKey, error) {
	body, err := whole(raw, "public key")
	if err != nil {
		return nil, err
	}
	algorithm, err := sequence(&body, "public key")
	if err != nil {
		return nil, err
	}
	oid, err := objectID(&algorithm, "public key")
	if err != nil {
		return nil, err
	}
	key := &PublicKey{Raw: raw}
	if !body.ReadASN1BitStringAsBytes(&key.bits) || !body.Empty() {
		return nil, malformed("public key")
	}
	switch {
	case oid.Equal(oidECPublicKey):
		err = p.ecKey(key, algorithm)
	case oid.Equal(oidRSAEncryption), oid.Equal(oidRSAPSS):
		key.PSSOnly = oid.Equal(oidRSAPSS)
		err = p.rsaKey(key)
	default:
		err = fmt.Errorf("public key algorithm %v: %w", oid, ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (p *parser) ecKey(key *PublicKey, params cryptobyte.String) error {
	var err error
	if params.PeekASN1Tag(der.OBJECT_IDENTIFIER) {
		oid, err1 := objectID(&params, "curve")
		if err1 != nil {
			return err1
		}
		key.Curve, err = ec.ByOID(oid)
	} else {
		key.Explicit = true
		key.Curve, err = p.explicitCurve(&params)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrUnsupported)
	}
	if !params.Empty() {
		return malformed("curve")
	}
	if key.Point, err = key.Curve.Point(key.bits); err != nil {
		return fmt.Errorf("%w: %w", err, ErrMalformed)
	}
	return nil
}

// explicitCurve reads ECParameters and finds the standardized curve with exactly these numbers.
func (p *parser) explicitCurve(s *cryptobyte.String) (*ec.Curve, error) {
	const limit = 72 // bytes of the longest number, P-521 with its sign, and some
	body, err1 := sequence(s, "curve parameters")
	version, err2 := p.integer(&body, "curve parameters", 1)
	field, err3 := sequence(&body, "field")
	kind, err4 := objectID(&field, "field")
	prime, err5 := p.integer(&field, "field prime", limit)
	coefficients, err6 := sequence(&body, "coefficients")
	if err := firstError(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	var a, b, base cryptobyte.String
	if !coefficients.ReadASN1(&a, der.OCTET_STRING) || !coefficients.ReadASN1(&b, der.OCTET_STRING) ||
		!body.ReadASN1(&base, der.OCTET_STRING) || !kind.Equal(oidPrimeField) || version.Sign() <= 0 {
		return nil, malformed("curve parameters")
	}
	order, err := p.integer(&body, "group order", limit)
	if err != nil {
		return nil, err
	}
	if body.Empty() {
		p.note("curve parameters lack the cofactor")
	} else if h, err := p.integer(&body, "cofactor", 1); err != nil || h.Cmp(big.NewInt(1)) != 0 {
		return nil, malformed("cofactor")
	}
	return matchCurve(prime, new(big.Int).SetBytes(a), new(big.Int).SetBytes(b), order, base)
}

// matchCurve finds the curve whose generator has the encoding base, compressed or not.
func matchCurve(prime, a, b, order *big.Int, base []byte) (*ec.Curve, error) {
	if len(base) < 2 {
		return nil, malformed("generator")
	}
	size := (prime.BitLen() + 7) / 8
	if base[0] == 4 && len(base) == 1+2*size {
		x, y := new(big.Int).SetBytes(base[1:1+size]), new(big.Int).SetBytes(base[1+size:])
		return ec.ByParams(prime, a, b, x, y, order)
	}
	for id := range 32 {
		c, err := ec.ByParameterID(id)
		if err != nil || c.P.Cmp(prime) != 0 {
			continue
		}
		if !bytes.Equal(base, append([]byte{2 + byte(c.Gy.Bit(0))}, c.Gx.FillBytes(make([]byte, size))...)) {
			continue
		}
		return ec.ByParams(prime, a, b, c.Gx, c.Gy, order)
	}
	return nil, ec.ErrUnknownCurve
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) rsaKey(key *PublicKey) error {
	body, err := whole(key.bits, "RSA key")
	if err != nil {
		return err
	}
	n, err := p.integer(&body, "RSA modulus", maxRSABits/8+1)
	if err != nil {
		return err
	}
	e, err := p.integer(&body, "RSA exponent", 4)
	if err != nil || !body.Empty() {
		return malformed("RSA key")
	}
	if n.Sign() <= 0 || n.BitLen() < minRSABits || n.Bit(0) == 0 || e.Cmp(big.NewInt(3)) < 0 || e.Bit(0) == 0 {
		return fmt.Errorf("RSA key of %d bits: %w", n.BitLen(), ErrUnsupported)
	}
	key.RSA = &rsa.PublicKey{N: n, E: int(e.Int64())}
	return nil
}

// KeyID returns the key identifier that certificates of the profile use: SHA-1 over the public
// key's bit string, a name and not a proof (RFC 5280, 4.2.1.2, method 1).
func (k *PublicKey) KeyID() []byte {
	sum := sha1.Sum(k.bits)
	return sum[:]
}

// Equal reports whether both are the same key, however each is encoded.
func (k *PublicKey) Equal(o *PublicKey) bool {
	switch {
	case k.Curve != nil:
		return k.Curve == o.Curve && k.Point.Equal(o.Point)
	case k.RSA != nil && o.RSA != nil:
		return k.RSA.Equal(o.RSA)
	}
	return false
}

// is reports whether a key of the standard library is this one.
func (k *PublicKey) is(pub crypto.PublicKey) bool {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		curve, point, err := ec.FromPublicKey(pub)
		return err == nil && curve == k.Curve && point.Equal(k.Point)
	case *rsa.PublicKey:
		return k.RSA != nil && k.RSA.Equal(pub)
	}
	return false
}

// Crypto returns the key for the standard library: *ecdsa.PublicKey or *rsa.PublicKey.
func (k *PublicKey) Crypto() (crypto.PublicKey, error) {
	if k.RSA != nil {
		return k.RSA, nil
	}
	return k.Curve.PublicKey(k.Point)
}

// Verify checks a signature over message. It returns ErrSignature where the signature is wrong and
// ErrUnsupported where the algorithm does not go with the key.
func (k *PublicKey) Verify(alg SignatureAlgorithm, message, signature []byte) error {
	if !alg.Hash.Available() {
		return fmt.Errorf("signature hash: %w", ErrUnsupported)
	}
	h := alg.Hash.New()
	h.Write(message)
	digest := h.Sum(nil)
	ok := false
	switch {
	case alg.Scheme == ECDSA && k.Curve != nil:
		pub, err := k.Curve.PublicKey(k.Point)
		if err != nil {
			return err
		}
		ok = ecdsa.VerifyASN1(pub, digest, signature)
	case alg.Scheme == RSAPSS && k.RSA != nil:
		options := &rsa.PSSOptions{SaltLength: alg.SaltLength, Hash: alg.Hash}
		ok = rsa.VerifyPSS(k.RSA, alg.Hash, digest, signature, options) == nil
	case alg.Scheme == RSAPKCS1 && k.RSA != nil && !k.PSSOnly:
		ok = rsa.VerifyPKCS1v15(k.RSA, alg.Hash, digest, signature) == nil
	default:
		return fmt.Errorf("signature algorithm does not go with the key: %w", ErrUnsupported)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}
