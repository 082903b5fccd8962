package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// printed types what stands on the page of the old passport, by the names of its fields.
func (o *office) printed(fields map[string]string) {
	o.t.Helper()
	for name, text := range fields {
		o.ofPage(name).SetText(text)
	}
}

// ofPage is the entry of a field of the page: the first one after the field's name.
func (o *office) ofPage(name string) (out *widget.Entry) {
	o.t.Helper()
	near, want := false, o.text("ui.printed."+name)
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if t, ok := each.(*canvas.Text); ok {
			near = t.Text == want
		}
		if e, ok := each.(*widget.Entry); ok && near && out == nil {
			out = e
		}
	})
	if out == nil {
		o.t.Fatalf("the page has no field %s", name)
	}
	return out
}

// scrollDown shows the end of the step.
func (o *office) scrollDown() {
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if s, ok := each.(*container.Scroll); ok && s.Position().X == 0 && s.Size().Width > 900 {
			s.ScrollToBottom()
		}
	})
}

// TestOldPageIsHeldAgainstItsZone: what an officer copies from the page is compared field by field with zone and
// chip as it is typed; it is kept with the form, can be corrected and taken back, and a contradiction is said
// in the summary.
func TestOldPageIsHeldAgainstItsZone(t *testing.T) {
	o := at(t, nil, "E-01", 0, "ui.verb.enrol")
	same, other := "✓ "+o.text("ui.agree.agrees"), "! "+o.text("ui.agree.differs")
	if o.says(same) || o.says(other) {
		t.Fatal("an empty page is compared with something")
	}
	o.printed(map[string]string{station.PageBirth: "1991-05-14"})
	if !o.says(same) || o.says(other) {
		t.Error("a birth that agrees is not said to")
	}
	o.printed(map[string]string{station.PageSurname: "VANDROUNAYA"})
	if !o.says(other) || !o.says("VANDROUNAIA") {
		t.Error("a surname that differs is not said to, with the zone's")
	}
	o.printed(map[string]string{station.PageIssued: "2024-13"})
	if !o.says("! " + o.text("ui.person.birth.form")) {
		t.Error("a date that is none is not marked")
	}
	o.tap("ui.enrol.save")
	if got := o.filed().OldPassport.Page; got != nil || !o.says(o.text("cure.malformed")) {
		t.Errorf("a date that is none was kept, or nothing says so: %+v", got)
	}
	o.printed(map[string]string{station.PageIssued: "2024-01-02"})
	o.step("ui.step.summary")
	page := o.filed().OldPassport.Page
	if page == nil || page.Surname != "VANDROUNAYA" || page.Birth != person().Birth || page.Issued.Year != 2024 {
		t.Fatalf("kept: %+v", page)
	}
	if !o.says(o.text("ui.summary.differs")) || !o.says("VANDROUNAYA") {
		t.Error("the summary says nothing of the contradiction")
	}
	o.tap("ui.old.title") // the link
	o.printed(map[string]string{station.PageSurname: "Vandrounaia"})
	o.step("ui.step.summary")
	if o.says(o.text("ui.summary.differs")) {
		t.Error("a mistake that was mended is still said")
	}
	o.step("ui.step.old")
	o.printed(map[string]string{station.PageSurname: "", station.PageBirth: "", station.PageIssued: ""})
	o.tap("ui.enrol.save")
	if got := o.filed().OldPassport; got == nil || got.Page != nil {
		t.Errorf("a page that was cleared is still kept: %+v", got)
	}
}

// TestNoPageWithoutAPassport: nothing is asked about a page before there is a zone.
func TestNoPageWithoutAPassport(t *testing.T) {
	o := newOffice(t)
	o.open()
	o.enter("E-01")
	o.tap("ui.board.new")
	if o.says(o.text("ui.old.printed")) {
		t.Error("a page is asked about though there is no old passport")
	}
}
