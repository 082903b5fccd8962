package ui

import (
	"context"
	"fmt"
	"image"
	"strings"

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
}

// review shows an application beside its evidence to the officer who decides on it.
type review struct {
	texts     texts
	profile   station.Profile
	body      *fyne.Container
	reason    *widget.Entry
	buttons   []*widget.Button
	returning fyne.CanvasObject
	object    fyne.CanvasObject
}

func newReview(t texts, p station.Profile, decide func(verb, string), back func()) *review {
	r := &review{texts: t, profile: p, body: container.NewVBox()}
	r.reason = reasonEntry(t, "ui.review.reason")
	r.reason.SetMinRowsVisible(2)
	button := func(v verb, importance widget.Importance) *widget.Button {
		b := widget.NewButton(t.text("ui.verb."+string(v)), func() { decide(v, r.reason.Text) })
		b.Importance = importance
		r.buttons = append(r.buttons, b)
		return b
	}
	approve := button(verbApprove, widget.HighImportance)
	r.returning = roomy(button(verbReturn, widget.MediumImportance))
	refuse := button(verbRefuse, widget.DangerImportance)
	leave := widget.NewButtonWithIcon(t.text("ui.back"), theme.NavigateBackIcon(), back)
	decision := filled(colourMist, colourEdge, 12, 18, column(10,
		line(t.text("ui.review.decide"), sizeSection, true, colourInk), r.reason,
		container.NewBorder(nil, nil, roomy(leave), row(10, roomy(refuse), r.returning, roomy(approve)))))
	r.reason.OnChanged = func(string) { r.turned(false) }
	r.object = container.NewBorder(nil, inset(0, 14, 24, 24, decision), nil, nil,
		container.NewVScroll(inset(12, 12, 24, 24, r.body)))
	r.object.Hide()
	return r
}

func (r *review) show(token station.CaseToken, d draft, mayReturn bool) {
	r.body.RemoveAll()
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
	lines := column(4)
	for _, e := range d.Evidence {
		lines.Add(line(evidenceLine(r.texts, e), sizeText, false, colourInk))
	}
	for _, q := range station.Questions() {
		lines.Add(r.fact("ui.evidence."+string(q), r.texts.text("ui.evidence.points", d.Score(q))))
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
	if len(d.Remarks) > 0 {
		r.body.Add(card(r.texts.text("ui.remarks.title"), paragraph(strings.Join(d.Remarks, "\n"))))
	}
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
func evidenceLine(t texts, e station.Evidence) string {
	var points []string
	for _, q := range station.Questions() {
		points = append(points, fmt.Sprint(e.Scores[q]))
	}
	s := t.word("ui.proof", e.Kind) + "  " + strings.Join(points, "+")
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
	r.reason.SetText("")
	r.object.Hide()
}

// turned shows whether a verb runs. A decision needs its reason first.
func (r *review) turned(busy bool) { able(!busy && said(r.reason.Text), r.buttons...) }

// readDraft opens an application for the screen. It is called by a worker.
func readDraft(
	ctx context.Context, desk *issuance.Desk, seat issuance.Seat, token station.CaseToken,
) (draft, error) {
	a, err := desk.Application(ctx, seat, token)
	return draft{Application: a, picture: portraitOf(a, portrait.Decode)}, err
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
func (w *Window) decide(v verb, reason string) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	w.run(string(v), func(ctx context.Context, _ devices.Report) error {
		switch v {
		case verbReturn:
			return d.Return(ctx, seat, token, reason)
		case verbRefuse:
			return d.Refuse(ctx, seat, token, reason)
		}
		_, err := d.Approve(ctx, seat, token, reason)
		return err
	}, func(err error) {
		if err == nil {
			w.back()
		}
	})
}
