package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// familyActions are what the buttons of the family's step do.
type familyActions struct {
	child func()
	open  func(station.CaseToken)
	// calmly does what the second half of a double click must not do again.
	calmly func(func())
}

// familyForm holds a child's guardians, those who may collect the book in the holder's place, and the other
// cases of the family's session.
type familyForm struct {
	texts     texts
	profile   station.Profile
	today     func() station.Date
	do        familyActions
	guardians []*guardianRow
	proxies   []station.Proxy
	minor     *widget.Label
	asked     bool // the rules ask for guardians
	people    *fyne.Container
	more      fyne.CanvasObject // the button that adds one
	trusted   *fyne.Container
	session   *fyne.Container
	name      *widget.Entry
	document  *widget.Entry
	register  *widget.Button
	another   *widget.Button
	child     *widget.Button
	object    fyne.CanvasObject
}

func newFamilyForm(
	t texts, p station.Profile, today func() station.Date, do familyActions,
) *familyForm {
	f := &familyForm{texts: t, profile: p, today: today, do: do, minor: paragraph(""),
		people: column(8), trusted: column(4), session: column(6)}
	f.another = widget.NewButtonWithIcon(t.text("ui.guardian.add"), theme.ContentAddIcon(), func() { do.calmly(f.addGuardian) })
	f.name, f.document = widget.NewEntry(), widget.NewEntry()
	f.name.SetPlaceHolder(t.text("ui.proxy.name"))
	f.document.SetPlaceHolder(t.text("ui.proxy.document"))
	f.register = widget.NewButtonWithIcon(t.text("ui.proxy.add"), theme.ContentAddIcon(), f.addProxy)
	f.name.OnChanged, f.document.OnChanged = func(string) { f.turned(false) }, func(string) { f.turned(false) }
	f.document.OnSubmitted = func(string) { f.addProxy() }
	f.child = widget.NewButtonWithIcon(t.text("ui.family.child"), theme.ContentAddIcon(), do.child)
	left, right := column(12), column(12)
	f.more = leading(roomy(f.another))
	if p.Lists(station.FieldGuardians) {
		left.Add(card(t.text("ui.guardian.title"), column(8, snug(f.minor), f.people, f.more)))
	}
	right.Add(card(t.text("ui.family.title"), column(8, f.session, leading(roomy(f.child)))))
	if p.Lists(station.FieldProxies) {
		right.Add(card(t.text("ui.proxy.title"), column(8, snug(detail(t.text("ui.proxy.says"))), f.trusted,
			pair(f.name, f.document), leading(roomy(f.register)))))
	}
	f.object = pair(left, right)
	return f
}

func (f *familyForm) content() fyne.CanvasObject { return f.object }

func (f *familyForm) first() fyne.Focusable {
	switch {
	case f.asked && f.profile.Lists(station.FieldGuardians):
		return f.another
	case f.profile.Lists(station.FieldProxies):
		return f.name
	}
	return f.child
}

// ask says whether the rules ask for guardians, and why; the form is there where they do.
func (f *familyForm) ask(d draft) {
	under := f.profile.GuardianUnder
	f.asked = d.Minor(f.profile, f.today())
	key := "ui.guardian.none"
	switch {
	case under == 0:
		key = "ui.guardian.never"
	case f.asked:
		key = "ui.guardian.minor"
	case d.Applicant.Birth.IsZero():
		key = "ui.guardian.unknown"
	case len(d.Guardians) > 0:
		key = "ui.guardian.needless"
	}
	words := f.texts.text(key)
	if under > 0 && key != "ui.guardian.unknown" {
		words = f.texts.text(key, under)
	}
	f.minor.SetText(words)
	visible(f.asked, f.more)
}

func (f *familyForm) show(d draft) {
	f.guardians = nil
	for _, g := range d.Guardians {
		f.guardians = append(f.guardians, f.newGuardian(g))
	}
	f.ask(d)
	f.proxies = slices.Clone(d.Proxies)
	f.name.SetText("")
	f.document.SetText("")
	f.drawGuardians()
	f.drawProxies()
	f.drawSession(d)
	f.turned(false)
}

func (f *familyForm) addGuardian() {
	g := f.newGuardian(station.Guardian{})
	f.guardians = append(f.guardians, g)
	f.drawGuardians()
	focus(g.name)
}

// drawSession shows the parent's case, where this is a child's, and the children's, where it is a parent's.
func (f *familyForm) drawSession(d draft) {
	f.session.RemoveAll()
	link := func(key string, token station.CaseToken) {
		b := widget.NewButton(string(token), func() { f.do.open(token) })
		b.Alignment = widget.ButtonAlignLeading
		f.session.Add(container.New(columns{[]float32{150, 0}, 8}, line(f.texts.text(key), sizeSmall, false, colourFaint), b))
	}
	if d.kin.Parent != "" {
		link("ui.family.parent", d.kin.Parent)
		if s := d.kin.Spelling; s != nil {
			words := paragraph(f.texts.text("ui.family.spelling", s.Local, s.Own, s.Parent))
			words.Importance = widget.WarningImportance
			f.session.Add(snug(words))
		}
	}
	for _, c := range d.children {
		link("ui.family.of", c.Token)
	}
	if len(f.session.Objects) == 0 {
		f.session.Add(snug(detail(f.texts.text("ui.family.alone"))))
	}
	visible(d.kin.Parent == "", f.child)
	f.session.Refresh()
}

func (f *familyForm) drawGuardians() {
	f.people.RemoveAll()
	for i, g := range f.guardians {
		g.remove.OnTapped = func() {
			f.do.calmly(func() {
				f.guardians = slices.Delete(f.guardians, i, i+1)
				f.drawGuardians()
			})
		}
		f.people.Add(g.object)
	}
	f.people.Refresh()
	f.object.Refresh()
}

func (f *familyForm) drawProxies() {
	f.trusted.RemoveAll()
	for i, x := range f.proxies {
		remove := widget.NewButtonWithIcon("", theme.DeleteIcon(), func() {
			f.do.calmly(func() {
				f.proxies = slices.Delete(f.proxies, i, i+1)
				f.drawProxies()
			})
		})
		remove.Importance = widget.LowImportance
		f.trusted.Add(container.NewBorder(nil, nil, nil, remove,
			leading(line(x.Name+"  ·  "+x.Document, sizeText, false, colourInk))))
	}
	f.trusted.Refresh()
	f.object.Refresh()
}

func (f *familyForm) proxy() station.Proxy {
	return station.Proxy{Name: strings.TrimSpace(f.name.Text), Document: strings.TrimSpace(f.document.Text)}
}

func (f *familyForm) addProxy() {
	if f.proxy().Check() != nil {
		return
	}
	f.proxies = append(f.proxies, f.proxy())
	f.name.SetText("")
	f.document.SetText("")
	f.drawProxies()
	focus(f.name)
}

func (f *familyForm) fill(a *station.Application) error {
	a.Guardians, a.Proxies = nil, slices.Clone(f.proxies)
	for _, g := range f.guardians {
		if v := g.value(); v != (station.Guardian{}) {
			a.Guardians = append(a.Guardians, v)
		}
	}
	return nil
}

func (f *familyForm) turned(busy bool) {
	able(!busy, f.child)
	able(f.proxy().Check() == nil, f.register)
}

// guardianRow is one guardian: there and agreed, or why not and what shows it.
type guardianRow struct {
	was     station.Guardian // with the case, which nobody types
	name    *widget.Entry
	consent *widget.RadioGroup
	absent  *widget.Select
	note    *widget.Entry
	remove  *widget.Button
	object  fyne.CanvasObject
}

func (f *familyForm) newGuardian(g station.Guardian) *guardianRow {
	t := f.texts
	r := &guardianRow{was: g, name: widget.NewEntry(), note: widget.NewEntry()}
	r.name.SetPlaceHolder(t.text("ui.guardian.name"))
	r.name.SetText(g.Name)
	labels := make([]string, len(station.Absences()))
	for i, a := range station.Absences() {
		labels[i] = t.text("ui.absent." + string(a))
	}
	r.absent = widget.NewSelect(labels, nil)
	r.absent.PlaceHolder = t.text("ui.guardian.absent")
	r.note.SetPlaceHolder(t.text("ui.guardian.note"))
	r.note.SetText(g.Note)
	excuse := pair(r.absent, r.note)
	r.consent = widget.NewRadioGroup([]string{t.text("ui.guardian.agrees"), t.text("ui.guardian.unreachable")}, func(s string) {
		visible(s == r.consent.Options[1], excuse)
		f.object.Refresh()
	})
	r.consent.Horizontal = true
	r.remove = widget.NewButtonWithIcon("", theme.DeleteIcon(), nil)
	r.remove.Importance = widget.LowImportance
	excuse.Hide()
	switch i := slices.Index(station.Absences(), g.Absent); {
	case g.Consent:
		r.consent.Selected = r.consent.Options[0]
	case i >= 0:
		r.consent.Selected = r.consent.Options[1]
		r.absent.Selected = labels[i]
		excuse.Show()
	}
	head := fyne.CanvasObject(r.name)
	if g.Case != "" {
		head = container.NewBorder(nil, nil, nil, container.NewCenter(line(string(g.Case), sizeSmall, true, colourFaint)), r.name)
	}
	r.object = column(2, container.NewBorder(nil, nil, nil, r.remove, head), r.consent, excuse)
	return r
}

func (r *guardianRow) value() station.Guardian {
	g := station.Guardian{Name: strings.TrimSpace(r.name.Text), Case: r.was.Case}
	switch r.consent.Selected {
	case r.consent.Options[0]:
		g.Consent = true
	case r.consent.Options[1]:
		g.Note = r.note.Text
		if i := r.absent.SelectedIndex(); i >= 0 {
			g.Absent = station.Absences()[i]
		}
	}
	return g
}
