package issuance

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Conditions of a batch run.
var (
	// ErrRunOpen: another run has not ended yet.
	ErrRunOpen = errors.New("another batch run is open")
	// ErrNoRun: there is no batch run.
	ErrNoRun = errors.New("no batch run")
	// ErrRunUnfinished: booklets of the run have not come to their end.
	ErrRunUnfinished = errors.New("batch run has not come to its end")
	// ErrRunWaits: nothing is left to do in the run but what a person must decide.
	ErrRunWaits = errors.New("booklets of the batch run wait for a person")
)

// noteRun holds the batch run that is open, or the last one.
const noteRun = "run"

// RunRow is one order of a run with what is known of its booklet.
type RunRow struct {
	station.RunLine
	State    station.State    `json:"state"`
	Standing station.Standing `json:"standing"`
}

// RunStatus is a run as it stands.
type RunStatus struct {
	station.Run
	Rows  []RunRow      `json:"rows"`
	Tally station.Tally `json:"tally"`
	Left  time.Duration `json:"left"` // until the last page is printed, as far as it can be told
}

// Needs lists what a person has to look at now.
func (s RunStatus) Needs() []RunRow {
	var out []RunRow
	for _, r := range s.Rows {
		if r.Standing == station.StandingNeeds {
			out = append(out, r)
		}
	}
	return out
}

// openRun reads the run and its booklets. It returns ErrNoRun before the first.
func openRun(tx Tx) (station.Run, map[station.Serial]station.Booklet, error) {
	var r station.Run
	raw, err := tx.Note(noteRun)
	if err != nil {
		return r, nil, err
	}
	if raw == nil {
		return r, nil, ErrNoRun
	}
	if err := journal.Decode(raw, &r); err != nil {
		return r, nil, err
	}
	books := make(map[station.Serial]station.Booklet, len(r.Lines))
	for _, l := range r.Lines {
		if books[l.Serial], err = tx.Booklet(l.Serial); err != nil {
			return r, nil, err
		}
	}
	return r, books, nil
}

func putRun(tx Tx, r station.Run) error {
	raw, err := journal.Encode(r)
	if err != nil {
		return err
	}
	return tx.PutNote(noteRun, raw)
}

// standing judges every line of a run.
func standing(r station.Run, books map[station.Serial]station.Booklet) RunStatus {
	s := RunStatus{Run: r, Tally: station.Tally{}}
	chips, prints := 0, 0
	for _, l := range r.Lines {
		b := books[l.Serial]
		row := RunRow{l, b.State, l.Standing(b)}
		if row.Standing != station.StandingNeeds {
			row.Needs = ""
		}
		if b.State == station.StateRevoked && row.Skipped == "" {
			row.Skipped = station.ReasonRevoked
		}
		if row.Standing == station.StandingWaiting || row.Standing == station.StandingWorking {
			prints++
			if b.State != station.StateEncoded {
				chips++
			}
		}
		s.Tally[row.Standing]++
		s.Rows = append(s.Rows, row)
	}
	s.Left = r.Pace.Remaining(chips, prints)
	return s
}

// RunStatus reads the run that is open, or the last one, and returns ErrNoRun where there never was one.
func (d *Desk) RunStatus(ctx context.Context) (RunStatus, error) {
	var s RunStatus
	err := d.Store.View(ctx, func(tx Tx) error {
		r, books, err := openRun(tx)
		if err == nil {
			s = standing(r, books)
		}
		return err
	})
	return s, err
}

// BeginRun begins the run of a sheet. The sheet of the run that is open already is no new one: its run
// goes on. An order that no longer waits for its booklet is left out with the reason; a case that the
// station does not know, or a blank that is not the case's, refuses the whole sheet.
func (d *Desk) BeginRun(ctx context.Context, seat Seat, sheet SignedSheet) (RunStatus, error) {
	digest, err := d.verifySheet(sheet)
	if err != nil {
		return RunStatus{}, fmt.Errorf("begin run: %w", err)
	}
	var id [4]byte
	if _, err := rand.Read(id[:]); err != nil {
		return RunStatus{}, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		open, _, err := openRun(tx)
		switch {
		case errors.Is(err, ErrNoRun):
		case err != nil:
			return err
		case bytes.Equal(open.Sheet, digest) && open.State != station.RunEnded:
			return nil
		case open.State != station.RunEnded:
			return ErrRunOpen
		}
		r, err := station.NewRun("run-"+hex.EncodeToString(id[:]), sheet.Sheet, digest, seat.Officer, d.Now())
		if err != nil {
			return err
		}
		if err := leaveOut(tx, &r); err != nil {
			return err
		}
		if err := putRun(tx, r); err != nil {
			return err
		}
		body := event.RunSheet{Sheet: digest, By: sheet.Sheet.By, Orders: len(r.Lines)}
		return d.record(tx, seat.Key, fact{kind: event.RunBegun, subject: r.ID, body: body})
	})
	if err != nil {
		return RunStatus{}, fmt.Errorf("begin run: %w", err)
	}
	return d.RunStatus(ctx)
}

// leaveOut finds the lines of a new run for which nothing is to be made any more.
func leaveOut(tx Tx, r *station.Run) error {
	for i, l := range r.Lines {
		f, err := tx.Folder(l.Case)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSheet, err)
		}
		b, err := tx.Booklet(l.Serial)
		if err != nil || b.Case != l.Case {
			return fmt.Errorf("booklet %s: %w: %w", l.Serial, ErrSheet, errors.Join(station.ErrNotOurs, err))
		}
		waits, err := waitsForBooklet(tx, f.Case)
		if err != nil {
			return err
		}
		if !waits || f.Case.Serial != l.Serial {
			r.Lines[i].Skipped = string(f.Case.Stage)
		}
	}
	return nil
}

// changeRun is one transaction on the run, with its entry.
func (d *Desk) changeRun(
	ctx context.Context, by Key, serial station.Serial,
	change func(tx Tx, r station.Run, b station.Booklet) (station.Run, fact, error),
) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		r, books, err := openRun(tx)
		if err != nil {
			return err
		}
		b, ok := books[serial]
		if serial != "" && !ok {
			return fmt.Errorf("booklet %s is not in the run: %w", serial, station.ErrNotOurs)
		}
		r, ev, err := change(tx, r, b)
		if err != nil {
			return err
		}
		if err := putRun(tx, r); err != nil || ev.kind == "" {
			return err
		}
		if ev.subject == "" {
			ev.subject = r.ID
		}
		return d.record(tx, by, ev)
	})
}

// PauseRun stops the run between two steps, wherever it is being carried out.
func (d *Desk) PauseRun(ctx context.Context, seat Seat) error {
	err := d.changeRun(ctx, seat.Key, "", func(_ Tx, r station.Run, _ station.Booklet) (station.Run, fact, error) {
		if err := seat.Officer.May(station.RoleOperate, station.DateOf(d.Now())); err != nil {
			return r, fact{}, err
		}
		r, err := r.Pause("")
		return r, fact{kind: event.RunPaused, body: event.RunStopped{}}, err
	})
	if err != nil {
		return fmt.Errorf("pause run: %w", err)
	}
	return nil
}

// SkipInRun leaves an order out of the run, for a reason that does not name the holder. Its blank stays
// bound to it, for another run.
func (d *Desk) SkipInRun(ctx context.Context, seat Seat, serial station.Serial, reason string) error {
	return d.decideInRun(ctx, seat, serial, event.RunSkipped, reason,
		func(r station.Run, b station.Booklet) (station.Run, error) { return r.Skip(b, reason) })
}

// RetryInRun lets the run go on with a booklet at which it has called a person. Whether ink was laid is
// decided by Resolve and by nothing else.
func (d *Desk) RetryInRun(ctx context.Context, seat Seat, serial station.Serial) error {
	return d.decideInRun(ctx, seat, serial, event.RunRetried, "",
		func(r station.Run, b station.Booklet) (station.Run, error) { return r.Retry(b) })
}

// decideInRun records what an operator decides about one booklet of the run.
func (d *Desk) decideInRun(
	ctx context.Context, seat Seat, serial station.Serial, kind, word string,
	decide func(station.Run, station.Booklet) (station.Run, error),
) error {
	err := d.changeRun(ctx, seat.Key, serial, func(_ Tx, r station.Run, b station.Booklet) (station.Run, fact, error) {
		if err := seat.Officer.May(station.RoleOperate, station.DateOf(d.Now())); err != nil {
			return r, fact{}, err
		}
		r, err := decide(r, b)
		body := event.RunBooklet{Run: r.ID, Case: b.Case, Word: word}
		return r, fact{kind: kind, subject: string(serial), body: body}, err
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, serial, err)
	}
	return nil
}

// resumeRun opens a paused run again, and calls a person to every booklet that a program which ended
// has left taken: nobody knows where it lies, and its chip may be half written. A run that paused by
// itself has said why.
func (d *Desk) resumeRun(ctx context.Context, seat Seat) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		r, books, err := openRun(tx)
		if err != nil {
			return err
		}
		knows := r.Word != ""
		if r.State == station.RunPaused {
			if r, err = r.Resume(seat.Officer, d.Now()); err != nil {
				return err
			}
			if err := d.record(tx, seat.Key, fact{kind: event.RunResumed, subject: r.ID}); err != nil {
				return err
			}
		}
		for _, l := range r.Lines {
			b := books[l.Serial]
			if knows || !l.FoundBegun(b) {
				continue
			}
			var ev fact
			if r, ev, err = called(r, b, Cure(ErrFoundBegun)); err == nil {
				err = d.record(tx, d.Key, ev)
			}
			if err != nil {
				return err
			}
		}
		return putRun(tx, r)
	})
}

// ErrFoundBegun: a booklet was found half made, because the program ended while its chip was written.
var ErrFoundBegun = errors.New("found half made")

// needPerson calls a person to a booklet. The station's key signs: nobody has decided anything.
func (d *Desk) needPerson(ctx context.Context, serial station.Serial, word string) error {
	return d.changeRun(ctx, d.Key, serial, func(_ Tx, r station.Run, b station.Booklet) (station.Run, fact, error) {
		return called(r, b, word)
	})
}

func called(r station.Run, b station.Booklet, word string) (station.Run, fact, error) {
	r, err := r.Need(b, word)
	body := event.RunBooklet{Run: r.ID, Case: b.Case, Word: word}
	return r, fact{kind: event.RunNeeds, subject: string(b.Serial), body: body}, err
}
