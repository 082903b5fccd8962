package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// newPINs asks for the emergency PIN, twice.
func (w *Window) newPINs(changed func()) (pin, again *widget.Entry, object fyne.CanvasObject) {
	pin, again = widget.NewPasswordEntry(), widget.NewPasswordEntry()
	pin.SetPlaceHolder(w.texts.text("ui.emergency.pin"))
	again.SetPlaceHolder(w.texts.text("ui.emergency.again"))
	pin.OnChanged = func(string) { changed() }
	again.OnChanged = func(string) { changed() }
	return pin, again, pair(pin, again)
}

// emergency asks for the PIN that destroys every key. It needs nobody signed in, and does not wait
// for a running verb: that is stopped, and its record is true.
func (w *Window) emergency() {
	w.leave()
	w.tasks.afterVerb(func() {
		var q *question
		var pin, again *widget.Entry
		pin, again, pins := w.newPINs(func() {
			if q != nil {
				able(pin.Text != "" && again.Text != "", q.answer)
			}
		})
		body := column(12, snug(paragraph(w.texts.text("ui.emergency.says"))), pins)
		q = w.ask(w.texts.text("ui.emergency"), body, w.texts.text("ui.emergency.do"), func() {
			w.purge([]byte(pin.Text), []byte(again.Text))
		})
		if q != nil {
			q.answer.Importance = widget.DangerImportance
			w.win.Canvas().Focus(pin)
		}
	})
}

func (w *Window) purge(pin, again []byte) {
	w.tasks.resume()
	w.runFor("purge", func(ctx context.Context, _ devices.Report) error {
		defer clear(pin)
		defer clear(again)
		return w.deps.Desk.Purge(ctx, pin, again)
	}, func(err error) {
		if err != nil {
			if w.seat == nil {
				w.signin.show(w.texts.sentence(err))
			}
			return
		}
		if w.seat != nil {
			w.leaveSeat()
		}
		w.signin.show(w.texts.text("ui.emergency.done"))
	})
}

// askPIN sets the emergency PIN with the officer at the desk and a second one.
func (w *Window) askPIN() {
	if w.seat == nil {
		return
	}
	w.leaving(func() {
		var q *question
		var pin, again *widget.Entry
		var p *partner
		check := func() {
			if q != nil {
				able(pin.Text != "" && again.Text != "" && p.who.Selected != "", q.answer)
			}
		}
		pin, again, pins := w.newPINs(check)
		p = w.newPartner(check)
		body := column(12, snug(paragraph(w.texts.text("ui.emergency.set.says"))), pins, p.object)
		q = w.ask(w.texts.text("ui.emergency.set"), body, w.texts.text("ui.emergency.set"), func() {
			w.setPIN([]byte(pin.Text), []byte(again.Text), p.who.Selected, []byte(p.passphrase.Text))
		})
		if q != nil {
			w.win.Canvas().Focus(pin)
		}
	})
}

func (w *Window) setPIN(pin, again []byte, partner string, secret []byte) {
	d, first := w.deps.Desk, *w.seat
	w.run("set emergency PIN", func(ctx context.Context, _ devices.Report) error {
		defer clear(pin)
		defer clear(again)
		return w.sit(partner, secret, func(second issuance.Seat) error { return d.SetPIN(ctx, first, second, pin, again) })
	}, nil)
}
