package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// nextCard says what comes next in a case and who may do it, and offers it to them.
type nextCard struct {
	texts   texts
	do      func(verb)
	title   *canvas.Text
	says    *widget.Label
	who     *widget.Label
	bar     *fyne.Container
	choices *fyne.Container // the bar with its space
	buttons []*widget.Button
	object  fyne.CanvasObject
}

func newNextCard(t texts, do func(verb)) *nextCard {
	n := &nextCard{texts: t, do: do}
	n.title = line("", sizeSection, true, colourInk)
	n.says, n.who = paragraph(""), paragraph("")
	n.who.SizeName = "helperText"
	n.bar = row(10)
	n.choices = inset(0, 0, 0, 8, n.bar)
	stripe := block(shade(colourAction))
	stripe.SetMinSize(fyne.NewSize(5, 0))
	stripe.CornerRadius = 3
	n.object = filled(colourMist, colourEdge, 12, 14, container.NewBorder(nil, nil, inset(2, 2, 0, 8, stripe), nil,
		column(8, n.title, snug(n.says), container.NewBorder(nil, nil, n.choices, nil,
			container.NewVBox(layout.NewSpacer(), snug(n.who), layout.NewSpacer())))))
	return n
}

func (n *nextCard) show(f *file, c station.Charter, o *station.Officer, now time.Time) {
	todo := f.next()
	name := "ui.verb." + string(todo.verb)
	n.title.Text = n.texts.text(name + ".title")
	n.says.SetText(n.texts.text(name + ".says"))
	if f.declined != "" && todo.verb == verbOrder {
		n.says.SetText(n.texts.text("ui.case.declined", n.texts.word("ui.declined", f.declined)))
	}
	if f.held != "" && f.declined == "" && todo.verb == verbOrder {
		n.says.SetText(n.texts.text("ui.case.held", n.texts.word("ui.held", f.held)))
	}
	n.bar.RemoveAll()
	n.buttons = nil
	refusal := todo.refusal(o, now)
	n.who.SetText(n.byWhom(todo, c, refusal, now))
	n.who.Hidden = n.who.Text == ""
	n.choices.Hidden = refusal != nil
	if refusal != nil {
		return
	}
	n.add(todo.verb, widget.HighImportance)
	for _, v := range todo.instead {
		n.add(v, widget.MediumImportance)
	}
}

// byWhom says why the officer at the desk may not go on, and who may.
func (n *nextCard) byWhom(todo next, c station.Charter, refusal error, now time.Time) string {
	if todo.verb == verbNone {
		return ""
	}
	who := strings.Join(todo.who(c, now), ", ")
	if who == "" {
		who = n.texts.text("ui.case.nobody")
	}
	if refusal == nil {
		return n.texts.text("ui.case.may", who)
	}
	return n.texts.text("cure."+issuance.Cure(refusal)) + " " + n.texts.text("ui.case.may", who)
}

func (n *nextCard) add(v verb, importance widget.Importance) {
	b := widget.NewButton(n.texts.text("ui.verb."+string(v)), func() { n.do(v) })
	b.Importance = importance
	n.buttons = append(n.buttons, b)
	n.bar.Add(roomy(b))
}
