package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// What follows when the ledger comes back from a backup. Directives that were given after the backup
// are gone from it, but their stations have them: a number of theirs must not be given to another
// directive, and what they said must stand.
//
// So the chain to every station goes on in a new epoch. The ledger tells when it was restored, and that
// time, in seconds, is the number of the epoch: no earlier life of the ledger had it. Where the ledger
// cannot tell, because somebody put an old image of its files in place, each station tells: it writes
// down that headquarters went back, and which directive it had seen last. If the vault does not know
// that one, it goes on behind its epoch. What it said in the meantime under numbers that the station had
// seen, the station passed over and wrote down, too: that is said again.
//
// An order that a station took stands in the station's own chain (case.ordered), which comes back with
// the first exchange. It is never made again; if it was, in the time between, the station keeps the first.

// future is how far the number of an epoch that a station names may lie ahead of the clock: epochs are
// times, and one out of all measure would use them up.
const future = 4 * 24 * time.Hour

// said is one directive on the ledger.
type said struct {
	place event.Place
	entry journal.Entry
}

// pull reads the next page. A ledger that went back is read from the start: it is the truth now.
func (v *Vault) pull(ctx context.Context) (journal.Page, error) {
	page, err := v.Ledger.Pull(ctx, v.seen, v.next)
	if errors.Is(err, journal.ErrRolledBack) || errors.Is(err, journal.ErrRewritten) && v.restoredSince(ctx) {
		v.Log.Error("ledger was restored from a backup, it is read again from the start", "seen", v.seen.Size)
		v.begin()
		page, err = v.Ledger.Pull(ctx, v.seen, v.next)
	}
	if err != nil {
		return page, err
	}
	if page.Restored > v.told {
		v.told, v.rebuilt = page.Restored, min(page.Restored, v.Now().Unix())
	}
	return page, nil
}

// restoredSince asks the ledger whether it was restored since it was last heard. Without that, a tree
// that does not contain the one seen is a forgery.
func (v *Vault) restoredSince(ctx context.Context) bool {
	page, err := v.Ledger.Pull(ctx, journal.Checkpoint{}, 0)
	return err == nil && page.Restored > v.told
}

// epoch is the first one in which the next directive to an office may stand.
func (v *Vault) epoch(o *office) uint64 {
	return max(o.floor, uint64(v.rebuilt))
}

// contradicted takes in that a station saw headquarters go back, and how far it had heard it before.
func (o *office) contradicted(e journal.Entry, now time.Time) error {
	var body event.RolledBack
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("roll-back: %w: %w", ErrChain, err)
	}
	heard := body.Directive
	if heard == nil || heard.Epoch >= uint64(now.Add(future).Unix()) {
		return nil
	}
	for _, s := range o.said {
		if s.place == *heard {
			return nil
		}
	}
	o.floor = max(o.floor, heard.Epoch+1)
	return nil
}

// passedOver takes in that a station did not carry a directive out.
func (o *office) passedOver(e journal.Entry) error {
	var body event.PassedDirective
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("passed directive: %w: %w", ErrChain, err)
	}
	for _, s := range o.said {
		if s.place == body.Directive {
			o.floor = max(o.floor, s.place.Epoch+1)
			return o.unsay(s.entry)
		}
	}
	return nil
}

// unsay makes ready to be said again what a station passed over.
func (o *office) unsay(e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	c := o.cases[token]
	switch e.Kind {
	case event.StockAllocated:
		var body event.Allocated
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("allocation: %w: %w", ErrChain, err)
		}
		m := o.manifests[body.Manifest]
		for _, b := range m.Blanks {
			delete(o.blanks, b.Serial)
		}
		delete(o.manifests, body.Manifest)
		delete(o.shipments, m.ID())
	case event.NoticeRevoked:
		delete(o.notices, sha256.Sum256(e.Body))
	case event.StationRestored:
		clear(o.restored)
	case event.OrderIssued, event.OrderDeclined, event.OrderHeld, event.OrderCleared:
		if c == nil || c.serial == "" {
			return nil
		}
		c.ordered, c.declined = false, ""
		if b := o.blanks[c.serial]; b != nil {
			b.ordered = false
		}
		o.settle(token)
		o.pending = append(o.pending, token)
	}
	return nil
}

// tookOrder takes in that a station has the order of a case, whatever became of the directive. An order that
// the office made itself is judged all the same.
func (o *office) tookOrder(token station.CaseToken) {
	c := o.cases[token]
	if c == nil || c.here {
		return
	}
	c.ordered, c.took = true, c.serial
	if b := o.blanks[c.serial]; b != nil {
		b.ordered = true
	}
	o.settle(token)
}
