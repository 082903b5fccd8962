package ui

import (
	"context"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// page shows the data page of a booklet: as it will be printed, with its zones, or as it was ordered beside
// how it was seen, with what differs.
type page struct {
	texts   texts
	title   *canvas.Text
	left    *sheet
	right   *sheet
	heads   [2]*canvas.Text
	pair    *fyne.Container
	zones   *widget.Check
	colours *widget.Check
	visits  *fyne.Container
	printer *widget.Label
	looked  comparison
	object  fyne.CanvasObject
}

// comparison is a page as it was ordered and as it was seen. It is drawn by a worker.
type comparison struct {
	want, seen, differs image.Image
	places              []image.Rectangle
}

// compared draws what an examination saw of a page.
func compared(e issuance.Examination) comparison {
	var c comparison
	if c.want, c.seen, c.places = e.Views(); c.want != nil {
		c.differs = e.Difference()
	}
	return c
}

func newPage(t texts, back func()) *page {
	p := &page{texts: t, left: newSheet(), right: newSheet(), printer: detail("")}
	p.title = line("", sizeTitle, true, colourInk)
	for i := range p.heads {
		p.heads[i] = line("", sizeSmall, true, colourFaint)
	}
	button := func(key string, icon fyne.Resource, do func()) fyne.CanvasObject {
		return roomy(widget.NewButtonWithIcon(t.text(key), icon, do))
	}
	p.zones = widget.NewCheck(t.text("ui.page.zones"), func(yes bool) { p.left.frame(yes); p.right.frame(yes) })
	p.zones.Checked = true
	p.colours = widget.NewCheck(t.text("ui.page.colours"), func(bool) { p.drawSeen() })
	p.visits = row(8, button("ui.page.before", theme.NavigateBackIcon(), func() { p.right.visit(-1) }),
		button("ui.page.after", theme.NavigateNextIcon(), func() { p.right.visit(1) }))
	tools := row(8, button("ui.page.smaller", theme.ZoomOutIcon(), func() { p.left.TypedRune('-') }),
		button("ui.page.larger", theme.ZoomInIcon(), func() { p.left.TypedRune('+') }),
		button("ui.page.fit", theme.ZoomFitIcon(), p.left.fit),
		container.NewCenter(p.zones), container.NewCenter(p.colours))
	paired(p.left, p.right)
	p.pair = container.New(halves{12}, container.NewBorder(p.heads[0], nil, nil, nil, p.left),
		container.NewBorder(p.heads[1], nil, nil, nil, p.right))
	leave := roomy(widget.NewButtonWithIcon(t.text("ui.back"), theme.NavigateBackIcon(), back))
	p.object = inset(12, 14, 24, 24, container.NewBorder(
		column(8, container.NewBorder(nil, nil, p.title, leave), tools,
			container.NewBorder(nil, nil, nil, p.visits, container.NewVBox(layout.NewSpacer(), snug(p.printer), layout.NewSpacer()))),
		nil, nil, nil,
		inset(8, 0, 0, 0, p.pair)))
	p.object.Hide()
	return p
}

// preview shows the page of an order before ink falls, with what the printer needs first.
func (p *page) preview(serial string, v issuance.PagePreview, printer string) {
	var marks []sheetMark
	for _, z := range v.Zones {
		at := z.Ink
		if at.Empty() {
			at = z.Room
		}
		marks = append(marks, sheetMark{at: at, name: p.texts.word("ui.finding", "page-"+z.Name)})
	}
	p.title.Text = p.texts.text("ui.page.title", serial)
	p.heads[0].Text = p.texts.text("ui.page.preview")
	p.printer.SetText(printer)
	p.looked = comparison{}
	p.left.show(v.Page, marks)
	p.right.show(nil, nil)
	p.arrange(false)
}

// compare shows what was ordered beside what was seen.
func (p *page) compare(serial string, c comparison) {
	p.title.Text = p.texts.text("ui.page.title", serial)
	p.heads[0].Text, p.heads[1].Text = p.texts.text("ui.page.ordered"), p.texts.text("ui.page.seen")
	p.printer.SetText(p.texts.text("ui.page.differs", len(c.places)))
	p.looked = c
	p.left.show(c.want, differing(c.places))
	p.drawSeen()
	p.arrange(true)
}

// drawSeen shows the page as it was seen, or with what differs in colour.
func (p *page) drawSeen() {
	img := p.looked.seen
	if p.colours.Checked && p.looked.differs != nil {
		img = p.looked.differs
	}
	p.right.show(img, differing(p.looked.places))
}

func differing(places []image.Rectangle) []sheetMark {
	var marks []sheetMark
	for _, r := range places {
		marks = append(marks, sheetMark{at: r, strong: true})
	}
	return marks
}

// arrange gives the room to one page or to two.
func (p *page) arrange(two bool) {
	visible(two, p.pair.Objects[1])
	visible(two, p.colours)
	visible(two && len(p.looked.places) > 0, p.visits)
	visible(p.printer.Text != "", p.printer)
	p.pair.Layout = halves{12}
	if !two {
		p.pair.Layout = only{}
	}
}

// only is a layout in which the first object has all the room.
type only struct{}

// Layout implements fyne.Layout.
func (only) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.Position{})
	objects[0].Resize(size)
}

// MinSize implements fyne.Layout.
func (only) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// close takes the page off the screen.
func (p *page) close() {
	p.looked = comparison{}
	p.left.show(nil, nil)
	p.right.show(nil, nil)
	p.object.Hide()
}

// openPreview draws the page of the chosen case's order and shows it.
func (w *Window) openPreview() {
	d, seat, token := w.deps.Desk, *w.seat, w.token
	serial := string(w.record.chosen.Serial)
	var v issuance.PagePreview
	w.run("preview", func(ctx context.Context, _ devices.Report) (err error) {
		v, err = d.PreviewPage(ctx, seat, token)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		w.page.preview(serial, v, w.printerSays())
		w.showPage()
	})
}

// openComparison shows the last examination's page beside its order.
func (w *Window) openComparison() {
	if w.record.chosen == nil || w.looked.want == nil || !w.tasks.ready() {
		return
	}
	w.page.compare(string(w.record.chosen.Serial), w.looked)
	w.showPage()
}

func (w *Window) showPage() {
	w.open(w.page.object)
	w.page.left.fit()
	focus(w.page.left)
}

// printerSays is how the printer is, and what to do where it is not ready.
func (w *Window) printerSays() string {
	for _, h := range w.health {
		if h.Kind != "printer" {
			continue
		}
		if h.Err == nil {
			return w.texts.text("ui.page.printer.ready")
		}
		return "! " + w.texts.text("ui.device.printer") + ": " + w.texts.sentence(h.Err)
	}
	return w.texts.text("ui.page.printer.unknown")
}
