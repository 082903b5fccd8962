package setup

import (
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"padarozhnik/station/issuance"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
)

// Tokens says where the office's PKCS #11 tokens are reached.
type Tokens struct {
	Module string `toml:"module"` // library
	Signer string `toml:"signer"` // label of the token with the office's own document signer
}

// Hardware stands before the label of a token that is no key file.
const Hardware = "pkcs11:"

// errNoModule: a token is named and no library that reaches it.
var errNoModule = fmt.Errorf("%w: tokens.module names no PKCS #11 library", ErrConfig)

// library starts the PKCS #11 library once; it ends with the office.
func (o *Office) library() (*token.Module, error) {
	if o.module != nil {
		return o.module, nil
	}
	if o.Config.Tokens.Module == "" {
		return nil, errNoModule
	}
	m, err := token.OpenModule(o.Config.Tokens.Module)
	if err != nil {
		return nil, err
	}
	o.module = m
	o.closes = append(o.closes, m.Close)
	return m, nil
}

// login opens a token with the PIN that ask returns. The prompt says how the token's tries stand. A
// PIN is given once: a token that was pulled out and comes back asks its owner again.
func (o *Office) login(label string, ask Ask) (*token.HSM, error) {
	m, err := o.library()
	if err != nil {
		return nil, err
	}
	tries, err := m.Tries(token.Slot{Label: label})
	if err != nil {
		return nil, toCure(err)
	}
	if tries == token.TriesNone {
		return nil, fmt.Errorf("token %s: %w", label, issuance.ErrTokenLocked)
	}
	var given sync.Once
	hsm, err := m.Open(token.Slot{
		Label: label,
		PIN: func() (pin []byte, err error) {
			err = issuance.ErrLocked
			given.Do(func() { pin, err = ask("PIN of token " + label + warning(tries)) })
			return pin, err
		},
		Curves: ec.ECDSAByOID,
	})
	if err == nil {
		return hsm, nil
	}
	left, unknown := m.Tries(token.Slot{Label: label})
	if unknown == nil && errors.Is(err, token.ErrWrongPIN) {
		switch left {
		case token.TriesLast:
			return nil, fmt.Errorf("%w: %w", issuance.ErrTokenLastTry, err)
		case token.TriesNone:
			return nil, fmt.Errorf("%w: %w", issuance.ErrTokenLocked, err)
		}
	}
	return nil, toCure(err)
}

// warning says at the prompt what the token says of its tries.
func warning(t token.Tries) string {
	switch t {
	case token.TriesFewer:
		return " (wrong PINs were given: fewer tries are left)"
	case token.TriesLast:
		return " (LAST TRY: a wrong PIN locks the token)"
	case token.TriesNone:
		return " (the token is locked)"
	}
	return ""
}

// toCure says of a token's error what a person can do about it.
func toCure(err error) error {
	for _, c := range []struct{ is, cure error }{
		{token.ErrWrongPIN, issuance.ErrTokenPIN}, {token.ErrPINLocked, issuance.ErrTokenLocked},
		{token.ErrNoToken, issuance.ErrNoToken},
	} {
		if errors.Is(err, c.is) {
			return fmt.Errorf("%w: %w", c.cure, err)
		}
	}
	return err
}

// ownToken is the station's own token in hardware. Whatever stops it, the cure is one: to put it in and
// start again, because its PIN is kept nowhere.
type ownToken struct{ *token.HSMToken }

// Sign signs a digest. It returns issuance.ErrOwnToken where the token does not answer.
func (t ownToken) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, err := t.HSMToken.Sign(rand, digest, opts)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", issuance.ErrOwnToken, err)
	}
	return signature, nil
}

// Open opens an HPKE message. It returns issuance.ErrOwnToken where the token is out.
func (t ownToken) Open(info, sealed []byte) ([]byte, error) {
	plain, err := t.HSMToken.Open(info, sealed)
	if err != nil && !t.Present() {
		return nil, fmt.Errorf("%w: %w", issuance.ErrOwnToken, err)
	}
	return plain, err
}

// ownKey opens the token of the station itself.
func (o *Office) ownKey(path string, ask Ask) (token.Token, error) {
	if label, ok := strings.CutPrefix(path, Hardware); ok {
		t, err := o.inHardware(label, ask)
		return ownToken{t}, err
	}
	return OpenToken(path, "passphrase of the station", ask)
}

// inHardware opens a token of an officer, or of the station itself.
func (o *Office) inHardware(label string, ask Ask) (*token.HSMToken, error) {
	hsm, err := o.login(label, ask)
	if err != nil {
		return nil, err
	}
	t, err := hsm.Token()
	if err != nil {
		return nil, errors.Join(err, hsm.Close())
	}
	return t, nil
}

// Tries says how the tries of a token's PIN stand: before the last one somebody is to be warned.
func (o *Office) Tries(label string) (token.Tries, error) {
	m, err := o.library()
	if err != nil {
		return 0, err
	}
	tries, err := m.Tries(token.Slot{Label: label})
	return tries, toCure(err)
}

// Signer opens the token with the office's own document signer and finds the key of the charter's
// certificate. The caller closes it after use, so that it is open for one signature and not for a day.
func (o *Office) Signer(ask Ask) (crypto.Signer, func() error, error) {
	m, ok := o.Desk.Charter.Mission()
	if !ok || o.Config.Tokens.Signer == "" {
		return nil, nil, issuance.ErrNoSigner
	}
	cert, err := pki.ParseCertificate(m.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("document signer: %w: %w", issuance.ErrCharter, err)
	}
	hsm, err := o.login(o.Config.Tokens.Signer, ask)
	if err != nil {
		return nil, nil, err
	}
	names, err := hsm.Names()
	if err != nil {
		return nil, nil, errors.Join(err, hsm.Close())
	}
	for _, name := range names {
		key, err := hsm.Signer(name)
		if err != nil {
			continue
		}
		if pub, ok := key.Public().(*ecdsa.PublicKey); ok && cert.PublicKey.Certifies(pub) {
			return key, hsm.Close, nil
		}
	}
	return nil, nil, errors.Join(issuance.ErrOtherSigner, hsm.Close())
}
