package ui

import (
	"context"
	"errors"
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
	picture   image.Image // the portrait; nil where there is none
	signature image.Image // the signature; nil where there is none
	oldFace   image.Image // on the old passport's chip; nil where there is none, or in a form that is not shown
	sealed    bool        // only headquarters can still read the application
	hidden    []station.Optional
	missing   []station.Missing
	kin       issuance.Kin
	children  []station.Case
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
	calmly func(func()) // as in familyActions
}

// review shows an application beside its evidence to the officer who decides on it.
type review struct {
	texts     texts
	profile   station.Profile
	now       func() time.Time
	do        reviewActions
	body      *fyne.Container
	reason    *area
	approve   *widget.Button
	buttons   []*widget.Button // besides approve
	ticks     *ticks
	marks     *remarkForm
	returning fyne.CanvasObject
	title     *canvas.Text
	list      *fyne.Container // the checklist
	why       *widget.Label   // what approval still needs
	object    fyne.CanvasObject
}

func newReview(t texts, p station.Profile, now func() time.Time, do reviewActions) *review {
	r := &review{texts: t, profile: p, now: now, do: do, body: column(10), ticks: &ticks{}, list: container.NewStack()}
	r.title = line("", sizeTitle, true, colourInk)
	r.reason = reasonEntry(t, "ui.review.reason")
	r.reason.SetMinRowsVisible(3)
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
	r.marks = newRemarkForm(t, do.calmly)
	leave := widget.NewButtonWithIcon(t.text("ui.back"), theme.NavigateBackIcon(), do.back)
	r.why = detail("")
	r.reason.OnChanged = func(string) { r.turned(false) }
	work := container.NewVScroll(inset(0, 0, 0, 12, column(10, r.list, card(t.text("ui.marks.title"), r.marks.object))))
	decision := filled(colourMist, colourEdge, 12, 14, column(8,
		line(t.text("ui.review.decide"), sizeSection, true, colourInk), r.reason, snug(r.why),
		roomy(r.approve), pair(r.returning, roomy(refuse))))
	right := container.NewBorder(nil, inset(10, 0, 0, 0, decision), nil, nil, work)
	head := container.NewBorder(nil, nil, nil, roomy(leave), r.title)
	r.object = inset(12, 14, 24, 24, container.NewBorder(inset(0, 8, 0, 0, head), nil, nil, nil,
		container.New(columnsFull{[]float32{0, 390}, 14}, container.NewVScroll(inset(0, 0, 0, 12, r.body)), right)))
	r.object.Hide()
	return r
}

func (r *review) show(token station.CaseToken, d draft, mayReturn bool) {
	r.body.RemoveAll()
	r.list.RemoveAll()
	r.ticks = &ticks{}
	r.marks.show(nil)
	r.reason.SetText("")
	r.title.Text = r.texts.text("ui.review.title", token)
	visible(mayReturn, r.returning)
	if d.sealed {
		r.body.Add(paragraph(r.texts.text("ui.review.sealed")))
		return
	}
	r.body.Add(r.faces(d))
	r.body.Add(r.person(d))
	if len(d.Remarks) > 0 {
		r.body.Add(card(r.texts.text("ui.remarks.title"), snug(paragraph(strings.Join(d.Remarks, "\n")))))
	}
	r.body.Add(card(r.texts.text("ui.evidence.title"),
		column(4, ledger(r.texts, r.profile.Rules, d.Application, nil)...)))
	if d.OldPassport != nil {
		old := column(8, r.fact("ui.old.page", r.texts.text(oldWord(d.OldPassport))))
		old.Objects = append(old.Objects, contradictions(r.texts, d.OldPassport)...)
		old.Add(chipTree(r.texts, d.OldPassport))
		r.body.Add(card(r.texts.text("ui.old.title"), old))
	}
	r.body.Add(r.family(d))
	r.list.Add(card(r.texts.text("ui.approval.title"), r.checklist(d)))
	r.turned(false)
}

// faces stand side by side: the portrait, the face on the old chip, and the signature.
func (r *review) faces(d draft) fyne.CanvasObject {
	under := func(img image.Image, key string) fyne.CanvasObject {
		return column(2, picture(img, 140, 180), centred(line(r.texts.text(key), 12, false, colourFaint)))
	}
	shown := row(12, under(d.picture, "ui.portrait.now"))
	if d.oldFace != nil {
		shown.Add(under(d.oldFace, "ui.portrait.old"))
	}
	sign := column(2, picture(d.signature, 240, 90), centred(line(r.texts.text("ui.optional.signature"), 12, false, colourFaint)))
	if d.CannotSign != "" {
		sign.Add(snug(detail(r.texts.text("ui.signature.excused") + " " + d.CannotSign)))
	}
	if n := len(d.Checks); n > 0 {
		doubted := len(d.DoubtedChecks())
		sign.Add(line(r.texts.text("ui.review.checks", n-doubted, n), sizeSmall, doubted > 0, colourInk))
		sign.Add(line(r.texts.text("ui.review.seen", len(d.Ticks)), sizeSmall, false, colourInk))
	}
	shown.Add(sign)
	return shown
}

// person is the application itself, and how its name came to be spelled.
func (r *review) person(d draft) fyne.CanvasObject {
	who := d.Applicant
	names := column(5,
		r.fact("ui.person.surname", who.Surname), r.fact("ui.person.givenNames", who.GivenNames),
		r.fact("ui.person.localSurname", who.LocalSurname), r.fact("ui.person.localGivenNames", who.LocalGivenNames))
	if s := d.Spelling; s != nil {
		words := r.texts.word("ui.source", s.Surname)
		if s.GivenNames != s.Surname {
			words += ", " + r.texts.word("ui.source", s.GivenNames)
		}
		if s.Reason != "" {
			words += ": " + s.Reason
		}
		names.Add(snug(detail(r.texts.text("ui.names.by", words))))
	}
	facts := column(5,
		r.fact("ui.person.birth", who.Birth.String()), r.fact("ui.person.placeOfBirth", who.PlaceOfBirth),
		r.fact("ui.person.sex", r.texts.word("ui.sex", string(who.Sex))),
		r.fact("ui.person.nationality", who.Nationality))
	for _, f := range d.hidden {
		facts.Add(r.masked(f))
	}
	for _, o := range d.Oddities() {
		odd := paragraph(r.texts.text("ui.oddity.title") + " " + r.texts.word("ui.oddity", string(o)))
		odd.Importance = widget.WarningImportance
		facts.Add(snug(odd))
	}
	return card(r.texts.text("ui.person.title"), pair(names, facts))
}

// family shows consents, guardians, proxies and what differs in the family.
func (r *review) family(d draft) fyne.CanvasObject {
	consents := column(4)
	for _, c := range d.Consents {
		answer := "ui.consent.no"
		if c.Given {
			answer = "ui.consent.yes"
		}
		consents.Add(r.fact("ui.consents."+c.Item, r.texts.text(answer)))
	}
	people := column(4)
	for _, g := range d.Guardians {
		word := "✓ " + r.texts.text("ui.guardian.agrees")
		if !g.Consent {
			word = "! " + r.texts.word("ui.absent", string(g.Absent)) + " · " + g.Note
		}
		people.Add(snug(paragraph(g.Name + ": " + word)))
	}
	if s := d.kin.Spelling; s != nil {
		people.Add(snug(paragraph(r.texts.text("ui.family.spelling", s.Local, s.Own, s.Parent))))
	}
	for _, x := range d.Proxies {
		people.Add(snug(paragraph(r.texts.text("ui.handover.registered") + ": " + x.Name)))
	}
	if len(people.Objects) == 0 {
		return card(r.texts.text("ui.consents.title"), consents)
	}
	return pair(card(r.texts.text("ui.consents.title"), consents), card(r.texts.text("ui.family.title"), people))
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

// fact is a value under its name.
func (r *review) fact(key, value string) fyne.CanvasObject {
	return column(0, line(r.texts.text(key), 12, false, colourFaint), snug(paragraph(value)))
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
	r.list.RemoveAll()
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
	key := "ui.review.ready"
	switch left := len(r.ticks.items) - len(r.ticks.ticked()); {
	case left > 0:
		r.why.SetText(r.texts.text("ui.review.ticks", left))
		return
	case !said(r.reason.Text):
		key = "ui.review.unsaid"
	}
	r.why.SetText(r.texts.text(key))
}

// readDraft opens an application for the screen. It is called by a worker.
func readDraft(
	ctx context.Context, desk *issuance.Desk, seat issuance.Seat, token station.CaseToken,
) (draft, error) {
	a, hidden, err := desk.View(ctx, seat, token)
	if err != nil {
		return draft{}, err
	}
	d := draft{Application: a, picture: portraitOf(a, portrait.Decode), hidden: hidden}
	d.missing = a.Missing(desk.Charter.Profile, station.DateOf(desk.Now()))
	if len(a.Signature) > 0 {
		d.signature, _ = portrait.Decode(a.Signature) // what does not open is not shown
	}
	if face, err := desk.OldFace(ctx, a); err == nil {
		d.oldFace = face
	}
	if d.kin, err = desk.Kin(ctx, seat, token); errors.Is(err, issuance.ErrUnknown) || errors.Is(err, issuance.ErrNotForYou) {
		err = nil // the parent's case cannot be opened any more
	}
	if err == nil {
		d.children, err = desk.Children(ctx, token)
	}
	return d, err
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
