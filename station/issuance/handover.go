package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// HandOver gives a passed booklet to its holder. The officer confirms that the holder is present
// and that the chip's portrait is theirs.
func (d *Desk) HandOver(ctx context.Context, seat Seat, token station.CaseToken, present, match bool) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if f.Case, err = f.Case.HandOver(seat.Officer, present, match, d.Now()); err != nil {
			return err
		}
		if err := errors.Join(d.mayIssue(tx), stoppedHere(tx, f.Case)); err != nil {
			return err
		}
		book, err := tx.Booklet(f.Case.Serial)
		if err != nil {
			return err
		}
		if book, err = book.Advance(station.StateHanded); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		body := event.Bound{Case: token}
		return d.record(tx, seat.Key, fact{kind: event.CaseHanded, subject: string(book.Serial), body: body})
	})
	if err != nil {
		return fmt.Errorf("hand over case %s: %w", token, err)
	}
	return nil
}

// Close erases what is left of every case that is finished and wholly receipted by headquarters:
// the order, the keys that open it, and the bytes on the disk. It returns the cases it closed.
func (d *Desk) Close(ctx context.Context) ([]station.CaseToken, error) {
	var closed []station.CaseToken
	err := d.Store.Update(ctx, func(tx Tx) error {
		closed = nil
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		for _, c := range cases {
			done, err := d.finished(tx, c)
			if err != nil {
				return err
			}
			if !done {
				continue
			}
			f, err := tx.Folder(c.Token)
			if err != nil {
				return err
			}
			if f.Case, err = c.Close(); err != nil {
				return err
			}
			if err := d.shred(tx, d.Key, &f, event.CauseClosed); err != nil {
				return err
			}
			if err := tx.PutFolder(f); err != nil {
				return err
			}
			ev := fact{kind: event.CaseClosed, subject: string(c.Token)}
			if err := d.record(tx, d.Key, ev); err != nil {
				return err
			}
			closed = append(closed, c.Token)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("close: %w", err)
	}
	if len(closed) == 0 {
		return nil, nil
	}
	return closed, d.Store.Scrub(ctx)
}

// finished tells whether nothing remains to do for a case and headquarters has receipted every
// entry about it and its booklet.
func (d *Desk) finished(tx Tx, c station.Case) (bool, error) {
	if c.Stage != station.StageHanded && c.Stage != station.StageRefused {
		return false, nil
	}
	for _, subject := range []string{string(c.Token), string(c.Serial)} {
		if subject == "" {
			continue
		}
		waiting, err := tx.Waiting(subject)
		if err != nil || waiting > 0 {
			return false, err
		}
	}
	return true, nil
}
