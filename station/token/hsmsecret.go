package token

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hpke"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

// A token signs with elliptic curves and agrees on keys with them, and mostly can do nothing else.
// What it cannot hold as a key lies in it as a data object: bytes sealed (HPKE with DHKEM P-256) to a
// key pair of their own, whose private half never leaves the token. Whoever has a copy of the object
// without the token has nothing.

// box is a kind of sealed bytes: the suffix follows the key's name in the label of the data object,
// and the info binds the seal to kind and name.
type box struct{ suffix, info string }

var (
	seedBox   = box{"/ml-kem-768", "padarozhnik/token/ml-kem-768/1 "}
	secretBox = box{"/secret", "padarozhnik/token/secret/1 "}
)

// AddSecret puts bytes into the token that are a key elsewhere, such as the master of a chip product,
// sealed to a key pair of that name. It returns ErrNameTaken, ErrDevice or ErrClosed.
func (h *HSM) AddSecret(name string, secret []byte) error {
	if err := h.lock(name, secretBox, secret); err != nil {
		return fmt.Errorf("add secret %s: %w", name, err)
	}
	return nil
}

// Secret returns the bytes that AddSecret kept. It returns ErrNoKey, ErrDamaged, ErrDevice or
// ErrClosed.
func (h *HSM) Secret(name string) ([]byte, error) {
	a, err := h.agreement(name)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	secret, err := a.unlock(secretBox)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return secret, nil
}

// lock makes a key pair and seals bytes to it. A pair that a killed program left without its bytes is
// taken: nothing was ever sealed to it that counts.
func (h *HSM) lock(name string, b box, plain []byte) error {
	err := h.generate(name, p256, pkcs11.CKA_DERIVE)
	if err != nil && !(errors.Is(err, ErrNameTaken) && h.vacant(name)) {
		return err
	}
	a, err := h.agreement(name)
	if err != nil {
		return err
	}
	public, err := hpke.NewDHKEMPublicKey(a.public)
	if err != nil {
		return err
	}
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(b.info+name), plain)
	if err != nil {
		return err
	}
	return h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		_, err := ctx.CreateObject(session, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_DATA), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name+b.suffix),
			pkcs11.NewAttribute(pkcs11.CKA_VALUE, sealed),
		})
		return err
	})
}

// vacant tells whether a key is for agreement and has no bytes of any kind.
func (h *HSM) vacant(name string) bool {
	err := h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		private, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, name)
		if err != nil {
			return err
		}
		if use, err := attribute(ctx, session, private, pkcs11.CKA_DERIVE); err != nil || len(use) != 1 || use[0] == 0 {
			return errors.Join(ErrNameTaken, err)
		}
		for _, b := range []box{seedBox, secretBox} {
			if _, err := object(ctx, session, pkcs11.CKO_DATA, name+b.suffix); !errors.Is(err, ErrNoKey) {
				return errors.Join(ErrNameTaken, err)
			}
		}
		return nil
	})
	return err == nil
}

// unlock opens the bytes that were sealed to the key.
func (a *agreement) unlock(b box) ([]byte, error) {
	var sealed []byte
	err := a.hsm.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		data, err := object(ctx, session, pkcs11.CKO_DATA, a.name+b.suffix)
		if err != nil {
			return err
		}
		sealed, err = attribute(ctx, session, data, pkcs11.CKA_VALUE)
		return err
	})
	if err != nil {
		return nil, err
	}
	once := *a
	private, err := hpke.NewDHKEMPrivateKey(&once)
	if err != nil {
		return nil, err
	}
	plain, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(b.info+a.name), sealed)
	switch {
	case err == nil:
		return plain, nil
	case once.failure != nil: // it has not said anything about the bytes
		return nil, once.failure
	}
	return nil, ErrDamaged
}

// agreement is a P-256 key for key agreement inside the token, an ecdh.KeyExchanger.
type agreement struct {
	hsm     *HSM
	name    string
	public  *ecdh.PublicKey
	failure error // why ECDH failed, in the copy that is made for one use
}

func (h *HSM) agreement(name string) (*agreement, error) {
	key, err := h.Signer(name)
	if err != nil {
		return nil, err
	}
	if key.public.Curve != elliptic.P256() {
		return nil, fmt.Errorf("not on P-256: %w", ErrDamaged)
	}
	public, err := key.public.ECDH()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return &agreement{hsm: h, name: name, public: public}, nil
}

// PublicKey is the public half.
func (a *agreement) PublicKey() *ecdh.PublicKey { return a.public }

// Curve is P-256.
func (a *agreement) Curve() ecdh.Curve { return ecdh.P256() }

// ECDH derives the shared secret inside the token (CKM_ECDH1_DERIVE without a key derivation
// function) and reads it out of the session object that it becomes.
func (a *agreement) ECDH(remote *ecdh.PublicKey) ([]byte, error) {
	if remote.Curve() != ecdh.P256() {
		return nil, fmt.Errorf("agree with %s: public key is not on P-256", a.name)
	}
	var secret []byte
	err := a.hsm.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		private, err := object(ctx, session, pkcs11.CKO_PRIVATE_KEY, a.name)
		if err != nil {
			return err
		}
		params := pkcs11.NewECDH1DeriveParams(pkcs11.CKD_NULL, nil, remote.Bytes())
		shared, err := ctx.DeriveKey(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDH1_DERIVE, params)},
			private, []*pkcs11.Attribute{
				pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY),
				pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_GENERIC_SECRET),
				pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, false),
				pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, true), pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32),
			})
		if err != nil {
			return err
		}
		secret, err = attribute(ctx, session, shared, pkcs11.CKA_VALUE)
		if gone := ctx.DestroyObject(session, shared); err == nil {
			err = gone
		}
		if err == nil && len(secret) != 32 {
			err = fmt.Errorf("%w: shared secret of %d bytes", ErrDevice, len(secret))
		}
		return err
	})
	if err != nil {
		a.failure = fmt.Errorf("agree with %s: %w", a.name, err)
		return nil, a.failure
	}
	return secret, nil
}
