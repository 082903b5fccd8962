package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// CountError says how the blanks that two custodians counted differ from headquarters' manifest.
// It wraps station.ErrNotOurs.
type CountError struct {
	Missing []station.Serial // in the manifest, not counted
	Extra   []station.Serial // counted, in no manifest
}

// Error names both lists.
func (e *CountError) Error() string {
	return fmt.Sprintf("count differs from the manifest: missing %v, extra %v", e.Missing, e.Extra)
}

// Unwrap returns station.ErrNotOurs.
func (e *CountError) Unwrap() error { return station.ErrNotOurs }

// ReceiveStock takes blanks into the safe: two custodians sign the serials that they counted, and
// only if these are exactly the ones that headquarters allocated do the blanks become available.
func (d *Desk) ReceiveStock(ctx context.Context, first, second Seat, counted []station.Serial) error {
	today := station.DateOf(d.Now())
	for _, s := range []Seat{first, second} {
		if err := s.Officer.May(station.RoleCustody, today); err != nil {
			return fmt.Errorf("receive stock: %w", err)
		}
	}
	if first.Officer.KeyID == second.Officer.KeyID {
		return fmt.Errorf("receive stock: %w", station.ErrSamePerson)
	}
	counted = slices.Sorted(slices.Values(counted))
	err := d.Store.Update(ctx, func(tx Tx) error {
		books, err := allocated(tx, counted)
		if err != nil {
			return err
		}
		proposal := fact{kind: event.StockProposed, body: event.Counted{Serials: counted}}
		if err := d.record(tx, first.Key, proposal); err != nil {
			return err
		}
		last, err := tx.Last()
		if err != nil {
			return err
		}
		id := last.ID()
		witness := fact{kind: event.StockWitnessed, body: event.Counted{Serials: counted, Proposed: id[:]}}
		if err := d.record(tx, second.Key, witness); err != nil {
			return err
		}
		for _, b := range books {
			if b, err = b.Advance(station.StateAvailable); err != nil {
				return err
			}
			if err := tx.PutBooklet(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("receive stock: %w", err)
	}
	return nil
}

// allocated returns the booklets that wait for their count, if they are exactly the counted ones.
func allocated(tx Tx, counted []station.Serial) ([]station.Booklet, error) {
	all, err := tx.AllBooklets()
	if err != nil {
		return nil, err
	}
	var waiting []station.Booklet
	var diff CountError
	rest := slices.Clone(counted)
	for _, b := range all {
		if b.State != station.StateAllocated {
			continue
		}
		waiting = append(waiting, b)
		if i := slices.Index(rest, b.Serial); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			diff.Missing = append(diff.Missing, b.Serial)
		}
	}
	diff.Extra = rest
	if len(diff.Missing)+len(diff.Extra) > 0 {
		return nil, &diff
	}
	if len(waiting) == 0 {
		return nil, station.ErrNoBlank
	}
	return waiting, nil
}
