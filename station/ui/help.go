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

// Topics of the help of what is no screen beside the board.
const (
	topicSignIn   = "sign-in"
	topicStatus   = "status"
	topicSettings = "settings"
)

// HelpTopics are those of all screens: each of them has a text in every language.
func (w *Window) HelpTopics() []string {
	out := []string{topicSignIn, topicStatus, topicSettings}
	for _, s := range w.screens() {
		out = append(out, s.topic)
	}
	return out
}

// topic names the screen that is shown.
func (w *Window) topic() string {
	if w.seat == nil {
		return topicSignIn
	}
	for _, s := range w.screens() {
		if s.object.Visible() {
			return s.topic
		}
	}
	return ""
}

// help explains the screen that is shown, and its keys. A question that has a topic of its own makes room, and
// comes again afterwards.
func (w *Window) help() {
	topic, again := w.topic(), func() {}
	if q := w.question; q != nil && q.topic != "" {
		topic, again = q.topic, q.again
		w.closeQuestion()
		w.tasks.resume()
	}
	if topic == "" {
		return
	}
	w.tell(w.texts.text("help."+topic+".title"), w.texts.text("help."+topic)+"\n\n"+w.texts.text("help.keys"), func() {
		w.tasks.resume()
		again()
	})
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
	w.inform(title, atLeast(640, 400, scroll), w.texts.text("ui.help.seen"), func() {
		if seen != nil {
			seen()
		}
	})
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
