package issuance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// notePurge holds a purge from its durable intent until the journal has its entry.
const notePurge = "purge"

// purge is how far a purge has come. Cases lists what lost its key, for the entries that follow.
type purge struct {
	Done  bool     `cbor:"1,keyasint"`
	Cases []string `cbor:"2,keyasint"`
}

// Purge is the emergency: with the PIN, typed twice, it destroys the day's key, every case's and
// order's key and every sealed copy that they open, in memory and on the disk. The journal and the
// stock stay, and so do blobs sealed to headquarters, which nothing at this station can open. A
// wrong PIN returns ErrPIN and changes nothing.
//
// The intent is on the disk before anything is destroyed: a purge that is cut off is completed by
// FinishPurge before anything else happens at the next start. No token is needed, and none is asked.
func (d *Desk) Purge(ctx context.Context, pin, again []byte) error {
	if err := verifyPIN(ctx, d.Store, pin, again); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	d.Lock()
	if err := destroy(context.WithoutCancel(ctx), d.Store); err != nil {
		return err
	}
	return d.recordPurge(context.WithoutCancel(ctx))
}

// Purge does what Desk.Purge does where there is no desk, because nobody opens the station's token
// any more. The entry about it is written by the next desk that adopts its charter.
func Purge(ctx context.Context, store Store, pin, again []byte) error {
	if err := verifyPIN(ctx, store, pin, again); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return destroy(context.WithoutCancel(ctx), store)
}

// destroy writes the intent and carries it out.
func destroy(ctx context.Context, store Store) error {
	if err := store.Update(ctx, func(tx Tx) error { return putPurge(tx, purge{}) }); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return FinishPurge(ctx, store)
}

func putPurge(tx Tx, p purge) error {
	raw, err := journal.Encode(p)
	if err != nil {
		return err
	}
	return tx.PutNote(notePurge, raw)
}

// FinishPurge completes a purge whose intent is on the disk, and does nothing where there is none.
// It is called at every start before any token is opened.
func FinishPurge(ctx context.Context, store Store) error {
	p, begun, err := purgeOf(ctx, store)
	if err != nil || !begun || p.Done {
		return wrapPurge(err)
	}
	// First over the old bytes in place, so that not even a page in a log keeps them; then out.
	if err := store.Update(ctx, overwriteAll); err != nil {
		return wrapPurge(err)
	}
	if err := store.Update(ctx, func(tx Tx) error { return eraseAll(tx, &p) }); err != nil {
		return wrapPurge(err)
	}
	if err := store.Wipe(ctx); err != nil {
		return wrapPurge(err)
	}
	p.Done = true
	return wrapPurge(store.Update(ctx, func(tx Tx) error { return putPurge(tx, p) }))
}

func wrapPurge(err error) error {
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return nil
}

func purgeOf(ctx context.Context, store Store) (p purge, begun bool, err error) {
	err = store.View(ctx, func(tx Tx) error {
		raw, err := tx.Note(notePurge)
		if err != nil || raw == nil {
			return err
		}
		begun = true
		return journal.Decode(raw, &p)
	})
	return p, begun, err
}

// locked lists the folders in which something is locked away.
func locked(tx Tx) ([]Folder, error) {
	cases, err := tx.Cases()
	if err != nil {
		return nil, err
	}
	var out []Folder
	for _, c := range cases {
		f, err := tx.Folder(c.Token)
		if err != nil {
			return nil, err
		}
		if len(f.Keys) > 0 || f.Sealed != nil || f.Order != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

func overwriteAll(tx Tx) error {
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		f.Sealed, f.Order = noise(len(f.Sealed)), noise(len(f.Order))
		keys := make([]seal.Wrap, len(f.Keys))
		for i, w := range f.Keys {
			keys[i] = seal.Wrap{Recipient: w.Recipient, Sealed: noise(len(w.Sealed))}
		}
		f.Keys = keys
		if err := tx.PutFolder(f); err != nil {
			return err
		}
	}
	if err := overwriteAccess(tx); err != nil {
		return err
	}
	day, err := tx.Note(noteDay)
	if err != nil || day == nil {
		return err
	}
	return tx.PutNote(noteDay, noise(len(day)))
}

func noise(n int) []byte {
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	// Read never returns an error: the program ends when the system has no randomness.
	_, _ = rand.Read(b)
	return b
}

func eraseAll(tx Tx, p *purge) error {
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		p.Cases = append(p.Cases, string(f.Case.Token))
		if err := tx.PutFolder(Folder{Case: f.Case.Purge()}); err != nil {
			return err
		}
	}
	if err := errors.Join(forgetAccess(tx), tx.EraseNote(noteDay)); err != nil {
		return err
	}
	return putPurge(tx, *p)
}

// recordPurge writes the entries of a purge that is done, signed by the station.
func (d *Desk) recordPurge(ctx context.Context) error {
	p, begun, err := purgeOf(ctx, d.Store)
	if err != nil || !begun || !p.Done {
		return wrapPurge(err)
	}
	return wrapPurge(d.Store.Update(ctx, func(tx Tx) error {
		if err := halted(tx); errors.Is(err, ErrHalted) {
			return nil // it writes no entry any more; the note of the purge stays
		}
		for _, token := range p.Cases {
			body := event.Destroyed{Cause: event.CausePurged}
			if err := d.record(tx, d.Key, fact{kind: event.CaseKeyDestroyed, subject: token, body: body}); err != nil {
				return err
			}
		}
		if err := d.record(tx, d.Key, fact{kind: event.StationPurged, body: event.Purged{Cases: len(p.Cases)}}); err != nil {
			return err
		}
		return tx.EraseNote(notePurge)
	}))
}
