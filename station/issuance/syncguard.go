package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Words for what halted a station or raised an alarm.
const (
	HaltRestored   = "restored"    // headquarters holds entries of this station that it does not have
	HaltForked     = "forked"      // two entries at one number, both signed here
	AlarmRestored  = "rolled-back" // headquarters showed an older tree: it was restored from a backup
	AlarmRewritten = "rewritten"   // headquarters showed a tree that does not contain one seen before
)

// Evidence is what proves why a station is halted, or what headquarters did. Every part of it is
// signed by the one against whom it speaks.
type Evidence struct {
	Kind   string `cbor:"1,keyasint"`
	Time   int64  `cbor:"2,keyasint"`
	Ours   []byte `cbor:"3,keyasint,omitempty"` // entry of this station
	Theirs []byte `cbor:"4,keyasint,omitempty"` // entry that headquarters holds
	Seen   []byte `cbor:"5,keyasint,omitempty"` // checkpoint seen before
	Shown  []byte `cbor:"6,keyasint,omitempty"` // checkpoint shown instead
}

// divergedError says that headquarters' copy of our chain is not ours.
type divergedError struct {
	theirs journal.Signed
	ours   *journal.Signed // nil where we have nothing at that number
}

func (e *divergedError) Error() string {
	return fmt.Sprintf("headquarters holds another entry at %d/%d", e.theirs.Entry.Epoch, e.theirs.Entry.Sequence)
}

// settle draws the consequences of an exchange that ended in an error, and returns the error that a
// person is told.
func (d *Desk) settle(ctx context.Context, err error) error {
	if errors.Is(err, journal.ErrForked) {
		// Headquarters froze the chain: its copy shows which entry it holds instead of ours.
		err = errors.Join(err, d.own(ctx, d.Headquarters, &SyncReport{}))
	}
	var diverged *divergedError
	switch {
	case errors.As(err, &diverged):
		d.testify(ctx, diverged)
		return errors.Join(d.haltFor(ctx, diverged.evidence()), err)
	case errors.Is(err, journal.ErrForked):
		return errors.Join(d.haltFor(ctx, Evidence{Kind: HaltForked}), err)
	case errors.Is(err, journal.ErrRewritten):
		return errors.Join(err, d.alarm(ctx, Evidence{Kind: AlarmRewritten}))
	}
	return err
}

func (e *divergedError) evidence() Evidence {
	if e.ours == nil {
		return Evidence{Kind: HaltRestored, Theirs: e.theirs.Raw()}
	}
	return Evidence{Kind: HaltForked, Theirs: e.theirs.Raw(), Ours: e.ours.Raw()}
}

// testify shows headquarters our entry at a number where it holds another one. It refuses, freezes
// the chain and keeps both; whether the message arrives changes nothing here.
func (d *Desk) testify(ctx context.Context, e *divergedError) {
	if e.ours == nil {
		return
	}
	_, _, err := d.Headquarters.Push(ctx, journal.Checkpoint{}, []journal.Signed{*e.ours})
	if !errors.Is(err, journal.ErrForked) {
		d.Log.Warn("headquarters did not take the evidence of a fork", "err", err)
	}
}

// haltFor halts the station for good and returns ErrHalted. The first evidence stays.
func (d *Desk) haltFor(ctx context.Context, e Evidence) error {
	d.Log.Error("station halted", "cause", e.Kind)
	return errors.Join(ErrHalted, d.keepEvidence(ctx, noteHalt, e))
}

// alarm keeps what headquarters did that it must not do. The first evidence stays until it is
// acknowledged.
func (d *Desk) alarm(ctx context.Context, e Evidence) error {
	d.Log.Error("headquarters contradicts what it has shown before", "kind", e.Kind)
	return d.keepEvidence(ctx, noteAlarm, e)
}

func (d *Desk) keepEvidence(ctx context.Context, name string, e Evidence) error {
	e.Time = d.Now().Unix()
	return d.Store.Update(ctx, func(tx Tx) error {
		known, err := readEvidence(tx, name)
		if err != nil || known != nil {
			return err
		}
		seen, err := tx.Note(noteCheckpoint)
		if err != nil {
			return err
		}
		if e.Seen == nil {
			e.Seen = seen
		}
		return putEvidence(tx, name, e)
	})
}

func putEvidence(tx Tx, name string, e Evidence) error {
	raw, err := journal.Encode(e)
	if err != nil {
		return err
	}
	return tx.PutNote(name, raw)
}

// readEvidence returns nil where there is none.
func readEvidence(tx Tx, name string) (*Evidence, error) {
	raw, err := tx.Note(name)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var e Evidence
	return &e, journal.Decode(raw, &e)
}

// halted returns ErrHalted where the station may write no entry any more.
func halted(tx Tx) error {
	e, err := readEvidence(tx, noteHalt)
	if err != nil || e == nil {
		return err
	}
	return fmt.Errorf("%s: %w", e.Kind, ErrHalted)
}

// Halt returns why the station is halted, nil where it is not; Alarm what headquarters did that
// nobody has acknowledged, nil for nothing.
func (d *Desk) Halt(ctx context.Context) (*Evidence, error) { return d.evidence(ctx, noteHalt) }

// Alarm is described at Halt.
func (d *Desk) Alarm(ctx context.Context) (*Evidence, error) { return d.evidence(ctx, noteAlarm) }

func (d *Desk) evidence(ctx context.Context, name string) (e *Evidence, err error) {
	err = d.Store.View(ctx, func(tx Tx) (err error) {
		e, err = readEvidence(tx, name)
		return err
	})
	return e, err
}

// Acknowledge ends an alarm: an officer has seen it and spoken with headquarters. The journal keeps
// what it was.
func (d *Desk) Acknowledge(ctx context.Context, seat Seat) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		e, err := readEvidence(tx, noteAlarm)
		if err != nil || e == nil {
			return err
		}
		if err := tx.PutNote(noteAlarm, []byte{}); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{kind: event.AlarmAcknowledged, body: event.Alarm{Kind: e.Kind, Time: e.Time}})
	})
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}
