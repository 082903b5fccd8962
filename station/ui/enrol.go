package ui

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// enrolActions are what the buttons of the enrolment screen do.
type enrolActions struct {
	save, submit, back func()
	turn               func(to stepName, field string) // to a step, and to a field in it
	spell              func()
	old                oldActions
	portrait           portraitActions
	signature          signatureActions
	family             familyActions
	scanner            bool // there is one for photographs
}

// enrolStep is one step of the enrolment. It shows what the draft holds and writes what was typed into an
// application; what needs a device or a decision of the domain it leaves to a verb.
type enrolStep interface {
	content() fyne.CanvasObject
	first() fyne.Focusable // where an officer begins; nil for nowhere
	show(d draft)
	fill(a *station.Application) error
	turned(busy bool)
}

// enrol is the application while it is being written, step by step. Every step is saved, encrypted, when it
// is left, and any step may be the next one.
type enrol struct {
	texts    texts
	names    []stepName
	steps    map[stepName]enrolStep
	at       stepName
	token    station.CaseToken
	saved    station.Application  // what the form held when it was last saved
	kept     *station.Application // what was saved since while nobody typed; nil for nothing
	shown    draft
	person   *personForm
	portrait *portraitForm
	old      *oldStep
	evidence *evidenceForm
	bar      *stepBar
	remarks  *widget.Label
	pages    *fyne.Container
	title    *canvas.Text
	before   *widget.Button
	after    *widget.Button
	submit   *widget.Button
	ways     [3]fyne.CanvasObject // the last three with their room
	buttons  []*widget.Button
	object   fyne.CanvasObject
}

func newEnrol(t texts, p station.Profile, today func() station.Date, do enrolActions) *enrol {
	e := &enrol{texts: t, names: stepsOf(p), remarks: paragraph(""), pages: container.NewStack()}
	e.title = line("", sizeTitle, true, colourInk)
	e.remarks.Importance = widget.WarningImportance
	e.person = newPersonForm(t, p, do.spell)
	e.portrait = newPortraitForm(t, today, do.scanner, do.portrait)
	e.old = newOldStep(t, do.old)
	e.evidence = newEvidenceForm(t, p.Rules, do.family.calmly)
	e.steps = map[stepName]enrolStep{
		stepOld: e.old, stepPerson: e.person, stepPortrait: e.portrait,
		stepSignature: newSignatureForm(t, do.signature), stepEvidence: e.evidence,
		stepConsents: newConsentForm(t, p), stepFamily: newFamilyForm(t, p, today, do.family),
		stepSummary: newSummaryStep(t, func(field string) { do.turn(stepOfField(field), field) }),
	}
	e.bar = newStepBar(t, e.names, func(s stepName) { do.turn(s, "") })
	for _, name := range e.names {
		e.pages.Add(container.NewVScroll(inset(10, 10, 24, 24, e.steps[name].content())))
	}
	e.before = e.button("ui.enrol.before", theme.NavigateBackIcon(), func() { do.turn(e.bar.beside(e.at, -1), "") })
	e.after = e.button("ui.enrol.after", theme.NavigateNextIcon(), func() { do.turn(e.bar.beside(e.at, 1), "") })
	e.after.IconPlacement, e.after.Importance = widget.ButtonIconTrailingText, widget.HighImportance
	e.submit = e.button("ui.verb.submit", nil, do.submit)
	e.submit.Importance = widget.HighImportance
	e.ways = [3]fyne.CanvasObject{roomy(e.before), roomy(e.after), roomy(e.submit)}
	foot := container.NewBorder(nil, nil, roomy(e.button("ui.back", nil, do.back)),
		row(10, roomy(e.button("ui.enrol.save", nil, do.save)), e.ways[0], e.ways[1], e.ways[2]))
	head := inset(10, 0, 24, 24, column(8, e.title, snug(e.remarks), e.bar.object))
	e.object = container.NewBorder(head, container.NewStack(block(shade(colourPaper)), inset(8, 14, 24, 24, foot)),
		nil, nil, e.pages)
	e.at = e.names[0]
	e.object.Hide()
	return e
}

func (e *enrol) button(key string, icon fyne.Resource, do func()) *widget.Button {
	b := widget.NewButtonWithIcon(e.texts.text(key), icon, do)
	e.buttons = append(e.buttons, b)
	return b
}

// show fills every step from a draft and stays at the step that is shown.
func (e *enrol) show(token station.CaseToken, d draft) {
	e.token, e.shown = token, d
	e.title.Text = e.texts.text("ui.enrol.title", token)
	e.title.Refresh()
	said := slices.Clone(d.Remarks)
	for _, m := range d.Marks {
		said = append(said, e.texts.field(m.Field)+": "+m.Text)
	}
	e.remarks.SetText(strings.Join(said, "\n"))
	e.remarks.Hidden = len(said) == 0
	for _, name := range e.names {
		e.steps[name].show(d)
	}
	e.saved, _ = e.fill()
	e.kept = nil
	e.stand()
}

// stand shows the present step.
func (e *enrol) stand() {
	for i, name := range e.names {
		visible(name == e.at, e.pages.Objects[i])
	}
	e.bar.show(e.at, e.shown.Application, e.shown.missing)
	last := e.at == e.names[len(e.names)-1]
	visible(e.at != e.names[0], e.ways[0])
	visible(!last, e.ways[1])
	visible(last, e.ways[2])
	if e.object.Visible() {
		e.object.Refresh()
		e.object.Refresh() // text that wraps knows its height only once it has a width
	}
}

// turn shows another step and puts the keyboard at a field of it, or where the step begins.
func (e *enrol) turn(to stepName, field string) {
	if !slices.Contains(e.names, to) {
		return
	}
	e.at = to
	e.stand()
	if f, ok := e.person.fields[field]; ok && f != nil {
		focus(f)
		return
	}
	if f := e.steps[to].first(); f != nil {
		focus(f)
	}
}

// fill writes what is typed in all steps into an application: all that can be read, where something cannot.
func (e *enrol) fill() (station.Application, error) {
	var a station.Application
	var unread error
	for _, name := range e.names {
		unread = cmp.Or(unread, e.steps[name].fill(&a))
	}
	a.Applicant.Surname, a.Applicant.GivenNames = e.person.names.name().Surname, e.person.names.name().GivenNames
	return a, unread
}

// changed tells whether something was typed since the draft was read.
func (e *enrol) changed() bool {
	a, err := e.fill()
	return err != nil || !reflect.DeepEqual(a, e.saved)
}

// close takes the person's data off the screen.
func (e *enrol) close() {
	e.at = e.names[0]
	e.evidence.clear()
	e.show("", draft{})
	e.object.Hide()
}

// turned shows whether a verb runs.
func (e *enrol) turned(busy bool) {
	able(!busy, e.buttons...)
	for _, name := range e.names {
		e.steps[name].turned(busy)
	}
}
