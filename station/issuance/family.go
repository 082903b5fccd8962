package issuance

import (
	"context"
	"fmt"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// EnrolChild opens a draft for a child in the session of a parent, whose own case the same officer enrolled
// and can still open. What the parent's application says is not typed again: nationality, and the parent
// as a guardian whose consent is still to be taken. One book is made for each person.
func (d *Desk) EnrolChild(ctx context.Context, seat Seat, parent station.CaseToken) (station.CaseToken, error) {
	c, err := d.Case(ctx, parent)
	if err != nil {
		return "", fmt.Errorf("enrol a child of case %s: %w", parent, err)
	}
	if c.Enrolled != seat.Officer.KeyID || c.Family != "" {
		return "", fmt.Errorf("enrol a child of case %s: %w", parent, station.ErrRole)
	}
	a, err := d.Application(ctx, seat, parent)
	if err != nil {
		return "", fmt.Errorf("enrol a child of case %s: %w", parent, err)
	}
	begun := station.Application{Applicant: station.Applicant{Nationality: a.Applicant.Nationality}}
	if d.Charter.Profile.Lists(station.FieldGuardians) {
		begun.Guardians = []station.Guardian{{Name: nameOf(a.Applicant), Case: parent}}
	}
	return d.enrolAs(ctx, seat, parent, begun)
}

// nameOf is how a person is named on a paper of the desk: as at home, where that is known.
func nameOf(a station.Applicant) string {
	local := strings.TrimSpace(a.LocalSurname + " " + a.LocalGivenNames)
	if local != "" {
		return local
	}
	return strings.TrimSpace(a.Surname + " " + a.GivenNames)
}

// Kin is what an officer sees of a child's family: the parent's case, and surnames that are one at home and
// two in Latin letters.
type Kin struct {
	Parent   station.CaseToken
	Spelling *station.Spelling
}

// Kin compares a child's application with the parent's of the same session, as long as this officer can open
// both. The officer decides which spelling holds; neither is changed.
func (d *Desk) Kin(ctx context.Context, seat Seat, token station.CaseToken) (Kin, error) {
	c, err := d.Case(ctx, token)
	if err != nil || c.Family == "" {
		return Kin{}, err
	}
	out := Kin{Parent: c.Family}
	child, err := d.Application(ctx, seat, token)
	if err != nil {
		return out, err
	}
	parent, err := d.Application(ctx, seat, c.Family)
	if err != nil {
		return out, err
	}
	out.Spelling = station.Spellings(child.Applicant, parent.Applicant)
	return out, nil
}

// Children lists the cases of a parent's session, newest first.
func (d *Desk) Children(ctx context.Context, parent station.CaseToken) ([]station.Case, error) {
	var out []station.Case
	err := d.Store.View(ctx, func(tx Tx) error {
		out = nil
		cases, err := tx.Cases()
		for _, c := range cases {
			if c.Family == parent {
				out = append(out, c)
			}
		}
		return err
	})
	return out, err
}

// agedNow is aged as long as no ink may have fallen: then a person decides.
func (d *Desk) agedNow(ctx context.Context, seat Seat, o station.Order, book station.Booklet) error {
	switch book.State {
	case station.StateReserved, station.StateTaken, station.StateEncoded:
		return d.aged(ctx, seat, o)
	}
	return nil
}

// aged makes the booklet of an order unusable whose holder had a birthday since it was made that changes the
// years of validity: the number that was signed is not to be used, and the case is approved again. It
// returns station.ErrAged then.
func (d *Desk) aged(ctx context.Context, seat Seat, o station.Order) error {
	if d.Charter.Profile.SameValidity(o.Applicant.Birth, o.Issue, station.DateOf(d.Now())) {
		return nil
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(o.Case)
		if err != nil {
			return err
		}
		book, err := tx.Booklet(o.Serial)
		if err != nil {
			return err
		}
		if book, err = book.Advance(station.StateSpoiled); err != nil {
			return err
		}
		if f.Case, err = f.Case.Strand(); err != nil {
			return err
		}
		if err := d.shred(tx, seat.Key, &f, event.CauseSpoiled); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		body := event.Resolved{Case: o.Case, As: station.StateSpoiled, Reason: reasonAged}
		return d.record(tx, seat.Key, fact{kind: event.BookletSpoiled, subject: string(o.Serial), body: body})
	})
	if err != nil {
		return err
	}
	return station.ErrAged
}

// reasonAged is the journal's word for a booklet whose validity was overtaken by a birthday.
const reasonAged = "validity"
