package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
)

// maxBatch is how many entries travel in one push.
const maxBatch = 64

// Source is what comes from headquarters: over the wire, or from an opened bundle. Its methods
// return errors wrapping journal.ErrUnreachable where nobody answers. Own returns the station's own
// chain as headquarters holds it, Pull its directives, both from a place in headquarters' tree on
// and with the place to ask after next time. The checkpoint of an answer is proven to contain last,
// or is an older one that is signed.
type Source interface {
	Own(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error)
	Pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error)
	GetBlob(ctx context.Context, b journal.Blob) ([]byte, error)
}

// Headquarters is the other end of the wire. Push returns a verified receipt for every entry, in
// order, and a checkpoint that is proven to contain the last one.
type Headquarters interface {
	Source
	PutBlob(ctx context.Context, b journal.Blob, data []byte) error
	Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
		[]journal.Receipt, journal.Checkpoint, error)
}

// SyncReport says what travelled.
type SyncReport struct {
	Sent       int  `json:"sent"`     // entries handed over
	Receipts   int  `json:"receipts"` // that came for entries handed over before
	Directives int  `json:"directives"`
	Orders     int  `json:"orders"`
	Declined   int  `json:"declined"`
	Restored   bool `json:"restored"` // headquarters had lost entries; they were sent again
}

// Sync looks where headquarters stands, sends what it has not receipted and takes in its directives.
// It may be cut off at any point and called again: headquarters counts an entry once, and a
// directive is taken in together with the place where the next one is asked for.
//
// It returns ErrHalted where headquarters holds entries of this station that the station does not
// have, or others at the same numbers: the station was restored from a backup, or copied. Where
// headquarters shows an older tree than before, Sync raises an alarm and sends everything again
// that headquarters lost.
//
// Exchanges take turns: one that is called while another runs waits for it.
func (d *Desk) Sync(ctx context.Context) (SyncReport, error) {
	var report SyncReport
	leave, err := d.exchanging.enter(ctx)
	if err != nil {
		return report, fmt.Errorf("sync: %w", err)
	}
	defer leave()
	err = d.exchange(ctx, &report)
	if errors.Is(err, journal.ErrRolledBack) {
		if err = d.restored(ctx, d.Headquarters); err == nil {
			report.Restored = true
			err = d.exchange(ctx, &report)
		}
	}
	if err = d.settle(ctx, err); err != nil {
		return report, fmt.Errorf("sync: %w", err)
	}
	return report, d.Store.Update(ctx, d.heardNow)
}

// exchange is one round over the wire.
func (d *Desk) exchange(ctx context.Context, report *SyncReport) error {
	if err := d.own(ctx, d.Headquarters, report); err != nil {
		return err
	}
	if err := d.push(ctx, report); err != nil {
		return err
	}
	return d.pull(ctx, d.Headquarters, report)
}

func (d *Desk) checkpoint(tx Tx) (journal.Checkpoint, error) {
	raw, err := tx.Note(noteCheckpoint)
	if err != nil || raw == nil {
		return journal.Checkpoint{}, err
	}
	return journal.ParseCheckpoint(raw, d.Ledger)
}

// keepCheckpoint remembers a verified checkpoint, unless a newer one has been seen, and its time.
func (d *Desk) keepCheckpoint(tx Tx, c journal.Checkpoint) error {
	if err := d.ledgerTime(tx, c.Time); err != nil {
		return err
	}
	seen, err := d.checkpoint(tx)
	if err != nil || c.Size < seen.Size {
		return err
	}
	return tx.PutNote(noteCheckpoint, c.Raw)
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

// sendBlob hands a sealed blob over, before the entry that names it. One that was erased lies at
// headquarters already; if it does not, headquarters refuses the entry.
func (d *Desk) sendBlob(ctx context.Context, b *journal.Blob) error {
	if b == nil {
		return nil
	}
	data, err := d.blob(ctx, *b)
	if err != nil || data == nil {
		return err
	}
	return d.Headquarters.PutBlob(ctx, *b, data)
}

// blob reads sealed bytes; nil where they were erased.
func (d *Desk) blob(ctx context.Context, b journal.Blob) (data []byte, err error) {
	err = d.Store.View(ctx, func(tx Tx) (err error) {
		data, err = tx.Blob(b.Digest)
		return err
	})
	if errors.Is(err, ErrUnknown) {
		return nil, nil
	}
	return data, err
}

// receipted verifies and keeps the receipts of a batch.
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
		next := int64(0)
		for i, s := range batch {
			if err := keepReceipt(tx, s, receipts[i]); err != nil {
				return err
			}
			next = max(next, receipts[i].Index+1)
		}
		// What stands at headquarters behind these entries is ours too: a chain has one head.
		if err := d.advanceOwn(tx, next); err != nil {
			return err
		}
		return d.keepCheckpoint(tx, checkpoint)
	})
}

// place is where the next directive is asked for, and the last one that was taken in.
type place struct {
	Next int64  `cbor:"1,keyasint"`
	Last []byte `cbor:"2,keyasint"`
}

func (d *Desk) pull(ctx context.Context, from Source, report *SyncReport) error {
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
		answer, err := from.Pull(ctx, seen, at.Next)
		if err != nil {
			return err
		}
		if err := d.takeIn(ctx, from, at, answer, report); err != nil {
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
func (d *Desk) takeIn(
	ctx context.Context, from Source, at place, answer journal.Page, report *SyncReport,
) error {
	for _, pulled := range answer.Entries {
		if err := d.takeOne(ctx, from, &at, pulled, report); err != nil {
			return err
		}
	}
	at.Next = max(at.Next, answer.Next)
	return d.erasing(ctx, func(tx Tx) (erased bool, err error) {
		if err := d.keepCheckpoint(tx, answer.Checkpoint); err != nil {
			return false, err
		}
		if err := putPlace(tx, at); err != nil {
			return false, err
		}
		return d.durable(tx, answer.Checkpoint.Durable.Size)
	})
}

// takeOne takes one directive in behind the place, and moves it.
func (d *Desk) takeOne(ctx context.Context, from Source, at *place, pulled journal.Pulled, report *SyncReport) error {
	s := pulled.Entry
	f, err := d.stands(ctx, *at, s)
	if err != nil {
		return err
	}
	var blob []byte
	if s.Entry.Blob != nil && f.counts() {
		if blob, err = from.GetBlob(ctx, *s.Entry.Blob); err != nil {
			return err
		}
	}
	last := at.Last
	at.Next = pulled.Receipt.Index + 1
	if f.counts() {
		at.Last = s.Raw()
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := d.branch(tx, f, last, s); err != nil {
			return err
		}
		if err := putPlace(tx, *at); err != nil || !f.counts() {
			return err
		}
		if err := tx.PutNote(noteTaken+s.ID().String(), []byte{1}); err != nil {
			return err
		}
		if err := d.carryOut(tx, s, blob, report); err != nil {
			return fmt.Errorf("directive %s: %w", s.Entry.Kind, err)
		}
		return signedTime(tx, s.Entry.Time)
	})
	if err == nil && f.counts() {
		report.Directives++
	}
	return err
}

// stands tells how a directive stands to the newest one.
func (d *Desk) stands(ctx context.Context, at place, s journal.Signed) (fate, error) {
	var last *journal.Signed
	if at.Last != nil {
		l, err := journal.Parse(at.Last)
		if err != nil {
			return passed, err
		}
		last = &l
	}
	var wentBack int64
	var taken []byte
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		if wentBack, err = number(tx, noteWentBack); err != nil || wentBack == 0 {
			return err
		}
		taken, err = tx.Note(noteTaken + s.ID().String())
		return err
	})
	if err != nil {
		return passed, err
	}
	if taken != nil {
		return again, nil
	}
	return join(journal.NewVerifier(d.Charter.Station+journal.Directives, d.VaultKey, last), s, wentBack != 0)
}

func putPlace(tx Tx, at place) error {
	raw, err := journal.Encode(at)
	if err != nil {
		return err
	}
	return tx.PutNote(notePulled, raw)
}
