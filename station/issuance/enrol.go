package issuance

import (
	"context"
	"fmt"
	"padarozhnik/station/journal/event"

	"padarozhnik/station"
)

// Enrol opens a draft that only this officer can read.
func (d *Desk) Enrol(ctx context.Context, seat Seat) (station.CaseToken, error) {
	return d.enrolAs(ctx, seat, "", station.Application{})
}

// enrolAs opens a draft in a family's session, or in none, with what is known already.
func (d *Desk) enrolAs(
	ctx context.Context, seat Seat, family station.CaseToken, begun station.Application,
) (station.CaseToken, error) {
	token, err := newToken()
	if err != nil {
		return "", err
	}
	c, err := station.NewCase(token, seat.Officer, d.Now())
	if err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	c.Family = family
	f := Folder{Case: c}
	if f.Sealed, f.Keys, err = d.lock(token, begun, []station.Officer{seat.Officer}); err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	room, err := d.Store.Room(ctx)
	if err == nil {
		err = room.mayBegin()
	}
	if err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := d.mayEnrol(tx); err != nil {
			return err
		}
		if err := d.record(tx, seat.Key, fact{kind: event.CaseOpened, subject: string(token)}); err != nil {
			return err
		}
		last, err := tx.Last()
		if err != nil {
			return err
		}
		f.Case.Opened = last.Entry.Time // what the record claims, whatever the clock says
		return tx.PutFolder(f)
	})
	if err != nil {
		return "", fmt.Errorf("enrol: %w", err)
	}
	return token, nil
}

// mayEnrol holds the open cases to the profile's number and age.
func (d *Desk) mayEnrol(tx Tx) error {
	cases, err := tx.Cases()
	if err != nil {
		return err
	}
	old, err := d.tooOld(tx)
	if err != nil {
		return err
	}
	open := 0
	for _, c := range cases {
		if old(c) {
			return fmt.Errorf("case %s: %w", c.Token, station.ErrTooOld)
		}
		if c.Open() {
			open++
		}
	}
	if open >= d.Charter.Profile.MaxOpenCases {
		return fmt.Errorf("%d open: %w", open, station.ErrTooMany)
	}
	return nil
}

// Amend changes a draft or a returned case through fn and saves it, encrypted, under the name of
// the step.
func (d *Desk) Amend(
	ctx context.Context, seat Seat, token station.CaseToken, step string, fn func(*station.Application) error,
) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.Edit(seat.Officer, d.Now()); err != nil {
			return err
		}
		var a station.Application
		key, err := d.unlock(tx, token, f.Keys, f.Sealed, seat.Key, &a)
		if err != nil {
			return err
		}
		defer key.Destroy()
		if err := fn(&a); err != nil {
			return err
		}
		if err := a.Enter(d.Charter.Profile); err != nil {
			return err
		}
		if f.Sealed, err = sealValue(key, token, a); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{kind: event.CaseDrafted, subject: string(token), body: event.Drafted{Step: step}})
	})
	if err != nil {
		return fmt.Errorf("%s of case %s: %w", step, token, err)
	}
	return nil
}

// Submit closes the draft: a copy is sealed to headquarters' vault, and the approving officers can
// open the case.
func (d *Desk) Submit(ctx context.Context, seat Seat, token station.CaseToken) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		var a station.Application
		if err := d.open(tx, token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
			return err
		}
		if f.Case, err = f.Case.Submit(seat.Officer, a, d.Charter.Profile, d.Now()); err != nil {
			return err
		}
		readers := []station.Officer{seat.Officer}
		if !d.Charter.DecidedElsewhere() {
			readers = append(d.Charter.WithRole(station.RoleApprove), seat.Officer)
		}
		if f.Sealed, f.Keys, err = d.lock(token, a, readers); err != nil {
			return err
		}
		blob, err := d.sealToVault(tx, event.PurposeCase, a)
		if err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		body := event.Submitted{Profile: d.Charter.Profile.Version}
		return d.record(tx, seat.Key, fact{kind: event.CaseSubmitted, subject: string(token), body: body, blob: blob})
	})
	if err != nil {
		return fmt.Errorf("submit case %s: %w", token, err)
	}
	return nil
}
