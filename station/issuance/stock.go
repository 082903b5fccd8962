package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// custodians allows what needs two custodians: different persons, both appointed.
func (d *Desk) custodians(first, second Seat) error {
	for _, s := range []Seat{first, second} {
		if err := d.custodian(s); err != nil {
			return err
		}
	}
	if first.Officer.KeyID == second.Officer.KeyID {
		return station.ErrSamePerson
	}
	return nil
}

func (d *Desk) custodian(s Seat) error {
	return s.Officer.May(station.RoleCustody, station.DateOf(d.Now()))
}

// pair are the two entries of what two officers do: the first proposes, the second witnesses. body makes
// what both say; the witness names the identity of what was proposed, the proposal nothing.
type pair struct {
	proposed, done string
	subject        string
	body           func(proposed []byte) any
	blob           *journal.Blob
}

// sign appends both entries.
func (d *Desk) sign(tx Tx, first, second Seat, p pair) error {
	if err := d.record(tx, first.Key, fact{p.proposed, p.subject, p.body(nil), p.blob}); err != nil {
		return err
	}
	id, err := lastID(tx)
	if err != nil {
		return err
	}
	return d.record(tx, second.Key, fact{p.done, p.subject, p.body(id), p.blob})
}

// move brings booklets to their next state, all of them or none.
func move(tx Tx, serials []station.Serial, to station.State) error {
	for _, s := range serials {
		b, err := tx.Booklet(s)
		if err != nil {
			return err
		}
		if b, err = b.Advance(to); err != nil {
			return err
		}
		if err := tx.PutBooklet(b); err != nil {
			return err
		}
	}
	return nil
}

// inState lists the serials of the booklets in a state.
func inState(books []station.Booklet, s station.State) []station.Serial {
	var out []station.Serial
	for _, b := range books {
		if b.State == s {
			out = append(out, b.Serial)
		}
	}
	return out
}

// CountError says how the blanks that two custodians counted differ from headquarters' manifest.
// It wraps station.ErrNotOurs.
type CountError struct {
	Missing []station.Serial // in the manifest, not counted
	Extra   []station.Serial // counted, in no manifest
}

// Error names both lists.
func (e *CountError) Error() string {
	return fmt.Sprintf("count differs from the manifest: missing %v, extra %v",
		station.Ranges(e.Missing), station.Ranges(e.Extra))
}

// Unwrap returns station.ErrNotOurs.
func (e *CountError) Unwrap() error { return station.ErrNotOurs }

// ReceiveStock is the short form of a receipt: two custodians count together everything that waits, sign
// the serials once, and the good bags go into the safe. The record says that they counted together and
// read no seals. It is also how a station on new hardware counts its safe again. A bag that differs goes
// into quarantine as in the long form, and the *CountError says so; where nothing but a recount of the
// safe is at hand, nothing is kept of a count that differs.
func (d *Desk) ReceiveStock(ctx context.Context, first, second Seat, counted []station.Serial) error {
	err := d.custodians(first, second)
	if err == nil {
		counted, err = station.Counted(counted)
	}
	if err != nil {
		return fmt.Errorf("receive stock: %w", err)
	}
	var diff *CountError
	err = d.Store.Update(ctx, func(tx Tx) (err error) {
		diff, err = d.receiveJointly(tx, first, second, counted)
		return err
	})
	if err == nil && diff != nil {
		err = diff
	}
	if err != nil {
		return fmt.Errorf("receive stock: %w", err)
	}
	return nil
}

// receiveJointly compares everything that waits with one count. What it returns besides an error has been
// recorded.
func (d *Desk) receiveJointly(tx Tx, first, second Seat, counted []station.Serial) (*CountError, error) {
	shipments, err := shipmentsIn(tx)
	if err != nil {
		return nil, err
	}
	again, err := recount(tx, shipments)
	if err != nil {
		return nil, err
	}
	shipments = slices.DeleteFunc(shipments, func(r shipmentRecord) bool {
		return r.Shipment.Stage != station.ShipmentAnnounced
	})
	if len(again)+len(shipments) == 0 {
		return nil, station.ErrNoBlank
	}
	diff := &CountError{Missing: station.Without(again, counted)}
	rest := station.Without(counted, again)
	if len(diff.Missing) > 0 || len(shipments) == 0 && len(rest) > 0 {
		diff.Extra = rest
		return nil, diff
	}
	good, err := d.openJointly(tx, shipments, rest, diff)
	if err != nil {
		return nil, err
	}
	if err := d.store(tx, first, second, event.Counted{Serials: append(again, good...), Joint: true}); err != nil {
		return nil, err
	}
	if len(diff.Missing)+len(diff.Extra) == 0 {
		return nil, nil
	}
	return diff, nil
}

// recount lists the blanks that belong to no delivery and wait for two custodians: those of a station on
// new hardware. They count as received from here on.
func recount(tx Tx, shipments []shipmentRecord) ([]station.Serial, error) {
	all, err := tx.AllBooklets()
	if err != nil {
		return nil, err
	}
	waiting := inState(all, station.StateAllocated)
	out := slices.DeleteFunc(inState(all, station.StateReceived), func(s station.Serial) bool {
		return slices.ContainsFunc(shipments, func(r shipmentRecord) bool {
			return (event.Revoked{Blanks: r.Blanks}).HasBlank(s)
		})
	})
	return append(out, waiting...), move(tx, waiting, station.StateReceived)
}

// openJointly opens the manifests of deliveries that were counted in one and returns the blanks that may
// go into the safe. A blank too many could have lain in any of the bags: all of them are in quarantine
// then.
func (d *Desk) openJointly(
	tx Tx, shipments []shipmentRecord, counted []station.Serial, diff *CountError,
) (good []station.Serial, err error) {
	contents := make([]map[string][]station.Serial, len(shipments))
	diff.Extra = counted
	for i, r := range shipments {
		m, err := d.openManifest(tx, r)
		if err != nil {
			return nil, err
		}
		contents[i], shipments[i].Blanks = m.Contents(), rows(m)
		for _, in := range contents[i] {
			diff.Extra = station.Without(diff.Extra, in)
		}
	}
	extra := diff.Extra // told once, with the first bag
	for i, r := range shipments {
		for n, b := range r.Shipment.Bags {
			o := station.Outcome{Bag: b.Name, Blanks: contents[i][b.Name], Extra: extra}
			extra = nil
			if o.Missing = station.Without(o.Blanks, counted); len(o.Missing) > 0 {
				o.Why = station.WhyMissing
			} else if len(diff.Extra) > 0 {
				o.Why = station.WhyExtra
			}
			diff.Missing = append(diff.Missing, o.Missing...)
			kept, err := d.compared(tx, r, o, true)
			if err != nil {
				return nil, err
			}
			good = append(good, kept...)
			r.Shipment.Bags[n].Why = o.Why
		}
		r.Shipment.Stage = station.ShipmentStored
		if err := putShipment(tx, r); err != nil {
			return nil, err
		}
	}
	return good, nil
}

// store takes received blanks into the safe under two signatures.
func (d *Desk) store(tx Tx, first, second Seat, body event.Counted) error {
	if len(body.Serials) == 0 {
		return nil
	}
	if err := move(tx, body.Serials, station.StateAvailable); err != nil {
		return err
	}
	for part := range slices.Chunk(body.Serials, maxStored) {
		say := body
		say.Serials = part
		err := d.sign(tx, first, second, pair{
			proposed: event.StockProposed, done: event.StockWitnessed,
			body: func(id []byte) any { say.Proposed = id; return say },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// maxStored keeps the list of one entry inside its bounds.
const maxStored = 400
