package charter

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"

	"github.com/veraison/go-cose"

	"padarozhnik/station/journal"
)

// envelop encodes and signs a document of a type (RFC 9052, 4.2). limit bounds the result.
func envelop(document any, kind string, limit int, root crypto.Signer) ([]byte, error) {
	payload, err := journal.Encode(document)
	if err != nil {
		return nil, err
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, root)
	if err != nil {
		return nil, err
	}
	m := cose.NewSign1Message()
	m.Headers.Protected.SetAlgorithm(cose.AlgorithmES256)
	m.Payload = payload
	if err := m.Sign(rand.Reader, []byte(kind), signer); err != nil {
		return nil, err
	}
	raw, err := m.MarshalCBOR()
	if err == nil && len(raw) > limit {
		err = fmt.Errorf("%d bytes, at most %d fit: %w", len(raw), limit, ErrMalformed)
	}
	return raw, err
}

// open verifies an envelope of a type and decodes what is in it.
func open(raw []byte, kind string, limit int, root *ecdsa.PublicKey, into any) error {
	if len(raw) > limit {
		return fmt.Errorf("%d bytes: %w", len(raw), ErrMalformed)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw); err != nil {
		return ErrMalformed
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, root)
	if err != nil {
		return err
	}
	if err := m.Verify([]byte(kind), v); err != nil {
		return ErrSignature
	}
	if err := journal.Decode(m.Payload, into); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}
