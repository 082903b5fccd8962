package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// Sizes of the stepper's marks.
const (
	markSize   = 24
	stepHeight = 66
)

// stepper shows the stages of a case in order. What is done carries a tick, the present stage is a
// larger mark with its name in bold and a word below it, what is to come is an empty ring: shape,
// weight and words tell them apart, and colour only helps.
type stepper struct {
	widget.BaseWidget
	texts   texts
	stage   station.Stage
	objects *fyne.Container
}

func newStepper(t texts) *stepper {
	s := &stepper{texts: t, objects: container.New(evenly{})}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *stepper) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.objects) }

func (s *stepper) show(stage station.Stage) {
	s.stage = stage
	at, trouble := place(stage)
	s.objects.RemoveAll()
	for i, each := range station.Stages() {
		if i > 0 {
			s.objects.Add(rail(i <= at))
		}
		name := s.texts.word("ui.stage", string(each))
		switch {
		case i < at, stage == station.StageClosed:
			s.objects.Add(stepOf(tick(), line(name, sizeSmall, false, colourDone), nil))
		case i == at && trouble:
			name = s.texts.word("ui.stage", string(stage))
			s.objects.Add(stepOf(alarm(), line(name, sizeSmall, true, colourTrouble),
				line(s.texts.text("ui.stepper.now"), sizeSmall, false, colourTrouble)))
		case i == at:
			s.objects.Add(stepOf(dot(), line(name, sizeSmall, true, colourInk),
				line(s.texts.text("ui.stepper.now"), sizeSmall, false, colourAction)))
		default:
			s.objects.Add(stepOf(ring(), line(name, sizeSmall, false, colourFaint), nil))
		}
	}
	s.Refresh()
}

// stepOf puts a mark over its name and, for the present stage, a word below.
func stepOf(mark fyne.CanvasObject, name, below *canvas.Text) *fyne.Container {
	name.Alignment = fyne.TextAlignCenter
	parts := []fyne.CanvasObject{container.NewCenter(mark), name}
	if below != nil {
		below.Alignment = fyne.TextAlignCenter
		parts = append(parts, below)
	}
	return column(1, parts...)
}

// sized gives drawn shapes one size.
func sized(side float32, shapes ...fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewGridWrapLayout(fyne.NewSquareSize(side)), container.NewStack(shapes...))
}

func tick() fyne.CanvasObject {
	ground := canvas.NewCircle(shade(colourDone))
	stroke := func(x1, y1, x2, y2 float32) *canvas.Line {
		l := canvas.NewLine(shade(colourSheet))
		l.StrokeWidth = 2.5
		l.Position1, l.Position2 = fyne.NewPos(x1, y1), fyne.NewPos(x2, y2)
		return l
	}
	hook := container.NewWithoutLayout(stroke(7, 12.5, 10.8, 16.5), stroke(10.8, 16.5, 17, 8.5))
	return sized(markSize, ground, hook)
}

func dot() fyne.CanvasObject {
	outer := canvas.NewCircle(shade(colourSheet))
	outer.StrokeColor, outer.StrokeWidth = shade(colourAction), 3
	inner := container.NewPadded(container.NewPadded(canvas.NewCircle(shade(colourAction))))
	return sized(markSize, outer, inner)
}

func ring() fyne.CanvasObject {
	c := canvas.NewCircle(shade(colourPaper))
	c.StrokeColor, c.StrokeWidth = shade(colourFaint), 1.5
	return sized(markSize, container.NewPadded(c))
}

func alarm() fyne.CanvasObject {
	ground := canvas.NewRectangle(shade(colourTrouble))
	ground.CornerRadius = 5
	sign := line("!", sizeText, true, colourSheet)
	sign.Alignment = fyne.TextAlignCenter
	return sized(markSize, ground, sign)
}

// rail joins two marks: full behind the present stage, thin before it.
func rail(done bool) fyne.CanvasObject {
	l := canvas.NewLine(shade(colourEdge))
	l.StrokeWidth = 2
	if done {
		l.StrokeColor = shade(colourDone)
		l.StrokeWidth = 3
	}
	return l
}

// evenly lays steps out in equal columns; every second object is a rail between two marks.
type evenly struct{}

// Layout implements fyne.Layout.
func (evenly) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	wide := size.Width / float32((len(objects)+1)/2)
	for i, o := range objects {
		if i%2 == 0 {
			o.Move(fyne.NewPos(float32(i/2)*wide, 0))
			o.Resize(fyne.NewSize(wide, size.Height))
			continue
		}
		from := (float32(i/2)+0.5)*wide + markSize/2 + 5
		o.Move(fyne.NewPos(from, markSize/2))
		o.Resize(fyne.NewSize(wide-markSize-10, 0))
	}
}

// MinSize implements fyne.Layout.
func (evenly) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var wide float32
	for i, o := range objects {
		if i%2 == 0 {
			wide = max(wide, o.MinSize().Width)
		}
	}
	return fyne.NewSize(wide*float32((len(objects)+1)/2), stepHeight)
}
