package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
)

// errKeyFileCurve: key files are for training and hold keys of crypto/x509.
var errKeyFileCurve = errors.New("key files hold keys on P-256, P-384 and P-521; others need a PKCS #11 token")

// keystore is where the keys of the country's certificates are: CSCA, document signers, master list
// signer. Generate returns token.ErrNameTaken where the name is in use and never replaces a key.
type keystore interface {
	Names() ([]string, error)
	Signer(name string) (crypto.Signer, error)
	Generate(name string, curve *ec.Curve) (crypto.Signer, error)
	Close() error
}

// device is what the flags say of a PKCS #11 token; the zero value means the vault's key file.
type device struct {
	module, label, serial, pinFile string
}

// store opens the country's keys: the token that the flags name, or else the vault's key file.
func (h *headquarters) store() (keystore, error) {
	if h.device.module != "" {
		return h.device.open()
	}
	ring, err := h.vaultKeys()
	if err != nil {
		return nil, err
	}
	return keyFile{ring}, nil
}

// storeBeside is store for a caller that has the vault's key file open already and closes it.
func (h *headquarters) storeBeside(ring *token.Keyring) (keystore, error) {
	if h.device.module != "" {
		return h.device.open()
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

func (d device) open() (keystore, error) {
	module, err := token.OpenModule(d.module)
	if err != nil {
		return nil, err
	}
	hsm, err := module.Open(d.slot())
	if err != nil {
		return nil, errors.Join(err, module.Close())
	}
	return hardware{module, hsm}, nil
}

func (d device) slot() token.Slot {
	return token.Slot{
		Label: d.label, Serial: d.serial,
		PIN: func() ([]byte, error) {
			return passphrase.Read(d.pinFile, "PIN of token "+strings.TrimSpace(d.label+" "+d.serial))
		},
		Curves: func(oid asn1.ObjectIdentifier) (elliptic.Curve, error) {
			c, err := ec.ByOID(oid)
			if err != nil {
				return nil, err
			}
			return c.ECDSACurve(), nil
		},
	}
}

// hardware is a PKCS #11 token.
type hardware struct {
	module *token.Module
	hsm    *token.HSM
}

func (s hardware) Names() ([]string, error) { return s.hsm.Names() }

func (s hardware) Signer(name string) (crypto.Signer, error) { return s.hsm.Signer(name) }

func (s hardware) Generate(name string, curve *ec.Curve) (crypto.Signer, error) {
	return s.hsm.Generate(name, curve.OID())
}

func (s hardware) Close() error { return errors.Join(s.hsm.Close(), s.module.Close()) }

// keyFile is the vault's key file, for training.
type keyFile struct{ ring *token.Keyring }

func (s keyFile) Names() ([]string, error) { return s.ring.Names(), nil }

func (s keyFile) Signer(name string) (crypto.Signer, error) { return s.ring.Signer(name) }

func (s keyFile) Generate(name string, curve *ec.Curve) (crypto.Signer, error) {
	switch curve {
	case ec.P256(), ec.P384(), ec.P521():
	default:
		return nil, errKeyFileCurve
	}
	private, err := ecdsa.GenerateKey(curve.ECDSACurve(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := s.ring.Add(name, private); err != nil {
		return nil, err
	}
	return s.ring.Signer(name)
}

func (s keyFile) Close() error { return s.ring.Close() }

// countryKey tells the names of the country's certificate keys from the vault's other ones.
func countryKey(name string) bool {
	for _, kind := range []string{keyCSCA, keySigner, keyMasterList} {
		if name == kind || strings.HasPrefix(name, kind+"-") {
			return true
		}
	}
	return false
}

// newKey makes a key whose name no earlier ceremony, whole or cut off, can have used.
func newKey(s keystore, kind string, curve *ec.Curve) (string, crypto.Signer, error) {
	var b [4]byte
	_, _ = rand.Read(b[:])
	name := kind + "-" + hex.EncodeToString(b[:])
	key, err := s.Generate(name, curve)
	return name, key, err
}

// keyOf finds the private key of a certificate. It returns token.ErrNoKey where the store has none.
func keyOf(s keystore, c *pki.Certificate) (crypto.Signer, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !countryKey(name) {
			continue
		}
		key, err := s.Signer(name)
		if err != nil {
			return nil, err
		}
		if public, err := pki.NewPublicKey(key.Public()); err == nil && public.Equal(c.PublicKey) {
			return key, nil
		}
	}
	return nil, fmt.Errorf("key of certificate %x: %w", c.SerialNumber, token.ErrNoKey)
}

// orphans lists keys that no certificate of the country has: a ceremony was cut off after it made
// them. They have signed nothing that left.
func orphans(s keystore, certificates []*pki.Certificate) ([]string, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		if !countryKey(name) {
			continue
		}
		key, err := s.Signer(name)
		if err != nil {
			return nil, err
		}
		public, err := pki.NewPublicKey(key.Public())
		if err != nil {
			return nil, err
		}
		known := false
		for _, c := range certificates {
			known = known || public.Equal(c.PublicKey)
		}
		if !known {
			out = append(out, name)
		}
	}
	return out, nil
}
