package ui

import (
	"context"
	"encoding/hex"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// About is what the program says of itself.
type About struct {
	Version string
	Commit  string // of the sources, "" where it is not known
	Hash    []byte // SHA-256 of the program's file
	Parts   []string
}

// HelpTopics are the screens that have a help text.
func HelpTopics() []string {
	return []string{"sign-in", "case", "enrol", "review", "batch", "centre", "stock", "technician"}
}

// topic names the screen that is shown.
func (w *Window) topic() string {
	switch {
	case w.seat == nil:
		return "sign-in"
	case w.enrol.object.Visible():
		return "enrol"
	case w.review.object.Visible():
		return "review"
	case w.batch.object.Visible():
		return "batch"
	case w.centre.object.Visible():
		return "centre"
	}
	for _, s := range w.rooms() {
		if s.object.Visible() {
			return s.topic
		}
	}
	return "case"
}

// help explains the screen that is shown, and its keys.
func (w *Window) help() {
	topic := w.topic()
	w.tell(w.texts.text("help."+topic+".title"), w.texts.text("help."+topic)+"\n\n"+w.texts.text("help.keys"), nil)
}

// showGuide tells in a few steps how the office works.
func (w *Window) showGuide() {
	w.tell(w.texts.text("help.guide.title"), w.texts.text("help.guide"), func() {
		if !w.guided {
			w.guided = true
			w.remember()
		}
	})
}

// showAbout says which build runs: its version, the commit, and the hash that anybody can compare.
func (w *Window) showAbout() {
	if w.deps.About == nil {
		return
	}
	var a About
	w.tasks.beside(func(context.Context) (err error) {
		a, err = w.deps.About()
		return err
	}, func(err error) {
		if err != nil {
			w.fault.show(err)
			return
		}
		w.tell(w.texts.text("ui.about.title"), w.aboutText(a), nil)
	})
}

func (w *Window) aboutText(a About) string {
	t := w.texts
	commit := a.Commit
	if commit == "" {
		commit = t.text("ui.about.unknown")
	}
	lines := []string{
		t.text("ui.about.version", a.Version), t.text("ui.about.commit", commit),
		t.text("ui.about.hash", inEights(hex.EncodeToString(a.Hash))),
		t.text("ui.about.charter", w.deps.Desk.Charter.Version, w.deps.Desk.Charter.Station), "",
		t.text("ui.about.says"), "", t.text("ui.about.parts"),
	}
	return strings.Join(append(lines, a.Parts...), "\n")
}

// inEights writes a long number in groups of eight, to be read aloud.
func inEights(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// tell shows words over the screen until they are put away; seen, which may be nil, is called then.
func (w *Window) tell(title, words string, seen func()) {
	says := paragraph(words)
	says.Selectable = true
	scroll := container.NewVScroll(says)
	q := w.ask(title, atLeast(640, 400, scroll), w.texts.text("ui.help.seen"), func() {
		if seen != nil {
			seen()
		}
	})
	if q == nil {
		return
	}
	q.leave.Hide() // there is nothing to do or not to do
	q.answer.Enable()
	w.win.Canvas().Focus(q.answer)
}

// keys answers the keys that are no shortcuts of the menu: F1 wherever no field has the focus.
func (w *Window) keys(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyF1:
		w.help()
	case fyne.KeyEscape:
		w.leave()
	}
}
