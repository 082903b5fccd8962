package main

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/token"
)

// Conditions of the two officers.
var (
	errTwoOfficers = errors.New("a ceremony needs two officers: --officer twice, with different tokens")
	errNotWitness  = errors.New("token is not one of the officers registered for ceremonies")
)

// witness is an officer as protocols and the register name one.
type witness struct {
	Token string `json:"token"` // file or label, as given
	KeyID string `json:"keyId"`
	SPKI  []byte `json:"spki"`
}

// custodian is an officer of a ceremony with the token open.
type custodian struct {
	witness
	token token.Token
	close func() error
}

// openOfficers opens two tokens of different keys. A spec is FILE or pkcs11:LABEL, each with
// =SECRETFILE behind it where nobody types the passphrase or PIN.
func (h *headquarters) openOfficers(specs []string) ([]custodian, error) {
	if len(specs) != 2 {
		return nil, fmt.Errorf("%w: %w", errUsage, errTwoOfficers)
	}
	var out []custodian
	for _, spec := range specs {
		o, err := h.openOfficer(spec)
		if err != nil {
			return nil, errors.Join(err, closeOfficers(out))
		}
		out = append(out, o)
	}
	if out[0].KeyID == out[1].KeyID {
		return nil, errors.Join(errTwoOfficers, closeOfficers(out))
	}
	if err := h.registered(out); err != nil {
		return nil, errors.Join(err, closeOfficers(out))
	}
	return out, nil
}

func closeOfficers(officers []custodian) error {
	var errs []error
	for _, o := range slices.Backward(officers) { // the first one may have started the library
		errs = append(errs, o.close())
	}
	return errors.Join(errs...)
}

func (h *headquarters) openOfficer(spec string) (custodian, error) {
	name, secret, _ := strings.Cut(spec, "=")
	var o custodian
	if label, ok := strings.CutPrefix(name, "pkcs11:"); ok {
		held, err := h.officerCard(label, secret)
		if err != nil {
			return o, fmt.Errorf("officer's token %s: %w", label, err)
		}
		o = held
	} else {
		if secret == "" {
			secret = h.passphraseFile
		}
		phrase, err := passphrase.Read(secret, "passphrase of "+filepath.Base(name))
		if err != nil {
			return o, fmt.Errorf("officer's token: %w", err)
		}
		defer clear(phrase)
		file, err := token.Open(name, phrase)
		if err != nil {
			return o, fmt.Errorf("officer's token: %w", err)
		}
		o.token, o.close = file, file.Close
	}
	o.Token = filepath.Base(name)
	o.KeyID = o.token.KeyID()
	spki, err := x509.MarshalPKIXPublicKey(o.token.Public().(*ecdsa.PublicKey))
	if err != nil {
		return o, errors.Join(err, o.close())
	}
	o.SPKI = spki
	return o, nil
}

// officerCard opens an officer's own PKCS #11 token behind the same library.
func (h *headquarters) officerCard(label, pinFile string) (custodian, error) {
	if h.device.module == "" {
		return custodian{}, fmt.Errorf("%w: pkcs11:LABEL needs --pkcs11", errUsage)
	}
	module, err := token.OpenModule(h.device.module)
	if err != nil {
		return custodian{}, err
	}
	hsm, err := module.Open(device{label: label, pinFile: pinFile}.slot())
	if err != nil {
		return custodian{}, errors.Join(err, module.Close())
	}
	held, err := hsm.Token()
	if err != nil {
		return custodian{}, errors.Join(err, hsm.Close(), module.Close())
	}
	return custodian{token: held, close: func() error { return errors.Join(held.Close(), module.Close()) }}, nil
}

// registerFile is the list of those who may hold ceremonies; init writes it where officers are present.
func (h *headquarters) registerFile() string { return h.path("ceremonies", "officers.json") }

// registered refuses a token that is not in the register. A training office has no register: any two
// tokens do there.
func (h *headquarters) registered(officers []custodian) error {
	var known []witness
	err := readJSON(h.registerFile(), &known)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, o := range officers {
		found := false
		for _, w := range known {
			found = found || w.KeyID == o.KeyID
		}
		if !found {
			return fmt.Errorf("%s: %w", o.Token, errNotWitness)
		}
	}
	return nil
}

// hasRegister tells whether the headquarters was begun with registered officers.
func (h *headquarters) hasRegister() bool {
	_, err := os.Stat(h.registerFile())
	return err == nil
}
