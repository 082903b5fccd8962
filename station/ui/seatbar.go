package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// seatbar is the bar at the top: the program, and who sits at the desk.
type seatbar struct {
	texts  texts
	who    *canvas.Text
	roles  *canvas.Text
	leave  *widget.Button
	object fyne.CanvasObject
}

func newSeatbar(t texts, help, leave func()) *seatbar {
	s := &seatbar{texts: t}
	s.who = line("", sizeText, true, colourOnHead)
	s.roles = line("", sizeSmall, false, colourOnHead)
	s.leave = widget.NewButton(t.text("ui.seat.leave"), leave)
	name := line(t.text("ui.name"), sizeSection, true, colourOnHead)
	seat := row(12, container.NewCenter(s.roles), container.NewCenter(s.who), s.leave,
		atLeast(44, 0, widget.NewButton("?", help)))
	height := s.leave.MinSize().Height // also while the button is hidden
	s.object = container.NewStack(block(shade(colourHead)), inset(6, 6, 18, 18,
		atLeast(0, height, container.NewBorder(nil, nil,
			row(10, container.NewCenter(emblem(30)), container.NewCenter(name)), seat))))
	return s
}

// show names the officer at the desk, or hides the bar's right side.
func (s *seatbar) show(o *station.Officer) {
	s.who.Text, s.roles.Text = "", ""
	s.leave.Hidden = o == nil
	if o != nil {
		s.who.Text = o.Pseudonym
		s.roles.Text = rolesOf(s.texts, *o)
	}
	s.object.Refresh()
}

// turned shows whether a verb runs.
func (s *seatbar) turned(busy bool) { able(!busy, s.leave) }

// bandHeight is that of the training band.
const bandHeight = 30

// trainingBand says across the whole window that nothing here is real. It is striped, so that it
// differs from an ordinary bar without its colour.
func trainingBand(t texts) fyne.CanvasObject {
	words := centred(line(t.text("ui.band.training"), sizeSmall, true, colourInk))
	plate := canvas.NewRectangle(shade(colourAmber))
	stripes := canvas.NewRasterWithPixels(stripe)
	middle := container.NewHBox(layout.NewSpacer(),
		container.NewStack(plate, inset(3, 3, 22, 22, words)), layout.NewSpacer())
	return container.NewStack(stripes, atLeast(0, bandHeight, middle))
}

// stripe colours one pixel of the band: slanting bars of ink on amber.
func stripe(x, y, _, h int) color.Color {
	period := max(h, 8)
	if (x+y)%(2*period) < period/2 {
		return shade(colourInk)
	}
	return shade(colourAmber)
}
