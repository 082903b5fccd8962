package ui

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// next is what a case waits for where an order may be made at the desk: its draft is signed as soon as
// headquarters lets it be, or left to headquarters.
func (f *file) next() next {
	switch {
	case f.Stage != station.StageApproved || !f.draft.There || f.declined != "":
		return nextOf(f.Case, f.book)
	case f.draft.Ready:
		return next{verbSign, []verb{verbPassOn}, f.MaySign}
	}
	return next{verbOrder, []verb{verbPassOn}, anybody}
}

// askSign asks for the PIN of the office's own document signer and makes the order.
func (w *Window) askSign() {
	if w.deps.Sign == nil {
		w.fault.show(issuance.ErrNoSigner)
		return
	}
	pin := widget.NewPasswordEntry()
	pin.SetPlaceHolder(w.texts.text("ui.sign.pin"))
	body := column(10, snug(paragraph(w.texts.text("ui.sign.says"))), pin)
	seat, token := *w.seat, w.token
	q := w.ask(w.texts.text("ui.verb.sign.title"), body, w.texts.text("ui.verb.sign"), func() {
		secret := []byte(pin.Text)
		pin.SetText("")
		w.run("sign", func(ctx context.Context, _ devices.Report) error {
			defer clear(secret)
			return w.deps.Sign(ctx, seat, token, secret)
		}, nil)
	})
	if q == nil {
		return
	}
	pin.OnChanged = func(s string) { able(s != "", q.answer) }
	pin.OnSubmitted = func(string) { q.answer.OnTapped() }
	w.win.Canvas().Focus(pin)
}

// passOn leaves the order to headquarters.
func (w *Window) passOn() {
	d, seat, token := w.deps.Desk, *w.seat, w.token
	w.run("pass on", func(ctx context.Context, _ devices.Report) error { return d.PassOn(ctx, seat, token) }, nil)
}
