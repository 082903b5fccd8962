package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station/journal"
)

// maxExport is how many entries one bundle carries; what is beyond waits for the next.
const maxExport = 1 << 16

// Outbox takes what is for headquarters without an answer: a bundle while it is written.
type Outbox interface {
	PutBlob(ctx context.Context, b journal.Blob, data []byte) error
	Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) error
}

// Places are what a station tells headquarters of what it knows, so that answers can join.
type Places struct {
	Known int64 // size of the newest checkpoint verified
	Own   int64 // leaf from which receipts are missing
	After int64 // leaf from which directives are missing
	Time  int64 // that an entry would claim now
}

// Places reads what this station knows of headquarters.
func (d *Desk) Places(ctx context.Context) (p Places, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		c, err := d.checkpoint(tx)
		if err != nil {
			return err
		}
		at, err := pulled(tx)
		if err != nil {
			return err
		}
		p = Places{Known: c.Size, After: at.Next}
		if p.Own, err = number(tx, noteOwn); err != nil {
			return err
		}
		last, err := tx.Last()
		if err != nil {
			return err
		}
		p.Time, err = d.claim(tx, last)
		return err
	})
	return p, err
}

// ExportReport says what a bundle carries.
type ExportReport struct {
	Entries  int    `json:"entries"`
	Blobs    int    `json:"blobs"`
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"` // of the newest entry
	Left     int    `json:"left"`     // entries that wait for the next bundle
}

// Export writes everything that headquarters has not receipted, batch by batch. Nothing counts as
// sent by it: as long as no receipt has come, the next export carries it again.
func (d *Desk) Export(ctx context.Context, to Outbox) (ExportReport, error) {
	var report ExportReport
	if err := d.countExport(ctx); err != nil {
		return report, fmt.Errorf("export: %w", err)
	}
	if err := d.export(ctx, to, &report); err != nil {
		return report, fmt.Errorf("export: %w", err)
	}
	return report, nil
}

func (d *Desk) export(ctx context.Context, to Outbox, report *ExportReport) error {
	var last *journal.Signed
	for {
		var batch []journal.Signed
		var seen journal.Checkpoint
		err := d.Store.View(ctx, func(tx Tx) (err error) {
			if batch, err = tx.UnreceiptedAfter(last, min(maxBatch, maxExport-report.Entries)); err != nil {
				return err
			}
			if report.Left, err = tx.Unsent(); err != nil {
				return err
			}
			seen, err = d.checkpoint(tx)
			return err
		})
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			report.Left = max(0, report.Left-report.Entries)
			return nil
		}
		for _, s := range batch {
			if err := d.exportBlob(ctx, to, s.Entry.Blob, report); err != nil {
				return err
			}
		}
		if err := to.Push(ctx, seen, batch); err != nil {
			return err
		}
		last = &batch[len(batch)-1]
		report.Entries += len(batch)
		report.Epoch, report.Sequence = last.Entry.Epoch, last.Entry.Sequence
	}
}

func (d *Desk) exportBlob(ctx context.Context, to Outbox, b *journal.Blob, report *ExportReport) error {
	if b == nil {
		return nil
	}
	data, err := d.blob(ctx, *b)
	if err != nil || data == nil {
		return err
	}
	report.Blobs++
	return to.PutBlob(ctx, *b, data)
}

// Import takes in answers that came by another way than the network: the same receipts, directives
// and blobs, by the same steps. They may come twice and in any order. made is the time that
// headquarters signed with them.
func (d *Desk) Import(ctx context.Context, from Source, made time.Time) (SyncReport, error) {
	var report SyncReport
	leave, err := d.exchanging.enter(ctx)
	if err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	defer leave()
	err = d.receive(ctx, from, &report)
	if errors.Is(err, journal.ErrRolledBack) {
		if err = d.restored(ctx, from); err == nil {
			report.Restored = true
			err = d.receive(ctx, from, &report)
		}
	}
	if err = d.settle(ctx, err); err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	return report, d.Store.Update(ctx, func(tx Tx) error { return d.heardBy(tx, made.Unix()) })
}

// receive takes in receipts and directives.
func (d *Desk) receive(ctx context.Context, from Source, report *SyncReport) error {
	if err := d.own(ctx, from, report); err != nil {
		return err
	}
	return d.pull(ctx, from, report)
}
