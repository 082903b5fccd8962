package ui

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// askWaste has two officers make a finished book unusable: why, in words, and the second one's token.
func (w *Window) askWaste() {
	t := w.texts
	causes := event.WasteCauses()
	labels := make([]string, len(causes))
	for i, c := range causes {
		labels[i] = t.text("ui.waste." + c)
	}
	var q *question
	var p *partner
	why := widget.NewRadioGroup(labels, nil)
	reason := reasonEntry(t, "ui.resolve.reason")
	reason.SetMinRowsVisible(2)
	chosen := func() string {
		for i, l := range labels {
			if l == why.Selected {
				return causes[i]
			}
		}
		return ""
	}
	check := func() {
		if q != nil {
			able(chosen() != "" && said(reason.Text) && p.who.Selected != "", q.answer)
		}
	}
	p = w.newPartner(check)
	why.OnChanged, reason.OnChanged = func(string) { check() }, func(string) { check() }
	q = w.ask(t.text("ui.verb.waste"), column(10, why, reason, p.object), t.text("ui.verb.waste"), func() {
		w.waste(chosen(), reason.Text, p.who.Selected, []byte(p.passphrase.Text))
	})
}

func (w *Window) waste(cause, reason, partner string, secret []byte) {
	d, first, token := w.deps.Desk, *w.seat, w.token
	w.run("waste", func(ctx context.Context, _ devices.Report) error {
		return w.sit(partner, secret, func(second issuance.Seat) error {
			return d.WasteFinished(ctx, first, second, token, cause, reason)
		})
	}, nil)
}
