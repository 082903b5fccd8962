package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// question is a small window over the screen: it is answered, or left with nothing done.
type question struct {
	answer *widget.Button
	leave  *widget.Button
	box    *widget.PopUp
}

// ask opens a question. It refuses a second one, and the half of a double click that opened it.
func (w *Window) ask(title string, body fyne.CanvasObject, yes string, answered func()) *question {
	inRun := w.tasks.busy && w.batch.object.Visible() // a booklet is decided on while the run goes on
	if w.question != nil || !w.tasks.ready() && !inRun {
		return nil
	}
	q := &question{}
	q.leave = widget.NewButton(w.texts.text("ui.leave"), w.leave)
	q.answer = widget.NewButton(yes, func() {
		if w.question != q {
			return
		}
		w.closeQuestion()
		answered()
	})
	q.answer.Importance = widget.HighImportance
	q.answer.Disable()
	q.box = widget.NewModalPopUp(inset(14, 12, 18, 18, atLeast(600, 0, column(14,
		line(title, sizeSection, true, colourInk), body,
		container.NewBorder(nil, nil, roomy(q.leave), roomy(q.answer))))), w.win.Canvas())
	w.question = q
	q.box.Show()
	for range 2 { // text that wraps knows its height only once it has a width
		q.box.Resize(q.box.MinSize())
	}
	return q
}

// leave closes the question that is open without an answer.
func (w *Window) leave() {
	if w.closeQuestion() {
		w.tasks.settle()
	}
}

func (w *Window) closeQuestion() bool {
	if w.question == nil {
		return false
	}
	w.question.box.Hide()
	w.question = nil
	return true
}

// chooseFile has a person choose a file with one of some extensions, beginning in a directory ("" for the usual one).
func chooseFile(
	t texts, win fyne.Window, title, dir string, extensions []string, chosen func(fyne.URIReadCloser),
) {
	box := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err == nil && r != nil {
			chosen(r)
		}
	}, win)
	box.SetFilter(storage.NewExtensionFileFilter(extensions))
	box.SetTitleText(t.text(title))
	box.SetConfirmText(t.text("ui.portrait.open"))
	box.SetDismissText(t.text("ui.leave"))
	if place, err := storage.ListerForURI(storage.NewFileURI(dir)); dir != "" && err == nil {
		box.SetLocation(place)
	}
	box.Resize(fyne.NewSize(900, 560))
	box.Show()
}

// reasonEntry is where a decision is explained.
func reasonEntry(t texts, placeholder string) *area { return newArea(t.text(placeholder), 3) }

// said tells whether a reason has words.
func said(s string) bool { return strings.TrimSpace(s) != "" }

// askResolve asks what became of a booklet, with the states that are offered, and why.
func (w *Window) askResolve(title string, offered []station.State, answered func(station.State, string)) {
	labels := make([]string, len(offered))
	for i, s := range offered {
		labels[i] = w.texts.text("ui.resolve." + string(s))
	}
	choice := widget.NewRadioGroup(labels, nil)
	reason := reasonEntry(w.texts, "ui.resolve.reason")
	chosen := func() (station.State, bool) {
		for i, l := range labels {
			if l == choice.Selected {
				return offered[i], true
			}
		}
		return "", false
	}
	body := column(10, choice, reason)
	if len(offered) == 1 {
		choice.SetSelected(labels[0])
	}
	q := w.ask(title, body, w.texts.text("ui.resolve.record"), func() {
		if as, ok := chosen(); ok {
			answered(as, reason.Text)
		}
	})
	if q == nil {
		return
	}
	check := func() {
		_, ok := chosen()
		able(ok && said(reason.Text), q.answer)
	}
	choice.OnChanged = func(string) { check() }
	reason.OnChanged = func(string) { check() }
}
