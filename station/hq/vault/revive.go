package vault

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Bounds of one part of a past, so that it fits a blob with its receipts of up to 2.5 KiB.
const (
	maxPast        = 3 << 20 // bytes of entries
	maxPastEntries = 1500
	maxPastBlanks  = 3000
)

// revive gives a station on new hardware its own past back, sealed to the new key: every entry of its
// chain with the receipt, and the blanks that were allocated to it. A part that is on the chain is not
// given again.
func (v *Vault) revive(ctx context.Context, o *office) (int, error) {
	epoch := o.Charter.Hardware()
	if epoch == 1 || o.restored[epoch] < 0 {
		return 0, nil
	}
	parts, err := v.past(ctx, o)
	if err != nil {
		return 0, err
	}
	given := 0
	for i, p := range parts {
		if i < o.restored[epoch] {
			continue
		}
		plain, err := journal.Encode(p)
		if err != nil {
			return given, err
		}
		err = v.direct(ctx, o, directive{
			kind: event.StationRestored, purpose: event.PurposeRestore, plain: plain,
			body: event.Restored{Epoch: epoch, Part: i + 1, Parts: len(parts)},
		})
		if err != nil {
			return given, err
		}
		o.restored[epoch] = i + 1
		given++
	}
	o.complete(epoch)
	v.Log.Info("past given to new hardware", "station", o.Charter.Station, "epoch", epoch, "parts", len(parts))
	return given, nil
}

// complete marks the past of an epoch as given. The notices are given once more: new hardware passes
// over every directive from before its past.
func (o *office) complete(epoch uint64) {
	o.restored[epoch] = -1
	clear(o.notices)
}

// revived takes in a part that was given.
func (o *office) revived(e journal.Entry) error {
	var body event.Restored
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("past: %w: %w", ErrChain, err)
	}
	o.restored[body.Epoch] = body.Part
	if body.Part == body.Parts {
		o.complete(body.Epoch)
	}
	return nil
}

// past reads a station's own chain from the ledger, up to the new epoch, in parts. The chain of old
// hardware has ended, so the same parts come out again after a crash.
func (v *Vault) past(ctx context.Context, o *office) ([]event.Past, error) {
	parts := []event.Past{{}}
	size := 0
	for next := int64(0); ; {
		page, err := v.Ledger.Pull(ctx, v.seen, next)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Entries {
			e := p.Entry.Entry
			if e.Chain != o.Charter.Station || e.Epoch >= o.Charter.Hardware() {
				continue
			}
			receipt, err := p.Receipt.Marshal()
			if err != nil {
				return nil, err
			}
			last := &parts[len(parts)-1]
			if size += len(p.Entry.Raw()); size > maxPast || len(last.Entries) == maxPastEntries {
				parts = append(parts, event.Past{})
				last, size = &parts[len(parts)-1], len(p.Entry.Raw())
			}
			last.Entries = append(last.Entries, p.Entry.Raw())
			last.Receipts = append(last.Receipts, receipt)
		}
		next = page.Next
		if !page.More {
			return o.stocked(parts), nil
		}
	}
}

// stocked puts the blanks into the parts, and headquarters' answers into the last.
func (o *office) stocked(parts []event.Past) []event.Past {
	blanks := slices.Collect(slices.Chunk(o.everyBlank(), maxPastBlanks))
	for len(parts) < len(blanks) {
		parts = append(parts, event.Past{})
	}
	for i, chunk := range blanks {
		parts[i].Blanks = chunk
	}
	last := &parts[len(parts)-1]
	for token, c := range o.cases {
		if b := o.blanks[c.serial]; b != nil && b.ordered && !b.spoiled {
			last.Ordered = append(last.Ordered, c.serial)
		}
		if cause := o.held[token]; cause != "" {
			last.Held = append(last.Held, event.Answer{Case: token, Cause: cause})
		}
		if c.declined != "" {
			last.Declined = append(last.Declined, event.Answer{Case: token, Cause: c.declined})
		}
	}
	return parts
}

func (o *office) everyBlank() []event.Blank {
	var out []event.Blank
	for _, serial := range slices.Sorted(maps.Keys(o.blanks)) {
		out = append(out, event.Blank{Serial: serial, ChipID: o.blanks[serial].chipID})
	}
	return out
}
