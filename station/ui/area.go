package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// area is a field of several lines that Tab leaves, as it leaves every other: Fyne's own would keep it and write
// it into the text, and who works by the keyboard could not get out.
type area struct{ widget.Entry }

var _ fyne.Tabbable = (*area)(nil)

func newArea(placeholder string, rows int) *area {
	a := &area{}
	a.MultiLine, a.Wrapping = true, fyne.TextWrapWord
	a.SetPlaceHolder(placeholder)
	a.SetMinRowsVisible(rows)
	a.ExtendBaseWidget(a)
	return a
}

// AcceptsTab implements fyne.Tabbable.
func (a *area) AcceptsTab() bool { return false }

// Field is the entry that the area is.
func (a *area) Field() *widget.Entry { return &a.Entry }

// written is the field that has the keyboard; nil where none has.
func written(o fyne.Focusable) *widget.Entry {
	switch f := o.(type) {
	case *widget.Entry:
		return f
	case *area:
		return f.Field()
	}
	return nil
}
