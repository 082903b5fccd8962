package ui

import (
	"time"

	"fyne.io/fyne/v2/widget"
)

// attendEvery is how often the window looks whether somebody is at work in it.
const attendEvery = 2 * time.Second

// Locked takes the seat and every case off the screen after the desk has locked itself. It may be
// called from any goroutine. A running verb is stopped: its record is true, and its key is gone.
func (w *Window) Locked() {
	w.tasks.onScreen(func() {
		w.tasks.stop()
		if w.seat != nil {
			w.leaveSeat()
		}
	})
}

// attend tells the desk that a person is writing: a verb runs, or the text or the cursor of a field
// has changed since the last look.
func (w *Window) attend() {
	var now attention
	if e := written(w.win.Canvas().Focused()); e != nil {
		now = attention{e, len(e.Text), e.CursorRow, e.CursorColumn}
	}
	if w.tasks.busy || now != w.attention {
		w.deps.Desk.Touch()
	}
	w.attention = now
	w.status.tick()
}

// attention is where the cursor stands.
type attention struct {
	field       *widget.Entry
	length      int
	row, column int
}
