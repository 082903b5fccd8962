package issuance

import (
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// lockedAccess is the keys of one blank's personaliser, under lock.
type lockedAccess struct {
	Sealed []byte      `cbor:"1,keyasint"`
	Keys   []seal.Wrap `cbor:"2,keyasint"`
}

// accessName stands in for a case token where the keys of a blank are locked.
func accessName(s station.Serial) station.CaseToken { return station.CaseToken("access/" + string(s)) }

// takeAccess locks the keys of blanks to the approving officers, each blank's for itself.
func (d *Desk) takeAccess(tx Tx, s journal.Signed, blob []byte) error {
	var body event.Access
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	plain, err := seal.Open(d.Key, event.PurposeAccess, blob)
	if err != nil {
		return err
	}
	defer clear(plain)
	var given event.AccessKeys
	if err := journal.Decode(plain, &given); err != nil || len(given.Keys) != len(body.Serials) {
		return errors.Join(fmt.Errorf("keys of blanks: %w", ErrHeadquarters), err)
	}
	approvers := d.Charter.WithRole(station.RoleApprove)
	for i, serial := range body.Serials {
		book, err := tx.Booklet(serial)
		if err != nil {
			return err
		}
		k := given.Keys[i]
		if book.State == station.StateAllocated || book.State == station.StateAvailable {
			if book.Access, err = d.lockAccess(serial, k, approvers); err != nil {
				return err
			}
			if err := tx.PutBooklet(book); err != nil {
				return err
			}
		}
		for _, secret := range [][]byte{k.Enc, k.Mac, k.Dek} {
			clear(secret)
		}
	}
	return nil
}

func (d *Desk) lockAccess(serial station.Serial, k station.ChipAccess, readers []station.Officer) ([]byte, error) {
	var out lockedAccess
	var err error
	if out.Sealed, out.Keys, err = d.lock(accessName(serial), k, readers); err != nil {
		return nil, err
	}
	out.Keys = withoutDay(out.Keys) // they lie longer than a day
	return journal.Encode(out)
}

// accessTo opens the keys of a blank for an approving officer.
func (d *Desk) accessTo(tx Tx, book station.Booklet, seat Seat) (station.ChipAccess, error) {
	var k station.ChipAccess
	if len(book.Access) == 0 {
		return k, fmt.Errorf("keys of blank %s: %w", book.Serial, ErrNoSigner)
	}
	var in lockedAccess
	if err := journal.Decode(book.Access, &in); err != nil {
		return k, err
	}
	return k, d.open(tx, accessName(book.Serial), in.Keys, in.Sealed, seat.Key, &k)
}

// dropAccess takes the wraps of revoked officers away from the keys of blanks.
func dropAccess(tx Tx, outside map[string]bool) error {
	return eachAccess(tx, func(raw []byte) ([]byte, error) {
		var k lockedAccess
		if err := journal.Decode(raw, &k); err != nil {
			return nil, err
		}
		k.Keys = slices.DeleteFunc(k.Keys, func(w seal.Wrap) bool { return outside[w.Recipient] })
		return journal.Encode(k)
	})
}

// overwriteAccess writes noise over the keys of every blank, and forgetAccess takes them out.
func overwriteAccess(tx Tx) error {
	return eachAccess(tx, func(raw []byte) ([]byte, error) { return noise(len(raw)), nil })
}

func forgetAccess(tx Tx) error {
	return eachAccess(tx, func([]byte) ([]byte, error) { return nil, nil })
}

// eachAccess changes the keys of every blank that has some.
func eachAccess(tx Tx, change func([]byte) ([]byte, error)) error {
	books, err := tx.AllBooklets()
	if err != nil {
		return err
	}
	for _, b := range books {
		if len(b.Access) == 0 {
			continue
		}
		if b.Access, err = change(b.Access); err != nil {
			return err
		}
		if err := tx.PutBooklet(b); err != nil {
			return err
		}
	}
	return nil
}
