package ui

import (
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// Health is how one device is.
type Health struct {
	Kind  string // scanner, printer or encoder
	Err   error  // what a person should cure; nil when all is well
	Doubt error  // why its results are not to be relied upon though it works; nil where they are
}

// condition is what the status line shows.
type condition struct {
	waiting int
	contact issuance.Contact
	blanks  bool      // one at least lies in the safe
	synced  time.Time // zero: not since the start
	health  []Health
	asking  bool // the devices have not answered yet
	now     time.Time
}

// clockSlack is by how much two clocks may differ that are both right.
const clockSlack = 5 * time.Minute

// behind tells that the clock is certainly wrong: headquarters has signed a later time already.
func (c condition) behind() bool { return c.contact.Heard.Sub(c.now) > clockSlack }

// status is the line at the bottom: mode, station, what waits for headquarters, the last sync, what is
// wrong with headquarters, the devices, the stock and the clock. Everything is said in words, and what is not
// well has a sign besides.
type status struct {
	texts   texts
	now     func() time.Time
	waiting *canvas.Text
	synced  *canvas.Text
	trouble *canvas.Text
	name    *canvas.Text
	devices *fyne.Container
	clock   *canvas.Text
	left    *fyne.Container
	right   *fyne.Container
	object  fyne.CanvasObject
}

func newStatus(t texts, c station.Charter, now func() time.Time, details func()) *status {
	s := &status{texts: t, now: now}
	s.waiting = line("", sizeSmall, false, colourInk)
	s.synced = line("", sizeSmall, false, colourInk)
	s.trouble = line("", sizeSmall, true, colourTrouble)
	s.devices = row(14)
	s.clock = line("", sizeSmall, true, colourInk)
	top := block(shade(colourEdge))
	top.SetMinSize(fyne.NewSize(0, 1))
	s.name = line(t.text("ui.status.station", c.Station), sizeSmall, true, colourInk)
	s.left = row(18, modeMark(t, c.Profile.Mode), s.name, s.waiting, s.synced, s.trouble)
	s.right = row(14, s.devices, s.clock)
	s.object = container.NewStack(block(shade(colourSheet)), container.NewBorder(top, nil, nil, nil,
		newPress(t.text("ui.status.details"), 7, 18, container.NewBorder(nil, nil, s.left, s.right), details)))
	return s
}

// modeMark says in words, on a coloured ground, what the office may do.
func modeMark(t texts, m station.Mode) fyne.CanvasObject {
	ground, ink := colourMist, colourInk
	switch m {
	case station.ModeSpecimen:
		ground = colourAmber
	case station.ModeIssue:
		ground, ink = colourAction, colourSheet
	}
	back := canvas.NewRectangle(shade(ground))
	back.CornerRadius = 5
	return container.NewStack(back, inset(1, 1, 8, 8, line(t.word("ui.mode", string(m)), sizeSmall, true, ink)))
}

func (s *status) show(c condition) {
	s.waiting.Text = s.texts.text("ui.status.waiting", c.waiting)
	s.synced.Text = s.texts.text("ui.status.never")
	if !c.synced.IsZero() {
		s.synced.Text = s.texts.text("ui.status.synced", c.synced.In(s.now().Location()).Format("15:04"))
	}
	s.trouble.Text = contactTrouble(s.texts, c.contact)
	s.devices.RemoveAll()
	var troubled []string
	for _, h := range c.health {
		if h.Err != nil {
			troubled = append(troubled, s.texts.word("ui.device.name", h.Kind))
			continue
		}
		s.devices.Add(healthMark(s.texts, h))
	}
	if c.asking {
		s.devices.Add(line(s.texts.text("ui.status.asking"), sizeSmall, false, colourFaint))
	}
	switch len(troubled) {
	case 0:
	case 1:
		s.devices.Add(signed(s.texts.text("ui.status.troubled", troubled[0])))
	default:
		s.devices.Add(signed(s.texts.text("ui.status.troubled.many", strings.Join(troubled, ", "))))
	}
	s.devices.Add(blanksMark(s.texts, c.blanks))
	if c.behind() {
		s.devices.Add(signed(s.texts.text("ui.status.clock.behind")))
	}
	s.tick()
	s.fit()
	s.object.Refresh()
}

// statusRoom is how wide the line may be on the smallest screen that the window is made for.
const statusRoom = 1366 - 2*18 - 18

// fit leaves out what matters least until the rest has room. The details say everything.
func (s *status) fit() {
	room := max(statusRoom, s.object.Size().Width-2*18-18)
	least := []*canvas.Text{s.synced, s.name, s.waiting}
	for _, t := range append(least, s.trouble) {
		t.Hidden = t.Text == ""
	}
	for _, t := range least {
		if s.left.MinSize().Width+s.right.MinSize().Width <= room {
			return
		}
		t.Hide()
	}
}

// tick shows the time.
func (s *status) tick() {
	if now := s.now().Format("15:04"); s.clock.Text != now {
		s.clock.Text = now
		s.clock.Refresh()
	}
}

// contactTrouble says the gravest thing that is wrong between the office and headquarters; "" where
// nothing is.
func contactTrouble(t texts, c issuance.Contact) string {
	switch {
	case c.Halted:
		return t.text("ui.status.halted")
	case c.Alarm != "":
		return t.text("ui.status.alarm")
	case c.Silence.Stop:
		return t.text("ui.status.stopped", c.Silence.Days)
	case c.Silence.Warn:
		return t.text("ui.status.silent", c.Silence.Days)
	}
	return ""
}

// blanksMark says whether blanks lie in the safe. It does not say how many: who counts must not know.
func blanksMark(t texts, there bool) fyne.CanvasObject {
	if there {
		return mark(t.text("ui.status.blanks"), true)
	}
	return signed(t.text("ui.status.no-blanks"))
}

// healthMark is a device's name with a disc where all is well and a square with a sign where not.
func healthMark(t texts, h Health) fyne.CanvasObject {
	return mark(t.word("ui.device", h.Kind), h.Err == nil)
}

// mark is a name with a disc where all is well and a square with a sign where not.
func mark(name string, well bool) fyne.CanvasObject {
	if !well {
		return signed(name)
	}
	return row(6, container.NewCenter(sized(9, canvas.NewCircle(shade(colourDone)))), line(name, sizeSmall, false, colourInk))
}

// signed is a name with a square with a sign.
func signed(words string) fyne.CanvasObject {
	name := line(words, sizeSmall, true, colourTrouble)
	sign := centred(line("!", 12, true, colourSheet))
	ground := canvas.NewRectangle(shade(colourTrouble))
	ground.CornerRadius = 3
	return row(6, container.NewCenter(sized(15, ground, sign)), name)
}

// strip stands above the status line while a verb runs: what it does, how far it is, and Cancel;
// or what a person is asked to do with a booklet.
type strip struct {
	texts  texts
	says   *canvas.Text
	bar    *widget.ProgressBar
	busy   *widget.ProgressBarInfinite
	there  *widget.Button
	cancel *widget.Button
	object *fyne.Container
	grown  func() // called when the strip comes and goes
}

func newStrip(t texts, cancel, grown func()) *strip {
	s := &strip{texts: t, grown: grown, says: line("", sizeText, true, colourInk)}
	s.bar, s.busy = widget.NewProgressBar(), widget.NewProgressBarInfinite()
	s.busy.Stop()
	s.there = widget.NewButton(t.text("ui.strip.there"), nil)
	s.there.Importance = widget.HighImportance
	s.cancel = widget.NewButton(t.text("ui.strip.cancel"), cancel)
	s.object = inset(10, 12, 24, 24, filled(colourSheet, colourAction, 10, 16, container.New(
		columns{[]float32{0, 240, 130}, 14}, s.says, container.NewStack(s.bar, s.busy, s.there), s.cancel)))
	s.object.Hide()
	return s
}

// turned shows or hides the strip.
func (s *strip) turned(busy bool) {
	if s.object.Hidden == !busy {
		return
	}
	s.object.Hidden = !busy
	s.ask("", nil)
	if !busy {
		s.busy.Stop()
	}
	s.grown()
}

// moved shows how far a verb is; total is 0 while that is not known.
func (s *strip) moved(step string, done, total int64) {
	s.says.Text = s.texts.word("ui.progress", step)
	if total > 0 && inBytes(step) {
		s.says.Text += " · " + s.texts.text("ui.progress.bytes", grouped(done), grouped(total))
	}
	s.bar.Hidden, s.busy.Hidden = total <= 0, total > 0
	if total > 0 {
		s.busy.Stop()
		s.bar.SetValue(float64(done) / float64(total))
	} else {
		s.busy.Start()
	}
	s.object.Refresh()
}

// inBytes tells whether a step counts bytes: those of chips and of pages on their way to the printer.
func inBytes(step string) bool {
	switch step {
	case "check", "write", "read", "send":
		return true
	}
	return false
}

// grouped writes a number with a thin space before each three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// ask shows what a person should do with a booklet until they say that it is done.
func (s *strip) ask(says string, there func()) {
	s.there.Hidden = there == nil
	s.there.OnTapped = there
	s.bar.Hide()
	s.busy.Hidden = there != nil
	s.says.Text = says
	if there == nil {
		s.says.Text = s.texts.text("ui.progress.work")
		s.busy.Start()
	} else {
		s.busy.Stop()
	}
	s.object.Refresh()
}
