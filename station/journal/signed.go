package journal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/veraison/go-cose"
	"golang.org/x/mod/sumdb/tlog"
)

// entryType is signed along with every entry (external_aad, RFC 9052, 4.3), so that a signature
// made for anything else never passes for one over an entry.
const entryType = "padarozhnik/entry/1"

// Signed is an entry in its envelope. The zero Signed is of no use; Sign and Parse make them. A
// Signed that came from Parse has not been verified.
type Signed struct {
	Entry   Entry
	payload []byte
	raw     []byte
	message cose.Sign1Message
}

// Raw is the envelope as it is kept and sent. The caller must not change it.
func (s Signed) Raw() []byte { return s.raw }

// Payload is the encoded entry inside the envelope. The caller must not change it.
func (s Signed) Payload() []byte { return s.payload }

// ID is the identity of the entry: the SHA-256 of its payload.
func (s Signed) ID() Hash { return sha256.Sum256(s.payload) }

// Leaf is the entry's leaf hash in headquarters' tree (RFC 6962, 2.1).
func (s Signed) Leaf() Hash { return Hash(tlog.RecordHash(s.payload)) }

// Sign puts an entry into its envelope with a P-256 key. It fills in Version, and Actor where
// that is empty; an Actor that names another key is an error.
func Sign(e Entry, signer crypto.Signer) (Signed, error) {
	pub, ok := signer.Public().(*ecdsa.PublicKey)
	if !ok {
		return Signed{}, fmt.Errorf("sign entry: %w: not an ECDSA key", ErrMalformed)
	}
	id, err := KeyID(pub)
	if err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	if e.Actor != "" && e.Actor != id {
		return Signed{}, fmt.Errorf("sign entry: actor: %w", ErrUnknownKey)
	}
	e.Actor, e.Version = id, Version
	if err := e.check(); err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	payload, err := encoding.Marshal(e)
	if err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	by, err := cose.NewSigner(cose.AlgorithmES256, signer)
	if err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	m := envelope(id, payload, nil)
	if err := m.Sign(rand.Reader, []byte(entryType), by); err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	raw, err := m.MarshalCBOR()
	if err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	// Reading it back proves that everybody else will be able to.
	s, err := Parse(raw)
	if err != nil {
		return Signed{}, fmt.Errorf("sign entry: %w", err)
	}
	return s, nil
}

// Parse reads an envelope. There is exactly one way to write a given entry and signature: headers
// that are not ours, a non-deterministic spelling, or bytes behind the end are ErrMalformed, and
// more than MaxEntry bytes are ErrTooLarge. Parse does not verify the signature.
func Parse(raw []byte) (Signed, error) {
	if len(raw) > MaxEntry {
		return Signed{}, fmt.Errorf("entry: %w", ErrTooLarge)
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw); err != nil {
		return Signed{}, fmt.Errorf("entry: %w: %w", ErrMalformed, err)
	}
	if len(m.Signature) != 64 {
		return Signed{}, fmt.Errorf("entry: signature length: %w", ErrMalformed)
	}
	var e Entry
	if err := decodeFields(m.Payload, &e); err != nil {
		return Signed{}, fmt.Errorf("entry: %w", err)
	}
	if err := e.check(); err != nil {
		return Signed{}, fmt.Errorf("entry: %w", err)
	}
	payload, err := encoding.Marshal(e)
	if err != nil || !bytes.Equal(payload, m.Payload) {
		return Signed{}, fmt.Errorf("entry: %w: not deterministic", ErrMalformed)
	}
	ours := envelope(e.Actor, payload, m.Signature)
	again, err := ours.MarshalCBOR()
	if err != nil || !bytes.Equal(again, raw) {
		return Signed{}, fmt.Errorf("entry: %w: foreign envelope", ErrMalformed)
	}
	return Signed{Entry: e, payload: payload, raw: again, message: ours}, nil
}

// Verify checks the signature under pub, which must be the key that the entry names.
func (s Signed) Verify(pub *ecdsa.PublicKey) error {
	id, err := KeyID(pub)
	if err != nil {
		return fmt.Errorf("verify entry: %w", err)
	}
	if id != s.Entry.Actor {
		return fmt.Errorf("verify entry: %w", ErrUnknownKey)
	}
	v, err := cose.NewVerifier(cose.AlgorithmES256, pub)
	if err != nil {
		return fmt.Errorf("verify entry: %w", err)
	}
	if err := s.message.Verify([]byte(entryType), v); err != nil {
		return fmt.Errorf("verify entry: %w", ErrSignature)
	}
	return nil
}

// envelope is the one form of COSE_Sign1 in use: algorithm and key id protected, nothing
// unprotected. keyID has passed keyForm.
func envelope(keyID string, payload, signature []byte) cose.Sign1Message {
	kid, _ := hex.DecodeString(keyID)
	return cose.Sign1Message{
		Headers: cose.Headers{
			Protected: cose.ProtectedHeader{
				cose.HeaderLabelAlgorithm: cose.AlgorithmES256,
				cose.HeaderLabelKeyID:     kid,
			},
			Unprotected: cose.UnprotectedHeader{},
		},
		Payload:   payload,
		Signature: signature,
	}
}
