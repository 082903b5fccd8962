package ui

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// dayCard stands above the case while the day is closed, and offers to open it.
type dayCard struct {
	open   *widget.Button
	object *fyne.Container
}

func newDayCard(t texts, open func()) *dayCard {
	c := &dayCard{open: widget.NewButton(t.text("ui.day.open"), open)}
	c.open.Importance = widget.HighImportance
	c.object = inset(14, 0, 24, 24, filled(colourMist, colourEdge, 12, 18, container.NewBorder(nil, nil, nil,
		container.NewVBox(roomy(c.open)), column(6,
			line(t.text("ui.day.closed"), sizeSection, true, colourInk), snug(paragraph(t.text("ui.day.closed.says")))))))
	c.object.Hide()
	return c
}

// partner asks for the token of the second of two officers.
type partner struct {
	who        *widget.Select
	passphrase *widget.Entry
	object     fyne.CanvasObject
}

// newPartner offers everybody but the officer who sits at the desk already.
func (w *Window) newPartner(changed func()) *partner {
	t, p := w.texts, &partner{}
	var others []string
	for _, name := range w.deps.Officers {
		if name != w.seat.Officer.Pseudonym {
			others = append(others, name)
		}
	}
	p.who = widget.NewSelect(others, func(string) { changed() })
	p.who.PlaceHolder = t.text("ui.partner.choose")
	p.passphrase = widget.NewPasswordEntry()
	p.passphrase.SetPlaceHolder(t.text("ui.signin.passphrase"))
	says := t.text("ui.partner.says")
	if w.deps.Training {
		says += " " + t.text("ui.signin.training")
	}
	p.object = column(8, snug(paragraph(says)), pair(p.who, p.passphrase))
	return p
}

// sit has the second officer sign in for one act; leaving forgets their key.
func (w *Window) sit(name string, secret []byte, act func(second issuance.Seat) error) error {
	defer clear(secret)
	second, err := w.deps.SignIn(name, secret)
	if err != nil {
		return err
	}
	if w.deps.SignOut != nil {
		defer w.deps.SignOut(second)
	}
	return act(second)
}

// counted reads what was typed as a number of booklets.
func counted(e *widget.Entry) (int, bool) {
	n, err := strconv.Atoi(e.Text)
	return n, err == nil && n >= 0 && n < 1e6
}

// newCount asks for the number of booklets in the safe. The expected one is not shown: who counts
// must not know it.
func (w *Window) newCount(changed func()) (*widget.Entry, fyne.CanvasObject) {
	e := widget.NewEntry()
	e.SetPlaceHolder(w.texts.text("ui.day.count"))
	e.OnChanged = func(string) { changed() }
	return e, column(8, snug(paragraph(w.texts.text("ui.day.count.says"))), e)
}

// askOpenDay opens the day with the officer at the desk and a second one.
func (w *Window) askOpenDay() {
	if w.seat == nil {
		return
	}
	var q *question
	var p *partner
	var count *widget.Entry
	check := func() {
		if q != nil {
			_, ok := counted(count)
			able(ok && p.who.Selected != "", q.answer)
		}
	}
	count, counting := w.newCount(check)
	p = w.newPartner(check)
	q = w.ask(w.texts.text("ui.day.open"), column(16, counting, p.object), w.texts.text("ui.day.open"), func() {
		n, _ := counted(count)
		w.openDay(n, p.who.Selected, []byte(p.passphrase.Text))
	})
	if q != nil {
		w.win.Canvas().Focus(count)
	}
	w.coverStock()
}

func (w *Window) openDay(n int, partner string, secret []byte) {
	d, first := w.deps.Desk, *w.seat
	var checks []issuance.Check
	w.run("open the day", func(ctx context.Context, _ devices.Report) error {
		return w.sit(partner, secret, func(second issuance.Seat) (err error) {
			checks, err = d.OpenDay(ctx, first, second, n)
			return err
		})
	}, func(err error) { w.showChecks("ui.day.opened", checks, err) })
}

// askCloseDay closes the day by the count of the officer at the desk.
func (w *Window) askCloseDay() {
	if w.seat == nil {
		return
	}
	w.leaving(func() {
		var q *question
		var count *widget.Entry
		count, counting := w.newCount(func() {
			_, ok := counted(count)
			able(ok, q.answer)
		})
		body := column(16, snug(paragraph(w.texts.text("ui.day.close.says"))), counting)
		q = w.ask(w.texts.text("ui.day.close"), body, w.texts.text("ui.day.close"), func() {
			n, _ := counted(count)
			w.closeDay(n)
		})
		if q != nil {
			w.win.Canvas().Focus(count)
		}
		w.coverStock()
	})
}

func (w *Window) closeDay(n int) {
	d, seat := w.deps.Desk, *w.seat
	var checks []issuance.Check
	w.run("close the day", func(ctx context.Context, _ devices.Report) (err error) {
		checks, err = d.CloseDay(ctx, seat, n)
		return err
	}, func(err error) { w.showChecks("ui.day.closed.now", checks, err) })
}

// showChecks shows the checklist that the journal has just got.
func (w *Window) showChecks(title string, checks []issuance.Check, err error) {
	if err != nil {
		return
	}
	list := column(6)
	for _, c := range checks {
		list.Add(checkLine(w.texts, c))
	}
	w.tasks.resume()
	w.inform(w.texts.text(title), list, w.texts.text("ui.close"), func() {})
	w.tasks.settle()
}

// checkLine is a tick where all is well, and a sign with what to do where not.
func checkLine(t texts, c issuance.Check) fyne.CanvasObject {
	name := line(t.word("ui.check", c.Word), sizeText, c.OK, colourInk)
	if c.OK {
		return container.New(columns{[]float32{22, 0}, 8}, line("✓", sizeText, true, colourDone), name)
	}
	name.TextStyle.Bold = true
	return container.NewBorder(nil, nil, container.NewVBox(inset(0, 0, 0, 8, container.New(columns{[]float32{22, 150}, 8},
		line("!", sizeText, true, colourTrouble), name))), nil, snug(paragraph(checkCure(t, c))))
}

// checkCure says what to do about a line of the checklist that is not as it should be.
func checkCure(t texts, c issuance.Check) string {
	if s, ok := t.table["cure."+c.Detail]; ok {
		return s
	}
	return t.text("ui.check.not." + c.Word)
}
