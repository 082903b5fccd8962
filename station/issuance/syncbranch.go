package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// BranchReused says that headquarters gave a number of its directives twice, BranchResumed that it went
// on without directives that this station has.
const (
	BranchReused  = "reused"
	BranchResumed = "resumed"
)

// maxBranches bounds what is kept of them.
const maxBranches = 16

// fate is what becomes of a directive.
type fate int

const (
	follows fate = iota // it stands behind the newest one
	resumes             // headquarters lost the newest one and goes on in a new epoch
	passed              // its number was taken by another one, which headquarters lost
	again               // it was taken in before headquarters went back
)

// counts tells whether a directive is carried out.
func (f fate) counts() bool { return f == follows || f == resumes }

// join tells how a directive stands to the newest one taken in. As long as headquarters has not been
// seen to go back, or its chain has gone on since, there is one way only. After it went back, numbers
// that it gave away in its lost life may come again: what stands under one of them is not carried out.
// The station tells headquarters which directive it has (event.RolledBack) and what it passed over
// (event.PassedDirective), so headquarters goes on in a new epoch, and says that again.
func join(chain *journal.Verifier, s journal.Signed, wentBack bool) (fate, error) {
	last, begun := chain.Last()
	err := chain.Next(s)
	var gap *journal.GapError
	var fork *journal.ForkError
	switch {
	case err == nil:
		return follows, nil
	case !wentBack || !begun, !errors.As(err, &gap) && !errors.As(err, &fork): // the signature holds in both
		return passed, fmt.Errorf("%w: %w", ErrHeadquarters, err)
	case s.Entry.Epoch <= last.Entry.Epoch:
		return passed, nil
	case s.Entry.Sequence == 1:
		return resumes, nil
	}
	return passed, fmt.Errorf("%w: %w", ErrHeadquarters, err)
}

// branch writes down that headquarters' chain parted from the one that was taken in. Both entries are
// signed by headquarters and are kept.
func (d *Desk) branch(tx Tx, f fate, last []byte, s journal.Signed) error {
	switch f {
	case again:
		return nil
	case follows:
		wentBack, err := number(tx, noteWentBack)
		if err != nil || wentBack == 0 {
			return err
		}
		return tx.EraseNote(noteWentBack)
	}
	e := Evidence{Kind: BranchReused, Time: d.Now().Unix(), Ours: last, Theirs: s.Raw()}
	said := fact{kind: event.DirectivePassed, body: event.PassedDirective{Directive: event.PlaceOf(s)}}
	if f == resumes {
		e.Kind = BranchResumed
		lost, err := journal.Parse(last)
		if err != nil {
			return err
		}
		body := event.ResumedDirectives{Lost: event.PlaceOf(lost), First: event.PlaceOf(s)}
		said = fact{kind: event.DirectivesResumed, body: body}
		if err := tx.EraseNote(noteWentBack); err != nil {
			return err
		}
	}
	if err := d.record(tx, d.Key, said); err != nil {
		return err
	}
	d.Log.Error("headquarters lost directives that this station has", "directives", e.Kind)
	known, err := branches(tx)
	if err != nil || len(known) == maxBranches {
		return err
	}
	raw, err := journal.Encode(append(known, e))
	if err != nil {
		return err
	}
	return tx.PutNote(noteBranches, raw)
}

// Branches returns what proves that headquarters lost directives: Ours is the newest one that this
// station had taken in, Theirs what it was shown instead.
func (d *Desk) Branches(ctx context.Context) (list []Evidence, err error) {
	err = d.Store.View(ctx, func(tx Tx) (err error) {
		list, err = branches(tx)
		return err
	})
	return list, err
}

func branches(tx Tx) (list []Evidence, err error) {
	raw, err := tx.Note(noteBranches)
	if err != nil || raw == nil {
		return nil, err
	}
	return list, journal.Decode(raw, &list)
}

// heard is the newest directive taken in; nil for none.
func heard(at place) (*event.Place, error) {
	if at.Last == nil {
		return nil, nil
	}
	s, err := journal.Parse(at.Last)
	if err != nil {
		return nil, err
	}
	p := event.PlaceOf(s)
	return &p, nil
}
