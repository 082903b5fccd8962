package training

import (
	"context"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// supplyTime bounds the wait for headquarters' announcement of a delivery, supplyEvery is its rhythm.
const (
	supplyTime  = time.Minute
	supplyEvery = 100 * time.Millisecond
)

// Receive plays two custodians who take everything into the safe that the maker has sent: they wait for
// headquarters to announce it, compare the seals, count each bag blind, have the manifest opened, and sign.
// It goes on where an interrupted receipt stopped, and returns how many blanks went into the safe.
func (o *Office) Receive(ctx context.Context, d *issuance.Desk, first, second issuance.Seat) (int, error) {
	sent, err := o.Deliveries()
	if err != nil {
		return 0, err
	}
	if err := announced(ctx, d, len(sent)); err != nil {
		return 0, err
	}
	stored := 0
	for _, parcel := range sent {
		for {
			n, done, err := parcel.step(ctx, d, first, second)
			stored += n
			if err != nil {
				return stored, fmt.Errorf("shipment %s: %w", parcel.Shipment, err)
			}
			if done {
				break
			}
		}
	}
	return stored, nil
}

// announced syncs until the station knows of every delivery.
func announced(ctx context.Context, d *issuance.Desk, sent int) error {
	ctx, cancel := context.WithTimeout(ctx, supplyTime)
	defer cancel()
	for {
		if _, err := d.Sync(ctx); err != nil {
			return err
		}
		known, err := d.Shipments(ctx)
		if err != nil || len(known) >= sent {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("training office: blanks from headquarters: %w", ctx.Err())
		case <-time.After(supplyEvery):
		}
	}
}

// step does the next thing that the record asks for.
func (p Delivery) step(
	ctx context.Context, d *issuance.Desk, first, second issuance.Seat,
) (stored int, done bool, err error) {
	known, err := d.Shipments(ctx)
	if err != nil {
		return 0, false, err
	}
	i := slices.IndexFunc(known, func(s station.Shipment) bool { return s.ID == p.Shipment })
	if i < 0 {
		return 0, false, issuance.ErrUnknown
	}
	switch known[i].Stage {
	case station.ShipmentAnnounced:
		_, err = d.Arrive(ctx, first, second, p.Shipment, p.Seals)
		return 0, false, err
	case station.ShipmentArrived:
		return 0, false, p.count(ctx, d, known[i], first, second)
	case station.ShipmentCompared:
		stored, err = d.StoreShipment(ctx, first, second, p.Shipment)
	}
	return stored, true, err
}

func (p Delivery) count(ctx context.Context, d *issuance.Desk, s station.Shipment, custodians ...issuance.Seat) error {
	for _, b := range s.Bags {
		for _, by := range custodians {
			if slices.ContainsFunc(b.Counts, func(c station.Count) bool { return c.By == by.Officer.KeyID }) {
				continue
			}
			if err := d.CountBag(ctx, by, s.ID, b.Name, p.Blanks[b.Name]); err != nil {
				return err
			}
		}
	}
	_, err := d.CompareShipment(ctx, custodians[0], s.ID)
	return err
}
