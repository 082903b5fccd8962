package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// consentForm asks for a decision on each item of the profile, and says what each means.
type consentForm struct {
	items  []string
	yes    string
	groups []*widget.RadioGroup
	object fyne.CanvasObject
}

func newConsentForm(t texts, p station.Profile) *consentForm {
	f := &consentForm{items: p.Consents, yes: t.text("ui.consent.yes")}
	list := column(12, snug(paragraph(t.text("ui.consents.says"))))
	for _, item := range p.Consents {
		g := widget.NewRadioGroup([]string{f.yes, t.text("ui.consent.no")}, nil)
		g.Horizontal = true
		f.groups = append(f.groups, g)
		words := column(0, line(t.word("ui.consents", item), sizeText, true, colourInk))
		if says, ok := t.table["ui.consents."+item+".says"]; ok {
			words.Add(snug(detail(says)))
		}
		list.Add(container.NewBorder(nil, nil, nil, container.NewCenter(g), words))
	}
	f.object = card(t.text("ui.consents.title"), list)
	return f
}

func (f *consentForm) content() fyne.CanvasObject { return f.object }

// first implements enrolStep: the group of an item has no focus of its own.
func (f *consentForm) first() fyne.Focusable { return nil }

func (f *consentForm) turned(bool) {}

func (f *consentForm) show(d draft) {
	for i, item := range f.items {
		f.groups[i].SetSelected("")
		for _, c := range d.Consents {
			if c.Item == item && c.Given {
				f.groups[i].SetSelected(f.yes)
			} else if c.Item == item {
				f.groups[i].SetSelected(f.groups[i].Options[1])
			}
		}
	}
}

// fill writes the items on which the applicant has decided.
func (f *consentForm) fill(a *station.Application) error {
	a.Consents = nil
	for i, item := range f.items {
		if s := f.groups[i].Selected; s != "" {
			a.Consents = append(a.Consents, station.Consent{Item: item, Given: s == f.yes})
		}
	}
	return nil
}
