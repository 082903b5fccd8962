package issuance_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/sqlite"
)

// stockLife does the next step of a delivery and of what becomes of it, as the record alone says. It
// returns true when there is nothing left to do.
func (o *office) stockLife(d *issuance.Desk, a vault.Allocation) bool {
	t, ctx, id := o.t, o.t.Context(), a.Manifest.ID()
	first, second := o.seat(d, "A"), o.seat(d, "C")
	all := a.Manifest.Contents()
	step := func(err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	shipments := must(d.Shipments(ctx))(t)
	if len(shipments) == 0 {
		_, err := d.Sync(ctx)
		return step(err)
	}
	switch s := shipments[0]; s.Stage {
	case station.ShipmentAnnounced:
		_, err := d.Arrive(ctx, first, second, id, seals(a))
		return step(err)
	case station.ShipmentArrived:
		for _, b := range s.Bags {
			for _, seat := range []issuance.Seat{first, second} {
				done := slices.ContainsFunc(b.Counts, func(c station.Count) bool { return c.By == seat.Officer.KeyID })
				if !done {
					return step(d.CountBag(ctx, seat, id, b.Name, all[b.Name]))
				}
			}
		}
		_, err := d.CompareShipment(ctx, first, id)
		return step(err)
	case station.ShipmentCompared:
		_, err := d.StoreShipment(ctx, first, second, id)
		return step(err)
	}
	return o.handleStock(d, first, second, step)
}

func (o *office) handleStock(d *issuance.Desk, first, second issuance.Seat, step func(error) bool) bool {
	t, ctx := o.t, o.t.Context()
	s := o.states(d)
	held := must(d.Safe(ctx))(t)
	spoiled := func() (out []station.Serial) {
		for _, b := range must(d.Stock(ctx))(t) {
			if b.State == station.StateSpoiled {
				out = append(out, b.Serial)
			}
		}
		return out
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	switch {
	case s[station.StateLost] == 0:
		return step(d.DeclareLost(ctx, first, second, held[:1], "missing"))
	case s[station.StateInTransit] == 0:
		return step(d.SendStock(ctx, first, second, held[:2], "headquarters", "S-9"))
	case s[station.StateSpoiled]+s[station.StateDestroyed] == 0:
		return step(d.SpoilBlanks(ctx, first, second, held[:1], "torn"))
	case s[station.StateDestroyed] == 0:
		return step(d.DestroyBooks(ctx, first, second, spoiled(), picture.Bytes(), "shredded"))
	case len(bodies[event.Checked](o, d, event.StockChecked)) == 0:
		return step(d.SurpriseCount(ctx, first, second, held))
	}
	return true
}

// TestCrashAtEveryStockTransaction ends the program before and after each transaction of a delivery's life
// and starts it again. No blank is lost from the count, and the day adds up.
func TestCrashAtEveryStockTransaction(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n, crashed := 1, true; crashed && !t.Failed(); n++ {
			t.Run(fmt.Sprintf("transaction %d, committed %v", n, after), func(t *testing.T) {
				o := bareOffice(t)
				a := o.courier("D1", 4200001, 2, 3)
				crashed = o.stockUntilCrash(a, n, after)
				d := o.rawDesk()
				for !o.stockLife(d, a) {
				}
				want := map[station.State]int{
					station.StateLost: 1, station.StateInTransit: 2, station.StateDestroyed: 1, station.StateAvailable: 2,
				}
				for state, count := range o.states(d) {
					if want[state] != count {
						t.Errorf("%d %s, want %d", count, state, want[state])
					}
				}
				must(d.VerifyJournal(t.Context()))(t)
				must(d.CloseDay(t.Context(), o.seat(d, "A"), 2))(t)
			})
		}
	}
}

func (o *office) stockUntilCrash(a vault.Allocation, n int, after bool) (crashed bool) {
	d := o.desk(func(s issuance.Store) issuance.Store { return &crashingStore{Store: s, left: n, after: after} })
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case died:
			crashed = true
		default:
			panic(r)
		}
		_ = d.Store.(*crashingStore).Store.(*sqlite.Store).Close()
	}()
	for !o.stockLife(d, a) {
	}
	return false
}
