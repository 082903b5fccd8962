package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// sheetMark is a place on a page that is framed and named.
type sheetMark struct {
	at     image.Rectangle // in pixels of the picture
	name   string
	strong bool // it needs an eye
}

// sheet shows a page in its own proportions, larger or smaller, with places framed. With the focus, the
// arrows move it, + and - zoom and 0 shows all of it.
type sheet struct {
	widget.BaseWidget
	size    image.Point // of the picture
	scale   float32     // units of the screen for a pixel
	marks   []sheetMark
	framed  bool // the marks are drawn
	twin    *sheet
	shown   *canvas.Image
	edge    *canvas.Rectangle
	frames  []*canvas.Rectangle
	names   []*canvas.Text
	page    *fyne.Container
	scroll  *container.Scroll
	object  *fyne.Container
	visited int // the mark that was looked at last, from 1
}

var _ fyne.Focusable = (*sheet)(nil)

func newSheet() *sheet {
	s := &sheet{scale: 1, framed: true}
	s.shown = &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleSmooth}
	s.page = container.New(sheetLayout{s}, s.shown)
	s.scroll = container.NewScroll(s.page)
	s.scroll.OnScrolled = func(at fyne.Position) {
		if s.twin != nil && s.twin.scroll.Offset != at {
			s.twin.scroll.ScrollToOffset(at)
		}
	}
	s.edge = canvas.NewRectangle(color.Transparent)
	s.edge.StrokeColor, s.edge.StrokeWidth = shade(colourEdge), 1
	s.object = container.NewStack(s.scroll, s.edge)
	s.ExtendBaseWidget(s)
	return s
}

// paired lets two sheets move and zoom together.
func paired(a, b *sheet) { a.twin, b.twin = b, a }

// CreateRenderer implements fyne.Widget.
func (s *sheet) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.object) }

// MinSize implements fyne.Widget.
func (s *sheet) MinSize() fyne.Size { return fyne.NewSize(200, 160) }

// show puts a page on, or takes it off for nil.
func (s *sheet) show(img image.Image, marks []sheetMark) {
	s.shown.Image, s.marks, s.size, s.visited = img, marks, image.Point{}, 0
	if img != nil {
		s.size = img.Bounds().Size()
	}
	s.page.Objects = []fyne.CanvasObject{s.shown}
	s.frames, s.names = nil, nil
	for _, m := range marks {
		frame := canvas.NewRectangle(color.Transparent)
		frame.StrokeColor, frame.StrokeWidth = shade(colourAction), 1.5
		name := line(m.name, 12, true, colourAction)
		if m.strong {
			frame.StrokeColor, frame.StrokeWidth, name.Color = shade(colourTrouble), 3, shade(colourTrouble)
		}
		s.frames, s.names = append(s.frames, frame), append(s.names, name)
		s.page.Objects = append(s.page.Objects, frame, name)
	}
	s.shown.Refresh()
	s.draw()
}

// frame draws the marks, or leaves the page bare.
func (s *sheet) frame(yes bool) {
	s.framed = yes
	s.draw()
}

func (s *sheet) draw() {
	for i := range s.frames {
		visible(s.framed, s.frames[i])
		visible(s.framed && s.scale >= namesFrom, s.names[i])
	}
	s.page.Refresh()
	s.scroll.Refresh()
}

// fit shows the whole page.
func (s *sheet) fit() {
	room := s.scroll.Size()
	if s.size.X == 0 || room.Width <= 0 {
		return
	}
	s.enlarge(min(room.Width/float32(s.size.X), room.Height/float32(s.size.Y)))
}

// Bounds of the scale: a stamp, and each pixel as large as a letter's stroke.
const (
	leastScale = 0.1
	mostScale  = 4
	namesFrom  = 0.8 // below, names would lie on one another
)

// enlarge sets the scale, and the twin's.
func (s *sheet) enlarge(scale float32) {
	scale = min(max(scale, leastScale), mostScale)
	if s.scale == scale {
		return
	}
	s.scale = scale
	s.draw()
	if s.twin != nil {
		s.twin.enlarge(scale)
	}
}

// visit brings the next place, or the one before, to the middle, large enough to be seen.
func (s *sheet) visit(step int) {
	n := len(s.marks)
	if n == 0 {
		return
	}
	s.visited = (s.visited-1+step+n)%n + 1
	m := s.marks[s.visited-1].at
	s.enlarge(max(s.scale, 1))
	room := s.scroll.Size()
	middle := m.Min.Add(m.Max).Div(2)
	s.scroll.ScrollToOffset(fyne.NewPos(
		max(0, float32(middle.X)*s.scale-room.Width/2), max(0, float32(middle.Y)*s.scale-room.Height/2)))
}

// FocusGained implements fyne.Focusable.
func (s *sheet) FocusGained() {
	s.edge.StrokeColor, s.edge.StrokeWidth = shade(colourAction), 2
	s.edge.Refresh()
}

// FocusLost implements fyne.Focusable.
func (s *sheet) FocusLost() {
	s.edge.StrokeColor, s.edge.StrokeWidth = shade(colourEdge), 1
	s.edge.Refresh()
}

// TypedRune implements fyne.Focusable.
func (s *sheet) TypedRune(r rune) {
	switch r {
	case '+', '=':
		s.enlarge(s.scale * zoomStep)
	case '-', '_':
		s.enlarge(s.scale / zoomStep)
	case '0':
		s.fit()
	}
}

// zoomStep is how much larger a page becomes at a time; arrowStep is how far it moves.
const (
	zoomStep  = 1.25
	arrowStep = 40
)

// TypedKey implements fyne.Focusable.
func (s *sheet) TypedKey(e *fyne.KeyEvent) {
	at := s.scroll.Offset
	switch e.Name {
	case fyne.KeyLeft:
		at.X -= arrowStep
	case fyne.KeyRight:
		at.X += arrowStep
	case fyne.KeyUp:
		at.Y -= arrowStep
	case fyne.KeyDown:
		at.Y += arrowStep
	default:
		return
	}
	s.scroll.ScrollToOffset(fyne.NewPos(max(0, at.X), max(0, at.Y)))
}

// sheetLayout lays page and marks out at the sheet's scale.
type sheetLayout struct{ s *sheet }

// Layout implements fyne.Layout: a page that is smaller than its room stands in the middle.
func (l sheetLayout) Layout(_ []fyne.CanvasObject, room fyne.Size) {
	s, size := l.s, l.MinSize(nil)
	corner := fyne.NewPos(max(0, room.Width-size.Width)/2, max(0, room.Height-size.Height)/2)
	s.shown.Move(corner)
	s.shown.Resize(size)
	for i, m := range s.marks[:len(s.names)] {
		at := corner.AddXY(float32(m.at.Min.X)*s.scale, float32(m.at.Min.Y)*s.scale)
		s.frames[i].Move(at)
		s.frames[i].Resize(fyne.NewSize(float32(m.at.Dx())*s.scale, float32(m.at.Dy())*s.scale))
		s.names[i].Move(at.SubtractXY(0, 15))
	}
}

// MinSize implements fyne.Layout.
func (l sheetLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(l.s.size.X)*l.s.scale, float32(l.s.size.Y)*l.s.scale)
}
