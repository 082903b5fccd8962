package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// carryOut does what one directive says. A kind that this version does not know stays in the chain
// and changes nothing.
func (d *Desk) carryOut(tx Tx, s journal.Signed, blob []byte, report *SyncReport) error {
	if done, err := d.directed(tx, s, blob); done || err != nil {
		return err
	}
	switch s.Entry.Kind {
	case event.StockAllocated:
		return d.announce(tx, s, blob)
	case event.StockResolved:
		return d.resolved(tx, s)
	case event.OrderIssued:
		report.Orders++
		return d.acceptOrder(tx, s, blob)
	case event.OrderDeclined:
		report.Declined++
		return d.declined(tx, s)
	case event.NoticeRevoked:
		return d.revoke(tx, s)
	}
	return nil
}

// acceptOrder opens an order with the station's key and wraps it to the officers who work on it.
func (d *Desk) acceptOrder(tx Tx, s journal.Signed, blob []byte) error {
	f, err := tx.Folder(station.CaseToken(s.Entry.Subject))
	if err != nil {
		return err
	}
	if overtaken(f.Case, s) || d.hasOrder(f.Case, s) {
		return nil
	}
	plain, err := seal.Open(d.Key, event.PurposeOrder, blob)
	if err != nil {
		return err
	}
	defer clear(plain)
	var o station.Order
	if err := journal.Decode(plain, &o); err != nil {
		return err
	}
	defer Destroy(&o)
	if o.Case != f.Case.Token {
		return fmt.Errorf("order of another case: %w", ErrHeadquarters)
	}
	if f.Case, err = f.Case.Order(o.Serial); err != nil {
		return err
	}
	workers := append(d.Charter.WithRole(station.RoleOperate), d.Charter.WithRole(station.RoleInspect)...)
	if f.Order, f.Keys, err = d.lock(f.Case.Token, o, workers); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	return d.record(tx, d.Key, fact{
		kind: event.CaseOrdered, subject: string(f.Case.Token), body: event.Bound{Case: f.Case.Token},
	})
}

// hasOrder tells whether a case has had an order for the same number. Headquarters makes a second one
// only where it lost that there was a first, and had not heard yet that it had come here.
func (d *Desk) hasOrder(c station.Case, s journal.Signed) bool {
	var body event.Ordered
	had := slices.Contains([]station.Stage{station.StageOrdered, station.StageProducing, station.StagePassed,
		station.StageHanded, station.StageClosed}, c.Stage)
	if !had || journal.Decode(s.Entry.Body, &body) != nil || body.Serial != c.Serial {
		return false
	}
	d.Log.Warn("a second order for the same number is passed over", "case", c.Token)
	return true
}

func (d *Desk) declined(tx Tx, s journal.Signed) error {
	var body event.Declined
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return err
	}
	return tx.PutNote(noteDeclined+s.Entry.Subject, []byte(body.Cause))
}

// Declined returns the word with which headquarters declined to order a case's booklet, or "".
func (d *Desk) Declined(ctx context.Context, token station.CaseToken) (string, error) {
	var cause []byte
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		cause, err = tx.Note(noteDeclined + string(token))
		return err
	})
	return string(cause), err
}
