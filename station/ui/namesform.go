package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// namesForm is the name in Latin letters: what it is, what the zone makes of it, and what it could be, each
// spelling with the papers and rules that give it.
type namesForm struct {
	texts                  texts
	labels                 [2]*canvas.Text
	surname, given         *widget.Entry
	cardSurname, cardGiven *widget.Entry
	reason                 *widget.Entry
	zone                   *canvas.Text
	cut                    *widget.Label
	list                   *fyne.Container
	take                   *widget.Button
	read                   station.Application // without the names that are being typed
	object                 fyne.CanvasObject
}

func newNamesForm(t texts, spell func()) *namesForm {
	f := &namesForm{texts: t, list: column(0), cut: detail("")}
	entry := func(placeholder string) *widget.Entry {
		e := widget.NewEntry()
		if placeholder != "" {
			e.SetPlaceHolder(t.text(placeholder))
		}
		e.OnChanged = func(string) { f.changed() }
		e.OnSubmitted = func(string) { f.take.OnTapped() }
		return e
	}
	f.surname, f.given = entry(""), entry("")
	f.cardSurname, f.cardGiven = entry("ui.names.card.surname"), entry("ui.names.card.given")
	f.reason = entry("ui.names.reason")
	f.zone = line("", sizeSmall, false, colourInk)
	f.zone.TextStyle.Monospace = true
	f.take = widget.NewButton(t.text("ui.names.take"), spell)
	f.labels[0] = line(t.text("ui.person.surname"), sizeSmall, false, colourFaint)
	f.labels[1] = line(t.text("ui.person.givenNames"), sizeSmall, false, colourFaint)
	choices := container.NewVScroll(inset(0, 0, 0, 10, f.list))
	choices.SetMinSize(fyne.NewSize(0, 110))
	f.object = container.NewBorder(column(6,
		pair(column(2, f.labels[0], f.surname), column(2, f.labels[1], f.given)), f.zone, snug(f.cut)),
		column(4, line(t.text("ui.source.residence-card"), 12, false, colourFaint), pair(f.cardSurname, f.cardGiven), f.reason,
			f.take), nil, nil, inset(4, 8, 0, 0, choices))
	return f
}

// mark lets a form write beside the two fields what an approver found wrong with them.
func (f *namesForm) mark(labels map[string]*canvas.Text) {
	labels["applicant.surname"], labels["applicant.givenNames"] = f.labels[0], f.labels[1]
}

func (f *namesForm) show(a station.Application) {
	f.read = a
	var was station.SpellingChoice
	if a.Spelling != nil {
		was = *a.Spelling
	}
	f.cardSurname.SetText(was.Card.Surname)
	f.cardGiven.SetText(was.Card.GivenNames)
	f.reason.SetText(was.Reason)
	f.surname.SetText(a.Applicant.Surname)
	f.given.SetText(a.Applicant.GivenNames)
}

// retype puts back what was typed and could not be taken.
func (f *namesForm) retype(n, card station.LatinName, reason string) {
	f.surname.SetText(n.Surname)
	f.given.SetText(n.GivenNames)
	f.cardSurname.SetText(card.Surname)
	f.cardGiven.SetText(card.GivenNames)
	f.reason.SetText(reason)
}

// name is what is typed.
func (f *namesForm) name() station.LatinName {
	return station.LatinName{Surname: strings.TrimSpace(f.surname.Text), GivenNames: strings.TrimSpace(f.given.Text)}
}

// onCard is how the host country's residence card has it.
func (f *namesForm) onCard() station.LatinName {
	return station.LatinName{
		Surname: strings.TrimSpace(f.cardSurname.Text), GivenNames: strings.TrimSpace(f.cardGiven.Text),
	}
}

// offer lists the spellings of a name as it is written at home.
func (f *namesForm) offer(surname, given string) {
	f.read.Applicant.LocalSurname, f.read.Applicant.LocalGivenNames = surname, given
	f.changed()
}

// changed previews the zone of what is typed, and lists what it could be.
func (f *namesForm) changed() {
	p, err := f.read.PreviewName(f.name(), f.onCard())
	f.zone.Text, f.zone.Color = p.Zone, shade(colourInk)
	f.cut.SetText("")
	switch {
	case f.surname.Text == "":
		f.zone.Text = ""
	case err != nil:
		f.zone.Text, f.zone.Color = "!", shade(colourTrouble)
		f.cut.SetText(f.texts.sentence(err))
	case p.NeedReason && !said(f.reason.Text):
		f.cut.SetText("! " + f.texts.text("ui.names.unexplained"))
	case p.Truncated:
		f.cut.SetText(f.texts.text("ui.names.cut"))
	}
	visible(f.cut.Text != "", f.cut)
	f.zone.Refresh()
	f.list.RemoveAll()
	for _, c := range together(f.read.NameCandidates(f.onCard())) {
		f.list.Add(f.choice(c))
	}
	if len(f.list.Objects) == 0 {
		f.list.Add(snug(detail(f.texts.text("ui.names.none"))))
	}
	f.list.Refresh()
}

// spelling is a candidate with everything that gives it.
type spelling struct {
	station.NameCandidate
	by []station.NameCandidate
}

// together joins candidates that are spelled alike, in the order of the first of each.
func together(list []station.NameCandidate) []spelling {
	var out []spelling
	at := map[station.LatinName]int{}
	for _, c := range list {
		key := station.LatinName{Surname: strings.ToUpper(c.Surname), GivenNames: strings.ToUpper(c.GivenNames)}
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, spelling{NameCandidate: c})
		}
		out[i].by = append(out[i].by, c)
		out[i].Printable = out[i].Printable || c.Printable
	}
	return out
}

// choice is one spelling: the name, what gives it, and what the zone makes of it where that is not plain.
func (f *namesForm) choice(s spelling) fyne.CanvasObject {
	now := f.name()
	chosen := strings.EqualFold(s.Surname, now.Surname) && strings.EqualFold(s.GivenNames, now.GivenNames)
	mark := line("", sizeText, true, colourDone)
	if chosen {
		mark.Text = "✓"
	}
	words := strings.TrimSpace(s.Surname + " " + s.GivenNames)
	name := ellipsis(words)
	name.SizeName, name.TextStyle.Bold = theme.SizeNameText, true
	says := column(0, snug(name), snug(ellipsis(f.origin(s))))
	switch {
	case !s.Printable:
		says.Add(snug(ellipsis("! " + f.texts.text("ui.names.unprintable"))))
	case s.Truncated:
		says.Add(snug(ellipsis(f.texts.text("ui.names.zone", s.Zone))))
	}
	return newPress(words, 2, 4, container.NewBorder(nil, nil, container.NewVBox(atLeast(18, 0, mark)), nil, says), func() {
		if s.Printable {
			f.surname.SetText(s.Surname)
			f.given.SetText(s.GivenNames)
			focus(f.take)
		}
	})
}

// origin names the papers and rules that give a spelling.
func (f *namesForm) origin(s spelling) string {
	var parts []string
	for _, c := range s.by {
		word := f.texts.word("ui.source", c.Source)
		if c.Language != "" {
			word += " (" + f.texts.word("ui.tongue", string(c.Language)) + ")"
		}
		parts = append(parts, word)
	}
	return strings.Join(parts, " · ")
}

func (f *namesForm) turned(busy bool) { able(!busy, f.take) }
