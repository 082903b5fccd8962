package ui

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/mrz"
)

// personForm holds the applicant's data as it goes onto the page.
type personForm struct {
	texts                                                       texts
	surname, given, localSurname, localGiven, birth, birthplace *widget.Entry
	sex, nationality                                            *widget.Select
	object                                                      *fyne.Container
}

func sexes() []mrz.Sex { return []mrz.Sex{mrz.Female, mrz.Male, mrz.Unspecified} }

func newPersonForm(t texts, p station.Profile) *personForm {
	f := &personForm{texts: t, object: container.New(layout.NewFormLayout())}
	f.surname, f.given = f.entry("ui.person.surname"), f.entry("ui.person.givenNames")
	f.localSurname, f.localGiven = f.entry("ui.person.localSurname"), f.entry("ui.person.localGivenNames")
	f.birth = f.entry("ui.person.birth")
	f.birth.SetPlaceHolder(t.text("ui.person.birth.form"))
	f.birthplace = f.entry("ui.person.placeOfBirth")
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

func (f *personForm) add(key string, field fyne.CanvasObject) {
	f.object.Add(leading(line(f.texts.text(key), sizeSmall, false, colourFaint)))
	f.object.Add(field)
}

func (f *personForm) show(a station.Applicant) {
	f.surname.SetText(a.Surname)
	f.given.SetText(a.GivenNames)
	f.localSurname.SetText(a.LocalSurname)
	f.localGiven.SetText(a.LocalGivenNames)
	f.birthplace.SetText(a.PlaceOfBirth)
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

// proofs are the kinds of evidence that the form offers.
func proofs() []string {
	return []string{
		"old-passport", "birth-certificate", "internal-card", "residence-card", "interview", "voucher", "other",
	}
}

// maxPoints is the most that one item of evidence adds to one question.
const maxPoints = 3

// evidenceForm lists what the officer saw and adds to it.
type evidenceForm struct {
	texts  texts
	items  []station.Evidence
	list   *fyne.Container
	kind   *widget.Select
	more   *widget.Button
	note   *widget.Entry
	points []*widget.Select
	object *fyne.Container
}

func newEvidenceForm(t texts) *evidenceForm {
	f := &evidenceForm{texts: t, list: container.NewVBox()}
	labels := make([]string, len(proofs()))
	for i, k := range proofs() {
		labels[i] = t.word("ui.proof", k)
	}
	f.kind = widget.NewSelect(labels, nil)
	f.kind.PlaceHolder = t.text("ui.proof.choose")
	f.note = widget.NewEntry()
	f.note.SetPlaceHolder(t.text("ui.proof.note"))
	f.more = widget.NewButtonWithIcon(t.text("ui.proof.add"), theme.ContentAddIcon(), f.add)
	f.more.Disable()
	f.kind.OnChanged = func(kind string) { able(kind != "", f.more) }
	questions := container.New(layout.NewFormLayout())
	var steps []string
	for i := range maxPoints + 1 {
		steps = append(steps, strconv.Itoa(i))
	}
	for _, q := range station.Questions() {
		s := widget.NewSelect(steps, nil)
		s.SetSelected("0")
		f.points = append(f.points, s)
		questions.Add(s)
		questions.Add(leading(
			line(t.text("ui.evidence."+string(q)), sizeSmall, false, colourFaint)))
	}
	f.object = column(6, f.list, pair(f.kind, f.note), questions, f.more)
	return f
}

func (f *evidenceForm) show(items []station.Evidence) {
	f.items = slices.Clone(items)
	f.list.RemoveAll()
	for i, e := range f.items {
		remove := widget.NewButtonWithIcon("", theme.DeleteIcon(), func() { f.show(slices.Delete(f.items, i, i+1)) })
		remove.Importance = widget.LowImportance
		f.list.Add(container.NewBorder(nil, nil, nil, remove,
			leading(line(evidenceLine(f.texts, e), sizeText, false, colourInk))))
	}
	f.list.Refresh()
}

func (f *evidenceForm) add() {
	i := f.kind.SelectedIndex()
	if i < 0 {
		return
	}
	e := station.Evidence{Kind: proofs()[i], Note: f.note.Text, Scores: map[station.Question]int{}}
	for j, q := range station.Questions() {
		e.Scores[q] = max(0, f.points[j].SelectedIndex())
		f.points[j].SetSelectedIndex(0)
	}
	f.kind.ClearSelected()
	f.note.SetText("")
	f.show(append(f.items, e))
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
