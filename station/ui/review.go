package ui

import (
	"context"
	"fmt"
	"image"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// draft is an application on the screen. It is forgotten when the screen is left.
type draft struct {
	station.Application
	picture image.Image // the portrait; nil where there is none
	sealed  bool        // only headquarters can still read the application
	hidden  []station.Optional
}

// decision is what an approving officer has decided.
type decision struct {
	verb   verb
	reason string
	ticked []station.Item
	marks  []station.Remark
}

// reviewActions are what the buttons of the review do.
type reviewActions struct {
	decide func(decision)
	reveal func(station.Optional, func(string))
	back   func()
}

// review shows an application beside its evidence to the officer who decides on it.
type review struct {
	texts     texts
	profile   station.Profile
	now       func() time.Time
	do        reviewActions
	body      *fyne.Container
	reason    *widget.Entry
	approve   *widget.Button
	buttons   []*widget.Button // besides approve
	ticks     *ticks
	marks     *remarkForm
	returning fyne.CanvasObject
	object    fyne.CanvasObject
}

func newReview(t texts, p station.Profile, now func() time.Time, do reviewActions) *review {
	r := &review{texts: t, profile: p, now: now, do: do, body: container.NewVBox(), ticks: &ticks{}}
	r.reason = reasonEntry(t, "ui.review.reason")
	r.reason.SetMinRowsVisible(2)
	button := func(v verb, importance widget.Importance) *widget.Button {
		b := widget.NewButton(t.text("ui.verb."+string(v)), func() {
			do.decide(decision{v, r.reason.Text, r.ticks.ticked(), r.marks.marks})
		})
		b.Importance = importance
		return b
	}
	r.approve = button(verbApprove, widget.HighImportance)
	sendBack, refuse := button(verbReturn, widget.MediumImportance), button(verbRefuse, widget.DangerImportance)
	r.buttons, r.returning = []*widget.Button{sendBack, refuse}, roomy(sendBack)
	r.marks = newRemarkForm(t)
	leave := widget.NewButtonWithIcon(t.text("ui.back"), theme.NavigateBackIcon(), do.back)
	decision := filled(colourMist, colourEdge, 12, 18, column(10,
		line(t.text("ui.review.decide"), sizeSection, true, colourInk), r.reason,
		container.NewBorder(nil, nil, roomy(leave), row(10, roomy(refuse), r.returning, roomy(r.approve)))))
	r.reason.OnChanged = func(string) { r.turned(false) }
	r.object = container.NewBorder(nil, inset(0, 14, 24, 24, decision), nil, nil,
		container.NewVScroll(inset(12, 12, 24, 24, r.body)))
	r.object.Hide()
	return r
}

func (r *review) show(token station.CaseToken, d draft, mayReturn bool) {
	r.body.RemoveAll()
	r.ticks = &ticks{}
	r.marks.show(nil)
	r.reason.SetText("")
	visible(mayReturn, r.returning)
	r.body.Add(inset(0, 6, 0, 0, line(r.texts.text("ui.review.title", token), sizeTitle, true, colourInk)))
	if d.sealed {
		r.body.Add(paragraph(r.texts.text("ui.review.sealed")))
		return
	}
	who := d.Applicant
	names := column(5,
		r.fact("ui.person.surname", who.Surname), r.fact("ui.person.givenNames", who.GivenNames),
		r.fact("ui.person.localSurname", who.LocalSurname), r.fact("ui.person.localGivenNames", who.LocalGivenNames),
		r.fact("ui.old.title", r.oldPassport(d)))
	facts := column(5,
		r.fact("ui.person.birth", who.Birth.String()), r.fact("ui.person.placeOfBirth", who.PlaceOfBirth),
		r.fact("ui.person.sex", r.texts.word("ui.sex", string(who.Sex))),
		r.fact("ui.person.nationality", who.Nationality))
	r.body.Add(container.NewBorder(nil, nil, picture(d.picture, 140, 180), nil, inset(0, 0, 12, 0,
		card(r.texts.text("ui.person.title"), pair(names, facts)))))
	for _, f := range d.hidden {
		facts.Add(r.masked(f))
	}
	lines := column(4)
	for _, e := range d.Ledger(r.profile.Rules) {
		lines.Add(line(evidenceLine(r.texts, r.profile.Rules, e), sizeText, false, colourInk))
	}
	for _, q := range station.Questions() {
		lines.Add(r.fact("ui.evidence."+string(q), r.texts.text("ui.evidence.points", d.Score(r.profile.Rules, q))))
	}
	consents := column(4)
	for _, c := range d.Consents {
		answer := "ui.consent.no"
		if c.Given {
			answer = "ui.consent.yes"
		}
		consents.Add(r.fact("ui.consents."+c.Item, r.texts.text(answer)))
	}
	r.body.Add(inset(8, 0, 0, 0, pair(
		card(r.texts.text("ui.evidence.title"), lines), card(r.texts.text("ui.consents.title"), consents))))
	r.body.Add(inset(8, 0, 0, 0, pair(card(r.texts.text("ui.approval.title"), r.checklist(d)),
		card(r.texts.text("ui.marks.title"), r.marks.object))))
	if len(d.Remarks) > 0 {
		r.body.Add(card(r.texts.text("ui.remarks.title"), paragraph(strings.Join(d.Remarks, "\n"))))
	}
	r.turned(false)
}

// checklist is what the approver has to look at, each item with the program's opinion.
func (r *review) checklist(d draft) fyne.CanvasObject {
	judged := d.Judge(r.profile, station.DateOf(r.now()))
	items := make([]station.Item, len(judged))
	for i, j := range judged {
		items[i] = j.Item
	}
	r.ticks = newTicks(r.texts, "ui.approval", items, func(i int) fyne.CanvasObject {
		return opinion(r.texts, judged[i].Opinion)
	}, func() { r.turned(false) })
	return r.ticks.object
}

// masked is a field that is shown when the officer asks for it, which is recorded.
func (r *review) masked(f station.Optional) fyne.CanvasObject {
	value := line("••••", sizeText, false, colourInk)
	var show *widget.Button
	show = widget.NewButton(r.texts.text("ui.reveal"), func() {
		r.do.reveal(f, func(s string) {
			value.Text = s
			value.Refresh()
			show.Hide()
		})
	})
	show.Importance = widget.LowImportance
	return container.NewBorder(nil, nil, line(r.texts.word("ui.optional", string(f)), sizeSmall, false, colourFaint),
		show, leading(value))
}

func (r *review) fact(key, value string) fyne.CanvasObject {
	return container.New(columns{[]float32{170, 0}, 8}, line(r.texts.text(key), sizeSmall, false, colourFaint),
		line(value, sizeText, false, colourInk))
}

// oldPassport says how the old passport's zone came into the application.
func (r *review) oldPassport(d draft) string {
	switch {
	case d.OldPassport == nil:
		return r.texts.text("ui.old.none")
	case d.OldPassport.Typed:
		return r.texts.text("ui.old.typed")
	}
	return r.texts.text("ui.old.read")
}

// evidenceLine is one item of evidence with its points, in the order of station.Questions.
func evidenceLine(t texts, r station.Rules, e station.Evidence) string {
	var points []string
	for _, q := range station.Questions() {
		points = append(points, fmt.Sprint(r.Points(e, q)))
	}
	s := t.word("ui.proof", e.Kind) + "  " + strings.Join(points, "+")
	for _, more := range []struct {
		key string
		yes bool
	}{{"ui.proof.proven", e.Proven}, {"ui.proof.lost", e.Lost}} {
		if more.yes {
			s += "  · " + t.text(more.key)
		}
	}
	if e.Voucher != "" {
		s += "  · " + string(e.Voucher)
	}
	if e.Note != "" {
		s += "  · " + e.Note
	}
	return s
}

// picture shows a portrait, or an empty frame.
func picture(img image.Image, w, h float32) fyne.CanvasObject {
	frame := canvas.NewRectangle(shade(colourSheet))
	frame.StrokeColor, frame.StrokeWidth, frame.CornerRadius = shade(colourEdge), 1, 6
	frame.SetMinSize(fyne.NewSize(w, h))
	shown := container.NewStack(frame)
	if img != nil {
		face := canvas.NewImageFromImage(img)
		face.FillMode = canvas.ImageFillContain
		shown.Add(container.NewPadded(face))
	}
	return container.NewVBox(shown)
}

// close takes the person's data off the screen.
func (r *review) close() {
	r.body.RemoveAll()
	r.ticks = &ticks{}
	r.marks.show(nil)
	r.reason.SetText("")
	r.object.Hide()
}

// turned shows whether a verb runs. A decision needs its reason first, and approval every tick.
func (r *review) turned(busy bool) {
	ready := !busy && said(r.reason.Text)
	able(ready, r.buttons...)
	able(ready && r.ticks.all(), r.approve)
}

// readDraft opens an application for the screen. It is called by a worker.
func readDraft(
	ctx context.Context, desk *issuance.Desk, seat issuance.Seat, token station.CaseToken,
) (draft, error) {
	a, hidden, err := desk.View(ctx, seat, token)
	return draft{Application: a, picture: portraitOf(a, portrait.Decode), hidden: hidden}, err
}

// openReview opens the application for the officer who decides.
func (w *Window) openReview() {
	c := w.record.chosen.Case
	if c.Stage == station.StageSpoiled {
		w.review.show(c.Token, draft{sealed: true}, false)
		w.open(w.review.object)
		return
	}
	var d draft
	desk, seat := w.deps.Desk, *w.seat
	w.run("review", func(ctx context.Context, _ devices.Report) (err error) {
		d, err = readDraft(ctx, desk, seat, c.Token)
		return err
	}, func(err error) {
		if err == nil {
			w.review.show(c.Token, d, true)
			w.open(w.review.object)
		}
	})
}

// decide records the decision on the application that is shown.
func (w *Window) decide(on decision) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	w.run(string(on.verb), func(ctx context.Context, _ devices.Report) error {
		switch on.verb {
		case verbReturn:
			return d.Return(ctx, seat, token, on.reason, on.marks...)
		case verbRefuse:
			return d.Refuse(ctx, seat, token, on.reason)
		}
		_, err := d.Approve(ctx, seat, token, on.reason, on.ticked...)
		return err
	}, func(err error) {
		if err == nil {
			w.back()
		}
	})
}

// reveal shows one masked field of the application that is decided on.
func (w *Window) reveal(f station.Optional, show func(string)) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	var value string
	w.run("reveal", func(ctx context.Context, _ devices.Report) (err error) {
		value, err = d.Reveal(ctx, seat, token, f)
		return err
	}, func(err error) {
		if err == nil {
			show(value)
		}
	})
}
