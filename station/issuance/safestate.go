package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// SafeState is the safe as a place: what lies in it, who had it open last, and how its last count came out.
type SafeState struct {
	Inside  []SafeKind `json:"inside"`
	Opened  SafeAct    `json:"opened"`  // the last act for which two opened it; zero: none
	Counted SafeAct    `json:"counted"` // the last count by two
	Differs bool       `json:"differs"` // that count differed from the record: no blank is taken until one agrees
	DayOpen bool       `json:"dayOpen"` // the next count is due when the day is closed; else when it is opened
}

// SafeKind is what lies in the safe in one state.
type SafeKind struct {
	State  station.State   `json:"state"`
	Count  int             `json:"count"`
	Blanks []station.Range `json:"blanks"`
	Since  int64           `json:"since,omitempty"` // unix seconds: the longest that one of them stands so; 0: not told
}

// SafeAct is what two officers did with the safe, as their entries claim.
type SafeAct struct {
	Kind   string `json:"kind,omitempty"`
	Time   int64  `json:"time,omitempty"` // unix seconds
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"` // pseudonyms
}

// safeKinds are the states of what belongs into the safe, in the order of a booklet's life.
func safeKinds() []station.State {
	return slices.DeleteFunc(station.States(), func(s station.State) bool { return !s.InSafe() })
}

// opensSafe tells whether two officers stood before the open safe when an entry was made: they counted it, put
// something into it, or took something out that no case works on.
func opensSafe(kind string) bool {
	switch kind {
	case event.DayOpened, event.StockWitnessed, event.StockSent, event.StockSpoiled, event.StockDestroyed, event.StockChecked:
		return true
	}
	return false
}

// SafeState reads the safe from the stock and from the signed entries. Blanks that the stock holds and no entry
// tells of are listed without a time.
func (d *Desk) SafeState(ctx context.Context) (SafeState, error) {
	var out SafeState
	var books []station.Booklet
	var entries []journal.Signed
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		if books, err = tx.AllBooklets(); err != nil {
			return err
		}
		if entries, err = tx.Entries(""); err != nil {
			return err
		}
		out.DayOpen = dayOpen(tx) == nil
		short, err := tx.Note(noteShort)
		out.Differs = short != nil
		return err
	})
	if err != nil {
		return SafeState{}, fmt.Errorf("safe: %w", err)
	}
	since, err := out.follow(entries, d.pseudonym)
	if err != nil {
		return SafeState{}, fmt.Errorf("safe: %w", err)
	}
	for _, state := range safeKinds() {
		serials := inState(books, state)
		if len(serials) == 0 {
			continue
		}
		k := SafeKind{State: state, Count: len(serials), Blanks: station.Ranges(serials)}
		for _, s := range serials {
			if at := since[s]; at != 0 && (k.Since == 0 || at < k.Since) {
				k.Since = at
			}
		}
		out.Inside = append(out.Inside, k)
	}
	return out, nil
}

// follow goes over all entries: who acted on the safe last, and since when each booklet is in its state.
func (s *SafeState) follow(entries []journal.Signed, name func(string) string) (map[station.Serial]int64, error) {
	since, proposer := map[station.Serial]int64{}, map[string]string{}
	proposals := pairs()
	var now int64
	f := newFoundation(event.Past{})
	f.moved = func(serial station.Serial, _, _ station.State) { since[serial] = now }
	for _, signed := range entries {
		e := signed.Entry
		now = e.Time
		proposer[e.Kind] = e.Actor
		if opensSafe(e.Kind) {
			s.Opened = SafeAct{Kind: e.Kind, Time: e.Time, First: name(proposer[proposals[e.Kind]]), Second: name(e.Actor)}
			if e.Kind == event.DayOpened || e.Kind == event.StockChecked {
				s.Counted = s.Opened
			}
		}
		if err := f.take(e); err != nil {
			return nil, fmt.Errorf("entry %s: %w", Place(e), err)
		}
	}
	return since, nil
}
