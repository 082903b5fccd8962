// Package charter signs and reads a station's charter: the one document by which headquarters'
// root says what a station may do and whom it may believe. It is deterministic CBOR in a
// COSE_Sign1 envelope (ES256) whose external data names its type, so that no other signature of
// the root passes for one over a charter.
package charter

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/veraison/go-cose"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// MaxSize bounds a signed charter, in bytes.
const MaxSize = 1 << 20

const documentType = "padarozhnik/charter/1"

// Conditions of charters.
var (
	// ErrMalformed: the bytes are no charter.
	ErrMalformed = errors.New("not a charter")
	// ErrSignature: headquarters' root did not sign it.
	ErrSignature = errors.New("charter not signed by headquarters' root")
)

// Sign checks a charter and puts it into its envelope.
func Sign(c station.Charter, root crypto.Signer) ([]byte, error) {
	if err := check(c); err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	payload, err := journal.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, root)
	if err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	m := cose.NewSign1Message()
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Payload = payload
	if err := m.Sign(rand.Reader, []byte(documentType), signer); err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	return m.MarshalCBOR()
}

// Parse reads a charter and verifies the root's signature.
func Parse(raw []byte, root *ecdsa.PublicKey) (station.Charter, error) {
	var c station.Charter
	if len(raw) > MaxSize {
		return c, fmt.Errorf("charter of %d bytes: %w", len(raw), ErrMalformed)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw); err != nil {
		return c, fmt.Errorf("charter: %w", ErrMalformed)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, root)
	if err != nil {
		return c, fmt.Errorf("charter: %w", err)
	}
	if err := m.Verify([]byte(documentType), v); err != nil {
		return c, fmt.Errorf("charter: %w", ErrSignature)
	}
	if err := journal.Decode(m.Payload, &c); err != nil {
		return c, fmt.Errorf("charter: %w: %w", ErrMalformed, err)
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
	return c.Profile.Check()
}
