package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// line is one line of text in a colour of the palette.
func line(s string, size float32, bold bool, c fyne.ThemeColorName) *canvas.Text {
	t := canvas.NewText(s, shade(c))
	t.TextSize = scaled(size)
	t.TextStyle.Bold = bold
	return t
}

// paragraph is text that wraps, without the space that a label keeps around itself.
func paragraph(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// detail is text that wraps, smaller: what explains, or what an engineer wants to know.
func detail(s string) *widget.Label {
	l := paragraph(s)
	l.SizeName = theme.SizeNameCaptionText
	return l
}

// ellipsis is one line of small text that is cut where there is no more room.
func ellipsis(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.SizeName = theme.SizeNameCaptionText
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// snug takes away the inner space of a label, so that it lines up with lines of text.
func snug(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(-6, -6, -8, -8), o)
}

// filled is a rounded ground with space around its content.
func filled(ground, edge fyne.ThemeColorName, top, side float32, content fyne.CanvasObject) *fyne.Container {
	back := canvas.NewRectangle(shade(ground))
	back.CornerRadius = 10
	back.StrokeColor, back.StrokeWidth = shade(edge), 1
	return container.NewStack(back, container.New(layout.NewCustomPaddedLayout(top, top, side, side), content))
}

// card is a sheet on the paper with a title.
func card(title string, content fyne.CanvasObject) *fyne.Container {
	head := line(title, sizeSmall, true, colourFaint)
	return filled(colourSheet, colourEdge, 12, 18, container.NewBorder(head, nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(8, 0, 0, 0), content)))
}

// column stacks objects with a gap.
func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// row sets objects side by side with a gap.
func row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// inset keeps space around its content.
func inset(top, bottom, left, right float32, content fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), content)
}

// block is a plain rectangle.
func block(c color.Color) *canvas.Rectangle { return canvas.NewRectangle(c) }

// atLeast gives its content a smallest size.
func atLeast(w, h float32, content fyne.CanvasObject) fyne.CanvasObject {
	floor := canvas.NewRectangle(color.Transparent)
	floor.SetMinSize(fyne.NewSize(scaled(w), scaled(h)))
	return container.NewStack(floor, content)
}

// pair sets two objects side by side in equal widths and one height.
func pair(left, right fyne.CanvasObject) *fyne.Container {
	return container.New(halves{12}, left, right)
}

// halves is the layout of pair, with the gap between.
type halves struct{ gap float32 }

// Layout implements fyne.Layout.
func (h halves) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	n := float32(len(objects))
	wide := (size.Width - h.gap*(n-1)) / n
	for i, o := range objects {
		o.Move(fyne.NewPos(float32(i)*(wide+h.gap), 0))
		o.Resize(fyne.NewSize(wide, size.Height))
	}
}

// MinSize implements fyne.Layout.
func (h halves) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	n := float32(len(objects))
	return fyne.NewSize(size.Width*n+h.gap*(n-1), size.Height)
}

// leading stands at the left, in the middle of the height.
func leading(o fyne.CanvasObject) *fyne.Container {
	return container.NewHBox(container.NewCenter(o))
}

// roomy gives a button space around its words, so that it is easy to hit.
func roomy(b *widget.Button) fyne.CanvasObject {
	return atLeast(b.MinSize().Width/scaled(1)+24, 42, b)
}

// columns lays objects side by side in fixed widths; the one of width 0 takes what is left. Each
// stands in the middle of the height.
type columns struct {
	widths []float32
	gap    float32
}

// Layout implements fyne.Layout.
func (c columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left := size.Width - c.gap*float32(len(objects)-1)
	for _, w := range c.widths {
		left -= scaled(w)
	}
	x := float32(0)
	for i, o := range objects {
		w := scaled(c.widths[i])
		if w == 0 {
			w = left
		}
		h := o.MinSize().Height
		o.Move(fyne.NewPos(x, (size.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
		x += w + c.gap
	}
}

// MinSize implements fyne.Layout.
func (c columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(c.gap*float32(len(objects)-1), 0)
	for i, o := range objects {
		size.Width += scaled(c.widths[i])
		if c.widths[i] == 0 {
			size.Width += 60
		}
		size.Height = max(size.Height, o.MinSize().Height)
	}
	return size
}

// columnsFull is columns in which each object has the whole height.
type columnsFull columns

// Layout implements fyne.Layout.
func (c columnsFull) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	columns(c).Layout(objects, size)
	for _, o := range objects {
		o.Move(fyne.NewPos(o.Position().X, 0))
		o.Resize(fyne.NewSize(o.Size().Width, size.Height))
	}
}

// MinSize implements fyne.Layout.
func (c columnsFull) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return columns(c).MinSize(objects)
}

// portion is a thin bar: the second object covers a share of the first.
type portion struct{ share float32 }

// Layout implements fyne.Layout.
func (p *portion) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	objects[1].Resize(fyne.NewSize(size.Width*p.share, size.Height))
}

// MinSize implements fyne.Layout.
func (p *portion) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(20, 6) }

// visible shows or hides an object.
func visible(yes bool, o fyne.CanvasObject) {
	if yes {
		o.Show()
	} else {
		o.Hide()
	}
}

// focus moves the keyboard to a widget that is on the screen.
func focus(f fyne.Focusable) {
	o, ok := f.(fyne.CanvasObject)
	if !ok {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		c.Focus(f)
	}
}
