package ui_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// beginRun begins a run of booklets that stand everywhere: two need a person.
func (o *office) beginRun() {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	e, ap, op := o.id("E-01"), o.id("A-01"), o.id("O-01")
	states := []station.State{
		station.StateInking, station.StateTaken, station.StateEncoded, station.StateReserved, station.StateReserved,
	}
	tokens := []station.CaseToken{"2AAAA-BBBBB", "3AAAA-BBBBB", "4AAAA-BBBBB", "5AAAA-BBBBB", "6AAAA-BBBBB"}
	for i, state := range states {
		c := station.Case{Token: tokens[i], Stage: station.StageProducing, Enrolled: e, Approved: ap, Operated: op,
			Serial: station.Serial("UT000020" + string(rune('0'+i))), Opened: noon.AddDate(0, 0, -4).Unix()}
		if state == station.StateReserved {
			c.Stage, c.Operated = station.StageOrdered, ""
		}
		o.put(c, state, nil)
	}
	operator := must(o.desk.SignIn(o.tokens["O-01"]))(t)
	must(o.desk.BeginRun(ctx, operator, must(o.desk.WaitingSheet(ctx, operator))(t)))(t)
	err := o.desk.Store.Update(ctx, func(tx issuance.Tx) error {
		raw, err := tx.Note("run")
		if err != nil {
			return err
		}
		var r station.Run
		if err := journal.Decode(raw, &r); err != nil {
			return err
		}
		r.Pace = station.Pace{ChipMS: 65_000, PrintMS: 80_000}
		b, err := tx.Booklet("UT0000201")
		if err != nil {
			return err
		}
		if r, err = r.Need(b, "found-begun"); err != nil {
			return err
		}
		if raw, err = journal.Encode(r); err != nil {
			return err
		}
		return tx.PutNote("run", raw)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) standing(serial station.Serial) station.Standing {
	o.t.Helper()
	for _, r := range must(o.desk.RunStatus(o.t.Context()))(o.t).Rows {
		if r.Serial == serial {
			return r.Standing
		}
	}
	return ""
}

// decidePrinted decides through the screen that the first booklet that waits was printed to its end.
func (o *office) decidePrinted() {
	o.t.Helper()
	o.tap("ui.batch.decide")
	find(o, func(g *widget.RadioGroup) bool { return len(g.Options) == 3 }).SetSelected(o.text("ui.resolve.printed"))
	test.Type(o.entry("ui.resolve.reason"), "printed to the end")
	o.tap("ui.resolve.record")
}

// TestBatchTaps decides, skips and lets go on, through the screen.
func TestBatchTaps(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.beginRun()
	o.open()
	o.enter("O-01")
	o.tap("ui.batch.title")
	if !o.says(o.text("ui.batch.needs")) || !o.says("UT0000201") {
		t.Error("what needs a person is not on the screen")
	}
	o.tap("ui.batch.retry")
	if got := o.standing("UT0000201"); got != station.StandingWorking {
		t.Errorf("let go on, it is %s", got)
	}
	o.decidePrinted()
	if got := o.standing("UT0000102"); got != station.StandingPrinted { // the first that needs a person
		t.Errorf("resolved as printed, it is %s", got)
	}
	if o.offers("ui.batch.skip") {
		t.Error("something can be skipped before a booklet is chosen")
	}
	find(o, func(l *widget.List) bool { return l.Length() == 6 }).Select(5)
	o.pass()
	o.tap("ui.batch.skip")
	test.Type(o.entry("ui.batch.reason"), "next week")
	find(o, func(b *widget.Button) bool {
		return b.Text == o.text("ui.batch.skip") && b.Importance == widget.HighImportance
	}).OnTapped()
	o.pass()
	if got := o.standing("UT0000204"); got != station.StandingSkipped {
		t.Errorf("skipped, it is %s", got)
	}
	o.tap("ui.batch.go")
	if !o.says(o.text("cure.device-unreachable")) {
		t.Error("a run without devices does not say so")
	}
	kinds := o.kinds()
	if kinds[event.RunSkipped] != 1 || kinds[event.RunRetried] != 1 || kinds[event.BookletResolved] != 1 {
		t.Errorf("the journal has %v", kinds)
	}
}

// TestBatchDecidedBeside: while the run goes on, booklets that wait are decided on at the screen, and nothing else
// but a pause can be begun.
func TestBatchDecidedBeside(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.beginRun()
	var run func() // of the verb that goes on
	holds := false
	o.deps.Go = func(f func()) {
		if holds {
			run, holds = f, false
			return
		}
		f()
	}
	o.open()
	o.enter("O-01")
	o.tap("ui.batch.title")
	holds = true
	o.tap("ui.batch.go")
	if run == nil || !o.offers("ui.batch.pause") || o.offers("ui.batch.go") {
		t.Fatal("the run does not go on")
	}
	o.tap("ui.batch.retry")
	if got := o.standing("UT0000201"); got != station.StandingWorking {
		t.Errorf("let go on beside the run, it is %s", got)
	}
	o.decidePrinted()
	if got := o.standing("UT0000102"); got != station.StandingPrinted {
		t.Errorf("resolved beside the run, it is %s", got)
	}
	if !o.offers("ui.batch.pause") {
		t.Error("the decision stopped the run")
	}
	run()
	if o.offers("ui.batch.pause") || !o.offers("ui.batch.go") {
		t.Error("the run has ended and the screen does not say so")
	}
}

// TestBatchReport ends a run through the screen, and leaves its report.
func TestBatchReport(t *testing.T) {
	o := newOffice(t)
	o.deps.Reports = t.TempDir()
	o.furnish()
	o.beginRun()
	for _, row := range must(o.desk.RunStatus(t.Context()))(t).Rows {
		c := must(o.desk.Case(t.Context(), row.Case))(t)
		o.put(c, station.StatePassed, nil)
	}
	o.open()
	o.enter("O-01")
	o.tap("ui.batch.title")
	o.tap("ui.batch.report")
	files, _ := filepath.Glob(filepath.Join(o.deps.Reports, "run-*", "report.json"))
	if len(files) != 1 || !o.says(o.text("ui.batch.ended")) {
		t.Fatalf("reports: %v", files)
	}
	raw := must(os.ReadFile(filepath.Join(filepath.Dir(files[0]), "report.txt")))(t)
	if len(raw) == 0 || o.kinds()[event.RunReported] != 1 {
		t.Errorf("%d bytes, %v", len(raw), o.kinds())
	}
}

// TestBatchPause: the pause of a run is possible while a verb runs, and only then.
func TestBatchPause(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.beginRun()
	if err := o.desk.PauseRun(context.Background(), must(o.desk.SignIn(o.tokens["O-01"]))(t)); err != nil {
		t.Fatal(err)
	}
	o.open()
	o.enter("O-01")
	o.tap("ui.batch.title")
	if o.offers("ui.batch.pause") || !o.says(strings.TrimSuffix(o.text("ui.batch.paused"), ".")) {
		t.Error("a paused run can be paused, or does not say so")
	}
}
