// Package tokenfile makes tokens, in a file or in hardware, and the file of public keys by which
// headquarters enrols their owner.
package tokenfile

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"padarozhnik/station/token"
)

// PublicKey is what a token hands out: the form that `headquarters station enrol` reads.
type PublicKey struct {
	Pseudonym string `json:"pseudonym"`
	KeyID     string `json:"keyId"`
	SPKI      []byte `json:"spki"`
	HPKE      []byte `json:"hpke"`
}

// Create makes a key file and the file of its public keys.
func Create(path, public, pseudonym string, passphrase []byte) error {
	t, err := token.Create(path, passphrase, token.Options{})
	if err != nil {
		return err
	}
	return errors.Join(handOut(t, public, pseudonym), t.Close())
}

// CreateInHardware makes keys inside an empty PKCS #11 token, reached through a library, and the file
// of the public ones. pin is asked for the token's PIN.
func CreateInHardware(library, label, public, pseudonym string, pin func() ([]byte, error)) error {
	m, err := token.OpenModule(library)
	if err != nil {
		return err
	}
	hsm, err := m.Open(token.Slot{Label: label, PIN: pin})
	if err != nil {
		return errors.Join(err, m.Close())
	}
	t, err := hsm.CreateToken()
	if err == nil {
		err = handOut(t, public, pseudonym)
	}
	return errors.Join(err, hsm.Close(), m.Close())
}

func handOut(t token.Token, public, pseudonym string) error {
	spki, err := x509.MarshalPKIXPublicKey(t.Public())
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	b, err := json.MarshalIndent(PublicKey{pseudonym, t.KeyID(), spki, t.HPKEPublic()}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(public, append(b, '\n'), 0o644)
}
