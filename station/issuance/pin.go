package issuance

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Conditions of the emergency PIN.
var (
	// ErrPIN: the emergency PIN is not the one that was set, or was not typed the same twice. Nothing
	// was purged.
	ErrPIN = errors.New("wrong emergency PIN")
	// ErrNoPIN: no emergency PIN was ever set at this station.
	ErrNoPIN = errors.New("no emergency PIN set")
	// ErrWeakPIN: the PIN could be typed by mistake or guessed.
	ErrWeakPIN = errors.New("emergency PIN too simple")
)

// notePIN holds what the emergency PIN is checked against.
const notePIN = "purge/pin"

// Costs of argon2id for the emergency PIN (RFC 9106, 4: the second recommended choice, in one lane).
const (
	pinPasses    = 3
	pinMemoryKiB = 64 << 10
	pinLanes     = 1
	pinBytes     = 32
	minPIN       = 6
	maxPIN       = 64
)

// pinHash is the emergency PIN as it is kept. The PIN is never sent to a token.
type pinHash struct {
	Salt      []byte `cbor:"1,keyasint"`
	Passes    uint32 `cbor:"2,keyasint"`
	MemoryKiB uint32 `cbor:"3,keyasint"`
	Hash      []byte `cbor:"4,keyasint"`
}

func (h pinHash) of(pin []byte) []byte {
	return argon2.IDKey(pin, h.Salt, h.Passes, h.MemoryKiB, pinLanes, pinBytes)
}

// SetPIN sets the emergency PIN with the tokens of two officers.
func (d *Desk) SetPIN(ctx context.Context, first, second Seat, pin, again []byte) error {
	if err := d.two(first, second); err != nil {
		return fmt.Errorf("set emergency PIN: %w", err)
	}
	if err := checkPIN(pin, again); err != nil {
		return fmt.Errorf("set emergency PIN: %w", err)
	}
	h := pinHash{Salt: make([]byte, 16), Passes: pinPasses, MemoryKiB: pinMemoryKiB}
	if _, err := rand.Read(h.Salt); err != nil {
		return fmt.Errorf("set emergency PIN: %w", err)
	}
	h.Hash = h.of(pin)
	raw, err := journal.Encode(h)
	if err != nil {
		return fmt.Errorf("set emergency PIN: %w", err)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.PutNote(notePIN, raw); err != nil {
			return err
		}
		if err := d.record(tx, first.Key, fact{kind: event.PINProposed, body: event.PIN{}}); err != nil {
			return err
		}
		proposed, err := lastID(tx)
		if err != nil {
			return err
		}
		return d.record(tx, second.Key, fact{kind: event.PINWitnessed, body: event.PIN{Proposed: proposed}})
	})
	if err != nil {
		return fmt.Errorf("set emergency PIN: %w", err)
	}
	return nil
}

// checkPIN wants at least six characters that are not all the same and no run of digits.
func checkPIN(pin, again []byte) error {
	if subtle.ConstantTimeCompare(pin, again) != 1 {
		return ErrPIN
	}
	signs := []rune(string(pin))
	defer clear(signs)
	if len(signs) < minPIN || len(pin) > maxPIN || !utf8.Valid(pin) {
		return ErrWeakPIN
	}
	run := true
	step := signs[1] - signs[0]
	for i := 1; i < len(signs); i++ {
		run = run && signs[i]-signs[i-1] == step && step >= -1 && step <= 1
		if unicode.IsControl(signs[i]) {
			return ErrWeakPIN
		}
	}
	if run {
		return ErrWeakPIN
	}
	return nil
}

// verifyPIN checks the PIN, typed twice, against what is kept. It costs argon2id and no try of any
// token.
func verifyPIN(ctx context.Context, store Store, pin, again []byte) error {
	if subtle.ConstantTimeCompare(pin, again) != 1 || len(pin) > maxPIN {
		return ErrPIN
	}
	var raw []byte
	err := store.View(ctx, func(tx Tx) (err error) {
		raw, err = tx.Note(notePIN)
		return err
	})
	if err != nil {
		return err
	}
	if raw == nil {
		return ErrNoPIN
	}
	var h pinHash
	if err := journal.Decode(raw, &h); err != nil {
		return err
	}
	if h.Passes < 1 || h.Passes > 16 || h.MemoryKiB > 1<<20 {
		return ErrStoreDamaged
	}
	if subtle.ConstantTimeCompare(h.of(pin), h.Hash) != 1 {
		return ErrPIN
	}
	return nil
}
