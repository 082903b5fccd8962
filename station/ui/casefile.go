package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// casefile is the chosen case: how far it is, what comes next and who may do it, the booklet, who
// acted, and the journal's lines about both.
type casefile struct {
	texts    texts
	charter  station.Charter
	now      func() time.Time
	do       func(verb)
	token    *canvas.Text
	opened   *canvas.Text
	stepper  *stepper
	next     *nextCard
	findings *fyne.Container
	booklet  *fyne.Container
	people   *fyne.Container
	history  *history
	whole    fyne.CanvasObject
	empty    fyne.CanvasObject
	object   fyne.CanvasObject
	compare  func() // shows the page of the last examination beside its order
}

func newCasefile(
	t texts, charter station.Charter, now func() time.Time, do func(verb), compare func(),
) *casefile {
	c := &casefile{texts: t, charter: charter, now: now, do: do, compare: compare}
	c.token = line("", sizeTitle, true, colourInk)
	c.opened = line("", sizeSmall, false, colourFaint)
	c.stepper = newStepper(t)
	c.next = newNextCard(t, do)
	c.findings = container.NewVBox()
	c.booklet, c.people = container.NewVBox(), container.NewVBox()
	c.history = newHistory(t, charter, now)
	head := container.NewBorder(nil, nil, c.token, container.NewCenter(c.opened))
	facts := pair(card(t.text("ui.case.booklet"), c.booklet), card(t.text("ui.case.people"), c.people))
	c.whole = container.NewVScroll(inset(12, 14, 24, 24, container.NewBorder(
		inset(0, 12, 0, 0, column(12, head, c.stepper, c.next.object, c.findings, facts)),
		nil, nil, nil, card(t.text("ui.case.journal"), atLeast(0, 96, c.history.list)))))
	c.empty = container.NewCenter(atLeast(420, 0, column(8,
		centred(line(t.text("ui.case.none.title"), sizeSection, true, colourInk)), quiet(t.text("ui.case.none")))))
	c.object = container.NewStack(c.whole, c.empty)
	c.whole.Hide()
	return c
}

func centred(t *canvas.Text) *canvas.Text {
	t.Alignment = fyne.TextAlignCenter
	return t
}

func quiet(s string) *widget.Label {
	l := paragraph(s)
	l.Alignment = fyne.TextAlignCenter
	return l
}

// show fills the screen; f is nil where no case is chosen.
func (c *casefile) show(f *file, o *station.Officer, found *issuance.Examination, looked comparison) {
	visible(f != nil, c.whole)
	visible(f == nil, c.empty)
	if f == nil {
		c.object.Refresh()
		return
	}
	c.token.Text = string(f.Token)
	c.opened.Text = c.texts.text("ui.case.opened", c.texts.moment(f.Opened, c.now().Location()))
	c.stepper.show(f.Stage)
	c.next.show(f, c.charter, o, c.now())
	c.showFindings(found, looked)
	c.showBooklet(f)
	c.showPeople(f)
	c.history.show(f.entries)
	c.object.Refresh()
}

func (c *casefile) showFindings(found *issuance.Examination, looked comparison) {
	c.findings.RemoveAll()
	c.findings.Hidden = found == nil
	if found == nil {
		return
	}
	lines := container.New(layout.NewGridLayout(3))
	for _, f := range found.Findings {
		mark, shade := c.texts.text("ui.finding.ok"), colourDone
		if !f.OK {
			mark, shade = c.texts.text("ui.finding.not"), colourTrouble
		}
		what := c.texts.word("ui.finding", strings.ReplaceAll(strings.ToLower(f.What), " ", "-"))
		lines.Add(row(8, atLeast(34, 0, line(mark, sizeSmall, true, shade)), line(what, sizeSmall, false, colourInk)))
	}
	c.findings.Add(card(c.texts.text("ui.case.findings"), lines))
	if looked.want != nil {
		see := widget.NewButtonWithIcon(c.texts.text("ui.page.compare"), theme.SearchIcon(), c.compare)
		c.findings.Add(inset(6, 0, 0, 0, leading(roomy(see))))
	}
	if found.Doubt != nil && !found.OK() {
		c.findings.Add(card(c.texts.text("ui.case.doubt"), paragraph(c.texts.text("cure."+issuance.Cure(found.Doubt)))))
	}
}

// fact is one line of a card: what, and its value.
func fact(name, value string) fyne.CanvasObject {
	return container.New(columns{[]float32{150, 0}, 8},
		line(name, sizeSmall, false, colourFaint), line(value, sizeText, false, colourInk))
}

func (c *casefile) showBooklet(f *file) {
	c.booklet.RemoveAll()
	if f.Serial == "" {
		c.booklet.Add(line(c.texts.text("ui.booklet.none"), sizeText, false, colourFaint))
	} else {
		c.booklet.Add(fact(c.texts.text("ui.booklet.serial"), string(f.Serial)))
		c.booklet.Add(fact(c.texts.text("ui.booklet.state"), c.texts.word("ui.state", string(f.book.State))))
	}
	if f.book.Tries > 0 {
		c.booklet.Add(fact(c.texts.text("ui.booklet.tries"),
			c.texts.text("ui.booklet.tries.of", f.book.Tries, c.charter.Profile.ChipTries)))
	}
	if len(f.Spoiled) > 0 {
		spoiled := make([]string, len(f.Spoiled))
		for i, s := range f.Spoiled {
			spoiled[i] = string(s)
		}
		c.booklet.Add(fact(c.texts.text("ui.booklet.spoiled"), strings.Join(spoiled, ", ")))
	}
}

func (c *casefile) showPeople(f *file) {
	c.people.RemoveAll()
	for _, p := range []struct{ key, id string }{
		{"ui.acted.enrolled", f.Enrolled}, {"ui.acted.approved", f.Approved}, {"ui.acted.operated", f.Operated},
		{"ui.acted.inspected", f.Passed}, {"ui.acted.handed", f.Handed},
	} {
		if p.id != "" {
			c.people.Add(fact(c.texts.text(p.key), pseudonym(c.charter, p.id, c.texts)))
		}
	}
}

// pseudonym says how records call the holder of a key.
func pseudonym(c station.Charter, keyID string, t texts) string {
	if o, ok := c.Officer(keyID); ok {
		return o.Pseudonym
	}
	if keyID == c.StationID {
		return t.text("ui.acted.station")
	}
	return keyID[:min(8, len(keyID))]
}

// turned shows whether a verb runs.
func (c *casefile) turned(busy bool) { able(!busy, c.next.buttons...) }
