package ui

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Shape of the frame and its smallest width, in pixels of the picture.
const (
	cropWide  = 7
	cropHigh  = 9
	cropLeast = 20 * cropWide
)

// handleSize is that of a corner that can be dragged, large enough for a finger.
const handleSize = 22

// cropper shows a picture with a frame of 7 to 9 that an officer moves and scales: by dragging it or one of
// its corners, or by the arrows, + and - once it has the focus, and 0 for where the program put it.
type cropper struct {
	widget.BaseWidget
	bounds  image.Rectangle // of the picture as it was taken
	crop    image.Rectangle
	auto    image.Rectangle
	changed func(image.Rectangle) // called after each move

	shown   *canvas.Image
	veil    [4]*canvas.Rectangle // around the frame
	frame   *canvas.Rectangle
	handles [4]*canvas.Rectangle
	object  *fyne.Container
	grip    int // the corner that is dragged; -1 for the frame, -2 for none
	focused bool
}

var (
	_ fyne.Focusable     = (*cropper)(nil)
	_ fyne.Draggable     = (*cropper)(nil)
	_ desktop.Mouseable  = (*cropper)(nil)
	_ desktop.Cursorable = (*cropper)(nil)
)

func newCropper(changed func(image.Rectangle)) *cropper {
	c := &cropper{changed: changed, grip: -2}
	c.shown = &canvas.Image{FillMode: canvas.ImageFillContain}
	c.object = container.New(cropLayout{c}, c.shown)
	for i := range c.veil {
		c.veil[i] = canvas.NewRectangle(color.NRGBA{R: 0x14, G: 0x34, B: 0x3b, A: 0x8c})
		c.object.Add(c.veil[i])
	}
	c.frame = canvas.NewRectangle(color.Transparent)
	c.object.Add(c.frame)
	for i := range c.handles {
		c.handles[i] = canvas.NewRectangle(shade(colourSheet))
		c.handles[i].StrokeColor, c.handles[i].StrokeWidth, c.handles[i].CornerRadius = shade(colourAction), 3, 4
		c.object.Add(c.handles[i])
	}
	c.ExtendBaseWidget(c)
	c.draw()
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *cropper) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.object) }

// show puts a picture on, made small already, that stands for one of the given bounds.
func (c *cropper) show(small image.Image, bounds, crop image.Rectangle) {
	c.shown.Image, c.bounds, c.crop, c.auto = small, bounds, crop, crop
	c.shown.Refresh()
	c.draw()
}

// scale is how many units of the screen a pixel of the picture takes, and where its corner lies.
func (c *cropper) scale() (float32, fyne.Position) {
	size := c.object.Size()
	if c.bounds.Empty() || size.Width <= 0 {
		return 1, fyne.Position{}
	}
	s := min(size.Width/float32(c.bounds.Dx()), size.Height/float32(c.bounds.Dy()))
	return s, fyne.NewPos((size.Width-s*float32(c.bounds.Dx()))/2, (size.Height-s*float32(c.bounds.Dy()))/2)
}

// draw shows the frame where it is now.
func (c *cropper) draw() {
	c.place()
	c.frame.StrokeColor, c.frame.StrokeWidth = shade(colourSheet), 2
	if c.focused {
		c.frame.StrokeColor, c.frame.StrokeWidth = shade(colourAmber), 4
	}
	c.frame.Refresh()
}

// place lays frame, veil and handles out.
func (c *cropper) place() {
	there := !c.bounds.Empty() && !c.crop.Empty()
	for _, o := range c.object.Objects[1:] {
		visible(there, o)
	}
	if !there {
		return
	}
	s, at := c.scale()
	on := func(p image.Point) fyne.Position {
		return fyne.NewPos(at.X+s*float32(p.X-c.bounds.Min.X), at.Y+s*float32(p.Y-c.bounds.Min.Y))
	}
	set := func(o fyne.CanvasObject, from, to fyne.Position) {
		o.Move(from)
		o.Resize(fyne.NewSize(max(0, to.X-from.X), max(0, to.Y-from.Y)))
	}
	a, b, from, to := on(c.crop.Min), on(c.crop.Max), on(c.bounds.Min), on(c.bounds.Max)
	set(c.frame, a, b)
	set(c.veil[0], from, fyne.NewPos(to.X, a.Y))
	set(c.veil[1], fyne.NewPos(from.X, b.Y), to)
	set(c.veil[2], fyne.NewPos(from.X, a.Y), fyne.NewPos(a.X, b.Y))
	set(c.veil[3], fyne.NewPos(b.X, a.Y), fyne.NewPos(to.X, b.Y))
	for i, p := range []fyne.Position{a, fyne.NewPos(b.X, a.Y), b, fyne.NewPos(a.X, b.Y)} {
		c.handles[i].Move(p.SubtractXY(handleSize/2, handleSize/2))
		c.handles[i].Resize(fyne.NewSquareSize(handleSize))
	}
}

// Cursor implements desktop.Cursorable.
func (c *cropper) Cursor() desktop.Cursor { return desktop.CrosshairCursor }

// MouseDown takes hold of a corner or of the frame.
func (c *cropper) MouseDown(e *desktop.MouseEvent) {
	focus(c)
	c.grip = -2
	for i, h := range c.handles {
		if d := e.Position.Subtract(h.Position()); d.X >= 0 && d.Y >= 0 && d.X <= handleSize && d.Y <= handleSize {
			c.grip = i
			return
		}
	}
	if d := e.Position.Subtract(c.frame.Position()); d.X >= 0 && d.Y >= 0 && d.X <= c.frame.Size().Width && d.Y <= c.frame.Size().Height {
		c.grip = -1
	}
}

// MouseUp implements desktop.Mouseable.
func (c *cropper) MouseUp(*desktop.MouseEvent) {}

// Dragged implements fyne.Draggable.
func (c *cropper) Dragged(e *fyne.DragEvent) {
	s, _ := c.scale()
	dx, dy := float64(e.Dragged.DX/s), float64(e.Dragged.DY/s)
	switch {
	case c.grip == -1:
		c.move(int(math.Round(dx)), int(math.Round(dy)))
	case c.grip >= 0:
		grow := dx // to the right, or to the left at the left corners
		if c.grip == 0 || c.grip == 3 {
			grow = -dx
		}
		c.resize(int(math.Round(grow)), c.grip)
	}
}

// DragEnd implements fyne.Draggable.
func (c *cropper) DragEnd() {
	if c.grip != -2 {
		c.grip = -2
		c.changed(c.crop)
	}
}

// move shifts the frame within the picture.
func (c *cropper) move(dx, dy int) {
	r := c.crop.Add(image.Pt(dx, dy))
	r = r.Add(image.Pt(max(0, c.bounds.Min.X-r.Min.X), max(0, c.bounds.Min.Y-r.Min.Y)))
	c.crop = r.Sub(image.Pt(max(0, r.Max.X-c.bounds.Max.X), max(0, r.Max.Y-c.bounds.Max.Y)))
	c.draw()
}

// resize makes the frame wider by so many pixels and keeps its shape, while the corner opposite to a grip
// stays where it is; with grip -1 the middle does.
func (c *cropper) resize(by, grip int) {
	unit := (c.crop.Dx() + by) / cropWide
	unit = min(max(unit, cropLeast/cropWide), c.bounds.Dx()/cropWide, c.bounds.Dy()/cropHigh)
	w, h := unit*cropWide, unit*cropHigh
	r := image.Rect(0, 0, w, h)
	switch grip {
	case 0:
		r = r.Add(image.Pt(c.crop.Max.X-w, c.crop.Max.Y-h))
	case 1:
		r = r.Add(image.Pt(c.crop.Min.X, c.crop.Max.Y-h))
	case 2:
		r = r.Add(c.crop.Min)
	case 3:
		r = r.Add(image.Pt(c.crop.Max.X-w, c.crop.Min.Y))
	default:
		r = r.Add(image.Pt((c.crop.Min.X+c.crop.Max.X-w)/2, (c.crop.Min.Y+c.crop.Max.Y-h)/2))
	}
	c.crop = r
	c.move(0, 0)
}

// FocusGained implements fyne.Focusable.
func (c *cropper) FocusGained() { c.focused = true; c.draw() }

// FocusLost implements fyne.Focusable.
func (c *cropper) FocusLost() { c.focused = false; c.draw() }

// TypedRune implements fyne.Focusable.
func (c *cropper) TypedRune(r rune) {
	if c.bounds.Empty() {
		return
	}
	step := max(cropWide, c.crop.Dx()/40)
	switch r {
	case '+', '=':
		c.resize(step, -1)
	case '-', '_':
		c.resize(-step, -1)
	case '0':
		c.crop = c.auto
		c.draw()
	default:
		return
	}
	c.changed(c.crop)
}

// TypedKey implements fyne.Focusable.
func (c *cropper) TypedKey(e *fyne.KeyEvent) {
	if c.bounds.Empty() {
		return
	}
	step := max(1, c.crop.Dx()/60)
	switch e.Name {
	case fyne.KeyLeft:
		c.move(-step, 0)
	case fyne.KeyRight:
		c.move(step, 0)
	case fyne.KeyUp:
		c.move(0, -step)
	case fyne.KeyDown:
		c.move(0, step)
	default:
		return
	}
	c.changed(c.crop)
}

// cropLayout gives the picture all the room and lays the frame on it.
type cropLayout struct{ c *cropper }

// Layout implements fyne.Layout.
func (l cropLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.c.shown.Resize(size)
	l.c.place()
}

// MinSize implements fyne.Layout.
func (l cropLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(240, 150) }
