package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
)

// Gate stands before the window of an office: it asks for the passphrase or PIN of the station's own token,
// without which there is neither store nor headquarters.
type Gate struct {
	texts  texts
	tasks  *tasks
	win    fyne.Window
	secret *widget.Entry
	enter  *widget.Button
	says   *widget.Label
	detail *widget.Label
	try    func(ctx context.Context, secret []byte) error
	opened func() error
}

// NewGate makes the gate, in the language and look of d. try opens the office with what was typed, in a worker, and
// returns what stands in the way; where nothing does, opened is called on Fyne's goroutine, and the gate closes
// behind it.
func NewGate(
	app fyne.App, d Deps, try func(ctx context.Context, secret []byte) error, opened func() error,
) (*Gate, error) {
	t, err := newTexts(d.Language)
	if err != nil {
		return nil, err
	}
	app.Settings().SetTheme(NewTheme(d.Look))
	g := &Gate{texts: t, tasks: newTasks(d), try: try, opened: opened}
	g.tasks.moved, g.tasks.turned = func(devices.Progress) {}, g.turned
	g.secret = widget.NewPasswordEntry()
	g.secret.SetPlaceHolder(t.text("ui.gate.secret"))
	g.secret.OnSubmitted = func(string) { g.submit() }
	g.enter = widget.NewButton(t.text("ui.gate.enter"), g.submit)
	g.enter.Importance = widget.HighImportance
	g.says, g.detail = paragraph(""), paragraph("")
	g.says.Importance = widget.DangerImportance
	g.says.TextStyle.Bold = true
	g.detail.SizeName = "helperText"
	g.tell("", "")
	form := column(12,
		container.NewCenter(row(16, emblem(72), container.NewCenter(line(t.text("ui.name"), sizeTitle, true, colourInk)))),
		snug(paragraph(t.text("ui.gate.says"))), g.secret, snug(g.says), snug(g.detail), atLeast(0, 46, g.enter))
	g.win = app.NewWindow(t.text("ui.name"))
	g.win.SetContent(container.NewCenter(filled(colourSheet, colourEdge, 24, 36, atLeast(420, 0, form))))
	g.win.Resize(fyne.NewSize(640, 480))
	g.win.Canvas().Focus(g.secret)
	return g, nil
}

// Fyne returns the gate's window as Fyne knows it.
func (g *Gate) Fyne() fyne.Window { return g.win }

// Wait returns when nothing is being opened any more: the gate may have been closed meanwhile.
func (g *Gate) Wait() { g.tasks.wait() }

func (g *Gate) submit() {
	secret := []byte(g.secret.Text)
	begun := g.tasks.run(func(ctx context.Context, _ devices.Report) error {
		defer clear(secret)
		return g.try(ctx, secret)
	}, g.answered)
	if begun {
		g.secret.SetText("")
	}
}

// turned shows whether the office is being opened.
func (g *Gate) turned(busy bool) {
	able(!busy, g.enter)
	key := "ui.gate.enter"
	if busy {
		key = "ui.signin.opening"
		g.tell("", "")
	}
	g.enter.SetText(g.texts.text(key))
}

func (g *Gate) answered(err error) {
	if err == nil {
		err = g.opened()
	}
	if err == nil {
		g.win.Close()
		return
	}
	g.tell(g.texts.sentence(err), err.Error())
	g.win.Canvas().Focus(g.secret)
}

func (g *Gate) tell(says, detail string) {
	g.says.SetText(says)
	g.detail.SetText(detail)
	visible(says != "", g.says)
	visible(says != "", g.detail)
}
