package issuance

import (
	"context"
	"crypto/ecdsa"

	"padarozhnik/printing"
	"padarozhnik/printing/inspection"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// KeyOf finds who may sign on the station's chain.
func (d *Desk) KeyOf(e journal.Entry) (*ecdsa.PublicKey, error) { return d.keyOf(e) }

// Join is join, which no Source that keeps its promises can show everything.
var Join = join

// MayTake refuses to take a blank while a count of the safe differs from the record.
func (d *Desk) MayTake(ctx context.Context) error { return d.mayTake(ctx) }

// CarryOut carries out one directive of headquarters, as pull does when it has verified it.
func (d *Desk) CarryOut(ctx context.Context, s journal.Signed, blob []byte) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		var report SyncReport
		return d.carryOut(tx, s, blob, &report)
	})
}

// Step is the transaction of one step of personalisation or inspection, for histories that are lived
// through without devices: everything but looking at the booklet.
func (d *Desk) Step(ctx context.Context, seat Seat, o station.Order, to station.State) error {
	kinds := map[station.State]string{
		station.StateTaken: event.BlankTaken, station.StateEncoded: event.BookletEncoded,
		station.StateInking: event.PrintStarted, station.StatePrinted: event.BookletPrinted,
		station.StatePassed: event.BookletPassed,
	}
	ev := fact{kind: kinds[to], body: event.Bound{Case: o.Case}}
	switch to {
	case station.StateTaken:
		if err := d.mayTake(ctx); err != nil {
			return err
		}
	case station.StatePassed:
		ev.body = event.Inspected{}
		return d.advance(ctx, seat.Key, o, to, ev, func(c *station.Case) (err error) {
			*c, err = c.Pass(seat.Officer, d.Now())
			return err
		})
	case station.StateEncoded:
		ev.body = event.Encoded{}
	}
	return d.advance(ctx, seat.Key, o, to, ev, func(c *station.Case) (err error) {
		*c, err = c.Produce(seat.Officer, d.Now())
		return err
	})
}

// PageOf is what the desk prints for an order.
func (d *Desk) PageOf(o station.Order) (printing.Page, error) { return d.page(o) }

// NoteShift keeps where an inspected page lay.
func (d *Desk) NoteShift(ctx context.Context, p inspection.Position) error {
	return d.noteShift(ctx, p)
}
