package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// maxBatch is how many entries travel in one push.
const maxBatch = 64

// Headquarters is the other end of the wire. Its methods return errors wrapping
// journal.ErrUnreachable where nobody answers. Push returns a verified receipt for every entry, in
// order; Pull returns the directives from a place in headquarters' tree on and the place to ask
// after next time. Both prove their checkpoint consistent with the last one.
type Headquarters interface {
	PutBlob(ctx context.Context, b journal.Blob, data []byte) error
	GetBlob(ctx context.Context, b journal.Blob) ([]byte, error)
	Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
		[]journal.Receipt, journal.Checkpoint, error)
	Pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error)
}

// SyncReport says what travelled.
type SyncReport struct {
	Sent       int `json:"sent"`
	Directives int `json:"directives"`
	Orders     int `json:"orders"`
	Declined   int `json:"declined"`
}

// Sync sends what headquarters has not receipted and takes in its directives. It may be cut off at
// any point and called again: headquarters counts an entry once, and a directive is taken in
// together with the place where the next one is asked for.
func (d *Desk) Sync(ctx context.Context) (SyncReport, error) {
	var report SyncReport
	if err := d.push(ctx, &report); err != nil {
		return report, fmt.Errorf("sync: %w", err)
	}
	if err := d.pull(ctx, &report); err != nil {
		return report, fmt.Errorf("sync: %w", err)
	}
	return report, nil
}

func (d *Desk) checkpoint(tx Tx) (journal.Checkpoint, error) {
	raw, err := tx.Note(noteCheckpoint)
	if err != nil || raw == nil {
		return journal.Checkpoint{}, err
	}
	return journal.ParseCheckpoint(raw, d.Ledger)
}

func (d *Desk) push(ctx context.Context, report *SyncReport) error {
	for {
		var batch []journal.Signed
		var seen journal.Checkpoint
		err := d.Store.View(ctx, func(tx Tx) (err error) {
			if batch, err = tx.Unreceipted(maxBatch); err != nil {
				return err
			}
			seen, err = d.checkpoint(tx)
			return err
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, s := range batch {
			if err := d.sendBlob(ctx, s.Entry.Blob); err != nil {
				return err
			}
		}
		receipts, checkpoint, err := d.Headquarters.Push(ctx, seen, batch)
		if err != nil {
			return err
		}
		if err := d.receipted(ctx, batch, receipts, checkpoint); err != nil {
			return err
		}
		report.Sent += len(batch)
	}
}

// sendBlob hands a sealed blob over, before the entry that names it.
func (d *Desk) sendBlob(ctx context.Context, b *journal.Blob) error {
	if b == nil {
		return nil
	}
	var data []byte
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		data, err = tx.Blob(b.Digest)
		return err
	})
	if err != nil {
		return err
	}
	return d.Headquarters.PutBlob(ctx, *b, data)
}

// receipted verifies and keeps the receipts of a batch, and erases the blobs that headquarters now
// holds.
func (d *Desk) receipted(
	ctx context.Context, batch []journal.Signed, receipts []journal.Receipt, checkpoint journal.Checkpoint,
) error {
	if len(receipts) != len(batch) {
		return fmt.Errorf("%d receipts for %d entries: %w", len(receipts), len(batch), ErrHeadquarters)
	}
	for i, s := range batch {
		if _, err := journal.VerifyReceipt(s, receipts[i], d.Ledger); err != nil {
			return fmt.Errorf("%w: %w", ErrHeadquarters, err)
		}
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		for i, s := range batch {
			if err := tx.PutReceipt(s.ID(), receipts[i]); err != nil {
				return err
			}
			if s.Entry.Blob == nil {
				continue
			}
			if err := tx.EraseBlob(s.Entry.Blob.Digest); err != nil {
				return err
			}
		}
		return tx.PutNote(noteCheckpoint, checkpoint.Raw)
	})
}

// place is where the next directive is asked for, and the last one that was taken in.
type place struct {
	Next int64  `cbor:"1,keyasint"`
	Last []byte `cbor:"2,keyasint"`
}

func (d *Desk) pull(ctx context.Context, report *SyncReport) error {
	for {
		var at place
		var seen journal.Checkpoint
		err := d.Store.View(ctx, func(tx Tx) (err error) {
			if at, err = pulled(tx); err != nil {
				return err
			}
			seen, err = d.checkpoint(tx)
			return err
		})
		if err != nil {
			return err
		}
		answer, err := d.Headquarters.Pull(ctx, seen, at.Next)
		if err != nil {
			return err
		}
		if err := d.takeIn(ctx, at, answer, report); err != nil {
			return err
		}
		if !answer.More {
			return nil
		}
	}
}

func pulled(tx Tx) (place, error) {
	var at place
	raw, err := tx.Note(notePulled)
	if err != nil || raw == nil {
		return at, err
	}
	return at, journal.Decode(raw, &at)
}

// takeIn follows headquarters' chain and carries out each directive in a transaction of its own
// together with the new place.
func (d *Desk) takeIn(ctx context.Context, at place, answer journal.Page, report *SyncReport) error {
	var last *journal.Signed
	if at.Last != nil {
		s, err := journal.Parse(at.Last)
		if err != nil {
			return err
		}
		last = &s
	}
	chain := journal.NewVerifier(d.Charter.Station+journal.Directives, d.VaultKey, last)
	for _, pulled := range answer.Entries {
		s := pulled.Entry
		if err := chain.Next(s); err != nil {
			return fmt.Errorf("%w: %w", ErrHeadquarters, err)
		}
		var blob []byte
		if s.Entry.Blob != nil {
			var err error
			if blob, err = d.Headquarters.GetBlob(ctx, *s.Entry.Blob); err != nil {
				return err
			}
		}
		at.Last, at.Next = s.Raw(), pulled.Receipt.Index+1
		err := d.Store.Update(ctx, func(tx Tx) error {
			if err := d.carryOut(tx, s, blob, report); err != nil {
				return fmt.Errorf("directive %s: %w", s.Entry.Kind, err)
			}
			return putPlace(tx, at)
		})
		if err != nil {
			return err
		}
		report.Directives++
	}
	at.Next = answer.Next
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.PutNote(noteCheckpoint, answer.Checkpoint.Raw); err != nil {
			return err
		}
		return putPlace(tx, at)
	})
}

func putPlace(tx Tx, at place) error {
	raw, err := journal.Encode(at)
	if err != nil {
		return err
	}
	return tx.PutNote(notePulled, raw)
}

// carryOut does what one directive says. A kind that this version does not know stays in the chain
// and changes nothing.
func (d *Desk) carryOut(tx Tx, s journal.Signed, blob []byte, report *SyncReport) error {
	switch s.Entry.Kind {
	case event.StockAllocated:
		return d.allocate(tx, blob)
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

func (d *Desk) allocate(tx Tx, blob []byte) error {
	plain, err := seal.Open(d.Key, event.PurposeStock, blob)
	if err != nil {
		return err
	}
	var m event.Manifest
	if err := journal.Decode(plain, &m); err != nil {
		return err
	}
	known, err := d.revoked(tx)
	if err != nil {
		return err
	}
	for _, b := range m.Blanks {
		if err := d.Charter.Profile.CheckSerial(b.Serial); err != nil {
			return err
		}
		if _, err := tx.Booklet(b.Serial); !errors.Is(err, ErrUnknown) {
			return errors.Join(err, fmt.Errorf("blank %s allocated twice: %w", b.Serial, ErrHeadquarters))
		}
		book := station.Booklet{Serial: b.Serial, ChipID: b.ChipID, State: station.StateAllocated}
		if (event.Revoked{Blanks: known.Blanks}).HasBlank(b.Serial) {
			book.State = station.StateRevoked
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
	}
	return nil
}

// acceptOrder opens an order with the station's key and wraps it to the officers who work on it.
func (d *Desk) acceptOrder(tx Tx, s journal.Signed, blob []byte) error {
	f, err := tx.Folder(station.CaseToken(s.Entry.Subject))
	if err != nil {
		return err
	}
	if overtaken(f.Case, s) {
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
