package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// history lists journal entries, newest first: when, what in plain words, who.
type history struct {
	texts   texts
	charter station.Charter
	now     func() time.Time
	entries []journal.Entry
	list    *widget.List
}

func newHistory(t texts, charter station.Charter, now func() time.Time) *history {
	h := &history{texts: t, charter: charter, now: now}
	h.list = widget.NewList(func() int { return len(h.entries) },
		func() fyne.CanvasObject { return newHistoryRow() },
		func(i widget.ListItemID, o fyne.CanvasObject) { h.fill(o.(*historyRow), h.entries[i]) })
	h.list.HideSeparators = true
	h.list.OnSelected = func(widget.ListItemID) { h.list.UnselectAll() }
	return h
}

func (h *history) show(entries []journal.Entry) {
	h.entries = entries
	h.list.ScrollToTop()
	h.list.Refresh()
}

func (h *history) fill(r *historyRow, e journal.Entry) {
	r.when.Text = h.texts.moment(e.Time, h.now().Location())
	r.what.Text = h.texts.word("ui.kind", e.Kind)
	r.subject.Text = e.Subject
	r.who.Text = pseudonym(h.charter, e.Actor, h.texts)
	r.object.Refresh()
}

// historyRow is one line of the journal.
type historyRow struct {
	widget.BaseWidget
	when, what, subject, who *canvas.Text
	object                   fyne.CanvasObject
}

func newHistoryRow() *historyRow {
	r := &historyRow{
		when: line("", sizeSmall, false, colourFaint), what: line("", sizeSmall, false, colourInk),
		subject: line("", sizeSmall, false, colourFaint), who: line("", sizeSmall, false, colourInk),
	}
	r.who.Alignment = fyne.TextAlignTrailing
	r.object = inset(1, 1, 0, 6, container.New(columns{[]float32{140, 0, 110, 90}, 10}, r.when, r.what, r.subject, r.who))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *historyRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.object) }
