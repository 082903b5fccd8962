package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// HSMKey is one elliptic-curve key in a token. It is a crypto.Signer.
type HSMKey struct {
	hsm    *HSM
	name   string
	public *ecdsa.PublicKey
	id     string
}

// Public is the public half, an *ecdsa.PublicKey.
func (k *HSMKey) Public() crypto.PublicKey { return k.public }

// KeyID names a P-256 key (journal.KeyID) and is empty for a key on another curve.
func (k *HSMKey) KeyID() string { return k.id }

// Sign signs a digest inside the token (CKM_ECDSA) and returns the ASN.1 form, verified with the
// public key. The token's own randomness is used, not rand; opts may be nil. It returns ErrClosed and
// what an HSM returns that has stopped, ErrDevice first.
func (k *HSMKey) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	size := (k.public.Params().N.BitLen() + 7) / 8
	if len(digest) > size {
		digest = digest[:size] // the leftmost bits count (FIPS 186-5, 6.4.1)
	}
	var signature []byte
	err := k.hsm.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		private, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, k.name)
		if err != nil {
			return err
		}
		mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}
		if err := ctx.SignInit(session, mechanism, private); err != nil {
			return err
		}
		plain, err := ctx.Sign(session, digest)
		if err != nil {
			return err
		}
		if signature, err = fromPlain(plain); err != nil || !ecdsa.VerifyASN1(k.public, digest, signature) {
			return fmt.Errorf("%w: its signature is wrong", ErrDevice)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", k.name, err)
	}
	return signature, nil
}

// fromPlain turns r||s into the ASN.1 form of a signature (RFC 3279, 2.2.3).
func fromPlain(plain []byte) ([]byte, error) {
	half := len(plain) / 2
	if half == 0 || len(plain)%2 != 0 {
		return nil, ErrDevice
	}
	var b cryptobyte.Builder
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(plain[:half]))
		b.AddASN1BigInt(new(big.Int).SetBytes(plain[half:]))
	})
	return b.Bytes()
}

// Signer returns the key with that label. It returns ErrNoKey, ErrDamaged for a key that is not on
// a known curve or whose label another key has, ErrDevice or ErrClosed.
func (h *HSM) Signer(name string) (*HSMKey, error) {
	k := &HSMKey{hsm: h, name: name}
	err := h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		if _, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, name); err != nil {
			return err
		}
		public, err := object(ctx, session, pkcs11.CKO_PUBLIC_KEY, name)
		if err != nil {
			return err
		}
		k.public, err = h.publicKey(ctx, session, public)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	k.id = idOf(k.public)
	return k, nil
}

// publicKey reads curve and point of a public key object.
func (h *HSM) publicKey(ctx *pkcs11.Ctx, session pkcs11.SessionHandle, o pkcs11.ObjectHandle) (
	*ecdsa.PublicKey, error) {
	params, err := attribute(ctx, session, o, pkcs11.CKA_EC_PARAMS)
	if err != nil {
		return nil, err
	}
	point, err := attribute(ctx, session, o, pkcs11.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	return parseECKey(params, point, h.slot.curve)
}

// curve finds a curve by its identifier.
func (s Slot) curve(oid asn1.ObjectIdentifier) (elliptic.Curve, error) {
	switch {
	case oid.Equal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}):
		return elliptic.P256(), nil
	case oid.Equal(asn1.ObjectIdentifier{1, 3, 132, 0, 34}):
		return elliptic.P384(), nil
	case oid.Equal(asn1.ObjectIdentifier{1, 3, 132, 0, 35}):
		return elliptic.P521(), nil
	case s.Curves != nil:
		return s.Curves(oid)
	}
	return nil, fmt.Errorf("curve %v: %w", oid, ErrDamaged)
}

// parseECKey reads CKA_EC_PARAMS, a named curve, and CKA_EC_POINT, an uncompressed point that most
// tokens wrap in an OCTET STRING and some do not.
func parseECKey(params, point []byte, curves func(asn1.ObjectIdentifier) (elliptic.Curve, error)) (
	*ecdsa.PublicKey, error) {
	var oid asn1.ObjectIdentifier
	if s := cryptobyte.String(params); !s.ReadASN1ObjectIdentifier(&oid) || !s.Empty() {
		return nil, fmt.Errorf("curve is not named: %w", ErrDamaged)
	}
	curve, err := curves(oid)
	if err != nil {
		return nil, err
	}
	var raw cryptobyte.String
	if s := cryptobyte.String(point); s.ReadASN1(&raw, der.OCTET_STRING) && s.Empty() {
		point = raw
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(point) != 1+2*size || point[0] != 4 {
		return nil, fmt.Errorf("public point: %w", ErrDamaged)
	}
	x, y := new(big.Int).SetBytes(point[1:1+size]), new(big.Int).SetBytes(point[1+size:])
	//lint:ignore SA1019 curves outside crypto/ecdh have no other check
	if x.Cmp(curve.Params().P) >= 0 || y.Cmp(curve.Params().P) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, fmt.Errorf("public point: %w", ErrDamaged)
	}
	//lint:ignore SA1019 Brainpool has no other way into crypto/ecdsa
	return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil
}

// Generate makes a signing key on a named curve inside the token, where it stays: sensitive, never
// extractable, for signatures alone. The token is asked whether it kept to that, and the key signs
// once. It returns ErrNameTaken, ErrCurve, ErrDevice or ErrClosed.
func (h *HSM) Generate(name string, curve asn1.ObjectIdentifier) (*HSMKey, error) {
	if err := h.generate(name, curve, pkcs11.CKA_SIGN); err != nil {
		return nil, fmt.Errorf("generate key %s: %w", name, err)
	}
	k, err := h.Signer(name)
	if err != nil {
		return nil, err
	}
	if _, err := k.Sign(nil, bytes.Repeat([]byte{0xA5}, 32), nil); err != nil {
		return nil, fmt.Errorf("prove new key: %w", err)
	}
	return k, nil
}

// generate makes a key pair whose private half has one use.
func (h *HSM) generate(name string, curve asn1.ObjectIdentifier, use uint) error {
	if _, err := h.slot.curve(curve); err != nil {
		return err
	}
	params, err := asn1.Marshal(curve)
	if err != nil {
		return err
	}
	kind := pair{
		mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN, use: use, refused: ErrCurve,
		public: []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, params)},
	}
	return h.makePair(name, kind)
}

// pair is what a new key pair is to be.
type pair struct {
	mechanism uint
	public    []*pkcs11.Attribute // what its mechanism asks for
	use       uint                // CKA_SIGN or CKA_DERIVE, of the private half
	refused   error               // where the token does not make such keys
}

// makePair makes a key pair under a name that is free, and asks the token how it keeps it.
func (h *HSM) makePair(name string, kind pair) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("name %q: want lower-case letters, digits, '-', '.', '/'", name)
	}
	return h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		taken, err := objects(ctx, session, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, name)})
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return ErrNameTaken
		}
		private, err := kind.generate(ctx, session, name, randomBytes(16))
		if err != nil {
			return err
		}
		for what, want := range map[uint]byte{pkcs11.CKA_SENSITIVE: 1, pkcs11.CKA_EXTRACTABLE: 0, kind.use: 1} {
			got, err := attribute(ctx, session, private, what)
			if err != nil {
				return err
			}
			if len(got) != 1 || (got[0] != 0) != (want != 0) {
				return fmt.Errorf("%w: new key is not kept as asked", ErrDevice)
			}
		}
		return nil
	})
}

func (kind pair) generate(ctx *pkcs11.Ctx, session pkcs11.SessionHandle, name string, id []byte) (
	pkcs11.ObjectHandle, error) {
	public := append([]*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, name), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	}, kind.public...)
	if kind.use == pkcs11.CKA_SIGN {
		public = append(public, pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true))
	}
	private := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, kind.use == pkcs11.CKA_SIGN),
		pkcs11.NewAttribute(pkcs11.CKA_DERIVE, kind.use == pkcs11.CKA_DERIVE),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, name), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
	}
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(kind.mechanism, nil)}
	_, handle, err := ctx.GenerateKeyPair(session, mechanism, public, private)
	var code pkcs11.Error
	if errors.As(err, &code) && refusesKind(code) {
		return 0, fmt.Errorf("%w: %v", kind.refused, code)
	}
	return handle, err
}

// refusesKind tells the answers of tokens that do not know a curve or a size; some say no more than that they
// failed. A token that did fail says so at the next call: nothing hangs on a key that was not made.
func refusesKind(code pkcs11.Error) bool {
	switch code {
	case pkcs11.CKR_CURVE_NOT_SUPPORTED, pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_DOMAIN_PARAMS_INVALID, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID,
		pkcs11.CKR_TEMPLATE_INCONSISTENT, pkcs11.CKR_KEY_SIZE_RANGE, pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED:
		return true
	}
	return false
}
