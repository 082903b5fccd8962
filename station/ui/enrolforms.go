package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/mrz"
)

// personForm holds the applicant's data as it goes onto the page.
type personForm struct {
	texts                                                       texts
	surname, given, localSurname, localGiven, birth, birthplace *widget.Entry
	patronymic, number                                          *widget.Entry
	sex, nationality                                            *widget.Select
	labels                                                      map[string]*canvas.Text // by field
	object                                                      *fyne.Container
}

func sexes() []mrz.Sex { return []mrz.Sex{mrz.Female, mrz.Male, mrz.Unspecified} }

func newPersonForm(t texts, p station.Profile) *personForm {
	f := &personForm{
		texts: t, labels: map[string]*canvas.Text{}, object: container.New(layout.NewFormLayout()),
	}
	f.surname, f.given = f.entry("ui.person.surname"), f.entry("ui.person.givenNames")
	f.localSurname = f.optional(p, station.FieldLocalNames, "ui.person.localSurname")
	f.localGiven = f.optional(p, station.FieldLocalNames, "ui.person.localGivenNames")
	f.patronymic = f.optional(p, station.FieldPatronymic, "ui.person.patronymic")
	f.birth = f.entry("ui.person.birth")
	f.birth.SetPlaceHolder(t.text("ui.person.birth.form"))
	f.birthplace = f.optional(p, station.FieldPlaceOfBirth, "ui.person.placeOfBirth")
	f.number = f.optional(p, station.FieldPersonalNumber, "ui.person.personalNumber")
	labels := make([]string, len(sexes()))
	for i, s := range sexes() {
		labels[i] = t.word("ui.sex", string(s))
	}
	f.sex = widget.NewSelect(labels, nil)
	f.sex.PlaceHolder = t.text("ui.choose")
	f.nationality = widget.NewSelect(p.Nationalities, nil)
	f.nationality.PlaceHolder = t.text("ui.choose")
	f.add("ui.person.sex", f.sex)
	f.add("ui.person.nationality", f.nationality)
	return f
}

func (f *personForm) entry(key string) *widget.Entry {
	e := widget.NewEntry()
	f.add(key, e)
	return e
}

// optional is an entry that is there if the profile lets anybody fill it.
func (f *personForm) optional(p station.Profile, field station.Optional, key string) *widget.Entry {
	if !p.Lists(field) {
		return widget.NewEntry() // on no screen
	}
	return f.entry(key)
}

func (f *personForm) add(key string, field fyne.CanvasObject) {
	label := line(f.texts.text(key), sizeSmall, false, colourFaint)
	f.labels["applicant."+strings.TrimPrefix(key, "ui.person.")] = label
	f.object.Add(leading(label))
	f.object.Add(field)
}

// mark writes beside each field what an approver found wrong with it.
func (f *personForm) mark(marks []station.Remark) {
	for field, label := range f.labels {
		label.Text, label.Color = f.texts.text("ui.person."+strings.TrimPrefix(field, "applicant.")), shade(colourFaint)
		if words := beside(marks, field); words != "" {
			label.Text, label.Color = label.Text+" · "+words, shade(colourTrouble)
		}
		label.Refresh()
	}
	f.object.Refresh()
}

func (f *personForm) show(a station.Applicant) {
	f.surname.SetText(a.Surname)
	f.given.SetText(a.GivenNames)
	f.localSurname.SetText(a.LocalSurname)
	f.localGiven.SetText(a.LocalGivenNames)
	f.birthplace.SetText(a.PlaceOfBirth)
	f.patronymic.SetText(a.Patronymic)
	f.number.SetText(a.PersonalNumber)
	f.birth.SetText("")
	if !a.Birth.IsZero() {
		f.birth.SetText(a.Birth.String())
	}
	f.sex.ClearSelected()
	if i := slices.Index(sexes(), a.Sex); i >= 0 {
		f.sex.SetSelectedIndex(i)
	}
	f.nationality.ClearSelected()
	if slices.Contains(f.nationality.Options, a.Nationality) {
		f.nationality.SetSelected(a.Nationality)
	}
}

// fill writes the form into an applicant. It returns station.ErrMalformed for a birth that is no
// date.
func (f *personForm) fill(a *station.Applicant) error {
	a.Surname, a.GivenNames = f.surname.Text, f.given.Text
	a.LocalSurname, a.LocalGivenNames = f.localSurname.Text, f.localGiven.Text
	a.PlaceOfBirth, a.Nationality = f.birthplace.Text, f.nationality.Selected
	a.Patronymic, a.PersonalNumber = f.patronymic.Text, strings.ToUpper(strings.TrimSpace(f.number.Text))
	if i := f.sex.SelectedIndex(); i >= 0 {
		a.Sex = sexes()[i]
	}
	if f.birth.Text == "" {
		a.Birth = station.Date{}
		return nil
	}
	birth, err := station.ParseDate(f.birth.Text)
	a.Birth = birth
	return err
}

// consentForm asks for a decision on each item of the profile.
type consentForm struct {
	items  []string
	yes    string
	groups []*widget.RadioGroup
	object *fyne.Container
}

func newConsentForm(t texts, p station.Profile) *consentForm {
	f := &consentForm{items: p.Consents, yes: t.text("ui.consent.yes"), object: container.New(layout.NewFormLayout())}
	for _, item := range p.Consents {
		g := widget.NewRadioGroup([]string{f.yes, t.text("ui.consent.no")}, nil)
		g.Horizontal = true
		f.groups = append(f.groups, g)
		f.object.Add(leading(
			line(t.word("ui.consents", item), sizeText, false, colourInk)))
		f.object.Add(g)
	}
	return f
}

func (f *consentForm) show(consents []station.Consent) {
	for i, item := range f.items {
		f.groups[i].SetSelected("")
		for _, c := range consents {
			if c.Item == item && c.Given {
				f.groups[i].SetSelected(f.yes)
			} else if c.Item == item {
				f.groups[i].SetSelected(f.groups[i].Options[1])
			}
		}
	}
}

// decided lists the items on which the applicant has decided.
func (f *consentForm) decided() []station.Consent {
	var out []station.Consent
	for i, item := range f.items {
		if s := f.groups[i].Selected; s != "" {
			out = append(out, station.Consent{Item: item, Given: s == f.yes})
		}
	}
	return out
}
