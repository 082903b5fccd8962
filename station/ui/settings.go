package ui

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Preferences are how an office likes its window. They name nobody.
type Preferences struct {
	Language string // be, en, or another that there are texts for
	Look     Look
	Guided   bool // the first-run guide was seen
}

// askSettings has the officer choose language, size of type and contrast. Nobody needs to have signed in.
func (w *Window) askSettings() {
	t := w.texts
	languages := w.deps.languages()
	named := make([]string, len(languages))
	for i, l := range languages {
		named[i] = w.deps.languageName(l)
	}
	sizes := make([]string, len(Percents()))
	for i, p := range Percents() {
		sizes[i] = t.text("ui.settings.size." + strconv.Itoa(p))
	}
	language, size := widget.NewRadioGroup(named, nil), widget.NewRadioGroup(sizes, nil)
	language.Required, size.Required = true, true
	language.SetSelected(w.deps.languageName(t.language))
	size.SetSelected(sizes[max(0, slices.Index(Percents(), w.style.Percent))])
	contrast := widget.NewCheck(t.text("ui.settings.contrast"), nil)
	contrast.SetChecked(w.style.Contrast)
	body := column(12, pair(
		column(6, line(t.text("ui.settings.language"), sizeSmall, true, colourFaint), language),
		column(6, line(t.text("ui.settings.size"), sizeSmall, true, colourFaint), size)), contrast,
		snug(paragraph(t.text("ui.settings.says"))))
	q := w.ask(t.text("ui.settings.title"), body, t.text("ui.settings.apply"), func() {
		w.apply(languages[slices.Index(named, language.Selected)],
			Look{Percents()[slices.Index(sizes, size.Selected)], contrast.Checked})
	})
	if q != nil {
		q.topic, q.again = topicSettings, w.askSettings
		q.answer.Enable()
		w.win.Canvas().FocusNext()
	}
}

// apply makes every screen anew in a language and a look, after saving what is being written.
func (w *Window) apply(language string, look Look) {
	t, err := textsIn(w.deps.translations(), language)
	if err != nil || w.tasks.busy {
		return
	}
	w.leave()
	w.leaving(func() {
		w.texts, w.style = t, look
		fyne.CurrentApp().Settings().SetTheme(NewTheme(look))
		w.build()
		w.remember()
	})
}

// speak changes the language of every screen.
func (w *Window) speak(language string) { w.apply(language, w.style) }

// remember keeps the preferences for the next start.
func (w *Window) remember() {
	if w.deps.Remember != nil {
		w.deps.Remember(Preferences{w.texts.language, w.style, w.guided})
	}
}
