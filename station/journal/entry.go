package journal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Bounds of an entry and of what it names.
const (
	Version  = 1        // of the form of entries
	MaxEntry = 16 << 10 // bytes of a signed entry
	MaxBody  = 8 << 10  // bytes of a body
	MaxBlob  = 8 << 20  // bytes of a sealed blob
)

// Conditions of entries.
var (
	// ErrMalformed: the bytes are not an entry, a receipt or a checkpoint in the one allowed form.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge: more bytes than an entry or a blob may have.
	ErrTooLarge = errors.New("too large")
	// ErrSignature: a signature does not hold under the key that it names.
	ErrSignature = errors.New("signature does not hold")
	// ErrUnknownKey: the signing key is not allowed at that point of the chain.
	ErrUnknownKey = errors.New("key not allowed here")
)

// Hash is a SHA-256 value: the identity of an entry, the name of a blob, a node of the tree.
type Hash [sha256.Size]byte

// String is the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero tells whether all bytes are zero, which no real hash is.
func (h Hash) IsZero() bool { return h == Hash{} }

// UnmarshalCBOR reads a byte string of exactly 32 bytes.
func (h *Hash) UnmarshalCBOR(b []byte) error {
	if len(b) != 2+len(h) || b[0] != 0x58 || b[1] != byte(len(h)) {
		return fmt.Errorf("hash: %w", ErrMalformed)
	}
	copy(h[:], b[2:])
	return nil
}

// ParseHash reads what String wrote.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) || strings.ToLower(s) != s {
		return Hash{}, fmt.Errorf("hash: %w", ErrMalformed)
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("hash: %w", ErrMalformed)
	}
	return h, nil
}

// Entry is one thing that happened. Its fields are plain for everybody who holds the journal, so
// they never tell who an applicant is.
type Entry struct {
	Version  uint64          `cbor:"1,keyasint"`
	Chain    string          `cbor:"2,keyasint"`            // "UTO-01", or "UTO-01/hq" for directives
	Epoch    uint64          `cbor:"3,keyasint"`            // from 1; one more for each new hardware
	Sequence uint64          `cbor:"4,keyasint"`            // from 1 in each epoch, without a gap
	Previous Hash            `cbor:"5,keyasint"`            // identity of the entry before; zero at the very start
	Kind     string          `cbor:"6,keyasint"`            // "case.submitted", "blank.taken"
	Subject  string          `cbor:"7,keyasint,omitempty"`  // case token or serial
	Actor    string          `cbor:"8,keyasint"`            // KeyID of the signing key
	Body     cbor.RawMessage `cbor:"9,keyasint,omitempty"`  // deterministic CBOR, its shape given by Kind
	Time     int64           `cbor:"10,keyasint"`           // claimed, seconds since 1970 UTC
	Blob     *Blob           `cbor:"11,keyasint,omitempty"` // sealed bytes that belong to the entry
	Seen     *TreeHead       `cbor:"12,keyasint,omitempty"` // newest checkpoint that the writer had verified
	Pair     Hash            `cbor:"13,keyasint,omitzero"`  // identity of the proposed entry that this one witnesses
}

// Blob names sealed bytes.
type Blob struct {
	Digest Hash  `cbor:"1,keyasint"`
	Size   int64 `cbor:"2,keyasint"` // bytes
}

// TreeHead is a state of headquarters' tree.
type TreeHead struct {
	Size int64 `cbor:"1,keyasint"` // leaves
	Root Hash  `cbor:"2,keyasint"`
}

// Directives is the suffix of the chain that headquarters writes for a station.
const Directives = "/hq"

var (
	stationForm = regexp.MustCompile(`^[A-Z0-9]{1,12}(-[A-Z0-9]{1,12}){0,3}$`)
	kindForm    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}(\.[a-z][a-z0-9-]{0,30}){0,3}$`)
	subjectForm = regexp.MustCompile(`^[A-Za-z0-9._:/-]{0,80}$`)
	keyForm     = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// CheckStation tells whether id can name a station: one to four groups of up to twelve capital
// letters and digits, joined by hyphens.
func CheckStation(id string) error {
	if !stationForm.MatchString(id) {
		return fmt.Errorf("station name: %w", ErrMalformed)
	}
	return nil
}

// SplitChain returns the station that a chain belongs to, and whether the chain carries
// directives of headquarters to it.
func SplitChain(chain string) (station string, directives bool, err error) {
	station, directives = strings.CutSuffix(chain, Directives)
	if err := CheckStation(station); err != nil {
		return "", false, fmt.Errorf("chain: %w", ErrMalformed)
	}
	return station, directives, nil
}

// KeyID names a P-256 key: the first 16 bytes of the SHA-256 of its SubjectPublicKeyInfo, in
// hexadecimal.
func KeyID(pub *ecdsa.PublicKey) (string, error) {
	if pub == nil || pub.Curve != elliptic.P256() {
		return "", fmt.Errorf("key id: %w: not a P-256 key", ErrMalformed)
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("key id: %w", err)
	}
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:16]), nil
}

// check tells the first thing that is wrong with the fields.
func (e *Entry) check() error {
	if _, _, err := SplitChain(e.Chain); err != nil {
		return err
	}
	switch {
	case e.Version != Version:
		return fmt.Errorf("version: %w", ErrMalformed)
	case e.Epoch == 0 || e.Epoch > 1<<32:
		return fmt.Errorf("epoch: %w", ErrMalformed)
	case e.Sequence == 0 || e.Sequence > 1<<62:
		return fmt.Errorf("sequence: %w", ErrMalformed)
	case e.Sequence > 1 && e.Previous.IsZero(), e.Epoch == 1 && e.Sequence == 1 && !e.Previous.IsZero():
		return fmt.Errorf("previous: %w", ErrMalformed)
	case !kindForm.MatchString(e.Kind):
		return fmt.Errorf("kind: %w", ErrMalformed)
	case !subjectForm.MatchString(e.Subject):
		return fmt.Errorf("subject: %w", ErrMalformed)
	case !keyForm.MatchString(e.Actor):
		return fmt.Errorf("actor: %w", ErrMalformed)
	case len(e.Body) > MaxBody:
		return fmt.Errorf("body: %w", ErrTooLarge)
	case e.Blob != nil && (e.Blob.Size < 1 || e.Blob.Size > MaxBlob || e.Blob.Digest.IsZero()):
		return fmt.Errorf("blob: %w", ErrMalformed)
	case e.Seen != nil && e.Seen.Size < 0:
		return fmt.Errorf("seen: %w", ErrMalformed)
	}
	if len(e.Body) > 0 {
		if err := deterministic(e.Body); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	}
	return nil
}
