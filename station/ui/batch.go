package ui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// batch is the screen of a batch run: what needs a person on top, then every booklet with where it
// stands, and what the hand is asked to do.
type batch struct {
	texts   texts
	run     *issuance.RunStatus // nil before the first run
	chosen  station.Serial
	officer *station.Officer
	busy    bool
	actions batchActions

	sum, left, move *canvas.Text
	far             *fyne.Container // booklets that have come to an end
	needs           *fyne.Container
	list            *widget.List
	begin, goOn     *widget.Button
	pause, inspect  *widget.Button
	report, skip    *widget.Button
	calls           []*widget.Button // of the booklets that need a person
	object          fyne.CanvasObject
}

// batchActions are what the buttons of the screen do.
type batchActions struct {
	begin, goOn, pause, inspect, report, back func()
	skip, retry, decide                       func(issuance.RunRow)
}

func newBatch(t texts, a batchActions) *batch {
	b := &batch{texts: t, actions: a}
	b.sum, b.left = line("", sizeText, false, colourInk), line("", sizeSmall, false, colourFaint)
	b.move = line("", sizeText, true, colourAction)
	b.needs = container.NewVBox()
	b.far = container.New(&portion{}, block(shade(colourEdge)), block(shade(colourDone)))
	b.list = widget.NewList(func() int { return len(b.rows()) },
		func() fyne.CanvasObject { return newBatchRow() },
		func(i widget.ListItemID, o fyne.CanvasObject) { o.(*batchRow).show(b.texts, b.rows()[i]) })
	b.list.OnSelected = b.pick
	button := func(key string, do func()) *widget.Button { return widget.NewButton(t.text(key), do) }
	b.begin, b.goOn = button("ui.batch.begin", a.begin), button("ui.batch.go", a.goOn)
	b.pause, b.inspect = button("ui.batch.pause", a.pause), button("ui.batch.inspect", a.inspect)
	b.report, b.skip = button("ui.batch.report", a.report), button("ui.batch.skip", b.skipChosen)
	b.begin.Importance, b.goOn.Importance = widget.HighImportance, widget.HighImportance
	back := widget.NewButtonWithIcon(t.text("ui.back"), theme.NavigateBackIcon(), a.back)
	head := column(6, container.NewBorder(nil, nil, line(t.text("ui.batch.title"), sizeTitle, true, colourInk),
		container.NewCenter(b.left)), b.sum, b.far, b.needs, b.move)
	foot := container.NewBorder(nil, nil, roomy(back),
		row(10, b.skip, b.report, b.inspect, b.pause, b.begin, b.goOn))
	b.object = inset(12, 14, 24, 24, container.NewBorder(inset(0, 10, 0, 0, head), inset(10, 0, 0, 0, foot), nil, nil,
		filled(colourSheet, colourEdge, 6, 6, container.NewBorder(batchHead(t), nil, nil, nil, b.list))))
	b.object.Hide()
	return b
}

func (b *batch) rows() []issuance.RunRow {
	if b.run == nil {
		return nil
	}
	return b.run.Rows
}

// show fills the screen from the record; run is nil before the first one.
func (b *batch) show(run *issuance.RunStatus, o *station.Officer, now time.Time) {
	b.run, b.officer = run, o
	b.sum.Text, b.left.Text = b.texts.text("ui.batch.none"), ""
	if run != nil {
		t := run.Tally
		good, spoiled, skipped := t[station.StandingGood], t[station.StandingSpoiled], t[station.StandingSkipped]
		b.sum.Text = b.texts.text("ui.batch.sum", good+spoiled+skipped, len(run.Rows), good, spoiled, skipped)
		b.left.Text = b.state()
		b.far.Layout = &portion{float32(good+spoiled+skipped) / float32(max(1, len(run.Rows)))}
	}
	visible(run != nil, b.far)
	b.showNeeds()
	b.offer(now)
	visible(b.move.Text != "", b.move)
	b.list.Refresh()
	b.object.Refresh()
}

// state says whether the run goes on, why it does not, and how long it will take.
func (b *batch) state() string {
	s := b.texts.text("ui.batch.stopped")
	switch {
	case b.run.State == station.RunEnded:
		return b.texts.text("ui.batch.ended")
	case b.run.State == station.RunPaused:
		s = b.texts.text("ui.batch.paused")
		if b.run.Word != "" {
			s += " " + b.texts.word("cure", b.run.Word)
		}
	case b.busy:
		s = b.texts.text("ui.batch.running")
	}
	if b.run.Left > 0 {
		s = strings.TrimSuffix(s, ".") + " · " + b.texts.text("ui.batch.left", int(b.run.Left.Round(time.Minute)/time.Minute))
	}
	return s
}

// showNeeds lists the booklets at which a person has to look, with what can be done about each.
func (b *batch) showNeeds() {
	b.needs.RemoveAll()
	b.calls = nil
	if b.run == nil || b.run.State == station.RunEnded {
		return
	}
	rows := b.run.Needs()
	if len(rows) == 0 {
		b.needs.Add(line(b.texts.text("ui.batch.nobody"), sizeSmall, false, colourFaint))
		return
	}
	lines := column(4, line(b.texts.text("ui.batch.needs"), sizeText, true, colourTrouble))
	for _, each := range rows[:min(len(rows), mostCalls)] {
		word := each.Needs
		if word == "" {
			word = "in-doubt"
		}
		says := paragraph(b.texts.word("cure", word))
		choices := row(8)
		if each.State != station.StateInking {
			choices.Add(b.call("ui.batch.retry", each, b.actions.retry))
		}
		choices.Add(b.call("ui.batch.decide", each, b.actions.decide))
		lines.Add(container.NewBorder(nil, nil, container.NewCenter(line(string(each.Serial), sizeText, true, colourInk)),
			container.NewCenter(choices), says))
	}
	b.needs.Add(filled(colourBlush, colourTrouble, 8, 12, lines))
}

// mostCalls is how many calls are shown at a time; the list below has them all.
const mostCalls = 3

func (b *batch) call(key string, r issuance.RunRow, do func(issuance.RunRow)) fyne.CanvasObject {
	button := widget.NewButton(b.texts.text(key), func() { do(r) })
	b.calls = append(b.calls, button)
	return button
}

// offer shows the buttons that the officer at the desk may press now.
func (b *batch) offer(now time.Time) {
	today := station.DateOf(now)
	operates := b.officer != nil && b.officer.May(station.RoleOperate, today) == nil
	inspects := b.officer != nil && b.officer.May(station.RoleInspect, today) == nil
	open := b.run != nil && b.run.State != station.RunEnded
	ended := open && b.run.Tally.Ended()
	visible(operates && !open, b.begin)
	visible(operates && open && !ended, b.goOn)
	visible(operates && open && !ended, b.pause)
	visible(operates && ended, b.report)
	visible(operates && open, b.skip)
	visible(inspects && open && b.run.Tally[station.StandingPrinted] > 0, b.inspect)
	for _, c := range b.calls {
		visible(operates, c)
	}
	b.turned(b.busy)
}

// turned shows whether a verb runs: only a pause is possible then, and what is decided on a booklet while the run
// goes on with the others.
func (b *batch) turned(busy bool) {
	b.busy = busy
	able(!busy, b.begin, b.goOn, b.inspect, b.report)
	decides := !busy || b.run != nil && b.run.State == station.RunOpen
	able(decides, b.calls...)
	able(decides && b.mayskip(), b.skip)
	able(busy, b.pause)
	if !busy {
		b.move.Text = ""
	}
	if b.run != nil {
		b.left.Text = b.state()
	}
	b.left.Refresh()
	b.move.Refresh()
}

func (b *batch) row() (issuance.RunRow, bool) {
	for _, r := range b.rows() {
		if r.Serial == b.chosen {
			return r, true
		}
	}
	return issuance.RunRow{}, false
}

// mayskip tells whether nothing has been done to the chosen booklet yet.
func (b *batch) mayskip() bool {
	r, ok := b.row()
	return ok && r.State == station.StateReserved && r.Skipped == ""
}

func (b *batch) pick(i widget.ListItemID) {
	if i < len(b.rows()) {
		b.chosen = b.rows()[i].Serial
		b.turned(b.busy)
	}
}

func (b *batch) skipChosen() {
	if r, ok := b.row(); ok {
		b.actions.skip(r)
	}
}

// heard shows what a person is asked to do with a booklet.
func (b *batch) heard(e issuance.RunEvent) {
	if e.Kind != issuance.RunMoves {
		return
	}
	b.move.Text = b.texts.text("ui.put."+string(e.Move.At), e.Move.Put)
	if e.Move.Take != "" {
		b.move.Text += "; " + b.texts.text("ui.batch.take", e.Move.Take)
	}
	b.move.Show()
	b.object.Refresh()
}

// batchColumns are the widths of the table.
func batchColumns() columns { return columns{[]float32{130, 140, 190, 0}, 10} }

// batchHead names the columns of the table.
func batchHead(t texts) fyne.CanvasObject {
	head := container.New(batchColumns())
	for _, key := range []string{"ui.booklet.serial", "ui.batch.case", "ui.batch.standing", "ui.booklet.state"} {
		head.Add(line(t.text(key), 12, true, colourFaint))
	}
	return inset(4, 2, 12, 12, head)
}

// batchRow is one booklet of a run.
type batchRow struct {
	widget.BaseWidget
	serial, token, standing, state *canvas.Text
	object                         fyne.CanvasObject
}

func newBatchRow() *batchRow {
	r := &batchRow{
		serial: line("UT0000000", sizeText, true, colourInk), token: line("", sizeSmall, false, colourFaint),
		standing: line("", sizeText, false, colourInk), state: line("", sizeSmall, false, colourFaint),
	}
	r.object = inset(3, 3, 12, 12, container.New(batchColumns(),
		r.serial, r.token, r.standing, r.state))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *batchRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.object) }

func (r *batchRow) show(t texts, row issuance.RunRow) {
	r.serial.Text, r.token.Text = string(row.Serial), string(row.Case)
	sign := map[station.Standing]string{station.StandingGood: "✓ ", station.StandingNeeds: "! ", station.StandingSpoiled: "× "}
	r.standing.Text = sign[row.Standing] + t.word("ui.standing", string(row.Standing))
	r.standing.Color, r.standing.TextStyle.Bold = shade(colourInk), false
	switch row.Standing {
	case station.StandingGood:
		r.standing.Color = shade(colourDone)
	case station.StandingNeeds, station.StandingSpoiled:
		r.standing.Color, r.standing.TextStyle.Bold = shade(colourTrouble), true
	}
	r.state.Text = t.word("ui.state", string(row.State))
	if row.Skipped != "" {
		r.state.Text = t.word("ui.stage", row.Skipped)
	}
	r.object.Refresh()
}

// openBatch shows the batch run.
func (w *Window) openBatch() {
	if w.seat == nil || w.tasks.busy {
		return
	}
	w.leaving(func() {
		w.back()
		w.open(w.batch.object)
		w.refresh()
	})
}

// batchActions are the verbs behind the screen's buttons.
func (w *Window) batchActions() batchActions {
	return batchActions{
		begin: func() { w.carryOut(true) }, goOn: func() { w.carryOut(false) }, pause: w.pauseBatch,
		inspect: w.inspectBatch, report: w.reportBatch, back: w.back,
		skip: w.skipBatch, retry: w.retryBatch, decide: w.decideBatch,
	}
}

// carryOut makes booklets until nothing is left to do without a person.
func (w *Window) carryOut(begin bool) {
	if w.seat == nil {
		return
	}
	d, seat := w.deps.Desk, *w.seat
	w.run("batch", func(ctx context.Context, r devices.Report) error {
		if d.Scanner == nil || d.Encoder == nil || d.Printer == nil {
			return errNoDevice
		}
		if begin {
			sheet, err := d.WaitingSheet(ctx, seat)
			if err != nil {
				return err
			}
			if _, err := d.BeginRun(ctx, seat, sheet); err != nil {
				return err
			}
		}
		_, err := d.CarryOutRun(ctx, seat, w.batchTold(ctx, r))
		return err
	}, nil)
}

// batchTold shows what happens in a run while it goes on.
func (w *Window) batchTold(ctx context.Context, report devices.Report) func(issuance.RunEvent) {
	return func(e issuance.RunEvent) {
		if e.Kind == issuance.RunAdvances {
			report(e.Progress)
			return
		}
		s, err := w.deps.Desk.RunStatus(ctx)
		w.tasks.onScreen(func() {
			w.batch.heard(e)
			if err == nil && w.seat != nil {
				w.record.run = &s
				w.batch.show(&s, &w.seat.Officer, w.deps.Desk.Now())
			}
		})
	}
}

// pauseBatch stops the run after the booklets that it has in hand.
func (w *Window) pauseBatch() {
	if w.seat == nil {
		return
	}
	d, seat := w.deps.Desk, *w.seat
	able(false, w.batch.pause)
	w.tasks.beside(func(ctx context.Context) error { return d.PauseRun(ctx, seat) }, w.fault.show)
}

func (w *Window) inspectBatch() {
	if w.seat == nil {
		return
	}
	d, seat := w.deps.Desk, *w.seat
	w.askInspect(func(looked []station.Item) {
		w.run("batch inspect", func(ctx context.Context, r devices.Report) error {
			if d.Scanner == nil || d.Encoder == nil {
				return errNoDevice
			}
			_, err := d.InspectRun(ctx, seat, w.batchTold(ctx, r), looked...)
			return err
		}, nil)
	})
}

// reportBatch ends the run, and says where its report lies.
func (w *Window) reportBatch() {
	if w.seat == nil {
		return
	}
	d, seat := w.deps.Desk, *w.seat
	where := ""
	w.run("batch report", func(ctx context.Context, _ devices.Report) error {
		r, err := d.ReportRun(ctx, seat)
		if err == nil {
			where, err = issuance.SaveReport(filepath.Join(w.deps.Reports, r.Report.Run), r)
		}
		return err
	}, func(err error) {
		if err == nil {
			w.batch.move.Text = w.texts.text("ui.batch.reported", where) // shown with the record that follows
		}
	})
}

func (w *Window) skipBatch(r issuance.RunRow) {
	reason := reasonEntry(w.texts, "ui.batch.reason")
	title := w.texts.text("ui.batch.skip") + " " + string(r.Serial)
	q := w.ask(title, reason, w.texts.text("ui.batch.skip"), func() {
		d, seat := w.deps.Desk, *w.seat
		w.inRun("batch skip", func(ctx context.Context) error {
			return d.SkipInRun(ctx, seat, r.Serial, reason.Text)
		})
	})
	if q != nil {
		reason.OnChanged = func(s string) { able(said(s), q.answer) }
	}
}

func (w *Window) retryBatch(r issuance.RunRow) {
	if w.seat == nil {
		return
	}
	d, seat := w.deps.Desk, *w.seat
	w.inRun("batch retry", func(ctx context.Context) error { return d.RetryInRun(ctx, seat, r.Serial) })
}

// inRun carries out what somebody has decided on a booklet. It uses no device: a run that goes on is not stopped
// for it, and takes the booklet up again by itself.
func (w *Window) inRun(name string, do func(context.Context) error) {
	if !w.tasks.busy {
		w.run(name, func(ctx context.Context, _ devices.Report) error { return do(ctx) }, nil)
		return
	}
	able(false, w.batch.calls...)
	var s issuance.RunStatus
	w.tasks.beside(func(ctx context.Context) error {
		err := do(ctx)
		var unread error
		s, unread = w.deps.Desk.RunStatus(ctx)
		return errors.Join(err, unread)
	}, func(err error) {
		w.fault.show(err)
		if w.seat != nil && s.ID != "" {
			w.record.run = &s
			w.batch.show(&s, &w.seat.Officer, w.deps.Desk.Now())
		}
	})
}

// decideBatch asks what became of a booklet. Of one that surely carries no ink, it can only be that it is
// spoiled.
func (w *Window) decideBatch(r issuance.RunRow) {
	offered := []station.State{station.StateSpoiled}
	if r.State == station.StateInking {
		offered = []station.State{station.StateEncoded, station.StatePrinted, station.StateSpoiled}
	}
	title := w.texts.text("ui.verb.resolve") + " " + string(r.Serial)
	w.askResolve(title, offered, func(as station.State, reason string) {
		d, seat := w.deps.Desk, *w.seat
		w.inRun("resolve", func(ctx context.Context) error { return d.Resolve(ctx, seat, r.Case, as, reason) })
	})
}
