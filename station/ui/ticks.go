package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// ticks is a checklist that an officer works through: each item is looked at and ticked.
type ticks struct {
	items  []station.Item
	checks []*widget.Check
	object *fyne.Container
}

// newTicks makes a checklist. beside, which may be nil, gives what stands at the right of an item.
func newTicks(t texts, family string, items []station.Item, beside func(i int) fyne.CanvasObject, changed func()) *ticks {
	k := &ticks{items: items, object: column(0)}
	for i, item := range items {
		c := widget.NewCheck(t.word(family, string(item)), func(bool) { changed() })
		k.checks = append(k.checks, c)
		if beside == nil {
			k.object.Add(c)
			continue
		}
		k.object.Add(container.NewBorder(nil, nil, c, container.NewCenter(beside(i))))
	}
	return k
}

// all tells whether every item is ticked.
func (k *ticks) all() bool { return len(k.ticked()) == len(k.items) }

// ticked lists what is ticked.
func (k *ticks) ticked() []station.Item {
	var out []station.Item
	for i, c := range k.checks {
		if c.Checked {
			out = append(out, k.items[i])
		}
	}
	return out
}

// opinion is what the program thinks of an item, in words and in a colour.
func opinion(t texts, o station.Opinion) fyne.CanvasObject {
	shade := map[station.Opinion]fyne.ThemeColorName{
		station.OpinionGood: colourDone, station.OpinionDoubt: colourAction, station.OpinionBad: colourTrouble,
	}[o]
	return line(t.word("ui.opinion", string(o)), sizeSmall, true, shade)
}

// askInspect has the inspecting officer look at what no scanner sees, before page and chip are read, and says
// beforehand why the scanner may find a good page wrong.
func (w *Window) askInspect(answered func([]station.Item)) {
	items, doubt := w.deps.Desk.Charter.Profile.Visual, w.doubtOf("scanner")
	if len(items) == 0 && doubt == nil {
		answered(nil)
		return
	}
	var k *ticks
	var q *question
	k = newTicks(w.texts, "ui.visual", items, nil, func() {
		if q != nil {
			able(k.all(), q.answer)
		}
	})
	body := column(8)
	if doubt != nil {
		words := paragraph("! " + w.texts.sentence(doubt))
		words.Importance = widget.WarningImportance
		body.Add(snug(words))
	}
	if len(items) > 0 {
		body.Add(snug(paragraph(w.texts.text("ui.visual.says"))))
		body.Add(k.object)
	}
	q = w.ask(w.texts.text("ui.verb.inspect"), body, w.texts.text("ui.verb.inspect"), func() { answered(k.ticked()) })
	if q != nil {
		able(k.all(), q.answer)
	}
}

// doubtOf is why the results of a device are not to be relied upon, as it was when the devices were last asked.
func (w *Window) doubtOf(kind string) error {
	for _, h := range w.health {
		if h.Kind == kind {
			return h.Doubt
		}
	}
	return nil
}
