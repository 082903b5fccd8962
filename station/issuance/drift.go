package issuance

import (
	"context"
	"math"
	"slices"

	"padarozhnik/printing/inspection"
	"padarozhnik/station/journal"
)

// shift is how far a page that was inspected lay from its place, in micrometres.
type shift struct {
	X int `cbor:"1,keyasint"`
	Y int `cbor:"2,keyasint"`
}

func shifts(tx Tx, name string) ([]shift, error) {
	raw, err := tx.Note(noteDrift + name)
	if err != nil || raw == nil {
		return nil, err
	}
	var out []shift
	return out, journal.Decode(raw, &out)
}

// noteShift keeps where a page lay that inspection measured: by that a printer's drift shows long before
// a page has to be refused.
func (d *Desk) noteShift(ctx context.Context, p inspection.Position) error {
	if p == (inspection.Position{}) {
		return nil
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		a, err := device(tx, KindPrinter)
		if err != nil || a.Serial == "" {
			return err
		}
		name := deviceName(KindPrinter, a.Serial)
		seen, err := shifts(tx, name)
		if err != nil {
			return err
		}
		seen = append(seen, shift{int(math.Round(1e3 * p.ShiftXMM)), int(math.Round(1e3 * p.ShiftYMM))})
		raw, err := journal.Encode(seen[max(0, len(seen)-driftMemory):])
		if err != nil {
			return err
		}
		return tx.PutNote(noteDrift+name, raw)
	})
}

// drift tells where the last pages of a printer lay in the middle.
func (h *DeviceHealth) drift(tx Tx) error {
	seen, err := shifts(tx, deviceName(h.Kind, h.Serial))
	if err != nil || len(seen) < driftPages {
		return err
	}
	var xs, ys []int
	for _, s := range seen[len(seen)-driftPages:] {
		xs, ys = append(xs, s.X), append(ys, s.Y)
	}
	slices.Sort(xs)
	slices.Sort(ys)
	h.DriftXMM, h.DriftYMM = float64(xs[driftPages/2])/1e3, float64(ys[driftPages/2])/1e3
	h.Drifting = math.Hypot(h.DriftXMM, h.DriftYMM) > driftMM
	return nil
}

// median is the middle of some values, 0 of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
