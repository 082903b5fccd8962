package ui_test

import (
	"errors"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// closed is an office on the evening before: six blanks are in the safe, and the day is closed.
func closed(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.stock("UT0000001", "UT0000002", "UT0000003")
	o.received("UT0000001", "UT0000002", "UT0000003")
	o.closeDay()
	return o
}

// received writes down that two custodians took blanks into the safe: a day closes by its entries.
func (o *office) received(serials ...station.Serial) {
	o.t.Helper()
	body := must(journal.Encode(event.Counted{Serials: serials}))(o.t)
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		for _, by := range []struct{ kind, who string }{{event.StockProposed, "A-01"}, {event.StockWitnessed, "C-01"}} {
			last, err := tx.Last()
			if err != nil {
				return err
			}
			s, err := journal.Sign(journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: last.Entry.Sequence + 1,
				Previous: last.ID(), Time: last.Entry.Time, Kind: by.kind, Body: body}, o.tokens[by.who])
			if err != nil {
				return err
			}
			if err := tx.Append(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// closeDay puts the office into the state of the evening.
func (o *office) closeDay() {
	o.t.Helper()
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error { return tx.EraseNote("day") })
	if err != nil {
		o.t.Fatal(err)
	}
}

// menu chooses an item of the main menu.
func (o *office) menu(key string) {
	o.t.Helper()
	want := o.text(key)
	for _, m := range o.window.Fyne().MainMenu().Items {
		for _, i := range m.Items {
			if i.Label == want || i.Label == want+"…" {
				o.pass()
				i.Action()
				return
			}
		}
	}
	o.t.Fatalf("no menu item %s", key)
}

// partner fills in who the second officer is, and their passphrase.
func (o *office) partner(name, secret string) {
	o.t.Helper()
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.partner.choose") }).SetSelected(name)
	o.entry("ui.signin.passphrase").SetText(secret)
}

func (o *office) dayIsOpen() bool {
	_, err := o.desk.Today(o.t.Context())
	if err != nil && !errors.Is(err, issuance.ErrDayClosed) {
		o.t.Fatal(err)
	}
	return err == nil
}

// Two officers open the day with the count of the safe, see the checklist, and one closes it.
func TestDayByTapping(t *testing.T) {
	o := closed(t)
	o.open()
	o.enter("A-01")
	if !o.says(o.text("ui.day.closed")) {
		t.Fatal("the screen does not say that the day is closed")
	}
	o.tap("ui.day.open")
	if o.says("3") && !o.says("UT") {
		t.Error("who counts is told what to expect")
	}
	test.Type(o.entry("ui.day.count"), "3")
	o.partner("C-01", "wrong")
	test.Tap(o.last("ui.day.open"))
	if o.dayIsOpen() || !o.says(o.text("cure.passphrase")) {
		t.Fatal("a wrong passphrase of the second officer is not refused")
	}
	o.tap("ui.day.open")
	test.Type(o.entry("ui.day.count"), "3")
	o.partner("C-01", passphrase)
	test.Tap(o.last("ui.day.open"))
	if !o.dayIsOpen() {
		t.Fatal("the day is not open")
	}
	if !o.says(o.text("ui.check.stock")) || o.says(o.text("ui.check.not.stock")) {
		t.Error("the checklist does not say that the safe is right")
	}
	if o.says(o.text("ui.day.closed")) {
		t.Error("the screen still says that the day is closed")
	}
	o.tap("ui.close")
	o.menu("ui.day.close")
	test.Type(o.entry("ui.day.count"), "2")
	test.Tap(o.button("ui.day.close"))
	if !o.dayIsOpen() || !o.says(o.text("cure.stock-count")) {
		t.Error("the day closed although the count differs")
	}
	o.menu("ui.day.close")
	test.Type(o.entry("ui.day.count"), "3")
	test.Tap(o.button("ui.day.close"))
	if o.dayIsOpen() {
		t.Error("the day did not close")
	}
}

// last finds the button that stands on top: a question's own, where the screen below has one alike.
func (o *office) last(key string) *widget.Button {
	o.t.Helper()
	var found *widget.Button
	want := o.text(key)
	for _, overlay := range o.window.Fyne().Canvas().Overlays().List() {
		walk(overlay, func(each fyne.CanvasObject) {
			if b, ok := each.(*widget.Button); ok && b.Text == want {
				found = b
			}
		})
	}
	if found == nil {
		o.t.Fatalf("no button %s in a question", key)
	}
	return found
}

// A count that differs opens the day for talking and writing, and says what cannot be done.
func TestShortCountIsSaid(t *testing.T) {
	o := closed(t)
	o.open()
	o.enter("A-01")
	o.tap("ui.day.open")
	test.Type(o.entry("ui.day.count"), "2")
	o.partner("C-01", passphrase)
	test.Tap(o.last("ui.day.open"))
	if !o.dayIsOpen() || !o.says(o.text("ui.check.not.stock")) {
		t.Error("the checklist does not say that the safe is short")
	}
}

// The order in which Tab goes through the question is the order in which it is read.
func TestFocusOrderOfTheDay(t *testing.T) {
	o := closed(t)
	o.open()
	o.enter("A-01")
	o.tap("ui.day.open")
	c := o.window.Fyne().Canvas()
	if c.Focused() != o.entry("ui.day.count") {
		t.Fatalf("the count is not focused but %T", c.Focused())
	}
	c.FocusNext()
	if _, ok := c.Focused().(*widget.Select); !ok {
		t.Errorf("after the count %T is focused, not the second officer", c.Focused())
	}
	c.FocusNext()
	if c.Focused() != o.entry("ui.signin.passphrase") {
		t.Errorf("after the second officer %T is focused, not the passphrase", c.Focused())
	}
}

// The emergency needs nobody signed in; a wrong PIN destroys nothing; the right one, typed twice, all.
func TestEmergencyByTapping(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.room("A-01", "ui.emergency.set")
	o.entry("ui.emergency.pin").SetText("Дуб7Ліпа")
	o.entry("ui.emergency.again").SetText("Дуб7Ліпа")
	o.partner("C-01", passphrase)
	test.Tap(o.last("ui.emergency.set"))
	if got := o.kinds()[event.PINWitnessed]; got != 1 {
		t.Fatalf("the PIN was set %d times", got)
	}
	o.tap("ui.seat.leave")
	destroy := func(pin, again string) {
		o.menu("ui.menu.emergency")
		o.entry("ui.emergency.pin").SetText(pin)
		o.entry("ui.emergency.again").SetText(again)
		test.Tap(o.last("ui.emergency.do"))
	}
	destroy("Дуб7Ліпа", "дуб7ліпа")
	if got := o.kinds()[event.StationPurged]; got != 0 || !o.says(o.text("cure.purge-pin")) {
		t.Fatalf("%d purges by a PIN that was typed differently twice", got)
	}
	destroy("Дуб7Ліпа", "Дуб7Ліпа")
	if got := o.kinds()[event.StationPurged]; got != 1 || !o.says(o.text("ui.emergency.done")) {
		t.Fatalf("purged %d times", got)
	}
	for _, c := range must(o.desk.Board(t.Context()))(t).Cases {
		if c.Stage == station.StageSubmitted || c.Stage == station.StageDraft {
			t.Errorf("case %s is still %s", c.Token, c.Stage)
		}
	}
}

// An emergency does not wait for headquarters: the verb that runs is stopped.
func TestEmergencyStopsTheVerb(t *testing.T) {
	o := newOffice(t)
	o.desk.Headquarters = deaf{}
	o.furnish()
	screen := o.pump()
	o.open()
	o.enter("A-01")
	until(t, screen, "the board is shown", func() bool { return o.says("7KQXM-2WNPA") })
	o.pass()
	test.Tap(o.button("ui.board.sync"))
	o.menu("ui.menu.emergency")
	until(t, screen, "the PIN is asked for", func() bool { return o.says(o.text("ui.emergency.says")) })
}
