package journal

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"iter"
)

// KeyLookup returns the key that e names as its actor if that key may sign at that point of the
// chain, and an error wrapping ErrUnknownKey if not.
type KeyLookup func(e Entry) (*ecdsa.PublicKey, error)

// GapError says that an entry does not stand where the chain goes on.
type GapError struct {
	Chain     string
	Epoch     uint64 // of the entry
	WantEpoch uint64
	Sequence  uint64 // of the entry
	Want      uint64 // number at which the chain goes on
}

// Error names both numbers.
func (e *GapError) Error() string {
	return fmt.Sprintf("chain %s: entry %d/%d where %d/%d is next",
		e.Chain, e.Epoch, e.Sequence, e.WantEpoch, e.Want)
}

// ForkError holds two verified entries that cannot both belong to one chain: they stand at one
// number, or the second names another predecessor than the first.
type ForkError struct {
	Kept  Signed
	Other Signed
}

// Error names the place of the fork.
func (e *ForkError) Error() string {
	return fmt.Sprintf("chain %s: fork at %d/%d",
		e.Other.Entry.Chain, e.Other.Entry.Epoch, e.Other.Entry.Sequence)
}

// Verifier follows one chain entry by entry. It is used by one goroutine.
type Verifier struct {
	chain string
	keys  KeyLookup
	last  *Signed
	count int64
}

// NewVerifier returns a verifier that stands at the start of a chain, or behind the entry after,
// which was verified before, where that is not nil.
func NewVerifier(chain string, keys KeyLookup, after *Signed) *Verifier {
	return &Verifier{chain: chain, keys: keys, last: after}
}

// Last returns the newest verified entry; ok is false at the start.
func (v *Verifier) Last() (s Signed, ok bool) {
	if v.last == nil {
		return Signed{}, false
	}
	return *v.last, true
}

// Count is the number of entries that Next has accepted.
func (v *Verifier) Count() int64 { return v.count }

// Next takes the entry that follows. Its signature is checked first, so that a *ForkError always
// holds two entries that their keys did sign. It returns a *GapError for a number that is not
// next, ErrSignature or ErrUnknownKey; after an error the verifier stands where it stood.
func (v *Verifier) Next(s Signed) error {
	if s.Entry.Chain != v.chain {
		return fmt.Errorf("chain %s: entry of another chain: %w", v.chain, ErrMalformed)
	}
	key, err := v.keys(s.Entry)
	if err != nil {
		return fmt.Errorf("chain %s: entry %d/%d: %w", v.chain, s.Entry.Epoch, s.Entry.Sequence, err)
	}
	if err := s.Verify(key); err != nil {
		return fmt.Errorf("chain %s: entry %d/%d: %w", v.chain, s.Entry.Epoch, s.Entry.Sequence, err)
	}
	if err := Follows(v.last, s); err != nil {
		return err
	}
	v.last = &s
	v.count++
	return nil
}

// Follows tells whether s may stand right behind last (nil at the start of a chain), looking at
// numbers and hashes alone. It returns a *ForkError or a *GapError.
func Follows(last *Signed, s Signed) error {
	e := s.Entry
	gap := &GapError{Chain: e.Chain, Epoch: e.Epoch, Sequence: e.Sequence, WantEpoch: 1, Want: 1}
	if last == nil {
		if e.Sequence != 1 || !e.Previous.IsZero() {
			return gap
		}
		return nil
	}
	l := last.Entry
	gap.WantEpoch, gap.Want = l.Epoch, l.Sequence+1
	samePlace := e.Epoch == l.Epoch && e.Sequence == l.Sequence
	nextPlace := e.Epoch == l.Epoch && e.Sequence == l.Sequence+1 || e.Epoch > l.Epoch && e.Sequence == 1
	switch {
	case samePlace && s.ID() != last.ID(), nextPlace && e.Previous != last.ID():
		return &ForkError{Kept: *last, Other: s}
	case !nextPlace:
		return gap
	}
	return nil
}

// VerifyChain follows a whole chain and returns its verifier, which stands at the last good
// entry. An error of the iterator ends it.
func VerifyChain(
	ctx context.Context, chain string, keys KeyLookup, entries iter.Seq2[Signed, error],
) (*Verifier, error) {
	v := NewVerifier(chain, keys, nil)
	for s, err := range entries {
		if err != nil {
			return v, fmt.Errorf("chain %s: %w", chain, err)
		}
		if err := ctx.Err(); err != nil {
			return v, fmt.Errorf("chain %s: %w", chain, err)
		}
		if err := v.Next(s); err != nil {
			return v, err
		}
	}
	return v, nil
}
