package issuance

import (
	"errors"
	"maps"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// foundation is the stock and the cases of a station as its own chain tells them.
type foundation struct {
	past  event.Past
	moved func(s station.Serial, from, to station.State) // told of each booklet that moves; nil: nobody
	books map[station.Serial]*station.Booklet
	cases map[station.CaseToken]*station.Case
}

func newFoundation(past event.Past) *foundation {
	return &foundation{
		past:  past,
		books: map[station.Serial]*station.Booklet{},
		cases: map[station.CaseToken]*station.Case{},
	}
}

// take lets one entry change stock and cases. Kinds that change neither are passed over.
func (f *foundation) take(e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	switch e.Kind {
	case event.CaseOpened:
		f.cases[token] = &station.Case{Token: token, Stage: station.StageDraft, Enrolled: e.Actor, Opened: e.Time}
	case event.CaseSubmitted:
		f.stage(token, station.StageSubmitted)
	case event.CaseReturned:
		f.stage(token, station.StageReturned)
	case event.CaseRefused:
		f.stage(token, station.StageRefused)
	case event.CaseClosed, event.CaseLost, event.CaseWithdrawn:
		f.stage(token, station.StageClosed)
	case event.CaseOrdered:
		f.stage(token, station.StageOrdered)
	case event.CaseApproved:
		var body event.Approved
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		if c := f.stage(token, station.StageApproved); c != nil {
			c.Serial, c.Approved, c.Operated, c.Passed = body.Serial, e.Actor, "", ""
		}
	default:
		if done, err := f.takeStock(e); done || err != nil {
			return err
		}
		return f.takeBooklet(e)
	}
	return nil
}

// takeBooklet is take for entries whose subject is a serial.
func (f *foundation) takeBooklet(e journal.Entry) error {
	serial := station.Serial(e.Subject)
	states := map[string]station.State{
		event.BlankReserved: station.StateReserved, event.BlankTaken: station.StateTaken,
		event.BookletEncoded: station.StateEncoded, event.PrintStarted: station.StateInking,
		event.PrintRefused: station.StateEncoded, event.BookletPrinted: station.StatePrinted,
		event.BookletPassed: station.StatePassed, event.CaseHanded: station.StateHanded,
		event.BlankRevoked: station.StateRevoked,
	}
	if to, ok := states[e.Kind]; ok {
		b := f.book(serial)
		if e.Kind == event.BlankReserved {
			var body event.Bound
			if err := journal.Decode(e.Body, &body); err != nil {
				return err
			}
			b.Case = body.Case
		}
		f.move(serial, to, b.Case)
		f.follow(e, b.Case)
		return nil
	}
	if e.Kind != event.BookletResolved && e.Kind != event.BookletSpoiled {
		return nil
	}
	var body event.Resolved
	if err := journal.Decode(e.Body, &body); err != nil {
		return err
	}
	f.move(serial, body.As, body.Case)
	if c := f.cases[body.Case]; c != nil && e.Kind == event.BookletSpoiled {
		c.Stage = station.StageSpoiled
		c.Spoiled = append(c.Spoiled, serial)
	}
	return nil
}

// follow moves the case along with its booklet.
func (f *foundation) follow(e journal.Entry, token station.CaseToken) {
	c := f.cases[token]
	if c == nil {
		return
	}
	switch e.Kind {
	case event.BlankTaken, event.PrintStarted:
		c.Stage, c.Operated = station.StageProducing, e.Actor
	case event.BookletPassed:
		c.Stage, c.Passed = station.StagePassed, e.Actor
	case event.CaseHanded:
		c.Stage, c.Handed = station.StageHanded, e.Actor
	}
}

func (f *foundation) stage(token station.CaseToken, to station.Stage) *station.Case {
	c := f.cases[token]
	if c != nil {
		c.Stage = to
	}
	return c
}

func (f *foundation) book(serial station.Serial) *station.Booklet {
	b := f.books[serial]
	if b == nil {
		b = &station.Booklet{Serial: serial}
		f.books[serial] = b
	}
	return b
}

func (f *foundation) move(serial station.Serial, to station.State, c station.CaseToken) {
	b := f.book(serial)
	if f.moved != nil && b.State != to {
		f.moved(serial, b.State, to)
	}
	b.State, b.Case = to, c
}

// lost ends the cases whose application nobody had approved: it lay in the old hardware alone, under
// keys that are gone.
func (f *foundation) lost() []station.CaseToken {
	var out []station.CaseToken
	for _, token := range slices.Sorted(maps.Keys(f.cases)) {
		if c, err := f.cases[token].Lose(); err == nil {
			*f.cases[token] = c
			out = append(out, token)
		}
	}
	return out
}

// stranded lists the cases whose order was sealed to the old hardware and whose booklet is not finished.
func (f *foundation) stranded() []station.CaseToken {
	var out []station.CaseToken
	for _, token := range slices.Sorted(maps.Keys(f.cases)) {
		c := f.cases[token]
		ordered := slices.Contains(f.past.Ordered, c.Serial)
		if _, err := c.Strand(); err == nil && (ordered || c.Stage != station.StageApproved) {
			out = append(out, token)
		}
	}
	return out
}

// store puts everything into the station's store. Blanks that were in the safe wait for two custodians
// to count them again: nobody believes a stock whose station was lost.
func (f *foundation) store(tx Tx) error {
	for serial, b := range f.books {
		have, err := tx.Booklet(serial)
		if errors.Is(err, ErrUnknown) {
			have, err = station.Booklet{Serial: serial}, nil // one too many in a bag
		}
		if err != nil {
			return err
		}
		have.State, have.Case = b.State, b.Case
		if waits(have.State) {
			have.State = station.StateAllocated
		}
		if err := tx.PutBooklet(have); err != nil {
			return err
		}
	}
	for _, c := range f.cases {
		if err := tx.PutFolder(Folder{Case: *c}); err != nil {
			return err
		}
	}
	answers := func(list []event.Answer, note string) error {
		for _, a := range list {
			if err := tx.PutNote(note+string(a.Case), []byte(a.Cause)); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.Join(answers(f.past.Held, noteHolding), answers(f.past.Declined, noteDeclined))
}
