package issuance

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// roles says who may sign what a person decides.
func roles() map[string]station.Role {
	out := map[string]station.Role{
		event.CaseOpened: station.RoleEnrol, event.CaseSubmitted: station.RoleEnrol, event.CaseHanded: station.RoleEnrol,
		event.CaseApproved: station.RoleApprove, event.CaseReturned: station.RoleApprove,
		event.CaseRefused: station.RoleApprove, event.BlankTaken: station.RoleOperate,
		event.PrintStarted: station.RoleOperate, event.BookletPassed: station.RoleInspect,
		event.StockCounted: station.RoleCustody,
	}
	for done, proposed := range pairs() {
		if strings.HasPrefix(done, "stock.") {
			out[done], out[proposed] = station.RoleCustody, station.RoleCustody
		}
	}
	return out
}

// pairs names, for what a second officer witnesses, the proposal before it.
func pairs() map[string]string {
	return map[string]string{
		event.DayOpened: event.DayProposed, event.PINWitnessed: event.PINProposed,
		event.StockWitnessed: event.StockProposed, event.StockArrived: event.StockArrivalProposed,
		event.StockSent: event.StockSendProposed, event.StockLost: event.StockLossProposed,
		event.StockSpoiled: event.StockSpoilProposed, event.StockDestroyed: event.StockDestroyProposed,
		event.StockChecked: event.StockCheckProposed,
	}
}

// decided: every decision is a person's, who holds the role. Of an officer who has left, the charter keeps
// the key and no role.
func (a *auditor) decided(e journal.Entry) {
	role, ok := roles()[e.Kind]
	if !ok {
		return
	}
	o, serving := a.charter.Officer(e.Actor)
	switch {
	case serving:
		why := fmt.Sprintf("%s by an officer who is not entrusted to %s", e.Kind, role)
		a.judge(SISigned, e, slices.Contains(o.Roles, role), why)
	default:
		known := e.Actor != a.station && a.charter.SignedOnce(e.Actor) != nil
		a.judge(SISigned, e, known, e.Kind+" is signed by no officer")
	}
}

// witnessed: the entry right before is the proposal, by another person, and the witness names it.
func (a *auditor) witnessed(e journal.Entry) {
	proposed, ok := pairs()[e.Kind]
	if !ok {
		return
	}
	if a.last == nil || a.last.Entry.Kind != proposed {
		a.fail(SITwo, e, e.Kind+" without a proposal")
		return
	}
	id := a.last.ID()
	switch {
	case a.last.Entry.Actor == e.Actor:
		a.fail(SITwo, e, e.Kind+" was proposed and witnessed by one person")
	case !bytes.Contains(e.Body, id[:]):
		a.fail(SITwo, e, e.Kind+" confirms another proposal")
	default:
		a.proves(SITwo, e)
	}
}

// reported: headquarters has receipted what is lost, or will as soon as it can be reached.
func (a *auditor) reported(k Kept) {
	e := k.Entry.Entry
	ids := map[string][]string{
		event.StockLost: {SILost, SIShared}, event.StockSettled: {SILost}, event.BlankRevoked: {SIShared},
		event.BookletSpoiled: {SIShared}, event.StockSpoiled: {SIShared}, event.NoticeTaken: {SIShared},
	}
	late := time.Duration(a.charter.Profile.MaxSilenceDays) * 24 * time.Hour
	ok := k.Receipt != nil || a.now.Sub(time.Unix(e.Time, 0)) < late
	for _, id := range ids[e.Kind] {
		a.judge(id, e, ok, e.Kind+" has had no receipt of headquarters for longer than the profile allows")
	}
}

// ofCase judges approvals.
func (a *auditor) ofCase(e journal.Entry) error {
	switch e.Kind {
	case event.CaseOpened:
		a.caseOf(e.Subject).enrolled = e.Actor
	case event.CaseApproved:
		var body event.Approved
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		c := a.caseOf(e.Subject)
		a.judge(SIApprover, e, c.enrolled != "" && c.enrolled != e.Actor, "enrolled and approved by one person")
		c.approved, c.ordered = body.Serial, false
	case event.CaseOrdered:
		c := a.caseOf(e.Subject)
		c.ordered = c.approved != ""
	case event.CharterAdopted:
		p := a.charter.Profile
		ok := p.Mode == station.ModeIssue || p.Overprint != "" && p.NumberForm != ""
		a.judge(SISpecimen, e, ok, "the profile makes specimens without an overprint or a form of numbers")
	}
	return nil
}

// ofBook judges the making of a book.
func (a *auditor) ofBook(e journal.Entry) error {
	b := a.bookOf
	switch e.Kind {
	case event.BlankTaken:
		return a.takenFor(e)
	case event.BookletEncoded, event.PrintStarted, event.BookletPrinted:
		b(e.Subject).makers = append(b(e.Subject).makers, e.Actor)
		b(e.Subject).passed = false
	case event.BookletPassed:
		makers := b(e.Subject).makers
		a.judge(SIInspector, e, len(makers) > 0 && makers[len(makers)-1] != e.Actor, "made and inspected by one person")
		b(e.Subject).passed = true
	case event.CaseHanded:
		var body event.Bound
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		a.judge(SIQuality, e, b(e.Subject).passed, "handed over without an inspection")
		c := a.caseOf(string(body.Case))
		c.handed++
		a.judge(SIOneBook, e, c.handed == 1, "a second book for one case")
	case event.BookletSpoiled:
		if a.book.books[station.Serial(e.Subject)].State == station.StateSpoiled {
			b(e.Subject).spoiled, b(e.Subject).row = e.Time, Place(e)
		}
	}
	return nil
}

func (a *auditor) takenFor(e journal.Entry) error {
	var body event.Bound
	if err := journal.Decode(e.Body, &body); err != nil {
		return err
	}
	c, b := a.caseOf(string(body.Case)), a.bookOf(e.Subject)
	ok := c.ordered && string(c.approved) == e.Subject
	a.judge(SIOrdered, e, ok, "taken for a case that has no approval or no order with this number")
	b.taken++
	a.judge(SIOneBook, e, b.taken == 1, "a blank used twice")
	b.makers, b.passed = []string{e.Actor}, false
	p := a.charter.Profile
	a.judge(SISpecimen, e, p.CheckSerial(station.Serial(e.Subject)) == nil, "a number that the profile does not allow")
	return nil
}
