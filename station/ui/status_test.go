package ui_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/ui"
)

// dark has all devices silent, headquarters silent for long, the clock three days slow, and no blank.
func (o *office) dark() {
	o.t.Helper()
	o.deps.Devices = func(context.Context) []ui.Health {
		var out []ui.Health
		for _, kind := range []string{"scanner", "printer", "encoder"} {
			out = append(out, ui.Health{Kind: kind, Err: devices.ErrUnreachable})
		}
		return out
	}
	heard := must(journal.Encode(noon.AddDate(0, 0, -42).Unix()))(o.t)
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error { return tx.PutNote("contact", heard) })
	if err != nil {
		o.t.Fatal(err)
	}
}

// bottom are the words of the status line.
func (o *office) bottom() string {
	o.t.Helper()
	var out []string
	walk(o.pressed(o.text("ui.status.details")), func(each fyne.CanvasObject) {
		if t, ok := each.(*canvas.Text); ok {
			out = append(out, t.Text)
		}
	})
	return strings.Join(out, " · ")
}

// The status line says devices, exchange, stock and clock in words, in every language, whether they are well or not.
func TestStatusLineInWords(t *testing.T) {
	for _, language := range ui.Languages() {
		for _, well := range []bool{true, false} {
			o := newOffice(t)
			o.deps.Language = language
			want := []string{o.text("ui.device.scanner"), o.text("ui.device.printer"), o.text("ui.device.encoder"),
				o.text("ui.status.never"), o.text("ui.status.blanks"), "12:00"}
			if well {
				o.stock("UT0000001")
			} else {
				o.dark()
				names := strings.Join([]string{o.text("ui.device.name.scanner"), o.text("ui.device.name.printer"),
					o.text("ui.device.name.encoder")}, ", ")
				want = []string{fmt.Sprintf(o.text("ui.status.troubled.many"), names),
					fmt.Sprintf(o.text("ui.status.stopped"), 42), o.text("ui.status.no-blanks"), "12:00"}
			}
			o.open()
			o.enter("C-01")
			line := o.bottom()
			for _, words := range want {
				if !strings.Contains(line, words) {
					t.Errorf("%s, well %v: the line says %q and not %q", language, well, line, words)
				}
			}
		}
	}
}

// However much is wrong and however large the type, the line fits the smallest screen.
func TestStatusLineFits(t *testing.T) {
	for _, language := range ui.Languages() {
		for _, percent := range ui.Percents() {
			o := newOffice(t)
			o.deps.Language, o.deps.Look = language, ui.Look{Percent: percent}
			o.dark()
			o.open()
			o.enter("C-01")
			if least := o.window.Fyne().Content().MinSize().Width; least > 1366 {
				t.Errorf("%s at %d %%: the window wants to be %v wide for %q", language, percent, least, o.bottom())
			}
		}
	}
}

// A clock that stands before what headquarters has signed is said to be slow.
func TestSlowClockIsSaid(t *testing.T) {
	o := newOffice(t)
	heard := must(journal.Encode(noon.AddDate(0, 0, 3).Unix()))(t)
	err := o.desk.Store.Update(t.Context(), func(tx issuance.Tx) error { return tx.PutNote("contact", heard) })
	if err != nil {
		t.Fatal(err)
	}
	o.desk.Now = func() time.Time { return noon }
	o.open()
	if line := o.bottom(); !strings.Contains(line, o.text("ui.status.clock.behind")) {
		t.Errorf("the line says %q", line)
	}
}

// The details are no question: one button puts them away, and each line that is not well leads to where it is
// put right.
func TestStatusDetails(t *testing.T) {
	o := newOffice(t)
	o.dark()
	o.open()
	o.step("ui.status.details")
	if o.offers("ui.leave") || !o.offers("ui.close") || o.offers("ui.status.to-devices") {
		t.Error("the details ask something, or lead somewhere without anybody at the desk")
	}
	o.tap("ui.close")
	o.enter("C-01")
	for _, c := range []struct{ way, title string }{{"ui.status.to-devices", "ui.service.title"},
		{"ui.status.to-centre", "ui.centre.title"}, {"ui.status.to-stock", "ui.stock.title"}} {
		o.step("ui.status.details")
		o.tap(c.way)
		if !o.says(o.text(c.title)) || o.offers("ui.close") {
			t.Errorf("%s does not lead to %s", c.way, c.title)
		}
	}
	o.closeDay()
	o.tap("ui.board.sync") // reads the desk anew
	o.step("ui.status.details")
	o.last("ui.day.open").OnTapped()
	if _, ok := look(o, func(e *widget.Entry) bool { return e.PlaceHolder == o.text("ui.day.count") }); !ok {
		t.Error("the details do not lead to the opening of the day")
	}
}

// The tab key goes through the ways in the order of the lines, and ends at the button.
func TestFocusOrderOfTheStatusDetails(t *testing.T) {
	o := newOffice(t)
	o.dark()
	o.open()
	o.enter("C-01")
	o.step("ui.status.details")
	c := o.window.Fyne().Canvas()
	if words(c.Focused()) != o.text("ui.close") {
		t.Errorf("%q has the focus at first", words(c.Focused()))
	}
	var got []string
	for range 6 {
		c.FocusNext()
		got = append(got, words(c.Focused()))
	}
	devices, centre, stock := o.text("ui.status.to-devices"), o.text("ui.status.to-centre"), o.text("ui.status.to-stock")
	if want := []string{devices, devices, devices, centre, stock, o.text("ui.close")}; !slices.Equal(got, want) {
		t.Errorf("the tab key goes %q, want %q", got, want)
	}
}
