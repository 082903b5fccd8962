package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ErrHeld: headquarters holds the order back for now; it follows, or a refusal does.
var ErrHeld = errors.New("held by headquarters")

// Names of notes about what headquarters decided.
const (
	noteHolding = "holding/" // followed by a case token: the cause, empty when cleared
	noteNotices = "notices"  // every notice of what is revoked, with its reason
)

// directed carries out directives about held orders, notices and new hardware. done means that nothing
// else is to be done with the directive.
func (d *Desk) directed(tx Tx, s journal.Signed, blob []byte) (done bool, err error) {
	waiting, err := d.unrestored(tx)
	if err != nil {
		return false, err
	}
	if waiting {
		return true, d.restore(tx, s, blob)
	}
	if err := d.missionDirected(tx, s, blob); err != nil {
		return false, err
	}
	switch s.Entry.Kind {
	case event.OrderHeld, event.OrderCleared:
		return true, held(tx, s)
	case event.NoticeRevoked:
		return false, keepNotice(tx, s)
	}
	return false, nil
}

func held(tx Tx, s journal.Signed) error {
	var body event.Held
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return err
	}
	return tx.PutNote(noteHolding+s.Entry.Subject, []byte(body.Cause))
}

// Held returns the word for why headquarters holds a case's order back, or "".
func (d *Desk) Held(ctx context.Context, token station.CaseToken) (string, error) {
	var cause []byte
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		cause, err = tx.Note(noteHolding + string(token))
		return err
	})
	return string(cause), err
}

// noOrder says why there is no order: it was declined, is held, or has not come yet.
func noOrder(tx Tx, token station.CaseToken) error {
	for _, why := range []struct {
		note string
		err  error
	}{{noteDeclined, ErrDeclined}, {noteHolding, ErrHeld}} {
		if word, err := tx.Note(why.note + string(token)); err != nil || len(word) > 0 {
			return errors.Join(err, why.err)
		}
	}
	return ErrNoOrder
}

// keepNotice remembers a notice with its reason, for the verifier.
func keepNotice(tx Tx, s journal.Signed) error {
	var notice event.Revoked
	if err := journal.Decode(s.Entry.Body, &notice); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	all, err := notices(tx)
	if err != nil {
		return err
	}
	raw, err := journal.Encode(append(all, notice))
	if err != nil {
		return err
	}
	return tx.PutNote(noteNotices, raw)
}

func notices(tx Tx) ([]event.Revoked, error) {
	var all []event.Revoked
	raw, err := tx.Note(noteNotices)
	if err != nil || raw == nil {
		return nil, err
	}
	return all, journal.Decode(raw, &all)
}

// Reported tells whether headquarters has reported a serial lost, and the word for why. It needs no
// network: it looks at the notices that the station carries. A verifier asks it for any book, before
// it believes the chip: a stolen blank can carry a good print.
func (d *Desk) Reported(ctx context.Context, serial station.Serial) (reason string, lost bool, err error) {
	return Reported(ctx, d.Store, serial)
}

// Reported is Desk.Reported where nobody has opened the desk.
func Reported(ctx context.Context, store Store, serial station.Serial) (reason string, lost bool, err error) {
	var all []event.Revoked
	err = store.View(ctx, func(tx Tx) (err error) {
		all, err = notices(tx)
		return err
	})
	for _, n := range slices.Backward(all) {
		if n.HasBlank(serial) {
			return n.Reason, true, err
		}
	}
	return "", false, err
}
