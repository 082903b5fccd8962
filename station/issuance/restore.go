package issuance

import (
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// ErrNotRestored: the station is on new hardware and has not had its past from headquarters yet.
var ErrNotRestored = errors.New("station's past not restored yet")

// noteEpoch holds the epoch of hardware whose past is complete.
const noteEpoch = "epoch"

// unrestored tells whether the station is on new hardware that does not know its past. It then writes
// nothing: its first entry has to name the last one of the old hardware.
func (d *Desk) unrestored(tx Tx) (bool, error) {
	epoch := d.Charter.Hardware()
	if epoch == 1 {
		return false, nil
	}
	raw, err := tx.Note(noteEpoch)
	if err != nil || raw == nil {
		return true, err
	}
	var had uint64
	if err := journal.Decode(raw, &had); err != nil {
		return true, err
	}
	return had < epoch, nil
}

// inEpoch puts an entry into the epoch of the station's hardware. The first one of an epoch is number
// 1 and names the last one before.
func (d *Desk) inEpoch(tx Tx, e *journal.Entry) error {
	waiting, err := d.unrestored(tx)
	if err != nil {
		return err
	}
	epoch := d.Charter.Hardware()
	switch {
	case waiting:
		return ErrNotRestored
	case e.Epoch > epoch:
		return fmt.Errorf("epoch %d after %d: %w", epoch, e.Epoch, ErrCharter)
	case e.Epoch < epoch:
		e.Epoch, e.Sequence = epoch, 1
	}
	return nil
}

// restore takes in a part of the station's own past, which the vault sealed to the new key. Every entry
// must follow the one before, and its receipt must hold. With the last part the desk stands where
// headquarters saw it last. Directives from before were for the old hardware: they stay in the chain, but
// what was revoked stays revoked.
func (d *Desk) restore(tx Tx, s journal.Signed, blob []byte) error {
	var part event.Restored
	switch s.Entry.Kind {
	case event.StationRestored:
	case event.NoticeRevoked:
		return d.heed(tx, s)
	default:
		return nil
	}
	if err := journal.Decode(s.Entry.Body, &part); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	if part.Epoch != d.Charter.Hardware() {
		return nil
	}
	plain, err := seal.Open(d.Key, event.PurposeRestore, blob)
	if err != nil {
		return err
	}
	var past event.Past
	if err := journal.Decode(plain, &past); err != nil {
		return err
	}
	if err := d.append(tx, past); err != nil {
		return fmt.Errorf("part %d of %d: %w", part.Part, part.Parts, err)
	}
	if part.Part < part.Parts {
		return nil
	}
	return d.rebuild(tx, past)
}

// heed keeps what a notice from before revokes: it holds for the new hardware too.
func (d *Desk) heed(tx Tx, s journal.Signed) error {
	if err := keepNotice(tx, s); err != nil {
		return err
	}
	var notice event.Revoked
	if err := journal.Decode(s.Entry.Body, &notice); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	r, err := d.revoked(tx)
	if err != nil {
		return err
	}
	return d.putRevoked(tx, r.with(notice))
}

// append puts entries of the past behind those that came before, and the blanks into the stock.
func (d *Desk) append(tx Tx, past event.Past) error {
	if len(past.Entries) != len(past.Receipts) {
		return fmt.Errorf("%d receipts for %d entries: %w", len(past.Receipts), len(past.Entries), ErrHeadquarters)
	}
	last, err := tx.Last()
	if err != nil {
		return err
	}
	for i, raw := range past.Entries {
		s, err := journal.Parse(raw)
		if err != nil {
			return err
		}
		r, err := journal.ParseReceipt(past.Receipts[i])
		if err != nil {
			return err
		}
		_, proof := journal.VerifyReceipt(s, r, d.Ledger)
		if err := errors.Join(proof, journal.Follows(last, s)); err != nil || s.Entry.Chain != d.Charter.Station {
			return fmt.Errorf("%w: %w", ErrHeadquarters, err)
		}
		if err := tx.Append(s); err != nil {
			return err
		}
		if err := keepReceipt(tx, s, r); err != nil {
			return err
		}
		last = &s
	}
	for _, b := range past.Blanks {
		book := station.Booklet{Serial: b.Serial, ChipID: b.ChipID, State: station.StateAllocated}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes stock and cases from the past, opens the new epoch, and says what went down with the
// old hardware: cases that nobody had approved, and booklets whose order lay there.
func (d *Desk) rebuild(tx Tx, past event.Past) error {
	entries, err := tx.Entries("")
	if err != nil {
		return err
	}
	f := newFoundation(past)
	for _, s := range entries {
		if err := f.take(s.Entry); err != nil {
			return fmt.Errorf("entry %d/%d: %w: %w", s.Entry.Epoch, s.Entry.Sequence, ErrHeadquarters, err)
		}
	}
	raw, err := journal.Encode(d.Charter.Hardware())
	if err != nil {
		return err
	}
	if err := tx.PutNote(noteEpoch, raw); err != nil {
		return err
	}
	if err := d.beginContact(tx); err != nil {
		return err
	}
	lost := f.lost()
	resumed := fact{kind: event.StationResumed, body: event.Resumed{Entries: len(entries), Lost: len(lost)}}
	if err := d.record(tx, d.Key, resumed); err != nil {
		return err
	}
	if _, err := advance(tx, noteCharter, d.Charter.Version); err != nil {
		return err
	}
	adopted := fact{kind: event.CharterAdopted, body: event.Adopted{Version: d.Charter.Version}}
	if err := d.record(tx, d.Key, adopted); err != nil {
		return err
	}
	for _, token := range lost {
		if err := d.record(tx, d.Key, fact{kind: event.CaseLost, subject: string(token)}); err != nil {
			return err
		}
	}
	if err := d.strand(tx, f); err != nil {
		return err
	}
	return f.store(tx)
}

// strandedReason is why a booklet is spoiled that was in work when its station went down.
const strandedReason = "station replaced"

// strand spoils the booklets whose order went down with the old hardware.
func (d *Desk) strand(tx Tx, f *foundation) error {
	for _, token := range f.stranded() {
		c := f.cases[token]
		var err error
		if *c, err = c.Strand(); err != nil {
			return err
		}
		f.move(c.Serial, station.StateSpoiled, token)
		body := event.Resolved{Case: token, As: station.StateSpoiled, Reason: strandedReason}
		ev := fact{kind: event.BookletSpoiled, subject: string(c.Serial), body: body}
		if err := d.record(tx, d.Key, ev); err != nil {
			return err
		}
	}
	return nil
}
