package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// summaryStep is the end of an enrolment: what is missing, each as a link to its field, beside what the
// passport will say.
type summaryStep struct {
	texts   texts
	turn    func(field string)
	says    *widget.Label
	links   *fyne.Container
	differ  *fyne.Container // what the old passport does not say alike
	person  *fyne.Container
	buttons []*widget.Button
	object  fyne.CanvasObject
}

func newSummaryStep(t texts, turn func(field string)) *summaryStep {
	s := &summaryStep{texts: t, turn: turn, says: paragraph(""), links: column(4), differ: column(6), person: container.NewStack()}
	s.says.TextStyle.Bold = true
	s.object = pair(card(t.text("ui.summary.missing"), column(8, snug(s.says), s.links, s.differ)),
		card(t.text("ui.summary.person"), s.person))
	return s
}

func (s *summaryStep) content() fyne.CanvasObject { return s.object }

func (s *summaryStep) first() fyne.Focusable {
	if len(s.buttons) > 0 {
		return s.buttons[0]
	}
	return nil
}

// show fills the step from an application and what it lacks.
func (s *summaryStep) show(d draft) {
	s.links.RemoveAll()
	s.buttons = nil
	key := "ui.summary.complete"
	if len(d.missing) > 0 {
		key = "ui.summary.lacks"
	}
	s.says.SetText(s.texts.text(key))
	for _, m := range d.missing {
		s.links.Add(s.link(s.texts.field(m.Field), m.Field))
	}
	s.differ.RemoveAll()
	if against := contradictions(s.texts, d.OldPassport); len(against) > 0 {
		s.differ.Add(snug(paragraph(s.texts.text("ui.summary.differs"))))
		s.differ.Objects = append(s.differ.Objects, against...)
		s.differ.Add(s.link(s.texts.text("ui.old.title"), "oldPassport"))
	}
	s.person.Objects = []fyne.CanvasObject{s.overview(d)}
	s.object.Refresh()
}

// link leads to a field.
func (s *summaryStep) link(words, field string) *widget.Button {
	b := widget.NewButton(words, func() { s.turn(field) })
	b.Alignment = widget.ButtonAlignLeading
	s.buttons = append(s.buttons, b)
	return b
}

// overview is what the passport will say, to be read aloud to the applicant.
func (s *summaryStep) overview(d draft) fyne.CanvasObject {
	who, t := d.Applicant, s.texts
	facts := column(4)
	add := func(key, value string) {
		if value != "" {
			facts.Add(container.New(columns{[]float32{150, 0}, 8}, line(t.text(key), 12, false, colourFaint),
				snug(paragraph(value))))
		}
	}
	add("ui.person.surname", who.Surname)
	add("ui.person.givenNames", who.GivenNames)
	add("ui.person.localSurname", who.LocalSurname)
	add("ui.person.localGivenNames", who.LocalGivenNames)
	if !who.Birth.IsZero() {
		add("ui.person.birth", who.Birth.String())
	}
	place, err := station.PlaceOnPage(who.PlaceOfBirth)
	if err != nil {
		place = who.PlaceOfBirth // it stands among what is missing
	}
	add("ui.person.placeOfBirth", place)
	add("ui.person.sex", t.word("ui.sex", string(who.Sex)))
	var consents []string
	for _, c := range d.Consents {
		answer := "ui.consent.no"
		if c.Given {
			answer = "ui.consent.yes"
		}
		consents = append(consents, t.word("ui.consents", c.Item)+": "+strings.ToLower(t.text(answer)))
	}
	facts.Add(snug(detail(strings.Join(consents, " · "))))
	top := container.NewBorder(nil, nil, picture(d.picture, 112, 144), nil, inset(0, 0, 12, 0, facts))
	return column(8, top)
}

// fill implements enrolStep: nothing is typed here.
func (s *summaryStep) fill(*station.Application) error { return nil }

func (s *summaryStep) turned(busy bool) { able(!busy, s.buttons...) }
