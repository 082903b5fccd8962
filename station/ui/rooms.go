package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// room is a screen of the office that stands in the place of the case.
type room struct {
	topic   string // of its help
	object  *fyne.Container
	buttons []*widget.Button // of its verbs, at rest while one runs
	foot    *fyne.Container
	places  map[*widget.Button]fyne.CanvasObject // at the foot
}

// newRoom makes a screen with a title, and the way back at its foot beside its buttons.
func (w *Window) newRoom(topic, title string, body fyne.CanvasObject, buttons ...*widget.Button) *room {
	back := widget.NewButtonWithIcon(w.texts.text("ui.centre.back"), theme.NavigateBackIcon(), w.back)
	s := &room{topic: topic, buttons: append(buttons, back), foot: row(10), places: map[*widget.Button]fyne.CanvasObject{}}
	for _, b := range buttons {
		s.places[b] = roomy(b)
		s.foot.Add(s.places[b])
	}
	s.object = inset(12, 14, 24, 24, container.NewBorder(
		inset(0, 10, 0, 0, line(w.texts.text(title), sizeTitle, true, colourInk)),
		inset(10, 0, 0, 0, container.NewBorder(nil, nil, roomy(back), s.foot)), nil, nil, body))
	s.object.Hide()
	return s
}

// offer shows a button of the foot, or takes it away with its place.
func (s *room) offer(yes bool, b *widget.Button) {
	visible(yes, s.places[b])
	visible(yes, b)
	s.foot.Refresh()
}

// turned shows whether a verb runs.
func (s *room) turned(busy bool) { able(!busy, s.buttons...) }

// rooms are all such screens.
func (w *Window) rooms() []*room { return []*room{w.stock.room, w.technician.room} }

// screen is one of those that stand beside the board, one at a time.
type screen struct {
	object fyne.CanvasObject
	topic  string // of its help
}

// screens are all of them, in the order in which help looks which one is shown.
func (w *Window) screens() []screen {
	out := []screen{{w.enrol.object, "enrol"}, {w.review.object, "review"}, {w.page.object, "page"},
		{w.batch.object, "batch"}, {w.centre.object, "centre"}}
	for _, r := range w.rooms() {
		out = append(out, screen{r.object, r.topic})
	}
	return append(out, screen{w.casefile.object, "case"})
}

// showRoom opens such a screen, after saving what is being written.
func (w *Window) showRoom(s *room, opened func()) {
	if w.seat == nil || w.tasks.busy || w.question != nil {
		return
	}
	w.leaving(func() {
		w.fault.clear()
		w.back()
		w.open(s.object)
		opened()
	})
}
