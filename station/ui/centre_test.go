package ui_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2/widget"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/ui"
)

// sticks keeps where the window wrote and read.
type sticks struct{ wrote, read string }

func (s *sticks) Export(_ context.Context, path string) (issuance.ExportReport, error) {
	s.wrote = path
	return issuance.ExportReport{Entries: 14, Left: 3}, nil
}

func (s *sticks) Import(_ context.Context, path string) (issuance.SyncReport, error) {
	if s.read = path; path == "/empty" {
		return issuance.SyncReport{}, journal.ErrForeignFile
	}
	return issuance.SyncReport{Receipts: 12, Directives: 2}, nil
}

var _ ui.Stick = (*sticks)(nil)

// The screen about headquarters verifies the journal, writes a stick and reads one.
func TestCentreByTapping(t *testing.T) {
	o := newOffice(t)
	s := &sticks{}
	at := "/media/stick"
	o.deps.Stick, o.deps.Place = s, func(chosen func(string)) { chosen(at) }
	o.room("A-01", "ui.centre.title")
	o.tap("ui.centre.verify")
	entries := len(must(o.desk.Journal(t.Context(), ""))(t))
	if !o.says(fmt.Sprintf("запісаў %d", entries)) {
		t.Error("the screen does not say how many entries the journal has")
	}
	o.tap("ui.centre.write")
	if filepath.Dir(s.wrote) != at || !o.says(filepath.Base(s.wrote)) || !o.says("14") {
		t.Errorf("wrote %q, and the screen does not say so", s.wrote)
	}
	o.tap("ui.centre.read")
	if s.read != at || !o.says("пацверджанняў 12") {
		t.Errorf("read %q, and the screen does not say so", s.read)
	}
	at = "/empty"
	o.tap("ui.centre.read")
	if !o.says(o.text("cure.foreign-file")) || o.says("пацверджанняў 12") {
		t.Error("a stick without answers is not said to be one")
	}
	o.tap("ui.board.sync")
	if !o.says(o.text("cure.headquarters-unreachable")) {
		t.Error("headquarters is out of reach, and the screen does not say so")
	}
	o.tap("ui.centre.back")
	if o.offers("ui.centre.verify") {
		t.Error("the screen did not close")
	}
}

// Tab goes through the screen as it is read.
func TestFocusOrderOfTheCentre(t *testing.T) {
	o := newOffice(t)
	o.deps.Stick = &sticks{}
	o.room("A-01", "ui.centre.title")
	c := o.window.Fyne().Canvas()
	c.Focus(o.button("ui.centre.write"))
	for _, key := range []string{"ui.centre.read", "ui.centre.verify", "ui.centre.back"} {
		c.FocusNext()
		if b, ok := c.Focused().(*widget.Button); !ok || b.Text != o.text(key) {
			t.Errorf("%s is not next", key)
		}
	}
}
