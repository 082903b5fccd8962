// Package charter signs and reads what headquarters' root tells the stations. A charter says what one
// station may do and whom it may believe. A trust list says which CSCA certificates of other countries
// are known and where each came from; it is one for all stations, and each charter names the list that
// goes along with it by version and digest, so that no older and no other list is taken.
//
// Both are deterministic CBOR in a COSE_Sign1 envelope (ES256) whose external data names the type, so
// that no other signature of the root passes for one over either.
package charter

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/pki"
)

// MaxSize bounds a signed charter, in bytes.
const MaxSize = 1 << 20

const documentType = "padarozhnik/charter/1"

// Conditions of charters and trust lists.
var (
	// ErrMalformed: the bytes are not what they should be.
	ErrMalformed = errors.New("malformed")
	// ErrSignature: headquarters' root did not sign it.
	ErrSignature = errors.New("not signed by headquarters' root")
)

// Sign checks a charter and puts it into its envelope.
func Sign(c station.Charter, root crypto.Signer) ([]byte, error) {
	if err := check(c); err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	raw, err := envelop(c, documentType, MaxSize, root)
	if err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	return raw, nil
}

// Parse reads a charter and verifies the root's signature.
func Parse(raw []byte, root *ecdsa.PublicKey) (station.Charter, error) {
	var c station.Charter
	if err := open(raw, documentType, MaxSize, root, &c); err != nil {
		return c, fmt.Errorf("charter: %w", err)
	}
	return c, check(c)
}

func check(c station.Charter) error {
	if err := journal.CheckStation(c.Station); err != nil {
		return fmt.Errorf("charter: %w: %w", ErrMalformed, err)
	}
	if c.Version < 1 || len(c.Anchors) == 0 || c.Ledger == "" {
		return fmt.Errorf("charter: %w", ErrMalformed)
	}
	if t := c.Trust; t != nil && (t.Version < 1 || len(t.Digest) != sha256.Size || t.Size < 1 || t.Size > MaxTrust) {
		return fmt.Errorf("charter: trust list: %w", ErrMalformed)
	}
	for _, m := range c.Signers {
		if err := checkSigner(m); err != nil {
			return fmt.Errorf("charter: signer of its own: %w: %w", ErrMalformed, err)
		}
	}
	return c.Profile.Check()
}

// longestUse bounds how long the key of an office's own document signer is used: a month.
const longestUse = 31 * 24 * time.Hour

// errSigner: the certificate is not one that an office may have.
var errSigner = errors.New("not a document signer of a month at most with a number of books")

func checkSigner(m station.MissionSigner) error {
	cert, err := pki.ParseCertificate(m.Certificate)
	if err != nil {
		return err
	}
	use := cert.KeyUse
	if err := cert.CheckSigning(cert.NotBefore, ""); err != nil {
		return err
	}
	if m.Orders < 1 || use.NotBefore.IsZero() || use.NotAfter.IsZero() || use.NotAfter.Sub(use.NotBefore) > longestUse {
		return errSigner
	}
	return nil
}
