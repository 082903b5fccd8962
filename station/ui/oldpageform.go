package ui

import (
	"cmp"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// pageForm takes what an officer reads off the printed page of the old passport. Beside each field stands at
// once whether the zone and the chip say the same. Nothing has to be typed; what is cleared is taken back.
type pageForm struct {
	texts  texts
	rows   map[string]*pageRow
	sex    *widget.Select
	old    station.OldPassport // what it is held against
	object *fyne.Container
}

// pageRow is one field of the page.
type pageRow struct {
	entry *widget.Entry // nil for the sex
	sign  *canvas.Text
	says  *widget.Label     // what the others say, where they differ
	more  fyne.CanvasObject // says, with its room
}

// pageDays are the fields that are dates.
func pageDays() []string { return []string{station.PageBirth, station.PageIssued, station.PageExpiry} }

func newPageForm(t texts) *pageForm {
	f := &pageForm{texts: t, rows: map[string]*pageRow{}}
	labels := make([]string, len(sexes()))
	for i, s := range sexes() {
		labels[i] = t.word("ui.sex", string(s))
	}
	f.sex = widget.NewSelect(labels, func(string) { f.compare() })
	f.sex.PlaceHolder = t.text("ui.choose")
	list := column(4)
	for _, name := range station.PageFields() {
		r := &pageRow{sign: line("", sizeSmall, true, colourDone), says: detail("")}
		r.says.Importance, r.more = widget.WarningImportance, snug(r.says)
		field := fyne.CanvasObject(f.sex)
		if name != station.PageSex {
			r.entry = widget.NewEntry()
			r.entry.OnChanged = func(string) { f.compare() }
			field = r.entry
		}
		if slices.Contains(pageDays(), name) {
			r.entry.SetPlaceHolder(t.text("ui.person.birth.form"))
		}
		f.rows[name] = r
		list.Add(column(0, container.New(columns{[]float32{126, 0, 92}, 8},
			line(t.word("ui.printed", name), sizeSmall, false, colourFaint), field, r.sign), r.more))
	}
	f.object = card(t.text("ui.old.printed"), column(8, snug(detail(t.text("ui.old.printed.says"))), list))
	return f
}

// show fills the form from an old passport; without one there is no page to read.
func (f *pageForm) show(old *station.OldPassport) {
	visible(old != nil, f.object)
	f.old = station.OldPassport{}
	var p station.PrintedPage
	if old != nil {
		f.old = *old
		if old.Page != nil {
			p = *old.Page
		}
	}
	for name, text := range map[string]string{
		station.PageNumber: p.Number, station.PageSurname: p.Surname, station.PageGivenNames: p.GivenNames,
		station.PageNationality: p.Nationality, station.PageBirth: day(p.Birth), station.PageExpiry: day(p.Expiry),
		station.PagePersonalNumber: p.PersonalNumber, station.PageIssued: day(p.Issued),
		station.PagePlaceOfBirth: p.PlaceOfBirth, station.PageAuthority: p.Authority,
	} {
		f.rows[name].entry.SetText(text)
	}
	f.sex.ClearSelected()
	if i := slices.Index(sexes(), p.Sex); i >= 0 {
		f.sex.SetSelectedIndex(i)
	}
	f.compare()
}

// day writes a date as it is typed.
func day(d station.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// page is what is typed. A date that is none is left out and is station.ErrMalformed.
func (f *pageForm) page() (station.PrintedPage, error) {
	text := func(name string) string { return strings.TrimSpace(f.rows[name].entry.Text) }
	var wrong error
	date := func(name string) station.Date {
		d, err := parsedDay(text(name))
		wrong = cmp.Or(wrong, err)
		return d
	}
	p := station.PrintedPage{
		Surname: text(station.PageSurname), GivenNames: text(station.PageGivenNames),
		Number: strings.ToUpper(text(station.PageNumber)), Nationality: strings.ToUpper(text(station.PageNationality)),
		Birth: date(station.PageBirth), Issued: date(station.PageIssued), Expiry: date(station.PageExpiry),
		PersonalNumber: strings.ToUpper(text(station.PagePersonalNumber)),
		PlaceOfBirth:   text(station.PagePlaceOfBirth), Authority: text(station.PageAuthority),
	}
	if i := f.sex.SelectedIndex(); i >= 0 {
		p.Sex = sexes()[i]
	}
	return p, wrong
}

func parsedDay(s string) (station.Date, error) {
	if s == "" {
		return station.Date{}, nil
	}
	return station.ParseDate(s)
}

// compare writes beside each field how it stands to zone and chip.
func (f *pageForm) compare() {
	p, _ := f.page()
	held := f.old
	held.Page = &p
	rows := map[string]station.FieldRow{}
	for _, r := range held.FieldRows() {
		rows[r.Field] = r
	}
	for name, r := range f.rows {
		r.show(f.texts, rows[name], slices.Contains(pageDays(), name))
	}
	f.object.Refresh()
}

// show says how a field stands; nothing where it is empty.
func (r *pageRow) show(t texts, row station.FieldRow, isDay bool) {
	r.sign.Text, r.sign.Color = "", shade(colourDone)
	says := ""
	var err error
	if isDay {
		_, err = parsedDay(strings.TrimSpace(r.entry.Text))
	}
	switch {
	case err != nil:
		r.sign.Text, r.sign.Color = "! "+t.text("ui.person.birth.form"), shade(colourTrouble)
	case row.Page == "":
	case row.Agree == station.Agrees:
		r.sign.Text = "✓ " + t.text("ui.agree.agrees")
	case row.Agree == station.Differs:
		r.sign.Text, r.sign.Color = "! "+t.text("ui.agree.differs"), shade(colourTrouble)
		says = t.text("ui.old.printed.others", fieldSays(row, row.Zone), fieldSays(row, row.Chip))
	default:
		r.sign.Text, r.sign.Color = t.text("ui.agree.one-alone"), shade(colourFaint)
	}
	r.says.SetText(says)
	visible(says != "", r.more)
	r.sign.Refresh()
}

// contradictions lists the fields in which page, zone and chip of an old passport do not say the same, in words.
func contradictions(t texts, old *station.OldPassport) []fyne.CanvasObject {
	if old == nil {
		return nil
	}
	var out []fyne.CanvasObject
	for _, r := range old.FieldRows() {
		if r.Agree == station.Differs {
			words := paragraph("! " + t.text("ui.chip.differs", t.word("ui.printed", r.Field),
				fieldSays(r, r.Chip), fieldSays(r, r.Zone), fieldSays(r, r.Page)))
			words.Importance = widget.WarningImportance
			out = append(out, snug(words))
		}
	}
	return out
}

// fieldSays writes what one place of an old passport says in a field: a dash where it says nothing, and a day with
// its parts told apart. A zone has the last two digits of a year.
func fieldSays(r station.FieldRow, s string) string {
	n := len(s)
	if slices.Contains(pageDays(), r.Field) && (n == 6 || n == 8) {
		return s[:n-4] + "-" + s[n-4:n-2] + "-" + s[n-2:]
	}
	return cmp.Or(s, "—")
}

// pageOf is what was read off the old passport's page.
func pageOf(a station.Application) station.PrintedPage {
	if a.OldPassport == nil || a.OldPassport.Page == nil {
		return station.PrintedPage{}
	}
	return *a.OldPassport.Page
}
