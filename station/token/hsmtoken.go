package token

import (
	"crypto"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/mlkem"
	"encoding/asn1"
	"fmt"
	"io"

	"github.com/miekg/pkcs11"

	"padarozhnik/station/journal/seal"
)

// A hardware token opens HPKE messages of the hybrid MLKEM768-P256. Tokens of today hold no ML-KEM
// key, so that half lies in the token as a data object: its seed, sealed (HPKE with DHKEM P-256) to
// the P-256 key that never leaves the token. Either half alone opens nothing, and whoever has a
// copy of the object without the token has neither.

// seedSuffix follows a key's name in the label of its data object; seedInfo binds the seal to it.
const (
	seedSuffix = "/ml-kem-768"
	seedInfo   = "padarozhnik/token/ml-kem-768/1 "
)

var p256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}

// HSMToken is a Token in hardware: what an officer or a station has.
type HSMToken struct {
	*HSMKey
	hsm    *HSM
	opener *hsmOpener
}

var _ Token = (*HSMToken)(nil)

// CreateToken makes the keys of a Token in an HSM that has none. It returns ErrNameTaken, ErrDevice
// or ErrClosed.
func (h *HSM) CreateToken() (*HSMToken, error) {
	if _, err := h.Generate(signing, p256); err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	if err := h.AddOpener(sealing); err != nil {
		return nil, fmt.Errorf("create token: %w", err)
	}
	return h.Token()
}

// Token takes the keys that CreateToken made. Closing the Token closes the HSM.
func (h *HSM) Token() (*HSMToken, error) {
	key, err := h.Signer(signing)
	if err == nil && key.id == "" {
		err = fmt.Errorf("signing key is not P-256: %w", ErrDamaged)
	}
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	opener, err := h.opener(sealing)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return &HSMToken{HSMKey: key, hsm: h, opener: opener}, nil
}

// Sign signs a digest, as HSMKey does.
func (t *HSMToken) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return t.HSMKey.Sign(rand, digest, opts)
}

// HPKEPublic is the public half of the key that opens.
func (t *HSMToken) HPKEPublic() []byte { return t.opener.HPKEPublic() }

// Open opens an HPKE message sealed to HPKEPublic.
func (t *HSMToken) Open(info, sealed []byte) ([]byte, error) { return t.opener.Open(info, sealed) }

// Close closes the HSM.
func (t *HSMToken) Close() error { return t.hsm.Close() }

// AddOpener makes an HPKE key in the token: a P-256 key for key agreement alone, and the sealed
// ML-KEM half. It returns ErrNameTaken, ErrDevice or ErrClosed.
func (h *HSM) AddOpener(name string) error {
	if err := h.addOpener(name); err != nil {
		return fmt.Errorf("add key %s: %w", name, err)
	}
	return nil
}

func (h *HSM) addOpener(name string) error {
	if err := h.generate(name, p256, pkcs11.CKA_DERIVE); err != nil {
		return err
	}
	half, err := h.agreement(name)
	if err != nil {
		return err
	}
	wrap, err := hpke.NewDHKEMPublicKey(half.public)
	if err != nil {
		return err
	}
	seed := randomBytes(mlkem.SeedSize)
	defer clear(seed)
	sealed, err := hpke.Seal(wrap, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(seedInfo+name), seed)
	if err != nil {
		return err
	}
	err = h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		_, err := ctx.CreateObject(session, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_DATA), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name+seedSuffix),
			pkcs11.NewAttribute(pkcs11.CKA_VALUE, sealed),
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = h.opener(name)
	return err
}

// Opener returns the named HPKE key. It returns ErrNoKey, ErrDamaged, ErrDevice or ErrClosed.
func (h *HSM) Opener(name string) (seal.Opener, error) { return h.opener(name) }

func (h *HSM) opener(name string) (*hsmOpener, error) {
	half, err := h.agreement(name)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	o := &hsmOpener{half: half}
	private, err := o.private()
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	o.public = private.PublicKey().Bytes()
	return o, nil
}

// hsmOpener is a hybrid key with its P-256 half in the token.
type hsmOpener struct {
	half   *agreement
	public []byte
}

func (o *hsmOpener) HPKEPublic() []byte { return append([]byte(nil), o.public...) }

func (o *hsmOpener) Open(info, sealed []byte) ([]byte, error) {
	private, err := o.private()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plain, err := seal.OpenWith(private, info, sealed)
	if err != nil {
		// A token that failed has not said anything about the message.
		if failure := o.half.hsm.Failure(); failure != nil {
			return nil, fmt.Errorf("open: %w", failure)
		}
		return nil, err
	}
	return plain, nil
}

// private opens the ML-KEM half and puts the two together, for one use.
func (o *hsmOpener) private() (hpke.PrivateKey, error) {
	var sealed []byte
	h, name := o.half.hsm, o.half.name
	err := h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		data, err := object(ctx, session, pkcs11.CKO_DATA, name+seedSuffix)
		if err != nil {
			return err
		}
		sealed, err = attribute(ctx, session, data, pkcs11.CKA_VALUE)
		return err
	})
	if err != nil {
		return nil, err
	}
	wrap, err := hpke.NewDHKEMPrivateKey(o.half)
	if err != nil {
		return nil, err
	}
	seed, err := hpke.Open(wrap, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(seedInfo+name), sealed)
	if err != nil {
		if failure := h.Failure(); failure != nil {
			return nil, failure
		}
		return nil, fmt.Errorf("ML-KEM half: %w", ErrDamaged)
	}
	defer clear(seed)
	quantum, err := mlkem.NewDecapsulationKey768(seed)
	if err != nil {
		return nil, fmt.Errorf("ML-KEM half: %w", ErrDamaged)
	}
	return hpke.NewHybridPrivateKey(quantum, o.half)
}

// agreement is a P-256 key for key agreement inside the token, an ecdh.KeyExchanger.
type agreement struct {
	hsm    *HSM
	name   string
	public *ecdh.PublicKey
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
		return nil, fmt.Errorf("agree with %s: %w", a.name, err)
	}
	return secret, nil
}
