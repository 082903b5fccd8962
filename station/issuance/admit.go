package issuance

import (
	"errors"
	"slices"
	"strings"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ErrRevoked: headquarters' notice took away this key, this blank or this signature.
var ErrRevoked = errors.New("revoked by headquarters")

// noteRevoked holds what notices have revoked so far.
const noteRevoked = "revoked"

// revocations is what every notice together has revoked.
type revocations struct {
	Officers []string      `cbor:"1,keyasint,omitempty"` // key identifiers
	Signers  [][]byte      `cbor:"2,keyasint,omitempty"` // SHA-256 over certificates
	Blanks   []event.Range `cbor:"3,keyasint,omitempty"` // those here are revoked in the stock as well
}

// revoked reads what has been revoked, and remembers the officers for what is sealed outside of a
// transaction.
func (d *Desk) revoked(tx Tx) (revocations, error) {
	var r revocations
	raw, err := tx.Note(noteRevoked)
	if err != nil || raw == nil {
		return r, err
	}
	if err := journal.Decode(raw, &r); err != nil {
		return r, err
	}
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = map[string]bool{}
	for _, id := range r.Officers {
		s.revoked[id] = true
	}
	return r, nil
}

// admit stands before every entry that a person signs: their token is signed in, no notice has
// revoked it, and work on cases has an open day.
func (d *Desk) admit(tx Tx, by Key, kind string) error {
	if by.KeyID() == d.Key.KeyID() {
		return nil
	}
	if err := d.admitKey(tx, by); err != nil {
		return err
	}
	if !caseWork(kind) {
		return nil
	}
	if err := d.noService(tx); err != nil {
		return err
	}
	return dayOpen(tx)
}

func (d *Desk) admitKey(tx Tx, by Key) error {
	if err := d.awake(by); err != nil {
		return err
	}
	r, err := d.revoked(tx)
	if err == nil && slices.Contains(r.Officers, by.KeyID()) {
		return ErrRevoked
	}
	return err
}

// caseWork tells whether entries of a kind belong to the work that needs an open day.
func caseWork(kind string) bool {
	family, _, _ := strings.Cut(kind, ".")
	return slices.Contains([]string{"case", "blank", "booklet", "print", "inspection", "run"}, family)
}
