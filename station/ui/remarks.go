package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// remarked are the fields beside which an approver can leave a remark.
func remarked() []string {
	return []string{
		"applicant.surname", "applicant.givenNames", "applicant.localSurname", "applicant.localGivenNames",
		"applicant.birth", "applicant.placeOfBirth", "applicant.sex", "applicant.nationality", "oldPassport", "portrait",
		"evidence", "consents",
	}
}

// remarkForm collects what is wrong, each beside its field.
type remarkForm struct {
	texts  texts
	calmly func(func())
	marks  []station.Remark
	field  *widget.Select
	words  *widget.Entry
	add    *widget.Button
	list   *fyne.Container
	object fyne.CanvasObject
}

func newRemarkForm(t texts, calmly func(func())) *remarkForm {
	f := &remarkForm{texts: t, calmly: calmly, list: container.NewVBox()}
	labels := make([]string, len(remarked()))
	for i, name := range remarked() {
		labels[i] = t.field(name)
	}
	f.field = widget.NewSelect(labels, nil)
	f.field.PlaceHolder = t.text("ui.marks.field")
	f.words = widget.NewEntry()
	f.words.SetPlaceHolder(t.text("ui.marks.words"))
	f.add = widget.NewButtonWithIcon(t.text("ui.marks.add"), theme.ContentAddIcon(), f.take)
	f.add.Disable()
	check := func(string) { able(f.field.SelectedIndex() >= 0 && said(f.words.Text), f.add) }
	f.field.OnChanged, f.words.OnChanged = check, check
	f.object = column(6, f.list, pair(f.field, f.words), f.add)
	return f
}

func (f *remarkForm) take() {
	i := f.field.SelectedIndex()
	if i < 0 || !said(f.words.Text) {
		return
	}
	f.show(append(f.marks, station.Remark{Field: remarked()[i], Text: f.words.Text}))
	f.field.ClearSelected()
	f.words.SetText("")
}

func (f *remarkForm) show(marks []station.Remark) {
	f.marks = slices.Clone(marks)
	f.list.RemoveAll()
	for i, m := range f.marks {
		remove := widget.NewButtonWithIcon("", theme.DeleteIcon(), func() {
			f.calmly(func() { f.show(slices.Delete(f.marks, i, i+1)) })
		})
		remove.Importance = widget.LowImportance
		f.list.Add(container.NewBorder(nil, nil, nil, remove,
			leading(line(f.texts.field(m.Field)+": "+m.Text, sizeText, false, colourInk))))
	}
	f.list.Refresh()
}

// beside finds what an approver wrote beside a field, "" for nothing.
func beside(marks []station.Remark, field string) string {
	i := slices.IndexFunc(marks, func(m station.Remark) bool { return m.Field == field })
	if i < 0 {
		return ""
	}
	return marks[i].Text
}
