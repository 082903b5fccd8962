package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// technician is the screen of a service visit: every device with its health, the calibration that is under
// way, and how earlier ones came out. No person and no case is on it.
type technician struct {
	*room
	w         *Window
	list      *fyne.Container
	state     *canvas.Text
	open, end *widget.Button
	card      *widget.Button
	calls     []*widget.Button // beside the devices
	wizard    *wizard
	plot      *fyne.Container
	may       bool
	busy      bool
}

func newTechnician(w *Window) *technician {
	t := &technician{w: w, list: column(8), plot: column(4)}
	say := w.texts.text
	t.state = line("", sizeText, true, colourInk)
	t.open = widget.NewButton(say("ui.service.open"), w.openService)
	t.open.Importance = widget.HighImportance
	t.end = widget.NewButton(say("ui.service.close"), w.closeService)
	t.card = widget.NewButton(say("ui.service.card"), w.readTestCard)
	t.wizard = newWizard(w)
	t.room = w.newRoom("technician", "ui.service.title", container.NewVScroll(column(12,
		card(say("ui.service.mode"), column(8, t.state, snug(paragraph(say("ui.service.says"))))),
		card(say("ui.service.devices"), t.list), t.wizard.object, card(say("ui.service.history"), t.plot))),
		t.card, t.end, t.open)
	return t
}

// showMode says whether service mode is open, and offers what the officer may do.
func (t *technician) showMode(left time.Duration, may bool) {
	t.may = may
	t.state.Text = t.w.texts.text("ui.service.closed")
	if left > 0 {
		t.state.Text = t.w.texts.text("ui.service.left", int(left.Round(time.Minute)/time.Minute))
	}
	visible(may && left == 0, t.open)
	visible(may && left > 0, t.end)
	visible(may && left > 0, t.card)
	t.object.Refresh()
}

// showDevices lists the devices as they were just asked.
func (t *technician) showDevices(lines []issuance.DeviceLine, serving bool) {
	t.list.RemoveAll()
	t.calls = nil
	for _, d := range lines {
		t.list.Add(t.device(d, serving && t.may))
	}
	t.turned(t.busy)
	t.object.Refresh()
}

// device is one line: a mark that says by its form how the device is, who it is, and what can be done.
func (t *technician) device(d issuance.DeviceLine, serving bool) fyne.CanvasObject {
	x := t.w.texts
	var trouble error
	if d.Word != issuance.WordOK {
		trouble = issuance.ErrNotCalibrated
	}
	name := row(10, healthMark(x, Health{Kind: string(d.Kind), Err: trouble}),
		line(d.Maker+" "+d.Model+" "+d.Serial, sizeText, true, colourInk), line(d.Firmware, sizeSmall, false, colourFaint))
	verdict := line(x.text("ui.service.word."+d.Word), sizeText, trouble != nil, colourInk)
	if trouble != nil {
		verdict.Color = shade(colourTrouble)
	}
	when := ""
	if d.Calibrated > 0 {
		at := t.w.deps.Desk.Now().Location()
		when = x.text("ui.service.calibrated", x.moment(d.Calibrated, at), d.Technician, d.Witness, x.moment(d.Due, at))
	}
	facts := column(2, name, row(10, verdict, line(when, sizeSmall, false, colourFaint)))
	if d.Err != nil {
		facts.Add(snug(paragraph(x.sentence(d.Err))))
	}
	verbs := row(8)
	if serving && d.Err == nil {
		if d.Kind != issuance.KindReader {
			verbs.Add(t.call("ui.service.calibrate", func() { t.w.beginCalibration(d.Kind) }))
		}
		if d.Swapped || d.FirmwareChanged {
			verbs.Add(t.call("ui.service.accept", func() { t.w.askAccept(d.Kind) }))
		}
	}
	if d.Kind != issuance.KindReader {
		verbs.Add(t.call("ui.service.show", func() { t.w.showHistory(d.Kind) }))
	}
	return container.NewBorder(nil, nil, nil, container.NewCenter(verbs), facts)
}

func (t *technician) call(key string, do func()) *widget.Button {
	b := widget.NewButton(t.w.texts.text(key), do)
	t.calls = append(t.calls, b)
	return b
}

// turned shows whether a verb runs.
func (t *technician) turned(busy bool) {
	t.busy = busy
	t.room.turned(busy)
	able(!busy, t.calls...)
	t.wizard.turned(busy)
}

// drop ends a calibration that was not signed, as the screen is left.
func (t *technician) drop() { t.wizard.drop() }

// showTechnician opens the screen and asks every device.
func (w *Window) showTechnician() {
	w.showRoom(w.technician.room, func() {
		w.showService()
		w.plotHistory("", nil, nil)
		w.look()
	})
}

// showService says on the screen whether service mode is open.
func (w *Window) showService() {
	w.technician.showMode(w.deps.Desk.ServiceLeft(), w.mayNow(station.RoleTechnician))
}
