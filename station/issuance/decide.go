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
// A case whose booklet was spoiled is approved again for another blank; headquarters still holds
// what was approved.
func (d *Desk) Approve(ctx context.Context, seat Seat, token station.CaseToken, reason string) (station.Serial, error) {
	var serial station.Serial
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MayDecide(seat.Officer, d.Now()); err != nil {
			return err
		}
		if err := d.mayIssue(tx); err != nil {
			return err
		}
		book, err := nextBlank(tx)
		if err != nil {
			return err
		}
		decision, a, err := d.decision(f, seat, book.Serial, reason)
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
		body := event.Approved{Serial: book.Serial, Instead: decision.Instead, Here: here}
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
func (d *Desk) decision(f Folder, seat Seat, blank station.Serial, reason string) (
	out station.Decision, a station.Application, err error) {
	out = station.Decision{Case: f.Case.Token, Serial: blank, Issue: station.DateOf(d.Now()), Reason: reason}
	if f.Case.Stage == station.StageSpoiled {
		out.Instead = f.Case.Serial
		return out, a, nil
	}
	if err := d.open(f.Case.Token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
		return out, a, err
	}
	if missing := a.Missing(d.Charter.Profile, out.Issue); len(missing) > 0 {
		return out, a, &station.IncompleteError{Missing: missing}
	}
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

// Return sends the case back to its enrollment officer, whose remark they find in it.
func (d *Desk) Return(ctx context.Context, seat Seat, token station.CaseToken, remark string) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if f.Case, err = f.Case.Return(seat.Officer, remark, d.Now()); err != nil {
			return err
		}
		var a station.Application
		if err := d.open(token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
			return err
		}
		a.Remarks = append(a.Remarks, remark)
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
