package token

import (
	"crypto"
	"crypto/hpke"
	"crypto/mlkem"
	"encoding/asn1"
	"fmt"
	"io"

	"padarozhnik/station/journal/seal"
)

// A hardware token opens HPKE messages of the hybrid MLKEM768-P256. Tokens of today hold no ML-KEM
// key, so the seed of that half lies in the token sealed to the other half. Either alone opens nothing.

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

// Present tells whether the token is still there, as HSM.Present does.
func (t *HSMToken) Present() bool { return t.hsm.Present() }

// Close closes the HSM.
func (t *HSMToken) Close() error { return t.hsm.Close() }

// AddOpener makes an HPKE key in the token: a P-256 key for key agreement alone, and the sealed
// ML-KEM half. It returns ErrNameTaken, ErrDevice or ErrClosed.
func (h *HSM) AddOpener(name string) error {
	seed := randomBytes(mlkem.SeedSize)
	defer clear(seed)
	err := h.lock(name, seedBox, seed)
	if err == nil {
		_, err = h.opener(name)
	}
	if err != nil {
		return fmt.Errorf("add key %s: %w", name, err)
	}
	return nil
}

// Opener returns the named HPKE key. It returns ErrNoKey, ErrDamaged, ErrDevice or ErrClosed.
func (h *HSM) Opener(name string) (seal.Opener, error) { return h.opener(name) }

func (h *HSM) opener(name string) (*hsmOpener, error) {
	half, err := h.agreement(name)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	private, _, err := half.hybrid()
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return &hsmOpener{half: half, public: private.PublicKey().Bytes()}, nil
}

// hsmOpener is a hybrid key with its P-256 half in the token.
type hsmOpener struct {
	half   *agreement
	public []byte
}

func (o *hsmOpener) HPKEPublic() []byte { return append([]byte(nil), o.public...) }

func (o *hsmOpener) Open(info, sealed []byte) ([]byte, error) {
	private, half, err := o.half.hybrid()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	plain, err := seal.OpenWith(private, info, sealed)
	if err != nil && half.failure != nil {
		return nil, fmt.Errorf("open: %w", half.failure)
	}
	return plain, err
}

// hybrid opens the ML-KEM half and puts the two together, for one use. The P-256 half that comes with
// it says after the use whether it was the token that failed.
func (a *agreement) hybrid() (hpke.PrivateKey, *agreement, error) {
	seed, err := a.unlock(seedBox)
	if err != nil {
		return nil, nil, fmt.Errorf("ML-KEM half: %w", err)
	}
	defer clear(seed)
	quantum, err := mlkem.NewDecapsulationKey768(seed)
	if err != nil {
		return nil, nil, fmt.Errorf("ML-KEM half: %w", ErrDamaged)
	}
	half := *a
	private, err := hpke.NewHybridPrivateKey(quantum, &half)
	return private, &half, err
}
