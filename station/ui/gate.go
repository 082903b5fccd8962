package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
)

// Entrance is what stands behind a gate: the office, which is not open yet. Look and Open are needed.
type Entrance struct {
	// Look reads what must be known before anything is opened, and tells whether a person is asked for the
	// passphrase or PIN of the station's own token. A gate calls it as it is made, and then in a worker: it reads
	// one small file and asks no device.
	Look func() (asks bool, err error)
	// Open opens the office in a worker, and returns what stands in the way. secret is nil where nobody is asked;
	// it must not be kept, and is overwritten when Open returns.
	Open func(ctx context.Context, secret []byte, report devices.Report) error
	// Opened makes the window of the open office in the gate's, on the screen's goroutine.
	Opened func() error
	// Choose takes another configuration file; nil: none can be chosen.
	Choose func(path string)
	// Practise turns to a training office of its own; nil: there is none on this computer.
	Practise func()
	// Refused is told what stands in the way, on the screen's goroutine; nil: nobody is.
	Refused func(error)
}

// Gate is the window before there is an office in it. It asks for the passphrase or PIN of the station's own token,
// without which there is neither store nor headquarters, shows how the office is opened, and says what stands in
// the way and what can be done about it. Then the same window is the office's.
type Gate struct {
	texts  texts
	tasks  *tasks
	win    fyne.Window
	behind Entrance
	known  bool // the configuration was read
	asks   bool
	fault  error // what stands in the way; nil while nothing does
	closed bool  // nothing is to be opened any more

	says     *widget.Label
	secret   *widget.Entry
	step     *canvas.Text
	bar      *widget.ProgressBar
	progress *fyne.Container
	wrong    *widget.Label
	detail   *widget.Label
	enter    *widget.Button
	first    fyne.CanvasObject // room for it
	choose   *widget.Button
	practise *widget.Button
	leave    *widget.Button
}

// NewGate makes the gate of an office, in the language and look of d. Show puts it on the screen.
func NewGate(app fyne.App, d Deps, behind Entrance) (*Gate, error) {
	t, err := newTexts(d.Language)
	if err != nil {
		return nil, err
	}
	wear(app, d.Look)
	g := &Gate{texts: t, tasks: newTasks(d), behind: behind}
	g.tasks.moved, g.tasks.turned = g.moved, g.turned
	g.win = app.NewWindow(t.text("ui.name"))
	g.win.SetPadded(false)
	g.win.SetMaster()
	g.win.SetCloseIntercept(g.Close)
	g.win.SetContent(g.build(d.Training))
	g.win.Resize(windowSize())
	g.asks, err = behind.Look()
	g.known = err == nil
	g.refuse(err)
	return g, nil
}

// build makes what stands in the window.
func (g *Gate) build(training bool) fyne.CanvasObject {
	t := g.texts
	g.says, g.wrong, g.detail = paragraph(""), paragraph(""), paragraph("")
	g.wrong.Importance = widget.DangerImportance
	g.wrong.TextStyle.Bold = true
	g.detail.SizeName = theme.SizeNameCaptionText
	g.secret = widget.NewPasswordEntry()
	g.secret.SetPlaceHolder(t.text("ui.gate.secret"))
	g.secret.OnSubmitted = func(string) { g.goOn() }
	g.step, g.bar = line("", sizeText, false, colourInk), widget.NewProgressBar()
	g.bar.TextFormatter = func() string { return "" }
	g.progress = column(6, g.step, g.bar)
	g.enter = widget.NewButton("", g.goOn)
	g.enter.Importance = widget.HighImportance
	g.first = atLeast(0, 46, g.enter)
	g.choose = widget.NewButton(t.text("ui.gate.choose"), g.pick)
	g.practise = widget.NewButton(t.text("ui.gate.practise"), func() {
		if g.tasks.ready() {
			g.behind.Practise()
			g.look()
		}
	})
	g.leave = widget.NewButton(t.text("ui.gate.leave"), g.Close)
	form := column(12,
		container.NewCenter(row(16, emblem(72), container.NewCenter(line(t.text("ui.name"), sizeTitle, true, colourInk)))),
		snug(g.says), g.secret, g.progress, snug(g.wrong), snug(g.detail),
		g.first, g.choose, g.practise, g.leave)
	card := container.NewCenter(filled(colourSheet, colourEdge, 24, 36, atLeast(460, 0, form)))
	if training {
		return container.NewStack(block(shade(colourPaper)), container.NewBorder(trainingBand(t), nil, nil, nil, card))
	}
	return container.NewStack(block(shade(colourPaper)), card)
}

// Fyne returns the gate's window as Fyne knows it.
func (g *Gate) Fyne() fyne.Window { return g.win }

// Show puts the gate on the screen and, where nobody is asked, begins to open the office behind it.
func (g *Gate) Show() {
	g.win.Show()
	if g.known && !g.asks {
		g.goOn()
	}
}

// Wait returns when nothing is being opened any more: the gate may have been closed meanwhile. It returns what
// stood in the way to the last.
func (g *Gate) Wait() error {
	g.tasks.wait()
	return g.fault
}

// show lays out what there is to do.
func (g *Gate) show() {
	busy, asking := g.tasks.busy, g.known && g.asks
	says, enter := "ui.gate.opens", "ui.gate.again"
	switch {
	case asking && !busy:
		says, enter = "ui.gate.says", "ui.gate.enter"
	case g.fault != nil:
		says = "ui.gate.shut"
	}
	g.says.SetText(g.texts.text(says))
	g.enter.SetText(g.texts.text(enter))
	visible(asking && !busy, g.secret)
	visible(busy || g.known && !g.asks && g.fault == nil, g.progress)
	visible(g.fault != nil, g.wrong)
	visible(g.fault != nil, g.detail)
	visible(!busy && (asking || g.fault != nil), g.first)
	visible(!busy && !g.known && g.behind.Choose != nil, g.choose)
	visible(!busy && !g.known && g.behind.Practise != nil, g.practise)
	for range 2 { // text that wraps knows its height only once it has a width
		g.win.Content().Refresh()
	}
	switch {
	case busy:
		g.win.Canvas().Unfocus()
	case asking:
		g.win.Canvas().Focus(g.secret)
	case g.fault != nil:
		g.win.Canvas().Focus(g.enter)
	}
}

// goOn does what the first button says: it opens the office, or looks again at what was missing.
func (g *Gate) goOn() {
	switch {
	case !g.known:
		g.look()
	case !g.asks:
		g.open(nil)
	case g.secret.Text == "": // a token would count it as a try
		g.win.Canvas().Focus(g.secret)
	case g.open([]byte(g.secret.Text)):
		g.secret.SetText("")
	}
}

func (g *Gate) open(secret []byte) bool {
	return g.tasks.run(func(ctx context.Context, report devices.Report) error {
		defer clear(secret)
		return g.behind.Open(ctx, secret, report)
	}, g.opened)
}

// look reads once more what must be known, and goes on.
func (g *Gate) look() {
	var asks bool
	g.tasks.run(func(context.Context, devices.Report) (err error) {
		asks, err = g.behind.Look()
		return err
	}, func(err error) {
		g.asks, g.known = asks, err == nil
		g.refuse(err)
		if g.known && !asks {
			g.tasks.resume()
			g.open(nil)
		}
	})
}

func (g *Gate) opened(err error) {
	if g.closed {
		return
	}
	if err == nil {
		g.win.Canvas().Unfocus() // or the cursor of a field that is gone would blink on
		err = g.behind.Opened()
	}
	if err != nil {
		g.refuse(err)
	}
}

// refuse says what stands in the way; nil for nothing.
func (g *Gate) refuse(err error) {
	g.fault = err
	if err != nil {
		g.wrong.SetText(g.texts.sentence(err))
		g.detail.SetText(err.Error())
		if g.behind.Refused != nil {
			g.behind.Refused(err)
		}
	}
	g.show()
}

// turned shows whether the office is being opened.
func (g *Gate) turned(busy bool) {
	if busy {
		g.fault = nil
		g.moved(devices.Progress{Step: "work"})
		g.show()
	}
}

// moved shows which step of the opening has begun.
func (g *Gate) moved(p devices.Progress) {
	g.step.Text = g.texts.word("ui.progress", p.Step)
	g.step.Refresh()
	if p.Total > 0 {
		g.bar.SetValue(float64(p.Done) / float64(p.Total))
	}
}

// pick has a person choose another configuration file.
func (g *Gate) pick() {
	if !g.tasks.ready() {
		return
	}
	chooseFile(g.texts, g.win, "ui.gate.choose", "", []string{".toml"}, func(f fyne.URIReadCloser) {
		path := f.URI().Path()
		_ = f.Close()
		g.behind.Choose(path)
		g.tasks.resume()
		g.look()
	})
	g.tasks.settle()
}

// Close ends the program; what is being opened is stopped first.
func (g *Gate) Close() {
	g.closed = true
	g.tasks.stop()
	g.win.Close()
}
