package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// condition is how the office stands, as it was last read.
func (w *Window) condition() condition {
	c := condition{waiting: w.record.waiting, contact: w.record.contact, synced: w.synced, health: w.health,
		asking: w.health == nil && w.deps.Devices != nil, now: w.deps.Desk.Now()}
	for _, b := range w.record.booklets {
		c.blanks = c.blanks || b.State == station.StateAvailable
	}
	return c
}

// statusLine is one thing of the office: how it is and, where it is not well, where that is put right.
type statusLine struct {
	name, says string
	well       bool
	way        string // key of the words of the way there; "": there is none in this program
	lead       func()
}

// statusLines are mode, day, devices, headquarters, stock and clock.
func (w *Window) statusLines() []statusLine {
	t, c := w.texts, w.condition()
	mode := string(w.deps.Desk.Charter.Profile.Mode)
	out := []statusLine{{name: t.word("ui.mode", mode), says: t.text("ui.mode." + mode + ".says"), well: true}}
	day := statusLine{name: t.text("ui.status.day"), says: t.text("ui.day.opened") + ".", well: true}
	if !w.record.day {
		day = statusLine{day.name, t.text("ui.day.closed.says"), false, "ui.day.open", w.askOpenDay}
	}
	out = append(out, day)
	if c.asking {
		out = append(out, statusLine{name: t.text("ui.service.devices"), says: t.text("ui.status.asking.says"), well: true})
	}
	for _, h := range c.health {
		says := t.text("ui.status.well")
		if h.Err != nil {
			says = t.sentence(h.Err)
		}
		name := t.word("ui.device.name", h.Kind)
		out = append(out, statusLine{name, says, h.Err == nil, "ui.status.to-devices", w.showTechnician})
	}
	stock := "ui.status.blanks.says"
	if !c.blanks {
		stock = "ui.status.no-blanks.says"
	}
	return append(out, w.centreLine(c),
		statusLine{t.text("ui.status.stock"), t.text(stock), c.blanks, "ui.status.to-stock", w.showStock}, clockLine(t, c))
}

// centreLine is how the office stands with headquarters.
func (w *Window) centreLine(c condition) statusLine {
	t := w.texts
	synced := t.text("ui.status.never")
	if !c.synced.IsZero() {
		synced = t.text("ui.status.synced", c.synced.Format(t.text("ui.time.layout")))
	}
	says := t.text("ui.status.waiting", c.waiting) + ". " + synced + "."
	trouble := contactTrouble(t, c.contact)
	if trouble != "" {
		says = trouble + ". " + says
	}
	return statusLine{t.text("ui.status.centre"), says, trouble == "", "ui.status.to-centre", w.showCentre}
}

// clockLine is the time, and whether it can be right. It is put right outside of this program.
func clockLine(t texts, c condition) statusLine {
	now := c.now.Format(t.text("ui.time.layout"))
	says := now + ". " + t.text("ui.status.clock.says")
	if c.behind() {
		says = t.text("ui.status.clock.behind.says", now, t.moment(c.contact.Heard.Unix(), c.now.Location()))
	}
	return statusLine{name: t.text("ui.status.clock"), says: says, well: !c.behind()}
}

// showStatus opens what the status line says in short. Whoever sits at the desk is led to where a thing is put
// right; nobody else is.
func (w *Window) showStatus() {
	list := column(8)
	for _, l := range w.statusLines() {
		list.Add(w.statusRow(l))
	}
	q := w.inform(w.texts.text("ui.status.details"), atLeast(600, 430, container.NewVScroll(inset(0, 0, 0, 8, list))),
		w.texts.text("ui.close"), func() {})
	if q != nil {
		q.topic, q.again = topicStatus, w.showStatus
	}
}

// statusRow draws one line: a sign, what it is, how it is, and the way.
func (w *Window) statusRow(l statusLine) fyne.CanvasObject {
	sign, shade := "✓", colourDone
	if !l.well {
		sign, shade = "!", colourTrouble
	}
	var way fyne.CanvasObject
	if !l.well && l.way != "" {
		b := widget.NewButton(w.texts.text(l.way), func() {
			w.closeQuestion()
			w.tasks.resume()
			l.lead()
		})
		way = container.NewVBox(b)
		if w.seat == nil {
			way = inset(2, 0, 8, 0, line(w.texts.text("ui.status.sign-in"), sizeSmall, false, colourFaint))
		}
	}
	return container.NewBorder(nil, nil, container.NewVBox(container.New(columns{[]float32{22, 150}, 8},
		line(sign, sizeText, true, shade), line(l.name, sizeText, true, colourInk))), way, snug(paragraph(l.says)))
}

// stopped is the health of devices with what their calibration says: a device that answers and may not issue is not
// well. It is called by a worker.
func (w *Window) stopped(ctx context.Context, found []Health) []Health {
	out := slices.Clone(found)
	for i, h := range out {
		if h.Err == nil {
			out[i].Err = w.deps.Desk.Stop(ctx, issuance.DeviceKind(h.Kind))
		}
	}
	return out
}
