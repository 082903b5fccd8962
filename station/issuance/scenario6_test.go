package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"os"
	"slices"
	"testing"

	"padarozhnik/devices"
	virtualchip "padarozhnik/devices/virtual/chip"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// day6 is the day of scenario 6: which booklet of the sheet meets which failure.
type day6 struct {
	*office
	desk   *issuance.Desk
	hand   *table
	cable  *cable
	serial map[string]station.Serial
	tears  map[station.Serial]int // how often the chip is still torn
	wrong  map[station.Serial]issuance.Spot
	revoke chan struct{} // the run has come to where headquarters interferes
	done   chan struct{} // headquarters has
	events []issuance.RunEvent
}

const foreignBook = "UT9900001"

func newDay6(t *testing.T, n int) *day6 {
	o := newOffice(t, n)
	d := &day6{
		office: o, desk: o.desk(nil), cable: &cable{}, serial: map[string]station.Serial{},
		tears: map[station.Serial]int{}, wrong: map[station.Serial]issuance.Spot{},
		revoke: make(chan struct{}), done: make(chan struct{}),
	}
	o.batch(d.desk, n)
	d.hand, d.desk.Encoder = o.overPCSC()
	d.desk.Hand, d.desk.Printer = d.hand, o.plug(d.cable)
	d.hand.foreign, d.hand.faults = d.takeWrong, d.tear
	o.layForeign()
	lines := o.sheet(d.desk).Sheet.Lines
	jam := min(16, n/3) // the 17th of 40
	for i, what := range []string{"cable", "torn", "dead", "jam", "foreign", "foreign page", "zone"} {
		d.serial[what] = lines[jam-3+i].Serial
	}
	d.serial["held"], d.serial["revoked"] = lines[n-2].Serial, lines[n-1].Serial
	d.tears[d.serial["torn"]], d.tears[d.serial["dead"]] = 1, 100
	d.wrong[d.serial["foreign"]], d.wrong[d.serial["foreign page"]] = issuance.SpotScanner, issuance.SpotPrinter
	return d
}

// layForeign lays a book of another office onto the desk.
func (o *office) layForeign() {
	o.t.Helper()
	_, _, err := virtualchip.Maker{
		Rand: zeroes{}, Prefix: "UT", Start: 9900001,
		Page: func(serial, path string) error { return os.WriteFile(path, drawnBlank(o.t, serial), 0o600) },
	}.MakeBlanks(o.table, 1)
	if err != nil {
		o.t.Fatal(err)
	}
}

// zeroes is a maker's randomness for a book that nobody looks for.
type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// takeWrong is the hand that takes another office's book: for the bar code before the chip, or for the
// one before ink.
func (d *day6) takeWrong(s station.Serial, at issuance.Spot) station.Serial {
	before, planned := d.wrong[s]
	if !planned || at != issuance.SpotScanner {
		return s
	}
	if encoded := d.stateOf(s) == station.StateEncoded; encoded == (before == issuance.SpotPrinter) {
		return foreignBook
	}
	return s
}

// tear tears a chip in the middle of DG2, which is by far the largest file.
func (d *day6) tear(s station.Serial) virtualchip.Faults {
	if d.tears[s] == 0 || d.stateOf(s) != station.StateTaken {
		return virtualchip.Faults{}
	}
	d.tears[s]--
	return virtualchip.Faults{TearBefore: 40}
}

func (d *day6) stateOf(s station.Serial) station.State {
	state := station.State("")
	_ = d.desk.Store.View(context.Background(), func(tx issuance.Tx) error {
		b, err := tx.Booklet(s)
		state = b.State
		return err
	})
	return state
}

// hear is called with every event of the run.
func (d *day6) hear(e issuance.RunEvent) {
	if e.Kind != issuance.RunAdvances {

		d.events = append(d.events, e)
	}
	if e.Kind != issuance.RunMoves || e.Move.At != issuance.SpotPrinter {
		return
	}
	d.cable.drop(e.Serial == d.serial["cable"])
	if e.Serial == d.serial["jam"] {
		_ = d.printer.Plant(virtualprinter.Jam)
		close(d.revoke)
		<-d.done
	}
}

// interfere is headquarters, which holds one order back and revokes the blank of another in mid-run.
func (d *day6) interfere(t *testing.T) {
	if err := waitFor(t, d.revoke); err != nil {
		t.Error(err)
		return
	}
	defer close(d.done)
	held := d.caseOf(d.serial["held"])
	_, errHeld := d.direct(d.desk, d.post.key, event.OrderHeld, string(held), event.Held{Cause: "review"})
	_, err := d.notice(d.desk, d.post.key, event.Revoked{
		Blanks: []event.Range{{First: d.serial["revoked"], Last: d.serial["revoked"]}}, Reason: "stolen",
	})
	_, syncErr := d.desk.Sync(t.Context())
	if err := errors.Join(errHeld, err, syncErr); err != nil {
		t.Error(err)
	}
}

func (d *day6) caseOf(s station.Serial) station.CaseToken {
	for _, row := range must(d.desk.RunStatus(d.t.Context()))(d.t).Rows {
		if row.Serial == s {
			return row.Case
		}
	}
	return ""
}

// needs tells for which word a person was called to a booklet.
func (d *day6) needs(what, word string) {
	d.t.Helper()
	called := slices.ContainsFunc(d.events, func(e issuance.RunEvent) bool {
		return e.Kind == issuance.RunCalls && e.Serial == d.serial[what] && e.Word == word
	})
	if !called {
		d.t.Errorf("%s: nobody was called for %s", what, word)
	}
}

func (d *day6) is(what string, want station.State) {
	d.t.Helper()
	if got := d.stateOf(d.serial[what]); got != want {
		d.t.Errorf("%s: the booklet is %s, want %s", what, got, want)
	}
}

// TestScenario6BatchRun is a run with every failure of scenario 6, through the real PC/SC service and
// IPP, until its report. F7 is TestScenario6KilledAtEveryTransaction.
func TestScenario6BatchRun(t *testing.T) {
	t.Parallel()
	n := batchSize(9)
	d := newDay6(t, n)
	ctx, desk, operator := t.Context(), d.desk, d.seat(d.desk, "O")
	must(desk.BeginRun(ctx, operator, d.sheet(desk)))(t)
	go d.interfere(t)

	// F1: the printer jams in mid-print. The booklet waits for a person, and so does the printer.
	s, err := desk.CarryOutRun(ctx, operator, d.hear)
	if !errors.Is(err, devices.ErrJammed) || s.State != station.RunPaused || s.Word != "jammed" {
		t.Fatalf("after the jam: %v, %s %s", err, s.State, s.Word)
	}
	d.is("jam", station.StateInking)
	d.needs("jam", "in-doubt")
	if err := d.printer.Plant(virtualprinter.NoFault); err != nil {
		t.Fatal(err)
	}
	d.judge("jam", station.StateSpoiled)

	// The others: F2, F3, F5, F6. The run goes on where nothing stands in its way.
	if s, err = desk.CarryOutRun(ctx, operator, d.hear); err != nil {
		t.Fatal(err)
	}
	d.is("cable", station.StateInking)
	d.needs("cable", "in-doubt")
	d.judge("cable", station.StatePrinted)
	d.torn()
	d.foreign()
	if s, err = desk.CarryOutRun(ctx, operator, d.hear); err != nil || len(s.Needs()) > 0 {
		t.Fatalf("still waiting: %v, %v", s.Needs(), err)
	}
	d.is("revoked", station.StateRevoked)
	d.is("held", station.StateReserved)
	if _, err := desk.ReportRun(ctx, operator); !errors.Is(err, issuance.ErrRunUnfinished) {
		t.Errorf("reported before the inspection: %v", err)
	}

	// F4: another person inspects; the page of one is not what its chip says.
	if _, err := desk.InspectRun(ctx, operator, nil); !errors.Is(err, station.ErrRole) {
		t.Errorf("the operator inspects: %v", err)
	}
	d.anotherZone(d.serial["zone"])
	must(desk.InspectRun(ctx, d.seat(desk, "I"), d.hear, desk.Charter.Profile.Visual...))(t)
	d.needs("zone", "inspection")
	d.is("zone", station.StatePrinted)
	if err := desk.Resolve(ctx, d.seat(desk, "I"), d.caseOf(d.serial["zone"]), station.StateSpoiled, "zone differs"); err != nil {
		t.Fatal(err)
	}
	if s = must(desk.RunStatus(ctx))(t); !s.Tally.Ended() { // every good page passed at its first inspection
		t.Fatalf("after the inspection: %v, %v", s.Tally, s.Needs())
	}
	report := must(desk.ReportRun(ctx, operator))(t)
	d.accounted(desk, report, n)
	d.inkedOnce(desk)
	if r := report.Report; r.Spoiled != 3 || r.Skipped != 2 {
		t.Errorf("%d spoiled, %d skipped", r.Spoiled, r.Skipped)
	}
	again := must(desk.ReportRun(ctx, operator))(t)
	if !bytes.Equal(again.Entry, report.Entry) {
		t.Error("the report was signed twice")
	}
}

// judge has a person decide on a booklet in doubt.
func (d *day6) judge(what string, want station.State) {
	d.t.Helper()
	for _, row := range must(d.desk.RunStatus(d.t.Context()))(d.t).Needs() {
		if row.Serial == d.serial[what] {
			if err := d.desk.PauseRun(d.t.Context(), d.seat(d.desk, "O")); err != nil && !errors.Is(err, station.ErrStage) {
				d.t.Fatal(err)
			}
			if err := d.office.decide(d.desk, row); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	d.is(what, want)
}

// torn looks at F3: a chip that was torn once was written to its end, and one that is torn again and again
// is spoiled after as many tries as the profile allows.
func (d *day6) torn() {
	t := d.t
	d.is("torn", station.StatePrinted)
	d.is("dead", station.StateSpoiled)
	for _, s := range must(d.desk.Journal(t.Context(), ""))(t) {
		var body event.Encoded
		if s.Entry.Kind != event.BookletEncoded || s.Entry.Subject != string(d.serial["torn"]) {
			continue
		}
		if err := journal.Decode(s.Entry.Body, &body); err != nil || !body.Resumed {
			t.Error("a torn chip was not resumed")
		}
	}
	for _, b := range must(d.desk.Stock(t.Context()))(t) {
		if b.Serial == d.serial["dead"] && b.Tries != d.charter.Profile.ChipTries {
			t.Errorf("%d tries before it was spoiled", b.Tries)
		}
	}
}

// foreign looks at F5: another office's book was refused, with nothing on its page or its chip; then the
// right one is laid down.
func (d *day6) foreign() {
	t := d.t
	d.needs("foreign", "not-ours")
	d.needs("foreign page", "not-ours")
	d.is("foreign", station.StateReserved)
	d.is("foreign page", station.StateEncoded)
	if !d.blankPage(foreignBook) {
		t.Error("ink on a foreign book")
	}
	for _, what := range []string{"foreign", "foreign page"} {
		delete(d.wrong, d.serial[what])
		if err := d.desk.RetryInRun(t.Context(), d.seat(d.desk, "O"), d.serial[what]); err != nil {
			t.Fatal(err)
		}
	}
}

// anotherZone prints another person's page over a blank of the same number.
func (d *day6) anotherZone(s station.Serial) {
	t := d.t
	o := must(d.desk.Order(t.Context(), d.seat(d.desk, "O"), d.caseOf(s)))(t)
	o.Applicant.Surname = "NICHTO"
	o.MRZ = must(station.Zone(d.charter.Profile, o.Applicant, s, o.Issue, o.Expiry))(t)
	page := must(issuance.Page(d.charter.Profile, o))(t)
	ink := must(printing.Render(t.Context(), page, d.desk.Layout, 300))(t)
	blank := must(png.Decode(bytes.NewReader(drawnBlank(t, string(s)))))(t)
	whole := must(printing.Overlay(blank, ink))(t)
	var b bytes.Buffer
	if err := png.Encode(&b, whole); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.table.PagePath(string(s)), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
