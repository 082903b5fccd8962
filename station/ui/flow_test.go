package ui_test

import (
	"bytes"
	"image/png"
	"io"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// entry finds an entry by the words that stand in it while it is empty.
func (o *office) entry(placeholder string) *widget.Entry {
	o.t.Helper()
	want := o.text(placeholder)
	return find(o, func(e *widget.Entry) bool { return e.PlaceHolder == want })
}

// entries lists every entry on the screen, in order.
func (o *office) entries() []*widget.Entry {
	var out []*widget.Entry
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if e, ok := each.(*widget.Entry); ok {
			out = append(out, e)
		}
	})
	return out
}

func (o *office) stage(i int) station.Stage {
	o.t.Helper()
	board := must(o.desk.Board(o.t.Context()))(o.t)
	return board.Cases[i].Stage
}

// pick answers the choice of a picture with one of a person.
func (o *office) pick() {
	o.deps.Pick = func(picked func(io.ReadCloser)) {
		var b bytes.Buffer
		if err := png.Encode(&b, sitter()); err != nil {
			o.t.Fatal(err)
		}
		picked(io.NopCloser(&b))
	}
}

// fillIn types what an officer types into an application.
func (o *office) fillIn() {
	o.t.Helper()
	zone := must(station.Zone(o.desk.Charter.Profile, person(), "UT0031416",
		station.Date{Year: 2024, Month: 1, Day: 2}, station.Date{Year: 2034, Month: 1, Day: 1}))(o.t)
	o.step("ui.step.old")
	o.entry("ui.old.zone").SetText(strings.ToLower(zone[0]) + "\n" + zone[1])
	o.tap("ui.old.use")
	o.step("ui.step.person")
	for _, e := range o.entries() {
		if e.Text == "" && e.PlaceHolder == "" {
			test.Type(e, "Востраў Утопія")
		}
	}
	o.step("ui.step.portrait")
	o.tap("ui.portrait.choose")
	o.tap("ui.portrait.take")
	o.step("ui.step.evidence")
	kind := find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.proof.choose") })
	kind.SetSelected(o.text("ui.proof.interview"))
	test.Type(o.entry("ui.proof.note"), "адказы сыходзяцца")
	o.tap("ui.proof.add")
	o.step("ui.step.consents")
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if g, ok := each.(*widget.RadioGroup); ok && g.Horizontal {
			g.SetSelected(g.Options[0])
		}
	})
	o.step("ui.step.summary")
}

// One applicant, from the first tap to an approved case, as two officers do it.
func TestEnrolAndApproveByTapping(t *testing.T) {
	o := newOffice(t)
	o.stock("UT0000001")
	o.pick()
	o.open()
	o.enter("E-01")
	o.tap("ui.board.new")
	o.step("ui.step.summary")
	o.tap("ui.verb.submit")
	if !o.says(o.text("cure.incomplete")) || !o.says(o.text("ui.field.portrait")) {
		t.Error("an empty application was not answered with what it lacks")
	}
	o.fillIn()
	o.tap("ui.verb.submit")
	if got := o.stage(0); got != station.StageSubmitted {
		t.Fatalf("after submitting the case is %s", got)
	}
	if o.says("VANDROUNAIA") || o.says("Утопія") {
		t.Error("the person's data still stand on the screen")
	}
	o.tap("ui.seat.leave")
	o.enter("A-01")
	o.choose(0)
	o.tap("ui.verb.review")
	if !o.says("VANDROUNAIA") || !o.says(o.text("ui.proof.interview")) {
		t.Error("the approver does not see person and evidence")
	}
	if o.offers("ui.verb.approve") {
		t.Error("approval is offered without a reason")
	}
	test.Type(o.entry("ui.review.reason"), "complete, convincing")
	o.tickAll()
	o.tap("ui.verb.approve")
	if got := o.stage(0); got != station.StageApproved {
		t.Fatalf("after approval the case is %s", got)
	}
	if !o.says("UT0000001") || o.says("VANDROUNAIA") {
		t.Error("the screen shows the person and not the blank")
	}
}

func TestReturnedApplicationShowsItsRemark(t *testing.T) {
	o := at(t, nil, "A-01", 1, "ui.verb.review")
	test.Type(o.entry("ui.review.reason"), "portrait too old")
	o.tap("ui.verb.return")
	o.tap("ui.seat.leave")
	o.enter("E-01")
	o.choose(1)
	o.tap("ui.verb.enrol")
	if !o.says("portrait too old") {
		t.Error("the approver's remark is not shown to the officer who enrolled")
	}
}

// What an officer may not do is not offered, and the screen says who may.
func TestSeparationOfDutiesOnTheScreen(t *testing.T) {
	for _, c := range []struct {
		name, officer string
		row           int
		verb, who     string
		offered       bool
	}{
		{"enroller reviews own case", "E-01", 1, "ui.verb.review", "A-01", false},
		{"approver reviews", "A-01", 1, "ui.verb.review", "A-01", true},
		{"operator inspects own booklet", "O-01", 3, "ui.verb.inspect", "I-01", false},
		{"inspector inspects", "I-01", 3, "ui.verb.inspect", "I-01", true},
		{"inspector hands over", "I-01", 5, "ui.verb.handover", "E-01", false},
		{"approver edits a draft", "A-01", 0, "ui.verb.enrol", "E-01", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.furnish()
			o.open()
			o.enter(c.officer)
			o.choose(c.row)
			if got := o.offers(c.verb); got != c.offered {
				t.Errorf("offered: %v, want %v", got, c.offered)
			}
			if !o.says(c.who) {
				t.Errorf("the screen does not name %s", c.who)
			}
		})
	}
}

func TestOfflineIsSaidInWords(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.open()
	o.enter("A-01")
	o.tap("ui.board.sync")
	if !o.says(o.text("cure.headquarters-unreachable")) {
		t.Error("no sentence for a headquarters that does not answer")
	}
	if o.says("unreachable") {
		t.Error("the engineer's detail is not folded")
	}
	o.tap("ui.fault.more")
	if !o.says("sync: ") {
		t.Error("the engineer's detail cannot be unfolded")
	}
}

func TestDevicesThatAreNotThere(t *testing.T) {
	o := at(t, nil, "I-01", 3, "ui.verb.inspect")
	o.tickAll()
	o.tap("ui.verb.inspect")
	if !o.says(o.text("cure.device-unreachable")) {
		t.Error("no sentence for a device that is not configured")
	}
}

func TestWrongPassphraseKeepsTheDeskClosed(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.open()
	test.Type(find(o, func(e *widget.Entry) bool { return e.Password }), "sesame")
	o.tap("ui.signin.enter")
	if !o.says(o.text("cure.passphrase")) || o.says("7KQXM-2WNPA") {
		t.Error("a wrong passphrase shows the board, or says nothing")
	}
}

// Signing out keeps what was typed and takes every case off the screen.
func TestSignOutSavesAndHides(t *testing.T) {
	o := at(t, nil, "E-01", 0, "ui.verb.enrol")
	o.step("ui.step.person")
	for _, e := range o.entries() {
		if e.Text == person().PlaceOfBirth {
			e.SetText("Іншы востраў")
		}
	}
	o.tap("ui.seat.leave")
	if o.says("7KQXM-2WNPA") || o.says("VANDROUNAIA") {
		t.Error("a case stands on the screen though nobody sits at the desk")
	}
	o.enter("E-01")
	o.choose(0)
	o.tap("ui.verb.enrol")
	o.step("ui.step.person")
	kept := false
	for _, e := range o.entries() {
		kept = kept || e.Text == "Іншы востраў"
	}
	if !kept {
		t.Error("what was typed before signing out is lost")
	}
}

// The language changes under way, and nothing else does.
func TestLanguageAtRunTime(t *testing.T) {
	o := at(t, nil, "I-01", 3)
	for _, language := range []string{"en", "be"} {
		for _, m := range o.window.Fyne().MainMenu().Items {
			if m.Label != o.text("ui.menu.view") {
				continue
			}
			for _, i := range m.Items {
				if i.Label == o.text("ui.language."+language) {
					i.Action()
				}
			}
		}
		o.deps.Language = language
		if !o.says(o.text("ui.verb.inspect.title")) || !o.says("P3WFG-6TNRS") {
			t.Errorf("the case is not shown in %s", language)
		}
	}
}

// TestFocusOrder follows the tab key over the screens that are typed into.
func TestFocusOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach func(*office)
		want  []string // words or placeholders, in order; others may stand between
	}{
		{"sign-in", func(*office) {}, []string{"ui.signin.passphrase", "ui.signin.enter"}},
		{"case", func(o *office) { o.enter("E-01"); o.choose(0) },
			[]string{"ui.board.new", "ui.board.sync", "ui.verb.enrol", "ui.verb.submit"}},
		{"enrol", func(o *office) { o.enter("E-01"); o.choose(0); o.tap("ui.verb.enrol") },
			[]string{"ui.step.old", "ui.step.person", "ui.old.scan", "ui.old.zone", "ui.old.use", "ui.old.waive.reason",
				"ui.back", "ui.enrol.save", "ui.enrol.after"}},
		{"batch", func(o *office) { o.beginRun(); o.enter("O-01"); o.tap("ui.batch.title") },
			[]string{"ui.batch.retry", "ui.batch.decide", "ui.back", "ui.batch.go"}},
		{"review", func(o *office) { o.enter("A-01"); o.choose(1); o.tap("ui.verb.review") },
			[]string{"ui.approval.identity", "ui.approval.interview", "ui.marks.field", "ui.marks.words", "ui.review.reason",
				"ui.back"}},
		{"inspect", func(o *office) { o.enter("I-01"); o.choose(3); o.tap("ui.verb.inspect") },
			[]string{"ui.visual.lamination", "ui.visual.photo", "ui.leave"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.furnish()
			o.open()
			c.reach(o)
			o.follow(c.want...)
		})
	}
}

// follow presses the tab key and expects to come to these words or placeholders, in order; others may stand
// between.
func (o *office) follow(want ...string) {
	o.t.Helper()
	canvas := o.window.Fyne().Canvas()
	canvas.Unfocus()
	for range 90 {
		test.FocusNext(canvas)
		if len(want) > 0 && words(canvas.Focused()) == o.text(want[0]) {
			want = want[1:]
		}
	}
	if len(want) > 0 {
		o.t.Errorf("the tab key does not come to %v in this order", want)
	}
}

// words are what a person reads on a widget that has the focus.
func words(f fyne.Focusable) string {
	switch v := f.(type) {
	case *widget.Button:
		return v.Text
	case *widget.Entry:
		return v.PlaceHolder
	case interface{ Field() *widget.Entry }: // of several lines
		return v.Field().PlaceHolder
	case *widget.Select:
		return v.PlaceHolder
	case *widget.Check:
		return v.Text
	case pressable:
		return v.Words()
	case fyne.Widget:
		out := ""
		walk(v, func(o fyne.CanvasObject) {
			if l, ok := o.(interface{ MinSize() fyne.Size }); ok && out == "" {
				out = textOf(l)
			}
		})
		return out
	}
	return ""
}
