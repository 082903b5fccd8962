package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	inmemory "padarozhnik/station/issuance/memory"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// goodLife is the journal of an office in which everything went as it should: a delivery, a book from
// enrolment to hand-over, a spoiled blank that was destroyed, one that was lost, a notice, a closed day.
func goodLife(t *testing.T) []journal.Entry {
	t.Helper()
	w, err := newWorld(context.Background(), &inmemory.Store{})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(err)
	ok(w.announce())
	first, second, third := w.seats[0], w.seats[1], w.seats[2]
	m := w.sent[0]
	read := map[string]station.SealRead{"1": {Number: "S1"}, "2": {Number: "S2"}}
	_, err = w.desk.Arrive(w.ctx, first, second, m.ID(), read)
	ok(err)
	for bag, in := range m.Contents() {
		ok(w.desk.CountBag(w.ctx, first, m.ID(), bag, in))
		ok(w.desk.CountBag(w.ctx, second, m.ID(), bag, in))
	}
	_, err = w.desk.CompareShipment(w.ctx, first, m.ID())
	ok(err)
	_, err = w.desk.StoreShipment(w.ctx, first, second, m.ID())
	ok(err)
	_, err = w.desk.OpenDay(w.ctx, first, second, 4)
	ok(err)
	token := w.enrolled(t, first)
	serial, err := w.desk.Approve(w.ctx, second, token, "complete")
	ok(err)
	ok(w.order(token, serial))
	o := station.Order{Case: token, Serial: serial}
	steps := []station.State{station.StateTaken, station.StateEncoded, station.StateInking, station.StatePrinted}
	for _, s := range steps {
		ok(w.desk.Step(w.ctx, first, o, s))
	}
	ok(w.desk.Step(w.ctx, third, o, station.StatePassed))
	ok(w.desk.HandOver(w.ctx, first, token, true, true))
	rest := must(w.desk.Safe(w.ctx))(t)
	ok(w.desk.SpoilBlanks(w.ctx, first, second, rest[:1], "torn"))
	ok(w.desk.DestroyBooks(w.ctx, first, second, rest[:1], smallPicture(), "shredded"))
	ok(w.desk.DeclareLost(w.ctx, first, second, rest[1:2], "missing"))
	body := event.Revoked{Blanks: station.Ranges(rest[2:]), Reason: "stolen"}
	ok(w.direct(event.NoticeRevoked, "", body, "", nil))
	_, err = w.desk.CloseDay(w.ctx, first, 0)
	ok(err)
	var out []journal.Entry
	for _, s := range must(w.entries())(t) {
		out = append(out, s.Entry)
	}
	return out
}

// enrolled submits a case.
func (w *world) enrolled(t *testing.T, seat issuance.Seat) station.CaseToken {
	t.Helper()
	token := must(w.desk.Enrol(w.ctx, seat))(t)
	zone := must(station.Zone(w.people.charter.Profile, person(), "UT0031416", station.Date{Year: 2016, Month: 1, Day: 2},
		station.Date{Year: 2026, Month: 1, Day: 1}))(t)
	err := w.desk.Amend(w.ctx, seat, token, "person", func(a *station.Application) error {
		a.OldPassport, a.Portrait = &station.OldPassport{MRZ: zone, Typed: true}, portraitBytes()
		return complete(a)
	})
	if err := errors.Join(err, w.desk.Submit(w.ctx, seat, token)); err != nil {
		t.Fatal(err)
	}
	return token
}

// signed writes a chain of the entries, each signed by its actor, with witnesses that name the proposals
// as they are now.
func signed(t *testing.T, entries []journal.Entry) []issuance.Kept {
	t.Helper()
	p := must(cast())(t)
	keys := map[string]*cheapKey{p.station.id: p.station, p.vault.id: p.vault}
	for _, k := range p.officers {
		keys[k.id] = k
	}
	var out []issuance.Kept
	for i, e := range entries {
		e.Sequence, e.Previous = uint64(i+1), journal.Hash{}
		if i > 0 {
			last := out[i-1].Entry
			e.Previous = last.ID()
			if proposed := bytes.Index(e.Body, []byte("proposal-goes-here-32-bytes-long")); proposed >= 0 {
				id := last.ID()
				e.Body = slices.Concat(e.Body[:proposed], id[:], e.Body[proposed+32:])
			}
		}
		out = append(out, issuance.Kept{Entry: must(journal.Sign(e, keys[e.Actor]))(t)})
	}
	return out
}

// open marks where witnesses name their proposals, so that entries can be changed before they are signed.
func open(t *testing.T, entries []journal.Entry) []journal.Entry {
	t.Helper()
	out := slices.Clone(entries)
	for i := 1; i < len(out); i++ {
		s := signed(t, entries[:i])
		id := s[i-1].Entry.ID()
		out[i].Body = bytes.ReplaceAll(out[i].Body, id[:], []byte("proposal-goes-here-32-bytes-long"))
	}
	return out
}

func audit(
	t *testing.T, records []issuance.Kept, now time.Time, change func(*station.Charter),
) map[string]issuance.Requirement {
	t.Helper()
	p := must(cast())(t)
	c := p.charter
	c.Officers = slices.Clone(c.Officers)
	if change != nil {
		change(&c)
	}
	d := &issuance.Desk{Charter: c, Key: p.station}
	chain := journal.NewVerifier(stationID, d.KeyOf, nil)
	out := map[string]issuance.Requirement{}
	for _, r := range must(issuance.Audit(records, c, now, chain.Next))(t) {
		out[r.ID] = r
	}
	return out
}

// at finds the one entry of a kind.
func at(t *testing.T, entries []journal.Entry, kind string) int {
	t.Helper()
	i := slices.IndexFunc(entries, func(e journal.Entry) bool { return e.Kind == kind })
	if i < 0 {
		t.Fatalf("no entry %s", kind)
	}
	return i
}

func body(t *testing.T, v any) []byte { return must(journal.Encode(v))(t) }

// TestAuditOfAGoodLife: every requirement passes, and names rows that exist.
func TestAuditOfAGoodLife(t *testing.T) {
	entries := goodLife(t)
	found := audit(t, signed(t, open(t, entries)), time.Now(), nil)
	if len(found) != 15 {
		t.Errorf("%d requirements", len(found))
	}
	for id, r := range found {
		if r.Verdict != issuance.Pass || len(r.Rows) == 0 || r.Demands == "" {
			t.Errorf("%s %s: %s, %v %v", id, r.Demands, r.Verdict, r.Rows, r.Failures)
		}
	}
	approval := issuance.Place(entries[at(t, entries, event.CaseApproved)])
	if r := found[issuance.SIApprover]; !slices.Equal(r.Rows, []string{approval}) {
		t.Errorf("SI-01 is proven by %v", r.Rows)
	}
	for id, r := range audit(t, nil, time.Now(), nil) {
		if r.Verdict != issuance.NotApplicable {
			t.Errorf("%s of an empty journal: %s", id, r.Verdict)
		}
	}
}

// planting changes a journal and says which row must fail; -1 for any.
type planting func(t *testing.T, e []journal.Entry) (changed []journal.Entry, row int)

// dropped leaves an entry out.
func dropped(kind string) planting {
	return func(t *testing.T, e []journal.Entry) ([]journal.Entry, int) {
		i := at(t, e, kind)
		return slices.Delete(e, i, i+1), -1
	}
}

// changed changes an entry.
func changed(kind string, change func(*testing.T, *journal.Entry)) planting {
	return func(t *testing.T, e []journal.Entry) ([]journal.Entry, int) {
		i := at(t, e, kind)
		change(t, &e[i])
		return e, i
	}
}

// by has the first officer sign an entry.
func by(kind string) planting {
	return changed(kind, func(t *testing.T, e *journal.Entry) { e.Actor = must(cast())(t).officers[0].id })
}

// saying puts another body into an entry.
func saying(kind string, what any) planting {
	return changed(kind, func(t *testing.T, e *journal.Entry) { e.Body = body(t, what) })
}

// again appends an entry a second time.
func again(kind string) planting {
	return func(t *testing.T, e []journal.Entry) ([]journal.Entry, int) {
		return append(e, e[at(t, e, kind)]), len(e)
	}
}

// openedTwice opens a day while one is open.
func openedTwice(t *testing.T, e []journal.Entry) ([]journal.Entry, int) {
	i, row := at(t, e, event.DayProposed), at(t, e, event.DayOpened)
	return slices.Insert(e, row+1, e[i], e[row]), row
}

// storedAgain takes everything into the safe a second time, also what was destroyed.
func storedAgain(t *testing.T, e []journal.Entry) ([]journal.Entry, int) {
	i := at(t, e, event.StockWitnessed)
	return append(e, e[i-1], e[i]), len(e) + 1
}

// planted is one violation: of which requirement, and how it comes about.
type planted struct {
	id     string
	plant  planting
	later  time.Duration // of the audit
	change func(*station.Charter)
}

func violations() map[string]planted {
	const late = 60 * 24 * time.Hour
	lost := event.Moved{Blanks: []station.Range{{First: "UT0000010", Last: "UT0000010"}}, Reason: "missing"}
	wrongDay := event.Day{Day: "x", Figures: &station.Figures{Opening: 4}, Counted: 4}
	program := changed(event.CaseApproved, func(t *testing.T, e *journal.Entry) { e.Actor = must(cast())(t).station.id })
	noPicture := changed(event.StockDestroyed, func(_ *testing.T, e *journal.Entry) { e.Blob = nil })
	noRole := func(c *station.Charter) { c.Officers[1].Roles = []station.Role{station.RoleEnrol, station.RoleCustody} }
	stranger := func(c *station.Charter) { c.Officers = c.Officers[:2] }
	noOverprint := func(c *station.Charter) { c.Profile.Overprint = "" }
	otherForm := func(c *station.Charter) { c.Profile.NumberForm = "XX[0-9]{7}" }
	return map[string]planted{
		"the enroller approved":          {id: issuance.SIApprover, plant: by(event.CaseApproved)},
		"the printer inspected":          {id: issuance.SIInspector, plant: by(event.BookletPassed)},
		"the program decided":            {id: issuance.SISigned, plant: program},
		"an officer without the role":    {id: issuance.SISigned, change: noRole},
		"a stranger signed":              {id: issuance.SISigned, change: stranger},
		"blanks without a manifest":      {id: issuance.SIManifest, plant: dropped(event.StockCompared)},
		"printed without being taken":    {id: issuance.SICustody, plant: dropped(event.BlankTaken)},
		"a witness who proposed":         {id: issuance.SITwo, plant: by(event.StockLost)},
		"no proposal":                    {id: issuance.SITwo, plant: dropped(event.StockDestroyProposed)},
		"a proposal of something else":   {id: issuance.SITwo, plant: saying(event.StockLost, lost)},
		"a day that does not add up":     {id: issuance.SIReconciled, plant: saying(event.DayClosed, wrongDay)},
		"a book that nobody accounts":    {id: issuance.SIReconciled, plant: dropped(event.CaseHanded)},
		"a day that was never closed":    {id: issuance.SIReconciled, plant: openedTwice},
		"destroyed without a picture":    {id: issuance.SIDestroyed, plant: noPicture},
		"spoiled and kept":               {id: issuance.SIDestroyed, plant: dropped(event.StockDestroyed), later: 2 * late},
		"a loss that nobody heard of":    {id: issuance.SILost, later: late},
		"a loss without numbers":         {id: issuance.SILost, plant: saying(event.StockLost, event.Moved{Reason: "missing"})},
		"made without an approval":       {id: issuance.SIOrdered, plant: dropped(event.CaseApproved)},
		"made without an order":          {id: issuance.SIOrdered, plant: dropped(event.CaseOrdered)},
		"a second book":                  {id: issuance.SIOneBook, plant: again(event.CaseHanded)},
		"a blank taken twice":            {id: issuance.SIOneBook, plant: again(event.BlankTaken)},
		"handed over without inspection": {id: issuance.SIQuality, plant: dropped(event.BookletPassed)},
		"specimens without an overprint": {id: issuance.SISpecimen, change: noOverprint},
		"a number of another form":       {id: issuance.SISpecimen, change: otherForm},
		"a revocation that stays here":   {id: issuance.SIShared, later: late},
		"a destroyed book is used again": {id: issuance.SIInvalid, plant: storedAgain},
	}
}

// TestAuditFindsWhatIsPlanted changes a good life in one place and signs it anew. The requirement that it
// violates fails, with that row.
func TestAuditFindsWhatIsPlanted(t *testing.T) {
	for name, tc := range violations() {
		t.Run(name, func(t *testing.T) {
			entries, row := open(t, goodLife(t)), -1
			if tc.plant != nil {
				entries, row = tc.plant(t, entries)
			}
			records := signed(t, entries)
			r := audit(t, records, time.Now().Add(tc.later), tc.change)[tc.id]
			if r.Verdict != issuance.Fail {
				t.Fatalf("%s: %s, rows %v", tc.id, r.Verdict, r.Rows)
			}
			if row < 0 {
				return
			}
			want := issuance.Place(records[row].Entry.Entry)
			if !slices.ContainsFunc(r.Failures, func(f issuance.AuditedFail) bool { return f.Row == want && f.Why != "" }) {
				t.Errorf("%s fails at %v, want %s", tc.id, r.Failures, want)
			}
		})
	}
}

// TestAuditOfARealProfile: for an office that issues, nothing is demanded of specimens.
func TestAuditOfARealProfile(t *testing.T) {
	records := signed(t, open(t, goodLife(t)))
	issues := func(c *station.Charter) { c.Profile.Mode = station.ModeIssue }
	r := audit(t, records, time.Now(), issues)[issuance.SISpecimen]
	if r.Verdict != issuance.NotApplicable {
		t.Errorf("specimens of a real office: %s", r.Verdict)
	}
}
