package ui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// shelf is what the stock's screen shows: read of the desk by a worker and not changed afterwards.
type shelf struct {
	books      []station.Booklet // every one that was ever here, by serial
	deliveries []station.Shipment
	today      issuance.Statement
	safe       issuance.SafeState
}

func readShelf(ctx context.Context, d *issuance.Desk) (s shelf, err error) {
	if s.books, err = d.Stock(ctx); err != nil {
		return s, err
	}
	if s.deliveries, err = d.Shipments(ctx); err != nil {
		return s, err
	}
	if s.safe, err = d.SafeState(ctx); err != nil {
		return s, err
	}
	today := station.DateOf(d.Now())
	s.today, err = d.Statement(ctx, today, today)
	return s, err
}

// stock is the screen of the custodians: every booklet of the office with its state, what the day's
// entries add up to, and the deliveries with what comes next for each.
type stock struct {
	*room
	texts   texts
	actions stockActions
	all     []station.Booklet
	listed  []station.Booklet // of all, what fits the search
	search  *widget.Entry
	list    *widget.List
	count   *canvas.Text
	now     func() time.Time
	body    *fyne.Container // covered while somebody counts
	safe    *fyne.Container
	sums    *fyne.Container
	coming  *fyne.Container
	verbs   []*widget.Button // of custodians
	custody *fyne.Container  // holds them
	nobody  *widget.Label
	steps   []*widget.Button // of deliveries
	may     bool
	busy    bool
}

// stockActions are what the buttons do.
type stockActions struct {
	check, send, spoil, lost, destroy, statement func()
	arrive, compare, store                       func(station.Shipment)
	count                                        func(s station.Shipment, bag string)
}

// Widths of the list of booklets, and of what the smallest screen leaves beside the edges.
const (
	listWidth = 290
	stockRoom = 1366 - 112
)

func newStock(w *Window, a stockActions) *stock {
	t := w.texts
	s := &stock{texts: t, actions: a, now: w.deps.Desk.Now, safe: column(4), sums: column(4), coming: column(10)}
	s.search = widget.NewEntry()
	s.search.SetPlaceHolder(t.text("ui.stock.search"))
	s.search.OnChanged = func(string) { s.filter() }
	s.count = line("", sizeSmall, false, colourFaint)
	s.list = widget.NewList(func() int { return len(s.listed) },
		func() fyne.CanvasObject { return newStockRow() },
		func(i widget.ListItemID, o fyne.CanvasObject) { o.(*stockRow).show(s.texts, s.listed[i]) })
	s.list.HideSeparators = true
	s.nobody = paragraph(t.text("ui.stock.custodians"))
	widest := float32(0)
	for _, b := range []struct {
		key string
		do  func()
	}{
		{"ui.stock.check", a.check}, {"ui.stock.send", a.send}, {"ui.stock.spoil", a.spoil}, {"ui.stock.lost", a.lost},
		{"ui.stock.destroy", a.destroy},
	} {
		verb := widget.NewButton(t.text(b.key)+"…", b.do)
		s.verbs = append(s.verbs, verb)
		widest = max(widest, verb.MinSize().Width)
	}
	across := max(1, min(3, int((stockRoom-scaled(boardWidth+listWidth))/(widest+4))))
	grid := container.New(layout.NewGridLayout(across))
	for _, verb := range s.verbs {
		grid.Add(atLeast(0, 42, verb))
	}
	s.custody = card(t.text("ui.stock.verbs"), grid)
	statement := widget.NewButton(t.text("ui.stock.statement")+"…", a.statement)
	books := card(t.text("ui.stock.books"), container.NewBorder(column(6, s.search, s.count), nil, nil, nil, s.list))
	right := container.NewVScroll(inset(0, 0, 0, 8, column(12, snug(s.nobody), card(t.text("ui.stock.safe"), s.safe),
		s.custody, card(t.text("ui.stock.sums"), s.sums), card(t.text("ui.stock.deliveries"), s.coming))))
	s.body = container.NewBorder(nil, nil, atLeast(listWidth, 0, books), nil, inset(0, 0, 12, 0, right))
	s.room = w.newRoom("stock", "ui.stock.title", s.body, statement)
	return s
}

// show fills the screen; o is nil while nobody has signed in.
func (s *stock) show(h shelf, may bool) {
	s.all, s.may = h.books, may
	visible(may, s.custody)
	visible(!may, s.nobody)
	s.filter()
	s.showSafe(h.safe)
	s.showSums(h.today)
	s.showDeliveries(h.deliveries)
	s.turned(s.busy)
	s.object.Refresh()
}

// filter lists the booklets whose number holds what is searched for.
func (s *stock) filter() {
	want := strings.ToUpper(strings.TrimSpace(s.search.Text))
	s.listed = s.all
	if want != "" {
		s.listed = nil
		for _, b := range s.all {
			if strings.Contains(string(b.Serial), want) {
				s.listed = append(s.listed, b)
			}
		}
	}
	s.count.Text = s.texts.text("ui.stock.listed", len(s.listed), len(s.all))
	s.count.Refresh()
	s.list.ScrollToTop()
	s.list.Refresh()
}

// showSums writes the equation of the day and what there is in each state.
func (s *stock) showSums(today issuance.Statement) {
	s.sums.RemoveAll()
	equation := paragraph(equationOf(s.texts, today.Total))
	equation.TextStyle.Bold = true
	s.sums.Add(snug(equation))
	for _, b := range today.Stock {
		if !b.State.InSafe() {
			s.sums.Add(s.kind(b.State, b.Count, rangesOf(b.Blanks)))
		}
	}
}

// kind is one line: how many booklets are in a state, and what more there is to say of them.
func (s *stock) kind(state station.State, count int, more string) fyne.CanvasObject {
	return container.New(columns{[]float32{170, 50, 0}, 8},
		line(s.texts.word("ui.state", string(state)), sizeText, false, colourInk),
		line(s.texts.text("ui.board.count", count), sizeText, true, colourInk), ellipsis(more))
}

// equationOf is the reconciliation in words.
func equationOf(t texts, f station.Figures) string {
	return t.text("ui.stock.equation", f.Opening, f.Received, f.Issued, f.Spoiled, f.Sent, f.Lost, f.Closing())
}

// mostRanges is how many rows of numbers one line names.
const mostRanges = 3

func rangesOf(rows []station.Range) string {
	names := make([]string, 0, mostRanges+1)
	for _, r := range rows[:min(len(rows), mostRanges)] {
		names = append(names, r.String())
	}
	if len(rows) > mostRanges {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// showDeliveries lists what has come or is on its way, newest first, each with what comes next.
func (s *stock) showDeliveries(all []station.Shipment) {
	s.coming.RemoveAll()
	s.steps = nil
	if len(all) == 0 {
		s.coming.Add(line(s.texts.text("ui.stock.none"), sizeText, false, colourFaint))
	}
	for i := len(all) - 1; i >= 0; i-- {
		s.coming.Add(s.delivery(all[i]))
	}
}

func (s *stock) delivery(d station.Shipment) fyne.CanvasObject {
	out := column(4, container.NewBorder(nil, nil, line(d.ID, sizeText, true, colourInk), s.step(d),
		line("  "+s.texts.text("ui.stock.stage."+string(d.Stage)), sizeText, false, colourFaint)))
	for _, b := range d.Bags {
		says := line(bagSays(s.texts, d, b), sizeSmall, b.Why != "", colourInk)
		if b.Why != "" {
			says.Color = shade(colourTrouble)
		}
		var count fyne.CanvasObject
		if s.may && d.Stage == station.ShipmentArrived && b.Why != station.WhyAbsent {
			count = s.stepButton("ui.stock.count", func() { s.actions.count(d, b.Name) })
		}
		out.Add(container.NewBorder(nil, nil,
			line(s.texts.text("ui.stock.bag", b.Name), sizeSmall, true, colourInk), count, inset(0, 0, 10, 10, says)))
	}
	return out
}

// step is the button of what two custodians do next with a delivery.
func (s *stock) step(d station.Shipment) fyne.CanvasObject {
	if !s.may {
		return nil
	}
	switch d.Stage {
	case station.ShipmentAnnounced:
		return s.stepButton("ui.stock.arrive", func() { s.actions.arrive(d) })
	case station.ShipmentArrived:
		return s.stepButton("ui.stock.compare", func() { s.actions.compare(d) })
	case station.ShipmentCompared:
		return s.stepButton("ui.stock.store", func() { s.actions.store(d) })
	}
	return nil
}

func (s *stock) stepButton(key string, do func()) *widget.Button {
	b := widget.NewButton(s.texts.text(key)+"…", do)
	s.steps = append(s.steps, b)
	return b
}

// bagSays tells how far a bag is, and why it is in quarantine.
func bagSays(t texts, d station.Shipment, b station.Bag) string {
	switch {
	case b.Why != "":
		return t.text("ui.stock.why." + b.Why)
	case d.Stage == station.ShipmentArrived:
		return t.text("ui.stock.counted", len(b.Counts))
	case d.Stage == station.ShipmentAnnounced:
		return t.text("ui.stock.coming")
	}
	return t.text("ui.stock.good")
}

// turned shows whether a verb runs.
func (s *stock) turned(busy bool) {
	s.busy = busy
	s.room.turned(busy)
	able(!busy, s.verbs...)
	able(!busy, s.steps...)
}

// stockRow is one booklet.
type stockRow struct {
	widget.BaseWidget
	serial, state *canvas.Text
	object        fyne.CanvasObject
}

func newStockRow() *stockRow {
	r := &stockRow{serial: line("UT0000000", sizeText, true, colourInk), state: line("", sizeSmall, false, colourFaint)}
	r.object = inset(1, 1, 4, 4, container.New(columns{[]float32{110, 0}, 8}, r.serial, r.state))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *stockRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.object) }

func (r *stockRow) show(t texts, b station.Booklet) {
	r.serial.Text, r.state.Text = string(b.Serial), t.word("ui.state", string(b.State))
	r.object.Refresh()
}
