package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// presence lies behind every screen and tells that the mouse moves: who reads an application for minutes is at
// work, though nothing is typed.
type presence struct {
	widget.BaseWidget
	here func()
}

var _ desktop.Hoverable = (*presence)(nil)

func newPresence(here func()) *presence {
	p := &presence{here: here}
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *presence) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// MouseIn implements desktop.Hoverable.
func (p *presence) MouseIn(*desktop.MouseEvent) { p.here() }

// MouseMoved implements desktop.Hoverable.
func (p *presence) MouseMoved(*desktop.MouseEvent) { p.here() }

// MouseOut implements desktop.Hoverable.
func (p *presence) MouseOut() { p.here() }
