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
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
)

// personForm holds the applicant's data as it goes onto the page; the name in Latin letters stands beside
// it with what it may be.
type personForm struct {
	texts                                       texts
	localSurname, localGiven, birth, birthplace *widget.Entry
	patronymic, number                          *widget.Entry
	sex, nationality                            *widget.Select
	names                                       *namesForm
	odd                                         *widget.Label
	oddities                                    []string
	labels                                      map[string]*canvas.Text // by field
	rows                                        *fyne.Container
	object                                      fyne.CanvasObject
	fields                                      map[string]fyne.Focusable
}

func sexes() []mrz.Sex { return []mrz.Sex{mrz.Female, mrz.Male, mrz.Unspecified} }

func newPersonForm(t texts, p station.Profile, spell func()) *personForm {
	f := &personForm{
		texts: t, labels: map[string]*canvas.Text{}, rows: container.New(layout.NewFormLayout()), odd: paragraph(""),
		fields: map[string]fyne.Focusable{},
	}
	f.names = newNamesForm(t, spell)
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
	f.localSurname.OnChanged = func(string) { f.respell() }
	f.localGiven.OnChanged = func(string) { f.respell() }
	f.birthplace.OnChanged = func(string) { f.warn() }
	f.odd.Importance = widget.WarningImportance
	f.odd.Hide()
	f.names.mark(f.labels)
	f.fields["applicant.surname"], f.fields["applicant.givenNames"] = f.names.surname, f.names.given
	f.object = pair(card(t.text("ui.person.title"), column(6, f.rows, snug(f.odd))), card(t.text("ui.names.title"), f.names.object))
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
	name := "applicant." + strings.TrimPrefix(key, "ui.person.")
	f.labels[name] = label
	f.fields[name], _ = field.(fyne.Focusable)
	f.rows.Add(leading(label))
	f.rows.Add(field)
}

func (f *personForm) content() fyne.CanvasObject { return f.object }

func (f *personForm) first() fyne.Focusable { return f.localSurname }

func (f *personForm) turned(busy bool) { f.names.turned(busy) }

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

func (f *personForm) show(d draft) {
	a := d.Applicant
	f.names.show(d.Application)
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
	f.respell()
	f.oddities = nil
	for _, o := range d.Oddities() {
		f.oddities = append(f.oddities, f.texts.word("ui.oddity", string(o)))
	}
	f.warn()
	f.mark(d.Marks)
}

// warn says below the form what is odd in it, and what cannot be printed.
func (f *personForm) warn() {
	var words []string
	if len(f.oddities) > 0 {
		words = append(words, f.texts.text("ui.oddity.title")+" "+strings.Join(f.oddities, ", "))
	}
	if _, err := station.PlaceOnPage(f.birthplace.Text); err != nil {
		words = append(words, f.texts.text("cure."+issuance.Cure(err)))
	}
	f.odd.SetText(strings.Join(words, "\n"))
	visible(len(words) > 0, f.odd)
}

// respell offers what the rules make of the names as they stand in the form.
func (f *personForm) respell() { f.names.offer(f.localSurname.Text, f.localGiven.Text) }

// fill writes the form into an application, but for the Latin name: that is chosen by a verb of its own. It
// returns station.ErrMalformed for a birth that is no date.
func (f *personForm) fill(application *station.Application) error {
	a := &application.Applicant
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
