package token

import (
	"crypto"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
)

// Sizes of RSA keys that are made: ICAO Doc 9303-12, 4.4.1.1, recommends at least 3072 bits for a CSCA
// and 2048 for a document signer.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// ErrRSA: the token does not make RSA keys of that size, or signs by no more than the older padding.
var ErrRSA = errors.New("token does not have RSA keys of that size with RSA-PSS")

// HSMRSAKey is one RSA key in a token. It is a crypto.Signer that signs by RSA-PSS alone (RFC 8017, 8.1):
// what a country signs newly carries no older padding (ICAO Doc 9303-12, 4.4.1.1).
type HSMRSAKey struct {
	hsm    *HSM
	name   string
	public *rsa.PublicKey
}

// Public is the public half, an *rsa.PublicKey.
func (k *HSMRSAKey) Public() crypto.PublicKey { return k.public }

// pssMechanisms are the numbers of hash functions and mask generation functions (PKCS #11, 2.1.7).
var pssMechanisms = map[crypto.Hash][2]uint{
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}

// Sign signs a digest inside the token (CKM_RSA_PKCS_PSS) and verifies the result. opts must be
// *rsa.PSSOptions with SHA-256, 384 or 512; any other length of salt than a positive one means that of the
// hash. It returns ErrRSA, and what HSMKey.Sign returns.
func (k *HSMRSAKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	o, ok := opts.(*rsa.PSSOptions)
	if !ok || pssMechanisms[o.Hash] == [2]uint{} || len(digest) != o.Hash.Size() {
		return nil, fmt.Errorf("sign with %s: %w", k.name, ErrRSA)
	}
	how := &rsa.PSSOptions{Hash: o.Hash, SaltLength: o.SaltLength}
	if how.SaltLength <= 0 {
		how.SaltLength = how.Hash.Size()
	}
	var signature []byte
	err := k.hsm.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		private, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, k.name)
		if err != nil {
			return err
		}
		numbers := pssMechanisms[how.Hash]
		params := pkcs11.NewPSSParams(numbers[0], numbers[1], uint(how.SaltLength))
		err = ctx.SignInit(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, params)}, private)
		var code pkcs11.Error
		if errors.As(err, &code) && refusesKind(code) {
			return fmt.Errorf("%w: %v", ErrRSA, code)
		}
		if err != nil {
			return err
		}
		if signature, err = ctx.Sign(session, digest); err != nil {
			return err
		}
		if rsa.VerifyPSS(k.public, how.Hash, digest, signature, how) != nil {
			return fmt.Errorf("%w: its signature is wrong", ErrDevice)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", k.name, err)
	}
	return signature, nil
}

// Key returns the key with that label, an *HSMKey or an *HSMRSAKey, as Signer does.
func (h *HSM) Key(name string) (crypto.Signer, error) {
	var modulus, exponent []byte
	err := h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		public, err := object(ctx, session, pkcs11.CKO_PUBLIC_KEY, name)
		if err != nil {
			return err
		}
		kind, err := attribute(ctx, session, public, pkcs11.CKA_KEY_TYPE)
		if err != nil || number(kind) != pkcs11.CKK_RSA {
			return err
		}
		if _, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, name); err != nil {
			return err
		}
		if modulus, err = attribute(ctx, session, public, pkcs11.CKA_MODULUS); err != nil {
			return err
		}
		exponent, err = attribute(ctx, session, public, pkcs11.CKA_PUBLIC_EXPONENT)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	if modulus == nil {
		return h.Signer(name)
	}
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
		return nil, fmt.Errorf("key %s: public key: %w", name, ErrDamaged)
	}
	return &HSMRSAKey{hsm: h, name: name, public: &rsa.PublicKey{N: n, E: int(e.Int64())}}, nil
}

// number reads a CK_ULONG, which has the machine's order and width.
func number(b []byte) uint {
	switch len(b) {
	case 8:
		return uint(binary.NativeEndian.Uint64(b))
	case 4:
		return uint(binary.NativeEndian.Uint32(b))
	}
	return ^uint(0)
}

// GenerateRSA makes an RSA key inside the token, as Generate does on a curve, and has it sign once. It
// returns ErrRSA where the token makes none of that size or does not sign by RSA-PSS.
func (h *HSM) GenerateRSA(name string, bits int) (*HSMRSAKey, error) {
	if bits < minRSABits || bits > maxRSABits || bits%1024 != 0 {
		return nil, fmt.Errorf("generate key %s: %d bits: %w", name, bits, ErrRSA)
	}
	kind := pair{
		mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, use: pkcs11.CKA_SIGN, refused: ErrRSA,
		public: []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
		},
	}
	if err := h.makePair(name, kind); err != nil {
		return nil, fmt.Errorf("generate key %s: %w", name, err)
	}
	made, err := h.Key(name)
	if err != nil {
		return nil, err
	}
	k, ok := made.(*HSMRSAKey)
	if !ok || k.public.N.BitLen() != bits {
		return nil, fmt.Errorf("generate key %s: %w: it made another key", name, ErrDevice)
	}
	if _, err := k.Sign(nil, randomBytes(32), &rsa.PSSOptions{Hash: crypto.SHA256}); err != nil {
		return nil, fmt.Errorf("prove new key: %w", err)
	}
	return k, nil
}
