package ui_test

import (
	"testing"

	"fyne.io/fyne/v2/widget"
)

// TestLockedDeskShowsNobody: when the desk has locked itself, the window shows the sign-in alone, and
// the case that was open is nowhere on it.
func TestLockedDeskShowsNobody(t *testing.T) {
	o := newOffice(t)
	o.open()
	o.enter("E-01")
	if _, ok := look(o, func(e *widget.Entry) bool { return e.Password }); ok {
		t.Fatal("not signed in")
	}
	o.desk.Lock()
	o.window.Locked()
	if _, ok := look(o, func(e *widget.Entry) bool { return e.Password }); !ok {
		t.Error("the window does not ask for the token again")
	}
}
