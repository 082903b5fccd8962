package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ErrAudit: the journal violates a requirement on the security of issuance.
var ErrAudit = errors.New("journal violates a requirement")

// Verdict is how a requirement came out.
type Verdict string

// Verdicts of an audit. NotApplicable is a requirement of which the journal holds no case yet.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not-applicable"
)

// Requirement is one demand on the security of issuance, with the verdict that the signed journal gives
// and the entries that prove it, by their places (epoch/number).
type Requirement struct {
	ID       string        `json:"id"`
	Demands  string        `json:"demands"`
	Verdict  Verdict       `json:"verdict"`
	Rows     []string      `json:"rows"` // that prove it; of a failure, those that hold all the same
	Failures []AuditedFail `json:"failures,omitempty"`
}

// AuditedFail is an entry that violates a requirement, and how.
type AuditedFail struct {
	Row string `json:"row"`
	Why string `json:"why"`
}

// Identifiers of the requirements of ICAO's guide to the security of issuance, each one testable thing.
const (
	SIApprover   = "SI-01"
	SIInspector  = "SI-02"
	SISigned     = "SI-03"
	SIManifest   = "SI-04"
	SICustody    = "SI-05"
	SITwo        = "SI-06"
	SIReconciled = "SI-07"
	SIDestroyed  = "SI-08"
	SILost       = "SI-09"
	SIOrdered    = "SI-10"
	SIOneBook    = "SI-11"
	SIQuality    = "SI-12"
	SISpecimen   = "SI-13"
	SIShared     = "SI-14"
	SIInvalid    = "SI-15"
)

// requirements lists them in order.
func requirements() []Requirement {
	return []Requirement{
		{ID: SIApprover, Demands: "who enrolled a case did not approve it"},
		{ID: SIInspector, Demands: "who made a book did not inspect it"},
		{ID: SISigned, Demands: "every decision is signed by one officer who holds the role for it"},
		{ID: SIManifest, Demands: "every blank in the safe came from a bag that was compared with the maker's manifest"},
		{ID: SICustody, Demands: "the custody of every numbered blank is unbroken, from one state to the next"},
		{ID: SITwo, Demands: "what needs two custodians was proposed by one and witnessed by another"},
		{ID: SIReconciled, Demands: "every day that was opened was closed with a count that reconciles"},
		{ID: SIDestroyed, Demands: "spoiled books are destroyed in time, under two signatures and with a picture"},
		{ID: SILost, Demands: "lost blanks are reported to headquarters by range"},
		{ID: SIOrdered, Demands: "a blank is personalised only for a case that was approved and ordered with its number"},
		{ID: SIOneBook, Demands: "no order makes two books, and no blank is used twice"},
		{ID: SIQuality, Demands: "no book is handed over before its inspection was recorded"},
		{ID: SISpecimen, Demands: "specimens are unmistakable and numbered"},
		{ID: SIShared, Demands: "lost, spoiled and revoked numbers reach headquarters, and its notices are carried out"},
		{ID: SIInvalid, Demands: "a number that was lost, revoked, spoiled or destroyed never becomes valid again"},
	}
}

// auditor walks the journal once and writes down what each entry proves or violates.
type auditor struct {
	charter station.Charter
	station string // key identifier of the station's own key
	now     time.Time
	out     []Requirement
	book    *book
	moves   []bookMove // of the entry at hand

	cases    map[string]*auditedCase
	serials  map[string]*auditedBook
	last     *journal.Signed
	manifest map[station.Serial]bool // out of a good bag, or released
	day      string                  // open; "" for none
	dayRow   string
}

type bookMove struct {
	serial   station.Serial
	from, to station.State
}

type auditedCase struct {
	enrolled string
	approved station.Serial
	ordered  bool
	handed   int
}

type auditedBook struct {
	makers  []string // since it was taken
	taken   int
	passed  bool
	spoiled int64 // when; 0: it is not, or was destroyed
	row     string
}

// Audit judges a station's journal by itself: nothing is assumed that no entry says. verify proves one
// entry's signature and place.
func Audit(
	records []Kept, charter station.Charter, now time.Time, verify func(journal.Signed) error,
) ([]Requirement, error) {
	a := &auditor{
		charter: charter, station: charter.StationID, now: now, out: requirements(), book: newBook(),
		cases: map[string]*auditedCase{}, serials: map[string]*auditedBook{}, manifest: map[station.Serial]bool{},
	}
	a.book.moved = func(s station.Serial, from, to station.State) {
		a.book.figures.Move(from, to)
		a.moves = append(a.moves, bookMove{s, from, to})
	}
	for _, k := range records {
		if err := verify(k.Entry); err != nil {
			a.fail(SISigned, k.Entry.Entry, err.Error())
		}
		if err := a.take(k); err != nil {
			return nil, fmt.Errorf("audit: entry %s: %w", Place(k.Entry.Entry), err)
		}
		last := k.Entry
		a.last = &last
	}
	a.end()
	for i, r := range a.out {
		switch {
		case len(r.Failures) > 0:
			a.out[i].Verdict = Fail
		case len(r.Rows) > 0:
			a.out[i].Verdict = Pass
		default:
			a.out[i].Verdict = NotApplicable
		}
	}
	return a.out, nil
}

// AuditIssuance judges this station's journal.
func (d *Desk) AuditIssuance(ctx context.Context) ([]Requirement, error) {
	var records []Kept
	if err := d.walk(ctx, func(k Kept) error {
		records = append(records, k)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	chain := journal.NewVerifier(d.Charter.Station, d.keyOf, nil)
	return Audit(records, d.Charter, d.Now(), chain.Next)
}

func (a *auditor) requirement(id string) *Requirement {
	return &a.out[slices.IndexFunc(a.out, func(r Requirement) bool { return r.ID == id })]
}

func (a *auditor) proves(id string, e journal.Entry) {
	r := a.requirement(id)
	if row := Place(e); len(r.Rows) == 0 || r.Rows[len(r.Rows)-1] != row {
		r.Rows = append(r.Rows, row)
	}
}

func (a *auditor) fail(id string, e journal.Entry, why string) { a.failAt(id, Place(e), why) }

func (a *auditor) failAt(id, row, why string) {
	r := a.requirement(id)
	r.Failures = append(r.Failures, AuditedFail{row, why})
}

// judge is proves where ok, and fail otherwise.
func (a *auditor) judge(id string, e journal.Entry, ok bool, why string) {
	if ok {
		a.proves(id, e)
	} else {
		a.fail(id, e, why)
	}
}

func (a *auditor) caseOf(token string) *auditedCase {
	c := a.cases[token]
	if c == nil {
		c = &auditedCase{}
		a.cases[token] = c
	}
	return c
}

func (a *auditor) bookOf(serial string) *auditedBook {
	b := a.serials[serial]
	if b == nil {
		b = &auditedBook{}
		a.serials[serial] = b
	}
	return b
}

// take judges one entry.
func (a *auditor) take(k Kept) error {
	e := k.Entry.Entry
	a.moves = nil
	if err := a.book.take(e); err != nil {
		return err
	}
	a.custody(e)
	a.decided(e)
	a.witnessed(e)
	a.reported(k)
	for _, judge := range []func(journal.Entry) error{a.ofCase, a.ofBook, a.ofStock, a.ofDay} {
		if err := judge(e); err != nil {
			return err
		}
	}
	return nil
}

// end judges what is still open at the end of the journal.
func (a *auditor) end() {
	for serial, b := range a.serials {
		if b.spoiled > 0 && a.now.Sub(time.Unix(b.spoiled, 0)) > destroyWithin {
			a.failAt(SIDestroyed, b.row, fmt.Sprintf("book %s was spoiled more than %d days ago and is not destroyed",
				serial, destroyWithin/(24*time.Hour)))
		}
	}
	p := a.charter.Profile
	if p.Mode == station.ModeIssue {
		r := a.requirement(SISpecimen)
		r.Rows, r.Failures = nil, nil
	}
}

// destroyWithin is how long a spoiled book may wait to be destroyed.
const destroyWithin = 90 * 24 * time.Hour

// custody holds every move of a blank against the one table of moves.
func (a *auditor) custody(e journal.Entry) {
	for _, m := range a.moves {
		ok := m.allowed(e.Kind)
		a.judge(SICustody, e, ok, fmt.Sprintf("%s went from %q to %q", m.serial, m.from, m.to))
		was := station.Booklet{State: m.from}
		if was.Terminal() {
			a.judge(SIInvalid, e, ok, fmt.Sprintf("%s was %s and became %s", m.serial, m.from, m.to))
		} else if now := (station.Booklet{State: m.to}); now.Terminal() && m.to != station.StateHanded {
			a.proves(SIInvalid, e)
		}
	}
}

// allowed knows two moves besides those of the table: a blank that was sent here is in transit before
// anybody has seen it, and on new hardware the whole safe is counted again.
func (m bookMove) allowed(kind string) bool {
	b := station.Booklet{State: m.from}
	switch {
	case m.from == "":
		b.State = station.StateInTransit
	case kind == event.StationResumed && waits(m.from) && m.to == station.StateAllocated:
		return true
	case kind == event.StockWitnessed && m.from == station.StateAllocated:
		b.State = station.StateReceived
	}
	_, err := b.Advance(m.to)
	return err == nil
}
