package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// press is what is pressed by pointer, Enter or the space bar though it is more than a word: a step, a
// spelling, the status line. The one that has the focus has an edge.
type press struct {
	widget.BaseWidget
	words            string
	do               func()
	focused, hovered bool
	ground           *canvas.Rectangle
	object           fyne.CanvasObject
}

var (
	_ fyne.Focusable     = (*press)(nil)
	_ fyne.Tappable      = (*press)(nil)
	_ desktop.Hoverable  = (*press)(nil)
	_ desktop.Cursorable = (*press)(nil)
)

// newPress makes one with a content of any kind; words are what it is called.
func newPress(words string, top, side float32, content fyne.CanvasObject, do func()) *press {
	p := &press{words: words, do: do, ground: canvas.NewRectangle(color.Transparent)}
	p.ground.CornerRadius = 8
	p.object = container.NewStack(p.ground, inset(top, top, side, side, content))
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer implements fyne.Widget.
func (p *press) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.object) }

// Words says what is pressed.
func (p *press) Words() string { return p.words }

// Tapped implements fyne.Tappable.
func (p *press) Tapped(*fyne.PointEvent) { p.do() }

// TypedKey implements fyne.Focusable.
func (p *press) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.do()
	}
}

// TypedRune implements fyne.Focusable.
func (p *press) TypedRune(rune) {}

// FocusGained implements fyne.Focusable.
func (p *press) FocusGained() { p.focused = true; p.draw() }

// FocusLost implements fyne.Focusable.
func (p *press) FocusLost() { p.focused = false; p.draw() }

// MouseIn implements desktop.Hoverable.
func (p *press) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.draw() }

// MouseMoved implements desktop.Hoverable.
func (p *press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *press) MouseOut() { p.hovered = false; p.draw() }

// Cursor implements desktop.Cursorable.
func (p *press) Cursor() desktop.Cursor { return desktop.PointerCursor }

func (p *press) draw() {
	p.ground.StrokeWidth, p.ground.FillColor = 0, color.Transparent
	if p.hovered {
		p.ground.FillColor = shade(theme.ColorNameHover)
	}
	if p.focused {
		p.ground.StrokeColor, p.ground.StrokeWidth = shade(colourAction), 2
	}
	p.ground.Refresh()
}
