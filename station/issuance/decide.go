package issuance

import (
	"context"
	"fmt"
	"padarozhnik/station/journal/event"

	"padarozhnik/station"
	"padarozhnik/station/lds"
)

// Approve accepts an application and binds the next available blank to it. The approving officer
// signs, sealed to the vault, the hashes of the data groups that the application they saw gives.
// The station's copy of the application and its key are destroyed in the same transaction.
//
// checked is what the officer ticked: all that the profile's checklist demands.
//
// A case whose booklet was spoiled is approved again for another blank; headquarters still holds
// what was approved, and nothing is ticked.
func (d *Desk) Approve(
	ctx context.Context, seat Seat, token station.CaseToken, reason string, checked ...station.Item,
) (station.Serial, error) {
	var serial station.Serial
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MayDecide(seat.Officer, d.Now()); err != nil {
			return err
		}
		if f.Case.Visitor && !f.Case.Whole {
			decision := station.Decision{Reason: reason, Checked: checked}
			return d.visiting(tx, seat, &f, decision, event.Verdict{Approved: true})
		}
		if d.Charter.DecidedElsewhere() && f.Case.Stage == station.StageSubmitted && !f.Case.Visitor {
			return ErrElsewhere
		}
		if err := d.mayIssue(tx); err != nil {
			return err
		}
		book, err := nextBlank(tx)
		if err != nil {
			return err
		}
		decision, a, err := d.decision(tx, f, seat, book.Serial, reason, checked)
		if err != nil {
			return err
		}
		if f.Case, err = f.Case.Approve(seat.Officer, book.Serial, reason, d.Now()); err != nil {
			return err
		}
		if book, err = book.Reserve(token); err != nil {
			return err
		}
		serial = book.Serial
		if err := d.shred(tx, seat.Key, &f, event.CauseApproved); err != nil {
			return err
		}
		here, err := d.draft(tx, seat, &f, decision, a, &book)
		if err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		blob, err := d.sealToVault(tx, event.PurposeDecision, decision)
		if err != nil {
			return err
		}
		body := event.Approved{Serial: book.Serial, Instead: decision.Instead, Here: here, Checked: decision.Checked}
		if err := d.record(tx, seat.Key, fact{event.CaseApproved, string(token), body, blob}); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{event.BlankReserved, string(book.Serial), event.Bound{Case: token}, nil})
	})
	if err != nil {
		return "", fmt.Errorf("approve case %s: %w", token, err)
	}
	return serial, d.Store.Scrub(ctx)
}

// nextBlank finds the available blank with the lowest serial.
func nextBlank(tx Tx) (station.Booklet, error) {
	books, err := tx.AllBooklets()
	if err != nil {
		return station.Booklet{}, err
	}
	for _, b := range books {
		if b.State == station.StateAvailable {
			return b, nil
		}
	}
	return station.Booklet{}, station.ErrNoBlank
}

// decision computes what the approving officer binds themselves to, and returns the application that
// they saw; a case that is approved again has none here.
func (d *Desk) decision(tx Tx, f Folder, seat Seat, blank station.Serial, reason string, checked []station.Item) (
	out station.Decision, a station.Application, err error) {
	out = station.Decision{Case: f.Case.Token, Serial: blank, Issue: station.DateOf(d.Now()), Reason: reason}
	if f.Case.Stage == station.StageSpoiled {
		out.Instead = f.Case.Serial
		return out, a, nil
	}
	if err := d.open(tx, f.Case.Token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
		return out, a, err
	}
	if err := d.checkApproval(a, checked, out.Issue); err != nil {
		return out, a, err
	}
	out.Checked = checked
	out.Expiry = d.Charter.Profile.Expiry(a.Applicant.Birth, out.Issue)
	zone, err := station.Zone(d.Charter.Profile, a.Applicant, blank, out.Issue, out.Expiry)
	if err != nil {
		return out, a, err
	}
	dg1, dg2, err := lds.PersonalGroups(zone, a.Portrait, string(d.Charter.Profile.FaceFormatOn(out.Issue)))
	if err != nil {
		return out, a, err
	}
	out.Hashes = hashes(dg1, dg2)
	return out, a, nil
}

// checkApproval holds an application and what the officer ticked against the profile.
func (d *Desk) checkApproval(a station.Application, checked []station.Item, today station.Date) error {
	if err := a.Approvable(d.Charter.Profile, today); err != nil {
		return err
	}
	return station.Ticked("approval", a.Demanded(d.Charter.Profile, today), checked)
}

// Return sends the case back to its enrollment officer, who finds the remark in it, and those about
// single fields beside them. Nothing is typed again.
func (d *Desk) Return(
	ctx context.Context, seat Seat, token station.CaseToken, remark string, beside ...station.Remark,
) error {
	for _, r := range beside {
		if err := r.Check(); err != nil {
			return fmt.Errorf("return case %s: %w", token, err)
		}
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if f.Case.Visitor {
			decision := station.Decision{Reason: remark, Marks: beside}
			return d.visiting(tx, seat, &f, decision, event.Verdict{Returned: true})
		}
		if f.Case, err = f.Case.Return(seat.Officer, remark, d.Now()); err != nil {
			return err
		}
		var a station.Application
		if err := d.open(tx, token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
			return err
		}
		a.Remarks, a.Marks = append(a.Remarks, remark), beside
		enroller, ok := d.Charter.Officer(f.Case.Enrolled)
		if !ok {
			return fmt.Errorf("the officer who enrolled: %w", ErrNotOfficer)
		}
		if f.Sealed, f.Keys, err = d.lock(token, a, []station.Officer{enroller}); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{kind: event.CaseReturned, subject: string(token)})
	})
	if err != nil {
		return fmt.Errorf("return case %s: %w", token, err)
	}
	return nil
}

// Refuse ends the case. The reason goes to headquarters sealed; the station's copy is destroyed.
func (d *Desk) Refuse(ctx context.Context, seat Seat, token station.CaseToken, reason string) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if f.Case.Visitor && !f.Case.Whole {
			return d.visiting(tx, seat, &f, station.Decision{Reason: reason}, event.Verdict{})
		}
		if f.Case, err = f.Case.Refuse(seat.Officer, reason, d.Now()); err != nil {
			return err
		}
		if err := d.shred(tx, seat.Key, &f, event.CauseRefused); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		blob, err := d.sealToVault(tx, event.PurposeDecision, station.Decision{Case: token, Reason: reason})
		if err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{event.CaseRefused, string(token), nil, blob})
	})
	if err != nil {
		return fmt.Errorf("refuse case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}
