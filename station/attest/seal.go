// Package attest makes and checks what leaves an office in people's hands and must be believed without
// any network: the receipt that a holder gets with a book, and the list of revoked books that anyone can
// carry. Whoever checks needs one thing, headquarters' key as it was printed.
//
// Each is a body, the signature of who says it, and a seal: the root's own signature over that signer's
// name and key, short enough for a QR code. No receipt and no list names a person.
package attest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"filippo.io/nistec"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Conditions of what is checked.
var (
	// ErrMalformed: it is no receipt, list or key of ours, or it was damaged.
	ErrMalformed = errors.New("not a receipt, list or key")
	// ErrForged: headquarters' key does not stand behind it.
	ErrForged = errors.New("headquarters' key does not vouch for it")
)

// Domains of signatures, so that none passes for one over something else.
const (
	overSeal    = "padarozhnik/seal/1"
	overReceipt = "padarozhnik/receipt/1"
	overList    = "padarozhnik/revocations/1"
)

// Seal says whose a key is: a station's, or the vault's. Headquarters' root signs it with a charter.
type Seal struct {
	Name string       `cbor:"1,keyasint" json:"name"`
	Key  []byte       `cbor:"2,keyasint" json:"key"` // point on P-256, compressed (SEC 1, 2.3.3)
	From station.Date `cbor:"3,keyasint" json:"from"`
}

// VaultName is the name under which the vault's key is sealed. No station may have it.
const VaultName = "headquarters"

// signed is a body with a raw ECDSA signature of 64 bytes over its domain and bytes.
type signed struct {
	Body      []byte `cbor:"1,keyasint"`
	Signature []byte `cbor:"2,keyasint"`
	Seal      []byte `cbor:"3,keyasint,omitempty"` // of the signer; none where the root signs
}

// SealKey has the root say whose a key is.
func SealKey(name string, spki []byte, from station.Date, root crypto.Signer) ([]byte, error) {
	pub, err := journal.ParseKey(spki)
	if err != nil {
		return nil, fmt.Errorf("seal key of %s: %w", name, err)
	}
	point, err := compress(pub)
	if err != nil {
		return nil, fmt.Errorf("seal key of %s: %w", name, err)
	}
	s := Seal{Name: name, Key: point, From: from}
	return sign(s, overSeal, nil, root)
}

// OpenSeal checks a seal against headquarters' key.
func OpenSeal(raw []byte, root *ecdsa.PublicKey) (Seal, error) {
	var s Seal
	var in signed
	if err := journal.Decode(raw, &in); err != nil {
		return s, fmt.Errorf("seal: %w", ErrMalformed)
	}
	return s, open(in, overSeal, root, &s)
}

func sign(v any, domain string, seal []byte, key crypto.Signer) ([]byte, error) {
	body, err := journal.Encode(v)
	if err != nil {
		return nil, err
	}
	digest := digestOf(domain, body)
	der, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("attest: %w", err)
	}
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &sig); err != nil || len(rest) > 0 || sig.R.BitLen() > 256 || sig.S.BitLen() > 256 {
		return nil, fmt.Errorf("attest: signature: %w", ErrMalformed)
	}
	both := make([]byte, 64)
	sig.R.FillBytes(both[:32])
	sig.S.FillBytes(both[32:])
	return journal.Encode(signed{body, both, seal})
}

func open(in signed, domain string, key *ecdsa.PublicKey, into any) error {
	if len(in.Signature) != 64 {
		return fmt.Errorf("signature: %w", ErrMalformed)
	}
	digest := digestOf(domain, in.Body)
	r, s := new(big.Int).SetBytes(in.Signature[:32]), new(big.Int).SetBytes(in.Signature[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return ErrForged
	}
	if err := journal.Decode(in.Body, into); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// openSealed checks a body by its signer's seal and the root.
func openSealed(raw []byte, domain string, root *ecdsa.PublicKey, into any) (Seal, error) {
	var in signed
	if err := journal.Decode(raw, &in); err != nil {
		return Seal{}, ErrMalformed
	}
	s, err := OpenSeal(in.Seal, root)
	if err != nil {
		return s, err
	}
	key, err := decompress(s.Key)
	if err != nil {
		return s, err
	}
	return s, open(in, domain, key, into)
}

func digestOf(domain string, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write([]byte{0})
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// compress writes a key as a point (SEC 1, 2.3.3).
func compress(pub *ecdsa.PublicKey) ([]byte, error) {
	whole, err := pub.Bytes()
	if err != nil || len(whole) != 65 {
		return nil, fmt.Errorf("key: %w", ErrMalformed)
	}
	return append([]byte{2 | whole[64]&1}, whole[1:33]...), nil
}

// decompress reads one. A point that is not on the curve is ErrMalformed.
func decompress(point []byte) (*ecdsa.PublicKey, error) {
	p, err := nistec.NewP256Point().SetBytes(point)
	if err != nil || len(point) != 33 {
		return nil, fmt.Errorf("key: %w", ErrMalformed)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), p.Bytes())
}

// keyPrefix begins headquarters' printed key.
const keyPrefix = "PADKEY1:"

// KeyText writes headquarters' key for printing: hexadecimal digits in groups of four, the last two
// groups a check over the others.
func KeyText(root *ecdsa.PublicKey) (string, error) {
	point, err := compress(root)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(keyPrefix), point...))
	digits := strings.ToUpper(hex.EncodeToString(point) + hex.EncodeToString(sum[:4]))
	var groups []string
	for len(digits) > 0 {
		n := min(4, len(digits))
		groups, digits = append(groups, digits[:n]), digits[n:]
	}
	return keyPrefix + strings.Join(groups, " "), nil
}

// ParseKey reads a printed key, typed by a person or taken from its QR code: spaces, case and the prefix
// do not matter. A wrong digit is ErrMalformed.
func ParseKey(text string) (*ecdsa.PublicKey, error) {
	clean := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	raw, err := hex.DecodeString(strings.TrimPrefix(clean, keyPrefix))
	if err != nil || len(raw) != 33+4 {
		return nil, fmt.Errorf("headquarters' key: %w", ErrMalformed)
	}
	sum := sha256.Sum256(append([]byte(keyPrefix), raw[:33]...))
	if string(sum[:4]) != string(raw[33:]) {
		return nil, fmt.Errorf("headquarters' key: a digit is wrong: %w", ErrMalformed)
	}
	return decompress(raw[:33])
}
