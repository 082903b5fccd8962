package ui

import (
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station/issuance"
)

// showSafe writes what lies in the safe and since when, which two had it open last, how the last count came out, and
// when the next one is due.
func (s *stock) showSafe(safe issuance.SafeState) {
	t := s.texts
	s.safe.RemoveAll()
	if len(safe.Inside) == 0 {
		s.safe.Add(line(t.text("ui.safe.empty"), sizeText, false, colourFaint))
	}
	for _, k := range safe.Inside {
		more := rangesOf(k.Blanks)
		if k.Since > 0 {
			more += " · " + t.text("ui.safe.since", t.moment(k.Since, s.now().Location()))
		}
		s.safe.Add(s.kind(k.State, k.Count, more))
	}
	s.safe.Add(snug(detail(t.text("ui.safe.opened", s.act(safe.Opened)))))
	if safe.Counted != safe.Opened {
		s.safe.Add(snug(detail(t.text("ui.safe.counted", s.act(safe.Counted)))))
	}
	due := paragraph(t.text("ui.safe.due.open"))
	switch {
	case safe.Differs:
		due.SetText("! " + t.text("ui.safe.differs"))
		due.Importance = widget.DangerImportance
	case safe.DayOpen:
		due.SetText(t.text("ui.safe.due.close"))
	}
	due.TextStyle.Bold = true
	s.safe.Add(snug(due))
}

// act says when two officers did something with the safe, what, and who.
func (s *stock) act(a issuance.SafeAct) string {
	t := s.texts
	if a.Kind == "" {
		return t.text("ui.safe.never")
	}
	return t.text("ui.safe.act", t.moment(a.Time, s.now().Location()), a.First, a.Second, t.text("ui.safe.kind."+a.Kind))
}

// cover hides what the record says while somebody counts: a count is blind.
func (s *stock) cover(hidden bool) {
	if s.body.Hidden != hidden {
		s.body.Hidden = hidden
		s.object.Refresh()
	}
}

// coverStock hides the stock until the question that asks for a count is gone.
func (w *Window) coverStock() { w.stock.cover(w.question != nil) }
