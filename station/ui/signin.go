package ui

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"

	"padarozhnik/resources/icons"
	"padarozhnik/station"
)

// officersShown is how many officers the list shows without scrolling.
const officersShown = 6

// signin asks which officer comes to the desk. It fills the window while nobody has signed in.
type signin struct {
	texts      texts
	names      []string
	who        *widget.RadioGroup
	passphrase *widget.Entry
	enter      *widget.Button
	wrong      *widget.Label
	try        func(name, passphrase string)
	object     fyne.CanvasObject
}

func newSignin(t texts, c station.Charter, d Deps, try func(name, passphrase string)) *signin {
	s := &signin{texts: t, names: d.Officers, try: try}
	labels := make([]string, len(s.names))
	for i, name := range s.names {
		labels[i] = officerLine(t, c, name)
	}
	s.who = widget.NewRadioGroup(labels, nil)
	s.passphrase = widget.NewPasswordEntry()
	s.passphrase.SetPlaceHolder(t.text("ui.signin.passphrase"))
	s.passphrase.OnSubmitted = func(string) { s.submit() }
	s.enter = widget.NewButton(t.text("ui.signin.enter"), s.submit)
	s.enter.Importance = widget.HighImportance
	s.wrong = paragraph("")
	s.wrong.Importance = widget.DangerImportance
	s.wrong.TextStyle.Bold = true
	s.wrong.Hide()
	if len(labels) > 0 {
		s.who.SetSelected(labels[0])
	}
	who := container.NewVScroll(s.who)
	shown := float32(min(len(labels), int(officersShown/scaled(1)))) / float32(max(len(labels), 1))
	who.SetMinSize(fyne.NewSize(0, s.who.MinSize().Height*shown))
	form := column(12,
		container.NewCenter(row(16, emblem(72), container.NewCenter(column(2,
			line(t.text("ui.name"), sizeTitle, true, colourInk),
			line(t.text("ui.status.station", c.Station), sizeText, false, colourFaint))))),
		snug(paragraph(t.text("ui.signin.says"))), who, s.passphrase)
	if d.Training {
		hint := paragraph(t.text("ui.signin.training"))
		hint.SizeName = "helperText"
		form.Add(snug(hint))
	}
	form.Add(snug(s.wrong))
	form.Add(atLeast(0, 46, s.enter))
	s.object = container.NewCenter(filled(colourSheet, colourEdge, 24, 36, atLeast(420, 0, form)))
	return s
}

// emblem is the program's sign. It is decoded and made small once for each place: Fyne would do
// both at each refresh.
func emblem(side float32) fyne.CanvasObject {
	sign, err := png.Decode(bytes.NewReader(icons.Padarozhnik))
	if err != nil {
		return container.NewStack()
	}
	small := image.NewRGBA(image.Rect(0, 0, 2*int(side), 2*int(side))) // sharp on a display of double density
	draw.CatmullRom.Scale(small, small.Bounds(), sign, sign.Bounds(), draw.Src, nil)
	img := canvas.NewImageFromImage(small)
	img.FillMode = canvas.ImageFillContain
	return container.New(layout.NewGridWrapLayout(fyne.NewSquareSize(side)), img)
}

// officerLine is an officer's pseudonym and what they are entrusted with.
func officerLine(t texts, c station.Charter, name string) string {
	i := slices.IndexFunc(c.Officers, func(o station.Officer) bool { return o.Pseudonym == name })
	if i < 0 {
		return name
	}
	return name + " — " + rolesOf(t, c.Officers[i])
}

func rolesOf(t texts, o station.Officer) string {
	words := make([]string, len(o.Roles))
	for i, r := range o.Roles {
		words[i] = t.word("ui.role", string(r))
	}
	return strings.Join(words, ", ")
}

// show says what was wrong with the last try, or nothing for "".
func (s *signin) show(wrong string) {
	s.wrong.SetText(wrong)
	s.wrong.Hidden = wrong == ""
	s.object.Refresh()
}

func (s *signin) submit() {
	i := slices.Index(s.who.Options, s.who.Selected)
	if i < 0 {
		s.show(s.texts.text("ui.signin.choose"))
		return
	}
	secret := s.passphrase.Text
	s.try(s.names[i], secret)
}

// clear forgets what was typed.
func (s *signin) clear() { s.passphrase.SetText("") }

// turned shows whether the token is being opened.
func (s *signin) turned(busy bool) {
	able(!busy, s.enter)
	key := "ui.signin.enter"
	if busy {
		key = "ui.signin.opening"
	}
	s.enter.SetText(s.texts.text(key))
}
