package ui

import (
	"context"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"padarozhnik/station/issuance"
)

// Sizes of the plot, of the room for its scale, and the millimetres from its middle to its edge at least.
const (
	plotWidth, plotHeight = 780, 150
	plotScale             = 90 // at the right, for the words
	plotLeastMM           = 0.5
)

// showHistory reads and plots the calibrations of a device.
func (w *Window) showHistory(kind issuance.DeviceKind) {
	var points []issuance.HistoryPoint
	var drift []issuance.DriftPoint
	w.tasks.beside(func(ctx context.Context) (err error) {
		points, drift, err = w.deps.Desk.History(ctx, kind)
		return err
	}, func(err error) {
		if err != nil {
			w.fault.show(err)
			return
		}
		w.plotHistory(kind, points, drift)
	})
}

// plotHistory draws where each calibration found the device, and each page that was inspected since: across
// as squares, along as discs, told apart by form and by the words below.
func (w *Window) plotHistory(kind issuance.DeviceKind, points []issuance.HistoryPoint, drift []issuance.DriftPoint) {
	t := w.texts
	box := w.technician.plot
	box.RemoveAll()
	switch {
	case kind == "":
		box.Add(line(t.text("ui.plot.choose"), sizeText, false, colourFaint))
	case len(points) == 0:
		box.Add(line(t.text("ui.plot.none"), sizeText, false, colourFaint))
	default:
		for _, p := range drift {
			points = append(points, issuance.HistoryPoint{OK: true, XMM: p.XMM, YMM: p.YMM})
		}
		last := points[len(points)-1-len(drift)]
		box.Add(line(t.text("ui.plot.title", t.text("ui.device.name."+string(kind)), len(points)-len(drift), len(drift)),
			sizeSmall, true, colourInk))
		box.Add(plotOf(t, points))
		box.Add(line(t.text("ui.plot.legend", last.XMM, last.YMM, last.RestMM), sizeSmall, false, colourFaint))
	}
	w.technician.object.Refresh()
	if kind != "" {
		w.technician.scroll.ScrollToBottom()
	}
}

func plotOf(t texts, points []issuance.HistoryPoint) fyne.CanvasObject {
	reach := plotLeastMM
	for _, p := range points {
		reach = max(reach, math.Abs(p.XMM), math.Abs(p.YMM))
	}
	ground := canvas.NewRectangle(shade(colourPaper))
	ground.Resize(fyne.NewSize(plotWidth, plotHeight))
	drawn := container.NewWithoutLayout(ground)
	at := func(i int, mm float64) fyne.Position {
		x := 16 + float32(i)*(plotWidth-plotScale-32)/float32(max(len(points)-1, 1))
		return fyne.NewPos(x, plotHeight/2-float32(mm/reach)*(plotHeight/2-10))
	}
	rule := func(a, b fyne.Position, c fyne.ThemeColorName) {
		l := canvas.NewLine(shade(c))
		l.Position1, l.Position2 = a, b
		drawn.Add(l)
	}
	rule(fyne.NewPos(0, plotHeight/2), fyne.NewPos(plotWidth, plotHeight/2), colourEdge)
	for i, p := range points {
		if i > 0 {
			rule(at(i-1, points[i-1].XMM), at(i, p.XMM), colourAction)
			rule(at(i-1, points[i-1].YMM), at(i, p.YMM), colourAmber)
		}
		tone := colourAction
		if !p.OK {
			tone = colourTrouble
		}
		square, disc := canvas.NewRectangle(shade(tone)), canvas.NewCircle(shade(colourAmber))
		for _, mark := range []struct {
			o  fyne.CanvasObject
			mm float64
		}{{square, p.XMM}, {disc, p.YMM}} {
			mark.o.Resize(fyne.NewSquareSize(8))
			mark.o.Move(at(i, mark.mm).SubtractXY(4, 4))
			drawn.Add(mark.o)
		}
	}
	scale := line(t.text("ui.plot.scale", reach), sizeSmall, false, colourFaint)
	scale.Move(fyne.NewPos(plotWidth-plotScale, 4))
	drawn.Add(scale)
	floor := canvas.NewRectangle(shade(colourPaper))
	floor.SetMinSize(fyne.NewSize(plotWidth, plotHeight))
	return container.NewHBox(container.NewStack(floor, drawn))
}
