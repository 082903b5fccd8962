package vault

import (
	"context"
	"crypto/sha256"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Resolution is what headquarters decided on a bag that a station has in quarantine.
type Resolution struct {
	Station string           `json:"station"`
	Decides event.Resolution `json:"decides"`
}

// resolve tells stations what was decided on their quarantines, each once.
func (v *Vault) resolve(ctx context.Context) (int, error) {
	if v.Decided == nil {
		return 0, nil
	}
	decided, err := v.Decided()
	if err != nil {
		return 0, err
	}
	given := 0
	for _, r := range decided {
		o := v.offices[r.Station]
		if o == nil || v.gone[r.Station] {
			continue
		}
		body, err := journal.Encode(r.Decides)
		if err != nil {
			return given, err
		}
		if o.decided[sha256.Sum256(body)] {
			continue
		}
		if err := v.direct(ctx, o, directive{kind: event.StockResolved, body: r.Decides}); err != nil {
			return given, err
		}
		last, _ := o.directives.Last()
		o.resolved(last.Entry)
		v.Log.Info("quarantine decided", "station", r.Station, "shipment", r.Decides.Shipment, "bag", r.Decides.Bag)
		given++
	}
	return given, nil
}

// resolved takes in a decision that the station was given.
func (o *office) resolved(e journal.Entry) { o.decided[sha256.Sum256(e.Body)] = true }

// counted takes in which blanks two custodians have taken into the safe.
func (o *office) counted(e journal.Entry) error {
	var body event.Counted
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("stock: %w: %w", ErrChain, err)
	}
	for _, s := range body.Serials {
		if b := o.blanks[s]; b != nil {
			b.counted = true
		}
	}
	return nil
}

// stocked takes in what a station says of its blanks: for a number that is lost, spoiled or on its way to
// somebody else no order is made.
func (v *Vault) stocked(o *office, e journal.Entry) error {
	var rows []station.Range
	switch e.Kind {
	case event.StockSent, event.StockLost, event.StockSpoiled:
		var body event.Moved
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("stock: %w: %w", ErrChain, err)
		}
		rows = body.Blanks
	case event.StockWitnessed:
		return o.counted(e)
	case event.StockSettled:
		var body event.Resolution
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("stock: %w: %w", ErrChain, err)
		}
		rows = body.Lost
	case event.StockCompared:
		var body event.Compared
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("stock: %w: %w", ErrChain, err)
		}
		if body.Why != "" {
			v.Log.Warn("bag in quarantine", "station", o.Charter.Station, "shipment", e.Subject, "bag", body.Bag,
				"why", body.Why, "missing", fmt.Sprint(body.Missing), "extra", fmt.Sprint(body.Extra))
		}
		return nil
	}
	serials, err := station.Listed(rows)
	if err != nil {
		return fmt.Errorf("stock: %w: %w", ErrChain, err)
	}
	for _, s := range serials {
		b := o.blanks[s]
		if b == nil {
			continue
		}
		if e.Kind == event.StockSent {
			b.sent = true
		} else {
			b.spoiled = true
		}
	}
	return nil
}
