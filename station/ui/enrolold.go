package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// oldActions are what the buttons of the old passport's step do.
type oldActions struct {
	scan, useZone, readChip func()
	decide                  func() // on the doubtful characters
	waive                   func(reason string)
}

// oldStep takes the old passport: its zone, read or typed, and what its chip proves.
type oldStep struct {
	texts  texts
	says   *widget.Label
	zone   *area
	chip   *fyne.Container
	waive  *widget.Entry
	why    *widget.Button
	push   []*widget.Button
	has    bool // a zone was taken
	page   *pageForm
	differ *fyne.Container // what page, zone and chip do not say alike
	doubts *doubts
	object fyne.CanvasObject
}

func newOldStep(t texts, do oldActions) *oldStep {
	s := &oldStep{texts: t, says: paragraph(""), chip: container.NewStack()}
	s.zone = newArea(t.text("ui.old.zone"), 2)
	s.zone.Wrapping, s.zone.TextStyle.Monospace = fyne.TextWrapOff, true
	s.page, s.differ = newPageForm(t), column(2)
	s.waive = widget.NewEntry()
	s.waive.SetPlaceHolder(t.text("ui.old.waive.reason"))
	button := func(key string, icon fyne.Resource, do func()) *widget.Button {
		b := widget.NewButtonWithIcon(t.text(key), icon, do)
		s.push = append(s.push, b)
		return b
	}
	page := column(10, snug(s.says), roomy(button("ui.old.scan", theme.DocumentIcon(), do.scan)), s.zone,
		roomy(button("ui.old.use", nil, do.useZone)))
	read := button("ui.old.chip", nil, do.readChip)
	s.why = widget.NewButton(t.text("ui.old.waive"), func() { do.waive(s.waive.Text) })
	s.waive.OnChanged = func(string) { s.turned(false) }
	s.waive.OnSubmitted = func(string) { s.why.OnTapped() }
	chip := column(10, roomy(read), s.chip,
		container.NewBorder(nil, nil, nil, roomy(s.why), s.waive))
	s.doubts = newDoubts(t, do.decide, do.scan)
	s.object = column(12, s.doubts.object, pair(
		column(12, card(t.text("ui.old.page"), page), s.page.object),
		column(12, card(t.text("ui.old.chip.title"), column(10, chip, s.differ)))))
	return s
}

func (s *oldStep) content() fyne.CanvasObject { return s.object }

func (s *oldStep) first() fyne.Focusable { return s.push[0] }

func (s *oldStep) show(d draft) {
	key := "ui.old.none"
	s.zone.SetText("")
	if s.has = d.OldPassport != nil; s.has {
		key = oldWord(d.OldPassport)
		s.zone.SetText(strings.Join(d.OldPassport.MRZ[:], "\n"))
	}
	s.doubts.show(issuance.PageReading{})
	s.says.SetText(s.texts.text(key))
	s.chip.Objects = []fyne.CanvasObject{chipTree(s.texts, d.OldPassport)}
	s.differ.Objects = contradictions(s.texts, d.OldPassport)
	s.page.show(d.OldPassport)
	s.waive.SetText("")
	s.turned(false)
}

// ask shows what was read with doubts, for the officer to decide on or to correct.
func (s *oldStep) ask(read issuance.PageReading) {
	s.zone.SetText(strings.Join(read.Lines, "\n"))
	s.doubts.show(read)
	if len(read.Doubts) > 0 {
		s.says.SetText(s.texts.text("ui.old.doubtful"))
	}
}

// fill writes what was read off the printed page; the zone is taken by a verb of its own.
func (s *oldStep) fill(a *station.Application) error {
	if !s.has {
		return nil
	}
	p, err := s.page.page()
	if p != (station.PrintedPage{}) {
		a.OldPassport = &station.OldPassport{Page: &p}
	}
	return err
}

func (s *oldStep) turned(busy bool) {
	able(!busy, s.push...)
	able(!busy && s.has, s.push[2])
	s.doubts.turned(busy)
	able(!busy && s.has && said(s.waive.Text), s.why)
}

// oldWord is how the zone of an old passport came into the application.
func oldWord(o *station.OldPassport) string {
	switch {
	case o == nil:
		return "ui.old.none"
	case o.Typed:
		return "ui.old.typed"
	case len(o.Decided) > 0:
		return "ui.old.decided"
	}
	return "ui.old.read"
}
