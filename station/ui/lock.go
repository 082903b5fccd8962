package ui

import (
	"context"
	"errors"
	"reflect"
	"time"

	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// attendEvery is how often the window looks whether somebody is at work in it.
const attendEvery = 2 * time.Second

// keepAfter is how long a hand must have rested for what it typed to be kept: a token that is pulled, a desk
// that locks itself and a power cut then take at most so much of it.
const keepAfter = 20 * time.Second

// Locked takes the seat and every case off the screen after the desk has locked itself. It may be
// called from any goroutine. A running verb is stopped: its record is true, and its key is gone. Where the
// officer was is remembered, without a word about anybody, for when the same officer is back.
func (w *Window) Locked() {
	w.tasks.onScreen(func() {
		w.tasks.stop()
		if w.seat == nil {
			return
		}
		left := &spot{officer: w.seat.Officer.KeyID, token: w.token}
		if w.enrol.object.Visible() {
			left.step = w.enrol.at
		}
		w.leaveSeat()
		w.left = left
	})
}

// spot is where an officer was when the desk locked itself.
type spot struct {
	officer string // key identifier
	token   station.CaseToken
	step    stepName // of the enrolment; empty outside of it
	err     error    // of the verb that ran
}

// comeBack shows an officer who was locked out what they had before them. It tells whether there was anything;
// whoever else signs in begins at the board.
func (w *Window) comeBack() bool {
	at := w.left
	if at == nil || w.seat == nil || at.officer != w.seat.Officer.KeyID || at.token == "" {
		return false
	}
	w.left, w.token = nil, at.token
	w.refresh()
	if at.step != "" {
		w.tasks.resume()
		w.enrol.at = at.step
		w.openEnrol()
	}
	if at.err != nil && !errors.Is(at.err, context.Canceled) {
		w.fault.show(at.err)
	}
	return true
}

// seated makes what follows a verb depend on the officer who began it: what is found when the desk has locked
// itself meanwhile is for nobody's eyes. It stands in the record, and the case says what comes next.
func (w *Window) seated(after func(error)) func(error) {
	sitting := w.sitting
	return func(err error) {
		switch {
		case sitting != w.sitting:
			if w.left != nil {
				w.left.err = err
			}
		case after != nil:
			after(err)
		}
	}
}

// attend tells the desk that a person is writing: a verb runs, or the text or the cursor of a field
// has changed since the last look. What was written is kept when the hand rests.
func (w *Window) attend() {
	var now attention
	if e := written(w.win.Canvas().Focused()); e != nil {
		now = attention{e, len(e.Text), e.CursorRow, e.CursorColumn}
	}
	if w.tasks.busy || now != w.attention {
		w.deps.Desk.Touch()
		w.attended = w.tasks.now()
	}
	w.attention = now
	w.status.tick()
	if w.tasks.now().Sub(w.attended) >= keepAfter {
		w.keepTyped()
	}
}

// attention is where the cursor stands.
type attention struct {
	field       *widget.Entry
	length      int
	row, column int
}

// keepTyped saves what stands in the form of the enrolment and was not saved, as far as it can be read, and
// leaves the screen as it is. Each state of the form is saved once: a desk that nobody is at does not keep
// itself awake.
func (w *Window) keepTyped() {
	if w.seat == nil || !w.enrol.object.Visible() || w.question != nil || !w.tasks.ready() || !w.enrol.changed() {
		return
	}
	seat, token, e := *w.seat, w.token, w.enrol
	form, err := e.fill()
	if err != nil && form.Applicant.Birth.IsZero() {
		form.Applicant.Birth = e.saved.Applicant.Birth // half written
	}
	if e.kept != nil && reflect.DeepEqual(form, *e.kept) {
		return
	}
	save := w.saving(form)
	w.tasks.quietly(func(ctx context.Context, r devices.Report) error {
		err := save(ctx, seat, token, r)
		if asksForWords(err) {
			return nil // when the officer goes on
		}
		return err
	}, w.seated(func(err error) {
		w.tasks.resume()
		if err != nil {
			w.deps.Log.Warn("form not kept", "cure", issuance.Cure(err), "error", err)
			return
		}
		e.kept = &form
	}))
}
