package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// restored is what follows when headquarters shows an older tree than before. If that tree is one
// that headquarters has truly shown before, it was restored from a backup: an alarm is raised and
// written into the journal, and the receipts that headquarters no longer stands by are void, so that
// the next push sends those entries again. A tree that agrees with nothing seen is ErrRewritten.
func (d *Desk) restored(ctx context.Context, from Source) error {
	head, shown, err := d.compare(ctx, from)
	if err != nil {
		return err
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		seen, err := d.checkpoint(tx)
		if err != nil {
			return err
		}
		at, err := pulled(tx)
		if err != nil {
			return err
		}
		directive, err := heard(at)
		if err != nil {
			return err
		}
		if err := d.rewind(tx, head, shown); err != nil {
			return err
		}
		e := Evidence{Kind: AlarmRestored, Time: d.Now().Unix(), Seen: seen.Raw, Shown: shown.Raw}
		if err := putEvidence(tx, noteAlarm, e); err != nil {
			return err
		}
		d.Log.Error("headquarters was restored from a backup; its lost entries are sent again",
			"seen", seen.Size, "shown", shown.Size)
		body := event.RolledBack{Seen: seen.TreeHead, Shown: shown.TreeHead, Directive: directive}
		return d.record(tx, d.Key, fact{kind: event.LedgerRolledBack, body: body})
	})
}

// compare reads the whole of our chain as headquarters shows it now. Every entry must be ours and
// stand where its receipt says. It returns the newest one, nil for none, and the tree shown.
func (d *Desk) compare(ctx context.Context, from Source) (*journal.Signed, journal.Checkpoint, error) {
	var head *journal.Signed
	var shown journal.Checkpoint
	for after := int64(0); ; {
		page, err := from.Own(ctx, shown, after)
		if err != nil {
			return nil, shown, err
		}
		err = d.Store.View(ctx, func(tx Tx) error {
			for _, p := range page.Entries {
				kept, err := d.counterpart(tx, p.Entry)
				if err != nil {
					return err
				}
				if kept.Receipt != nil && kept.Receipt.Index != p.Receipt.Index {
					return fmt.Errorf("entry moved from leaf %d to %d: %w",
						kept.Receipt.Index, p.Receipt.Index, journal.ErrRewritten)
				}
				head = &kept.Entry
			}
			return nil
		})
		if err != nil {
			return nil, shown, err
		}
		shown, after = page.Checkpoint, page.Next
		if !page.More {
			return head, shown, d.anchored(ctx, from, shown)
		}
	}
}

// anchored has headquarters prove that the tree shown contains the newest one of our receipts that
// is not larger. Answers on a stick bring no such proof; there the places of our own entries stand
// alone.
func (d *Desk) anchored(ctx context.Context, from Source, shown journal.Checkpoint) error {
	anchor, err := d.newestWithin(ctx, shown.Size)
	if err != nil || anchor.Size == 0 {
		return err
	}
	_, err = from.Own(ctx, anchor, shown.Size)
	if errors.Is(err, journal.ErrNotJoined) {
		return nil
	}
	return err
}

// newestWithin finds the newest checkpoint of our receipts with at most size leaves.
func (d *Desk) newestWithin(ctx context.Context, size int64) (best journal.Checkpoint, err error) {
	err = d.walk(ctx, func(k Kept) error {
		if k.Receipt == nil || k.Receipt.Index >= size {
			return nil
		}
		c, err := journal.ParseCheckpoint(k.Receipt.Checkpoint, d.Ledger)
		if err == nil && c.Size <= size && c.Size > best.Size {
			best = c
		}
		return err
	})
	return best, err
}

// rewind forgets what was known of headquarters beyond the tree shown.
func (d *Desk) rewind(tx Tx, head *journal.Signed, shown journal.Checkpoint) error {
	epoch, sequence := uint64(0), uint64(0)
	if head != nil {
		epoch, sequence = head.Entry.Epoch, head.Entry.Sequence
	}
	at, err := pulled(tx)
	if err != nil {
		return err
	}
	at.Next = 0 // which of the directives are still there, only all of them tell
	return errors.Join(
		tx.VoidReceipts(epoch, sequence),
		tx.PutNote(noteCheckpoint, shown.Raw),
		putNumber(tx, noteOwn, shown.Size),
		putPlace(tx, at),
		putNumber(tx, noteWentBack, 1),
		d.unheld(tx, shown.Size))
}
