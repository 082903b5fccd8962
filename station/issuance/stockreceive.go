package issuance

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// The receipt of a delivery, in steps that each are one transaction: Arrive (two custodians compare the
// seals), CountBag (each custodian alone, blind), CompareShipment (only now the manifest is opened), and
// StoreShipment (both sign). A program that dies in between goes on with the step that comes next.

// Arrive records that a delivery has come: two custodians read the seals of its bags. A bag that did not
// come, or whose seal is broken or another than headquarters announced, will be in quarantine whatever it
// holds. It returns the shipment as it stands now.
func (d *Desk) Arrive(
	ctx context.Context, first, second Seat, shipment string, seals map[string]station.SealRead,
) (station.Shipment, error) {
	var out station.Shipment
	err := d.custodians(first, second)
	if err == nil {
		err = d.mayBegin(ctx)
	}
	if err != nil {
		return out, fmt.Errorf("receive shipment %s: %w", shipment, err)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		r, err := shipmentIn(tx, shipment)
		if err != nil {
			return err
		}
		if r.Shipment, err = r.Shipment.Arrive(seals); err != nil {
			return err
		}
		body := event.Arrived{Bags: map[string]string{}}
		for _, b := range r.Shipment.Bags {
			body.Bags[b.Name] = b.Why
		}
		out = r.Shipment
		if err := putShipment(tx, r); err != nil {
			return err
		}
		return d.sign(tx, first, second, pair{
			proposed: event.StockArrivalProposed, done: event.StockArrived, subject: shipment,
			body: func(id []byte) any { body.Proposed = id; return body },
		})
	})
	if err != nil {
		return out, fmt.Errorf("receive shipment %s: %w", shipment, err)
	}
	return out, nil
}

// mayBegin refuses to begin something new in the room that is kept for ending things.
func (d *Desk) mayBegin(ctx context.Context) error {
	room, err := d.Store.Room(ctx)
	if err != nil {
		return err
	}
	return room.mayBegin()
}

// CountBag records what one custodian found in a bag, before anybody has seen the manifest. The journal
// gets a commitment and no figure, so that the other custodian cannot look it up. A custodian may count
// again until the manifest is opened. A serial that was read twice is a *station.TwiceError.
func (d *Desk) CountBag(ctx context.Context, seat Seat, shipment, bag string, counted []station.Serial) error {
	err := d.custodian(seat)
	if err == nil {
		counted, err = station.Counted(counted)
	}
	if err != nil {
		return fmt.Errorf("count bag %s of shipment %s: %w", bag, shipment, err)
	}
	c := station.Count{By: seat.Officer.KeyID, Serials: counted, Salt: make([]byte, 16)}
	if _, err := rand.Read(c.Salt); err != nil {
		return err
	}
	commitment, err := commit(c)
	if err != nil {
		return err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		r, err := shipmentIn(tx, shipment)
		if err != nil {
			return err
		}
		if r.Shipment, err = r.Shipment.Count(bag, c); err != nil {
			return err
		}
		if err := putShipment(tx, r); err != nil {
			return err
		}
		body := event.BagCounted{Bag: bag, Commitment: commitment}
		return d.record(tx, seat.Key, fact{kind: event.StockCounted, subject: shipment, body: body})
	})
	if err != nil {
		return fmt.Errorf("count bag %s of shipment %s: %w", bag, shipment, err)
	}
	return nil
}

func commit(c station.Count) ([]byte, error) {
	raw, err := journal.Encode(c.Serials)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(append([]byte{}, c.Salt...), raw...))
	return sum[:], nil
}

// CompareShipment opens the manifest, once two custodians have counted every bag and found the same, and
// compares it with the counts. It returns how each bag came out. A bag that differs is in quarantine as a
// whole, and headquarters is told by ranges. Where two counts differ from one another the manifest stays
// closed: both counts of those bags are void, and the error is station.ErrCounts.
func (d *Desk) CompareShipment(ctx context.Context, seat Seat, shipment string) ([]station.Outcome, error) {
	var out []station.Outcome
	var void error
	err := d.custodian(seat)
	if err == nil {
		err = d.Store.Update(ctx, func(tx Tx) (err error) {
			out, void, err = d.compareIn(tx, seat, shipment)
			return err
		})
	}
	if err = errors.Join(err, void); err != nil {
		return nil, fmt.Errorf("compare shipment %s: %w", shipment, err)
	}
	return out, nil
}

// compareIn is one transaction. void is a refusal that has been recorded.
func (d *Desk) compareIn(tx Tx, seat Seat, shipment string) (out []station.Outcome, void, err error) {
	if err := d.admitKey(tx, seat.Key); err != nil {
		return nil, nil, err
	}
	r, err := shipmentIn(tx, shipment)
	if err != nil {
		return nil, nil, err
	}
	differ, err := r.Shipment.Agreed()
	if len(differ) > 0 {
		r.Shipment = r.Shipment.Again(differ)
		ev := fact{kind: event.StockRecount, subject: shipment, body: event.Recount{Bags: differ}}
		return nil, err, errors.Join(putShipment(tx, r), d.record(tx, d.Key, ev))
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := d.openManifest(tx, r)
	if err != nil {
		return nil, nil, err
	}
	if r.Shipment, out, err = r.Shipment.Compare(m.Contents()); err != nil {
		return nil, nil, err
	}
	for _, o := range out {
		if _, err := d.compared(tx, r, o, false); err != nil {
			return nil, nil, err
		}
	}
	r.Blanks = rows(m)
	return out, nil, putShipment(tx, r)
}

// StoreShipment takes what is good of a compared shipment into the safe, under the signatures of two
// custodians, and with it every blank that headquarters has released from quarantine since. It returns
// how many there were.
func (d *Desk) StoreShipment(ctx context.Context, first, second Seat, shipment string) (int, error) {
	stored := 0
	err := d.custodians(first, second)
	if err == nil {
		err = d.Store.Update(ctx, func(tx Tx) error {
			r, err := shipmentIn(tx, shipment)
			if err != nil {
				return err
			}
			if r.Shipment.Stage != station.ShipmentStored { // once stored, for what was released after
				if r.Shipment, err = r.Shipment.Store(); err != nil {
					return err
				}
			}
			good, err := r.received(tx)
			if err != nil {
				return err
			}
			stored = len(good)
			if err := putShipment(tx, r); err != nil {
				return err
			}
			return d.store(tx, first, second, event.Counted{Serials: good, Shipment: shipment})
		})
	}
	if err != nil {
		return 0, fmt.Errorf("store shipment %s: %w", shipment, err)
	}
	return stored, nil
}
