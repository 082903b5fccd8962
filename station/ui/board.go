package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// boardWidth is that of the list at the left.
const boardWidth = 316

// entry is one line of the board.
type entry struct {
	station.Case
	yours bool // the officer at the desk may do what comes next
}

// board is the list of open cases at the left: token, stage and serial, and whose turn it is.
type board struct {
	texts  texts
	rows   []entry
	list   *widget.List
	count  *canvas.Text
	none   *fyne.Container
	begin  *widget.Button
	batch  *widget.Button
	sync   *widget.Button
	chosen func(station.CaseToken)
	silent bool // the selection is being set by show
	object fyne.CanvasObject
}

func newBoard(t texts, chosen func(station.CaseToken), begin, batch, sync func()) *board {
	b := &board{texts: t, chosen: chosen}
	b.begin = widget.NewButtonWithIcon(t.text("ui.board.new"), theme.ContentAddIcon(), begin)
	b.batch = widget.NewButtonWithIcon(t.text("ui.batch.title"), theme.ListIcon(), batch)
	b.sync = widget.NewButtonWithIcon(t.text("ui.board.sync"), theme.ViewRefreshIcon(), sync)
	b.list = widget.NewList(func() int { return len(b.rows) },
		func() fyne.CanvasObject { return newBoardRow() },
		func(i widget.ListItemID, o fyne.CanvasObject) { o.(*boardRow).show(b.texts, b.rows[i]) })
	b.list.OnSelected = b.pick
	b.count = line("", sizeSmall, false, colourFaint)
	empty := paragraph(t.text("ui.board.none"))
	empty.Alignment = fyne.TextAlignCenter
	empty.Importance = widget.LowImportance
	b.none = container.NewPadded(empty)
	head := container.NewBorder(nil, nil, line(t.text("ui.board.title"), sizeSection, true, colourInk), b.count)
	back := canvas.NewRectangle(shade(colourSheet))
	edge := canvas.NewRectangle(shade(colourEdge))
	edge.SetMinSize(fyne.NewSize(1, 0))
	b.object = container.NewStack(back, container.NewBorder(nil, nil, nil, edge,
		container.NewBorder(
			inset(16, 10, 18, 18, column(12, head, b.begin)),
			inset(10, 14, 18, 18, column(8, b.batch, b.sync)),
			nil, nil, container.NewStack(b.list, b.none))))
	return b
}

// show lists the open cases and keeps the chosen one selected. o is nil while nobody has signed in.
func (b *board) show(rows []entry, chosen station.CaseToken, o *station.Officer, today station.Date) {
	may := func(r station.Role) bool { return o != nil && o.May(r, today) == nil }
	b.rows = rows
	b.count.Text = b.texts.text("ui.board.count", len(rows))
	b.count.Refresh()
	b.begin.Hidden = !may(station.RoleEnrol)
	b.batch.Hidden = !may(station.RoleOperate) && !may(station.RoleInspect)
	b.none.Hidden = len(rows) > 0
	b.silent = true
	b.list.UnselectAll()
	for i, r := range rows {
		if r.Token == chosen {
			b.list.Select(i)
		}
	}
	b.silent = false
	b.list.Refresh()
	b.object.Refresh()
}

func (b *board) pick(i widget.ListItemID) {
	if !b.silent && i < len(b.rows) {
		b.chosen(b.rows[i].Token)
	}
}

// turned shows whether a verb runs.
func (b *board) turned(busy bool) { able(!busy, b.begin, b.batch, b.sync) }

// able enables or disables buttons.
func able(yes bool, buttons ...*widget.Button) {
	for _, b := range buttons {
		if yes {
			b.Enable()
		} else {
			b.Disable()
		}
	}
}

// boardRow draws one case: token and serial above, stage and turn below, and a bar that is as full
// as the case is far.
type boardRow struct {
	widget.BaseWidget
	token, serial, stage, turn *canvas.Text
	bar                        *fyne.Container
	object                     fyne.CanvasObject
}

func newBoardRow() *boardRow {
	r := &boardRow{
		token:  line("XXXXX-XXXXX", sizeText, true, colourInk),
		serial: line("", sizeSmall, false, colourFaint),
		stage:  line("", sizeSmall, false, colourFaint),
		turn:   line("", sizeSmall, true, colourAction),
		bar:    container.New(layout.NewGridLayout(len(station.Stages()))),
	}
	for range station.Stages() {
		r.bar.Add(atLeast(4, 4, canvas.NewRectangle(shade(colourEdge))))
	}
	r.object = inset(8, 8, 14, 14, column(5,
		container.NewBorder(nil, nil, r.token, r.serial),
		container.NewBorder(nil, nil, r.stage, r.turn), r.bar))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *boardRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.object) }

func (r *boardRow) show(t texts, e entry) {
	at, trouble := place(e.Stage)
	r.token.Text, r.serial.Text = string(e.Token), string(e.Serial)
	r.stage.Text = t.word("ui.stage", string(e.Stage))
	r.stage.Color = shade(colourFaint)
	if trouble {
		r.stage.Color = shade(colourTrouble)
	}
	r.turn.Text = ""
	if e.yours {
		r.turn.Text = t.text("ui.board.yours")
	}
	for i, o := range r.bar.Objects {
		part := o.(*fyne.Container).Objects[1].(*canvas.Rectangle)
		part.CornerRadius = 2
		part.FillColor = shade(colourEdge)
		if i <= at {
			part.FillColor = shade(colourDone)
		}
		if i == at && trouble {
			part.FillColor = shade(colourTrouble)
		}
	}
	r.object.Refresh()
}
