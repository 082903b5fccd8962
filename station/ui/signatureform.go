package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// signatureActions are what the buttons of the signature's step do.
type signatureActions struct {
	scan, choose func()
	cannot       func(reason string)
}

// signatureForm takes the signature off paper, cleaned, or the reason why there is none.
type signatureForm struct {
	texts  texts
	field  *fyne.Container
	says   *widget.Label
	reason *widget.Entry
	scan   *widget.Button
	choose *widget.Button
	cannot *widget.Button
	object fyne.CanvasObject
}

// signatureSize is that of the field: 60 x 20 mm, as large as the room for it allows.
var signatureSize = fyne.NewSize(480, 160)

func newSignatureForm(t texts, do signatureActions) *signatureForm {
	f := &signatureForm{texts: t, field: container.NewStack(), says: paragraph("")}
	f.scan = widget.NewButtonWithIcon(t.text("ui.signature.scan"), theme.DocumentIcon(), do.scan)
	f.choose = widget.NewButtonWithIcon(t.text("ui.portrait.choose"), theme.FileImageIcon(), do.choose)
	f.reason = widget.NewEntry()
	f.reason.SetPlaceHolder(t.text("ui.signature.reason"))
	f.cannot = widget.NewButton(t.text("ui.signature.cannot"), func() { do.cannot(f.reason.Text) })
	f.reason.OnChanged = func(string) { f.turned(false) }
	f.reason.OnSubmitted = func(string) {
		if !f.cannot.Disabled() {
			f.cannot.OnTapped()
		}
	}
	paper := canvas.NewRectangle(color.White)
	paper.StrokeColor, paper.StrokeWidth, paper.CornerRadius = shade(colourEdge), 1, 6
	paper.SetMinSize(signatureSize)
	f.object = column(12, card(t.text("ui.signature.title"), column(10, snug(f.says),
		leading(container.NewStack(paper, container.NewPadded(f.field))),
		row(10, roomy(f.scan), roomy(f.choose)))),
		card(t.text("ui.signature.none.title"), container.NewBorder(nil, nil, nil, roomy(f.cannot), f.reason)))
	return f
}

func (f *signatureForm) content() fyne.CanvasObject { return f.object }

func (f *signatureForm) first() fyne.Focusable { return f.scan }

func (f *signatureForm) show(d draft) {
	f.field.RemoveAll()
	key := "ui.signature.says"
	switch {
	case d.signature != nil:
		key = "ui.signature.taken"
		ink := canvas.NewImageFromImage(d.signature)
		ink.FillMode = canvas.ImageFillContain
		f.field.Add(ink)
	case d.CannotSign != "":
		key = "ui.signature.excused"
	}
	f.says.SetText(f.texts.text(key))
	f.reason.SetText(d.CannotSign)
	f.field.Refresh()
	f.turned(false)
}

// fill implements enrolStep: a signature is taken by a verb of its own.
func (f *signatureForm) fill(*station.Application) error { return nil }

func (f *signatureForm) turned(busy bool) {
	able(!busy, f.scan, f.choose)
	able(!busy && said(f.reason.Text), f.cannot)
}
