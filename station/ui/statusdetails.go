package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"padarozhnik/station"
)

// condition is how the office stands, as it was last read.
func (w *Window) condition() condition {
	c := condition{waiting: w.record.waiting, contact: w.record.contact, synced: w.synced, health: w.health}
	for _, b := range w.record.booklets {
		c.blanks = c.blanks || b.State == station.StateAvailable
	}
	return c
}

// showStatus opens what the status line says in short: each thing with what to do where it is not well.
func (w *Window) showStatus() {
	t, c := w.texts, w.condition()
	list := column(8)
	add := func(name, says string, well bool) {
		sign, shade := "✓", colourDone
		if !well {
			sign, shade = "!", colourTrouble
		}
		list.Add(container.NewBorder(nil, nil, container.NewVBox(container.New(columns{[]float32{22, 150}, 8},
			line(sign, sizeText, true, shade), line(name, sizeText, true, colourInk))), nil, snug(paragraph(says))))
	}
	mode := string(w.deps.Desk.Charter.Profile.Mode)
	add(t.word("ui.mode", mode), t.text("ui.mode."+mode+".says"), true)
	for _, h := range c.health {
		says := t.text("ui.status.well")
		if h.Err != nil {
			says = t.sentence(h.Err)
		}
		add(t.word("ui.device", h.Kind), says, h.Err == nil)
	}
	says := t.text("ui.status.waiting", c.waiting)
	if trouble := contactTrouble(t, c.contact); trouble != "" {
		says = trouble + " " + says
	}
	add(t.text("ui.status.centre"), says, contactTrouble(t, c.contact) == "")
	stock := "ui.status.blanks.says"
	if !c.blanks {
		stock = "ui.status.no-blanks.says"
	}
	add(t.text("ui.status.stock"), t.text(stock), c.blanks)
	add(t.text("ui.status.clock"), w.deps.Desk.Now().Format(t.text("ui.time.layout"))+". "+t.text("ui.status.clock.says"), true)
	if q := w.ask(t.text("ui.status.details"), fyne.CanvasObject(list), t.text("ui.day.seen"), func() {}); q != nil {
		q.answer.Enable()
		focus(q.answer)
	}
}
