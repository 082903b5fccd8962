package issuance

import (
	"context"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// Application opens a case for an officer to whom it is wrapped, without what the profile masks; the
// officer who may edit it sees everything. Opening is an event of its own and counts against the quota.
func (d *Desk) Application(ctx context.Context, seat Seat, token station.CaseToken) (station.Application, error) {
	a, _, err := d.View(ctx, seat, token)
	return a, err
}

// View is Application with the names of the fields that are masked.
func (d *Desk) View(
	ctx context.Context, seat Seat, token station.CaseToken,
) (station.Application, []station.Optional, error) {
	var a station.Application
	var hidden []station.Optional
	err := d.counted(ctx, seat, act{actView, token}, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		key, err := d.unlock(tx, token, f.Keys, f.Sealed, seat.Key, &a)
		if err != nil {
			return err
		}
		defer key.Destroy()
		if f.Keys, err = d.session.underDay(token, key, f.Keys); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if f.Case.Edit(seat.Officer, d.Now()) != nil {
			a, hidden = a.Mask(d.Charter.Profile.Rules)
		}
		return d.record(tx, seat.Key, fact{kind: event.CaseViewed, subject: string(token)})
	})
	if err != nil {
		return station.Application{}, nil, fmt.Errorf("open case %s: %w", token, err)
	}
	return a, hidden, nil
}

// Reveal shows one masked field. Each is an event that names the field.
func (d *Desk) Reveal(
	ctx context.Context, seat Seat, token station.CaseToken, field station.Optional,
) (string, error) {
	var a station.Application
	err := d.counted(ctx, seat, act{what: actReveal}, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := d.open(tx, token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
			return err
		}
		body := event.Revealed{Field: field}
		return d.record(tx, seat.Key, fact{kind: event.CaseRevealed, subject: string(token), body: body})
	})
	if err != nil {
		return "", fmt.Errorf("reveal %s of case %s: %w", field, token, err)
	}
	return a.Field(field), nil
}

// Find looks for a case token or a name, as typed, among the open cases that this officer can open. It
// happens in memory; what was typed is written nowhere, and closed cases are not looked at: they cannot
// be opened here.
func (d *Desk) Find(ctx context.Context, seat Seat, typed string) ([]station.CaseToken, error) {
	var found []station.CaseToken
	err := d.counted(ctx, seat, act{what: actLookup}, func(tx Tx) error {
		found = nil
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		among := 0
		for _, c := range cases {
			if !c.Open() {
				continue
			}
			among++
			same, err := d.matches(tx, seat, c.Token, typed)
			if err != nil {
				return err
			}
			if same {
				found = append(found, c.Token)
			}
		}
		body := event.LookedUp{Found: len(found), Among: among}
		return d.record(tx, seat.Key, fact{kind: event.CaseLookedUp, body: body})
	})
	if err != nil {
		return nil, fmt.Errorf("find a case: %w", err)
	}
	return found, nil
}

// matches tells whether a typed text is a case's token, or begins the names of an application that this
// officer can open.
func (d *Desk) matches(tx Tx, seat Seat, token station.CaseToken, typed string) (bool, error) {
	if token.Is(typed) {
		return true, nil
	}
	f, err := tx.Folder(token)
	if err != nil || f.Sealed == nil {
		return false, err
	}
	var a station.Application
	if d.open(tx, token, f.Keys, f.Sealed, seat.Key, &a) != nil {
		return false, nil // another officer's: it says nothing
	}
	return a.Named(typed), nil
}
