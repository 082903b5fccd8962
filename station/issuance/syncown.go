package issuance

import (
	"context"
	"encoding/binary"
	"fmt"

	"padarozhnik/station/journal"
)

// own takes in what headquarters holds of the station's chain: receipts for entries that arrived
// there by any way, and whether the two agree on what the chain is. A station on new hardware knows
// nothing of its chain until its past has come, and cannot be asked.
func (d *Desk) own(ctx context.Context, from Source, report *SyncReport) error {
	for {
		var at int64
		var seen journal.Checkpoint
		waiting := false
		err := d.Store.View(ctx, func(tx Tx) (err error) {
			if waiting, err = d.unrestored(tx); err != nil || waiting {
				return err
			}
			if at, err = number(tx, noteOwn); err != nil {
				return err
			}
			seen, err = d.checkpoint(tx)
			return err
		})
		if err != nil || waiting {
			return err
		}
		page, err := from.Own(ctx, seen, at)
		if err != nil {
			return err
		}
		if err := d.acknowledge(ctx, page, report); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
	}
}

// acknowledge keeps the receipts of a page. Everything else that headquarters shows of our chain,
// signed by our keys, is a *divergedError.
func (d *Desk) acknowledge(ctx context.Context, page journal.Page, report *SyncReport) error {
	fresh := 0
	err := d.erasing(ctx, func(tx Tx) (erased bool, err error) {
		fresh = 0
		for _, p := range page.Entries {
			kept, err := d.counterpart(tx, p.Entry)
			if err != nil {
				return false, err
			}
			if kept.Receipt != nil {
				continue
			}
			if err := keepReceipt(tx, kept.Entry, p.Receipt); err != nil {
				return false, err
			}
			fresh++
		}
		if err := d.advanceOwn(tx, page.Next); err != nil {
			return false, err
		}
		if err := d.keepCheckpoint(tx, page.Checkpoint); err != nil {
			return false, err
		}
		return d.durable(tx, page.Checkpoint.Durable.Size)
	})
	if err == nil {
		report.Receipts += fresh
	}
	return err
}

// counterpart finds our own entry that headquarters shows.
func (d *Desk) counterpart(tx Tx, s journal.Signed) (Kept, error) {
	e := s.Entry
	if e.Chain != d.Charter.Station {
		return Kept{}, fmt.Errorf("entry of chain %s: %w", e.Chain, ErrHeadquarters)
	}
	kept, err := tx.At(e.Epoch, e.Sequence)
	if err != nil {
		return Kept{}, err
	}
	if kept != nil && kept.Entry.ID() == s.ID() {
		return *kept, nil
	}
	key, err := d.keyOf(e)
	if err == nil {
		err = s.Verify(key)
	}
	if err != nil {
		return Kept{}, fmt.Errorf("entry %d/%d that nobody here signed: %w: %w", e.Epoch, e.Sequence, ErrHeadquarters, err)
	}
	if kept == nil {
		return Kept{}, &divergedError{theirs: s}
	}
	return Kept{}, &divergedError{theirs: s, ours: &kept.Entry}
}

// advanceOwn moves the place from which receipts are asked for.
func (d *Desk) advanceOwn(tx Tx, next int64) error {
	at, err := number(tx, noteOwn)
	if err != nil || next <= at {
		return err
	}
	return putNumber(tx, noteOwn, next)
}

// keepReceipt keeps a verified receipt, and a note of the blob that headquarters holds by it.
func keepReceipt(tx Tx, s journal.Signed, r journal.Receipt) error {
	if err := tx.PutReceipt(s.ID(), r); err != nil || s.Entry.Blob == nil {
		return err
	}
	held, err := tx.Note(noteHeld)
	if err != nil {
		return err
	}
	held = append(held, s.Entry.Blob.Digest[:]...)
	return tx.PutNote(noteHeld, binary.BigEndian.AppendUint64(held, uint64(r.Index)))
}

// heldSize is that of one record of noteHeld: a blob, and the leaf of the entry that names it.
const heldSize = len(journal.Hash{}) + 8

// durable erases the sealed blobs whose entries lie within the first size leaves of headquarters'
// tree: those that it would still have if its machine burnt down now. Nothing else erases a blob. A
// size of 0, from a headquarters that does not say, erases none.
func (d *Desk) durable(tx Tx, size int64) (erased bool, err error) {
	err = sift(tx, func(blob journal.Hash, leaf int64) (stay bool, err error) {
		if leaf >= size {
			return true, nil
		}
		erased = true
		return false, tx.EraseBlob(blob)
	})
	return erased, err
}

// erasing is Update for a step that may erase sealed blobs. Where it did, they leave the files of the
// store as well.
func (d *Desk) erasing(ctx context.Context, step func(tx Tx) (erased bool, err error)) error {
	var erased bool
	err := d.Store.Update(ctx, func(tx Tx) (err error) {
		erased, err = step(tx)
		return err
	})
	if err != nil || !erased {
		return err
	}
	return d.Store.Scrub(ctx)
}

// unheld forgets which blobs headquarters held beyond size leaves, because it lost them. They are
// still here, or it said that they were durable.
func (d *Desk) unheld(tx Tx, size int64) error {
	return sift(tx, func(_ journal.Hash, leaf int64) (stay bool, err error) { return leaf < size, nil })
}

// sift keeps the records of noteHeld that stay.
func sift(tx Tx, stays func(blob journal.Hash, leaf int64) (bool, error)) error {
	held, err := tx.Note(noteHeld)
	if err != nil || len(held) == 0 {
		return err
	}
	left := []byte{}
	for ; len(held) >= heldSize; held = held[heldSize:] {
		digest, leaf := held[:len(journal.Hash{})], binary.BigEndian.Uint64(held[len(journal.Hash{}):heldSize])
		stay, err := stays(journal.Hash(digest), int64(leaf))
		if err != nil {
			return err
		}
		if stay {
			left = append(left, held[:heldSize]...)
		}
	}
	return tx.PutNote(noteHeld, left)
}

// number reads a note that is one number; 0 where there is none.
func number(tx Tx, name string) (int64, error) {
	raw, err := tx.Note(name)
	if err != nil || raw == nil {
		return 0, err
	}
	var n int64
	return n, journal.Decode(raw, &n)
}

func putNumber(tx Tx, name string, n int64) error {
	raw, err := journal.Encode(n)
	if err != nil {
		return err
	}
	return tx.PutNote(name, raw)
}
