package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
)

// Conditions of stores.
var (
	// errKeyFileCurve: key files are for training and hold keys of crypto/x509.
	errKeyFileCurve = errors.New("key files hold keys on P-256, P-384 and P-521; others need a token (--pkcs11)")
	// errNoPIN: nobody can be asked.
	errNoPIN = errors.New("no terminal to ask for the token's PIN; name a file with --pin-file")
)

// keystore is where headquarters' keys are: a PKCS #11 token, or a key file for training. Generate,
// AddOpener and AddSecret return token.ErrNameTaken where the name is in use and never replace a key.
// Failure says why the store has stopped, nil while it works; it works again at the next call if it can.
type keystore interface {
	sealed
	Names() ([]string, error)
	Signer(name string) (crypto.Signer, error)
	Generate(name string, as keyKind) (crypto.Signer, error)
	Failure() error
	Close() error
}

// sealed is what the vault needs beyond signatures: keys that open, and keys of others' devices.
type sealed interface {
	Opener(name string) (seal.Opener, error)
	AddOpener(name string) error
	Secret(name string) ([]byte, error)
	AddSecret(name string, secret []byte) error
}

// device is what the flags say of a PKCS #11 token; the zero value means the vault's key file.
type device struct {
	module, label, serial, pinFile string
}

// store opens headquarters' keys: the token that the flags name, or else the vault's key file.
func (h *headquarters) store() (keystore, error) {
	if h.device.module != "" {
		return h.device.open()
	}
	ring, err := h.keyring("vault", "passphrase of the vault")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; keys in a token are opened with --pkcs11, --token and --pin-file", err)
	}
	if err != nil {
		return nil, err
	}
	return keyFile{ring}, nil
}

// where says in a protocol what held the keys.
func (d device) where() string {
	if d.module == "" {
		return "key file of the vault"
	}
	return strings.TrimSpace("PKCS #11 token " + d.label + " " + d.serial)
}

func (d device) open() (hardware, error) {
	module, err := token.OpenModule(d.module)
	if err != nil {
		return hardware{}, err
	}
	hsm, err := module.Open(d.slot())
	if err != nil {
		return hardware{}, errors.Join(err, module.Close())
	}
	return hardware{module, hsm}, nil
}

func (d device) slot() token.Slot {
	return token.Slot{
		Label: d.label, Serial: d.serial,
		PIN: func() ([]byte, error) {
			pin, err := passphrase.Read(d.pinFile, "PIN of token "+strings.TrimSpace(d.label+" "+d.serial))
			if errors.Is(err, passphrase.ErrNoTerminal) {
				return nil, errNoPIN
			}
			return pin, err
		},
		Curves: ec.ECDSAByOID,
	}
}

// hardware is a PKCS #11 token.
type hardware struct {
	module *token.Module
	hsm    *token.HSM
}

func (s hardware) Names() ([]string, error) { return s.hsm.Names() }

func (s hardware) Signer(name string) (crypto.Signer, error) { return s.hsm.Key(name) }

func (s hardware) Generate(name string, as keyKind) (crypto.Signer, error) {
	var key crypto.Signer
	var err error
	if as.curve == nil {
		key, err = s.hsm.GenerateRSA(name, as.bits)
	} else {
		key, err = s.hsm.Generate(name, as.curve.OID())
	}
	if errors.Is(err, token.ErrCurve) || errors.Is(err, token.ErrRSA) {
		return nil, fmt.Errorf("%w (%s): choose --curve P-256, P-384 or P-521, or a token that has it", err, as.Name())
	}
	return key, err
}

func (s hardware) Opener(name string) (seal.Opener, error) { return s.hsm.Opener(name) }

func (s hardware) AddOpener(name string) error { return s.hsm.AddOpener(name) }

func (s hardware) Secret(name string) ([]byte, error) { return s.hsm.Secret(name) }

func (s hardware) AddSecret(name string, secret []byte) error { return s.hsm.AddSecret(name, secret) }

func (s hardware) Failure() error { return s.hsm.Failure() }

func (s hardware) Close() error { return errors.Join(s.hsm.Close(), s.module.Close()) }

// keyFile is the vault's key file, for training.
type keyFile struct{ *token.Keyring }

// Names lists the keys.
func (s keyFile) Names() ([]string, error) { return s.Keyring.Names(), nil }

// Signer finds a key.
func (s keyFile) Signer(name string) (crypto.Signer, error) { return s.Keyring.Signer(name) }

// Generate makes a key on one of NIST's curves.
func (s keyFile) Generate(name string, as keyKind) (crypto.Signer, error) {
	switch as.curve {
	case nil:
		return nil, errKeyFileRSA
	case ec.P256(), ec.P384(), ec.P521():
	default:
		return nil, errKeyFileCurve
	}
	private, err := ecdsa.GenerateKey(as.curve.ECDSACurve(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := s.Add(name, private); err != nil {
		return nil, err
	}
	return s.Signer(name)
}

// Failure is nil: a file does not fail at work.
func (s keyFile) Failure() error { return nil }
