package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// WasteFinished makes a finished book unusable under two signatures, before it leaves the office: its
// data are wrong, its chip is dead, it is damaged, or nobody came for it. The cause decides what follows:
// an uncollected book's case ends; after a typo headquarters gives the application back to be corrected;
// else the case waits for another approval and another blank. The reason must not name the holder.
func (d *Desk) WasteFinished(
	ctx context.Context, first, second Seat, token station.CaseToken, cause, reason string,
) error {
	if !slices.Contains(event.WasteCauses(), cause) {
		return fmt.Errorf("spoil the book of case %s: cause: %w", token, station.ErrMalformed)
	}
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MayWasteFinished(first.Officer, second.Officer, d.Now()); err != nil {
			return err
		}
		if err := d.mayEndUncollected(tx, f.Case, cause); err != nil {
			return err
		}
		serial := f.Case.Serial
		waste := event.Waste{Case: token, Cause: cause, Reason: reason}
		if err := d.record(tx, first.Key, fact{kind: event.WasteProposed, subject: string(serial), body: waste}); err != nil {
			return err
		}
		if err := d.spoilFinished(tx, second, &f, cause, reason); err != nil {
			return err
		}
		return tx.PutFolder(f)
	})
	if err != nil {
		return fmt.Errorf("spoil the book of case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}

// mayEndUncollected holds the end of a case that nobody came for against the profile's days.
func (d *Desk) mayEndUncollected(tx Tx, c station.Case, cause string) error {
	if cause != event.WasteUncollected {
		return nil
	}
	now, err := d.surely(tx)
	if err == nil && !c.Uncollected(d.Charter.Profile, now) {
		err = fmt.Errorf("still to be collected: %w", station.ErrStage)
	}
	return err
}

// spoilFinished moves booklet and case and destroys the order.
func (d *Desk) spoilFinished(tx Tx, by Seat, f *Folder, cause, reason string) error {
	book, err := tx.Booklet(f.Case.Serial)
	if err != nil {
		return err
	}
	if book, err = book.Advance(station.StateSpoiled); err != nil {
		return err
	}
	if err := tx.PutBooklet(book); err != nil {
		return err
	}
	body := event.Resolved{Case: f.Case.Token, As: station.StateSpoiled, Reason: reason}
	spoiled := fact{kind: event.BookletSpoiled, subject: string(book.Serial), body: body}
	if cause == event.WasteUncollected {
		f.Case, err = f.Case.Abandon()
	} else {
		f.Case, err = f.Case.Spoil(reason)
	}
	if err != nil {
		return err
	}
	if err := d.record(tx, by.Key, spoiled); err != nil {
		return err
	}
	if err := d.shred(tx, by.Key, f, event.CauseSpoiled); err != nil {
		return err
	}
	switch cause {
	case event.WasteUncollected:
		return d.record(tx, by.Key, fact{kind: event.CaseRefused, subject: string(f.Case.Token)})
	case event.WasteTypo:
		f.Case.Asked = true
		return d.record(tx, by.Key, fact{
			kind: event.CorrectionAsked, subject: string(f.Case.Token), body: event.Bound{Case: f.Case.Token},
		})
	}
	return nil
}

// Uncollected lists the cases whose finished book has waited for its holder longer than the profile
// allows: the list of what is to be destroyed.
func (d *Desk) Uncollected(ctx context.Context) ([]station.Case, error) {
	var out []station.Case
	err := d.Store.View(ctx, func(tx Tx) error {
		out = nil
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		now, err := d.surely(tx)
		for _, c := range cases {
			if c.Uncollected(d.Charter.Profile, now) {
				out = append(out, c)
			}
		}
		return err
	})
	return out, err
}
