package ui

import (
	"strings"
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
	calls     []*widget.Button    // beside the devices
	rest      []fyne.CanvasObject // that makes room for the wizard
	wizard    *wizard
	plot      *fyne.Container
	scroll    *container.Scroll
	may       bool
	serving   bool // service mode is open
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
	t.wizard = newWizard(w, t.leadBy)
	says := snug(paragraph(say("ui.service.says")))
	list, plot := card(say("ui.service.devices"), t.list), card(say("ui.service.history"), t.plot)
	mode := card(say("ui.service.mode"), column(8, t.state, says))
	t.rest = []fyne.CanvasObject{mode, list, plot}
	z := t.wizard
	t.scroll = container.NewVScroll(inset(0, 0, 0, 8, column(12, mode, z.object, list, plot)))
	t.room = w.newRoom("technician", "ui.service.title", t.scroll, t.card, t.end, t.open, z.leave, z.goOn, z.sign)
	return t
}

// leadBy gives the wizard the screen, or takes it back.
func (t *technician) leadBy(wizard bool) {
	for _, o := range t.rest {
		visible(!wizard, o)
	}
	if wizard {
		t.scroll.ScrollToTop()
	}
	t.showFoot()
}

// showFoot offers at the foot what the officer may do now.
func (t *technician) showFoot() {
	if t.room == nil {
		return
	}
	step, sign, leave := t.wizard.offers()
	t.offer(step, t.wizard.goOn)
	t.offer(sign, t.wizard.sign)
	t.offer(leave, t.wizard.leave)
	idle := !leave
	t.offer(t.may && !t.serving, t.open)
	t.offer(t.may && t.serving && idle, t.end)
	t.offer(t.may && t.serving && idle, t.card)
}

// showMode says whether service mode is open, and offers what the officer may do.
func (t *technician) showMode(left time.Duration, may bool) {
	t.may, t.serving = may, left > 0
	t.state.Text = t.w.texts.text("ui.service.closed")
	if left > 0 {
		t.state.Text = t.w.texts.text("ui.service.left", minutes(left))
	}
	t.showFoot()
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
	warns := d.Warns()
	who := ellipsis(strings.TrimSpace(d.Maker + " " + d.Model + " " + d.Serial))
	who.TextStyle.Bold = true
	if d.Firmware != "" {
		who.SetText(who.Text + " · " + x.text("ui.service.firmware", d.Firmware))
	}
	name := container.NewBorder(nil, nil, mark(x.word("ui.device.name", string(d.Kind)), !warns), nil, snug(who))
	verdict := line(x.text("ui.service.word."+d.Word), sizeText, warns, colourInk)
	if warns {
		verdict.Color = shade(colourTrouble)
	}
	when := ""
	if d.Kind == issuance.KindReader && d.Err == nil {
		when = x.text("ui.reader.never")
	}
	if d.Calibrated > 0 {
		at := t.w.deps.Desk.Now().Location()
		when = x.text("ui.service.calibrated", x.moment(d.Calibrated, at), d.Technician, d.Witness, x.moment(d.Due, at))
	}
	facts := column(2, name, container.NewBorder(nil, nil, verdict, nil, snug(ellipsis(when))))
	if d.Err != nil {
		facts.Add(snug(paragraph(x.sentence(d.Err))))
	}
	verbs := row(8)
	if serving && d.Err == nil {
		if d.Kind == issuance.KindReader {
			verbs.Add(t.call("ui.reader.test", t.w.askReader))
		} else {
			verbs.Add(t.call("ui.service.calibrate", func() { t.w.beginCalibration(d.Kind) }))
		}
		if d.Swapped || d.FirmwareChanged {
			verbs.Add(t.call("ui.service.accept", func() { t.w.askAccept(d) }))
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
