package issuance

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// JournalReport says what was verified.
type JournalReport struct {
	Entries  int `json:"entries"`
	Receipts int `json:"receipts"`
}

// VerifyJournal follows the station's chain from its first entry and returns how many it holds.
// Every entry must be signed by the station or by an officer of the charter, and every receipt must
// prove its entry under the ledger's key.
func (d *Desk) VerifyJournal(ctx context.Context) (int, error) {
	r, err := d.VerifyRecords(ctx, nil)
	return r.Entries, err
}

// VerifyRecords is VerifyJournal with progress in entries and the number of receipts. It keeps one
// batch in memory.
func (d *Desk) VerifyRecords(ctx context.Context, report devices.Report) (JournalReport, error) {
	var out JournalReport
	total, err := d.length(ctx)
	if err != nil {
		return out, fmt.Errorf("verify journal: %w", err)
	}
	v := journal.NewVerifier(d.Charter.Station, d.keyOf, nil)
	var checkpoint journal.Checkpoint // receipts of one push have one
	err = d.walk(ctx, func(k Kept) error {
		if err := v.Next(k.Entry); err != nil {
			return err
		}
		out.Entries++
		if report != nil && (out.Entries%maxBatch == 0 || int64(out.Entries) == total) {
			report(devices.Progress{Step: "verify", Done: int64(out.Entries), Total: total})
		}
		if k.Receipt == nil {
			return nil
		}
		if !bytes.Equal(checkpoint.Raw, k.Receipt.Checkpoint) {
			var err error
			if checkpoint, err = journal.ParseCheckpoint(k.Receipt.Checkpoint, d.Ledger); err != nil {
				return fmt.Errorf("receipt of entry %d: %w", k.Entry.Entry.Sequence, err)
			}
		}
		out.Receipts++
		return journal.VerifyInclusion(k.Entry, k.Receipt.Index, k.Receipt.Proof, checkpoint.TreeHead)
	})
	if err != nil {
		return out, fmt.Errorf("verify journal: %w", err)
	}
	return out, nil
}

// length is about how many entries there are: the number of the last one.
func (d *Desk) length(ctx context.Context) (n int64, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		last, err := tx.Last()
		if last != nil {
			n = int64(last.Entry.Sequence)
		}
		return err
	})
	return n, err
}

// walk goes through the station's chain, oldest first, a batch in memory at a time.
func (d *Desk) walk(ctx context.Context, visit func(Kept) error) error {
	var last *journal.Signed
	for {
		var batch []Kept
		err := d.Store.View(ctx, func(tx Tx) (err error) {
			batch, err = tx.Walk(last, maxBatch)
			return err
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, k := range batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(k); err != nil {
				return err
			}
		}
		last = &batch[len(batch)-1].Entry
	}
}

// keyOf finds who may sign on this station's chain.
func (d *Desk) keyOf(e journal.Entry) (*ecdsa.PublicKey, error) {
	if e.Actor == d.Key.KeyID() {
		if pub, ok := d.Key.Public().(*ecdsa.PublicKey); ok {
			return pub, nil
		}
	}
	spki := d.Charter.SignedOnce(e.Actor)
	if spki == nil {
		return nil, journal.ErrUnknownKey
	}
	return journal.ParseKey(spki)
}

// Stock lists every booklet by serial.
func (d *Desk) Stock(ctx context.Context) ([]station.Booklet, error) {
	var books []station.Booklet
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		books, err = tx.AllBooklets()
		return err
	})
	return books, err
}

// Journal returns the entries about a case and its booklets, oldest first; all of them for "".
func (d *Desk) Journal(ctx context.Context, subject string) ([]journal.Signed, error) {
	var entries []journal.Signed
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		entries, err = tx.Entries(subject)
		return err
	})
	return entries, err
}

// VaultSigner is the key by which headquarters' vault signs directives and letters.
func (d *Desk) VaultSigner() (*ecdsa.PublicKey, error) {
	key, err := journal.ParseKey(d.Charter.VaultSPKI)
	if err != nil {
		return nil, fmt.Errorf("vault key: %w: %w", ErrCharter, err)
	}
	return key, nil
}
