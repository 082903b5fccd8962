package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"padarozhnik/station"
)

// stepName names a step of the enrolment.
type stepName string

const (
	stepOld       stepName = "old"
	stepPerson    stepName = "person"
	stepPortrait  stepName = "portrait"
	stepSignature stepName = "signature"
	stepEvidence  stepName = "evidence"
	stepConsents  stepName = "consents"
	stepFamily    stepName = "family"
	stepSummary   stepName = "summary"
)

// stepsOf lists the steps under a profile: what it does not let anybody enter has none.
func stepsOf(p station.Profile) []stepName {
	return slices.DeleteFunc([]stepName{
		stepOld, stepPerson, stepPortrait, stepSignature, stepEvidence, stepConsents, stepFamily, stepSummary,
	}, func(s stepName) bool {
		switch s {
		case stepOld:
			return !p.Lists(station.FieldOldPassport)
		case stepSignature:
			return !p.Lists(station.FieldSignature)
		case stepFamily:
			return !p.Lists(station.FieldGuardians) && !p.Lists(station.FieldProxies)
		}
		return false
	})
}

// stepOfField is the step in which a field is entered.
func stepOfField(field string) stepName {
	family, _, _ := strings.Cut(field, ".")
	switch family {
	case "oldPassport":
		return stepOld
	case "portrait":
		return stepPortrait
	case "signature":
		return stepSignature
	case "evidence":
		return stepEvidence
	case "consents":
		return stepConsents
	case "guardians", "proxies":
		return stepFamily
	}
	return stepPerson
}

// stepBar shows the steps of an enrolment and leads to each: a tick where nothing is missing, a ring with
// the number of what is, a sign where an approver left a remark.
type stepBar struct {
	texts   texts
	names   []stepName
	tabs    []*press
	marks   []*fyne.Container
	titles  []*canvas.Text
	below   []*canvas.Text
	present []*canvas.Rectangle
	object  fyne.CanvasObject
}

func newStepBar(t texts, names []stepName, turn func(stepName)) *stepBar {
	b := &stepBar{texts: t, names: names}
	tabs := container.New(halves{4})
	for _, name := range names {
		mark := container.NewStack(ring())
		title := line(t.text("ui.step."+string(name)), sizeSmall, true, colourInk)
		below := line("", 12, false, colourFaint)
		bar := canvas.NewRectangle(shade(colourEdge))
		bar.SetMinSize(fyne.NewSize(0, 3))
		tab := newPress(title.Text, 5, 4, column(5,
			row(6, container.NewCenter(mark), column(0, title, below)), bar), func() { turn(name) })
		tabs.Add(tab)
		b.tabs, b.marks, b.titles = append(b.tabs, tab), append(b.marks, mark), append(b.titles, title)
		b.below, b.present = append(b.below, below), append(b.present, bar)
	}
	b.object = tabs
	return b
}

// entered tells whether anything was entered in a step that may stay empty.
func entered(a station.Application, s stepName) bool {
	switch s {
	case stepOld:
		return a.OldPassport != nil
	case stepSignature:
		return len(a.Signature) > 0 || a.CannotSign != ""
	case stepFamily:
		return len(a.Guardians)+len(a.Proxies) > 0
	}
	return true
}

// show marks the steps by what an application lacks and by what an approver found.
func (b *stepBar) show(at stepName, a station.Application, missing []station.Missing) {
	for i, name := range b.names {
		lack, marked := 0, false
		for _, m := range missing {
			if name == stepSummary || stepOfField(m.Field) == name {
				lack++
			}
		}
		for _, m := range a.Marks {
			marked = marked || stepOfField(m.Field) == name
		}
		sign, word := tick(), b.texts.text("ui.step.done")
		switch {
		case lack > 0:
			sign, word = ring(), b.texts.text("ui.step.lacks", lack)
		case !entered(a, name):
			sign, word = ring(), b.texts.text("ui.step.empty")
		}
		if marked {
			sign, word = alarm(), b.texts.text("ui.step.marked")
		}
		b.marks[i].Objects = []fyne.CanvasObject{sign}
		b.below[i].Text = word
		b.titles[i].Color, b.present[i].FillColor = shade(colourFaint), shade(colourEdge)
		if name == at {
			b.titles[i].Color, b.present[i].FillColor = shade(colourInk), shade(colourAction)
		}
	}
	b.object.Refresh()
}

// beside returns the step that stands so many places from another, within the bar.
func (b *stepBar) beside(at stepName, places int) stepName {
	i := slices.Index(b.names, at) + places
	return b.names[min(max(i, 0), len(b.names)-1)]
}
