package ui

import (
	"context"
	"image"
	"io"
	"log/slog"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// pollEvery is how often the devices are asked how they are.
const pollEvery = 30 * time.Second

// Deps is what the window works with. Desk, SignIn, Officers and Language are needed; a nil
// function among the others means that the office does without, or the usual one.
type Deps struct {
	Desk     *issuance.Desk
	Officers []string // names of tokens that can sign in
	// SignIn opens a token. It is called by one worker at a time and must not keep the passphrase,
	// which is overwritten when it returns.
	SignIn  func(name string, passphrase []byte) (issuance.Seat, error)
	SignOut func(issuance.Seat) // forgets a token's key
	// Sign makes an order with the office's own document signer, whose token it opens with the PIN and
	// closes; nil where the office has none. It must not keep the PIN.
	Sign     func(ctx context.Context, seat issuance.Seat, token station.CaseToken, pin []byte) error
	Devices  func(context.Context) []Health   // asks each device; called by a worker
	Pick     func(picked func(io.ReadCloser)) // has the officer choose a picture; a file dialog if nil
	Keep     func(name string, data []byte)   // keeps a paper; a file dialog if nil
	Stick    Stick                            // nil: the office works by network alone
	Place    func(chosen func(dir string))    // has the officer choose a stick's directory; a dialog if nil
	Pictures string                           // directory in which the file dialog begins
	Reports  string                           // directory for the reports of batch runs
	Language string                           // be or en
	Look     Look                             // size of type and contrast
	Guide    bool                             // shows the first-run guide
	Remember func(Preferences)                // keeps what was chosen for the next start; nil: it is forgotten
	About    func() (About, error)            // which build runs; called by a worker, nil: the menu does without
	Training bool                             // shows the band
	Log      *slog.Logger                     // nil for none
	Go       func(func())                     // begins a goroutine; nil for the language's own
	Do       func(func())                     // hands a function to the screen's goroutine; nil for fyne.Do
	Window   fyne.Window                      // in which it is shown, such as the gate's; nil: one of its own
	Now      func() time.Time                 // tells double clicks apart; nil for time.Now
}

// Window is the station's window. Its methods are called on the screen's goroutine.
type Window struct {
	deps  Deps
	app   fyne.App
	win   fyne.Window
	texts texts
	tasks *tasks

	seat      *issuance.Seat // nil while nobody has signed in
	sitting   int            // counts who came to the desk and who left it
	left      *spot          // by an officer who was locked out; nil where nobody was
	token     station.CaseToken
	record    record
	found     *issuance.Examination // of the chosen case, until another is chosen
	looked    comparison            // its page
	health    []Health
	synced    time.Time
	question  *question
	prompt    string // what the officer is asked to do with a booklet
	there     func()
	shutter   context.CancelFunc // ends what the camera shows live; nil while it does not
	closing   bool               // the window closes when the verb has ended
	attention attention          // at the last look
	attended  time.Time          // when it last changed
	unsaved   bool               // closing was asked for and the open form could not be saved
	style     Look
	guided    bool // the first-run guide was seen

	seatbar    *seatbar
	board      *board
	casefile   *casefile
	enrol      *enrol
	review     *review
	page       *page
	batch      *batch
	signin     *signin
	status     *status
	strip      *strip
	day        *dayCard
	centre     *centre
	stock      *stock
	technician *technician
	fault      *fault
	root       *fyne.Container // everything
	body       *fyne.Container
	pane       *fyne.Container // right of the board
}

// New makes the window of an office in an application. Show or ShowAndRun of Fyne's window, which
// Window.Fyne returns, puts it on the screen.
func New(app fyne.App, d Deps) (*Window, error) {
	t, err := newTexts(d.Language)
	if err != nil {
		return nil, err
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	wear(app, d.Look)
	w := &Window{deps: d, app: app, texts: t, tasks: newTasks(d), style: d.Look, guided: !d.Guide}
	w.tasks.moved = w.moved
	w.tasks.turned = w.turned
	if w.win = d.Window; w.win == nil {
		w.win = app.NewWindow(t.text("ui.name"))
		w.win.SetPadded(false)
		w.win.SetMaster()
		w.win.Resize(windowSize())
	}
	w.win.SetCloseIntercept(w.Close)
	w.build()
	w.win.Canvas().SetOnTypedKey(w.keys)
	w.refresh()
	if d.Guide {
		w.tasks.resume()
		w.showGuide()
	}
	return w, nil
}

// windowSize is that of the smallest screen of an office; a person may make the window larger.
func windowSize() fyne.Size { return fyne.NewSize(1366, 768) }

// Fyne returns the window as Fyne knows it.
func (w *Window) Fyne() fyne.Window { return w.win }

// Watch asks the devices how they are, now and again and again until the context ends.
func (w *Window) Watch(ctx context.Context) {
	w.look()
	w.tasks.every(ctx, pollEvery, w.look)
	w.tasks.every(ctx, attendEvery, w.attend)
}

// Close saves what is being written and closes the window; a running verb is stopped first and its
// record written. Asked again, it does not wait for a form that cannot be saved.
func (w *Window) Close() {
	switch {
	case w.tasks.busy:
		w.closing = true
		w.tasks.stop()
	case w.unsaved:
		w.win.Close()
	default:
		w.unsaved = true
		w.leaving(w.win.Close)
	}
}

// Wait returns when no worker runs any more. It is called after the window was closed and the
// context of Watch has ended.
func (w *Window) Wait() { w.tasks.wait() }

// build makes every screen in the present language and fills it.
func (w *Window) build() {
	t, d := w.texts, w.deps
	w.seatbar = newSeatbar(t, w.help, w.signOut)
	w.board = newBoard(t, w.choose, w.begin, w.openBatch, w.sync)
	w.casefile = newCasefile(t, d.Desk.Charter, d.Desk.Now, w.do, w.openComparison)
	w.enrol = newEnrol(t, d.Desk.Charter.Profile, w.today, w.enrolActions())
	w.review = newReview(t, d.Desk.Charter.Profile, d.Desk.Now, reviewActions{w.decide, w.reveal, w.back, w.calmly})
	w.page = newPage(t, w.back)
	w.batch = newBatch(t, w.batchActions())
	w.signin = newSignin(t, d.Desk.Charter, d, w.signIn)
	w.status = newStatus(t, d.Desk.Charter, d.Desk.Now, w.showStatus)
	w.strip = newStrip(t, w.tasks.stop, w.grown)
	w.fault = newFault(t, w.grown)
	w.day = newDayCard(t, w.askOpenDay)
	w.centre = newCentre(t, w.centreActions(), d.Stick != nil)
	w.stock, w.technician = newStock(w, w.stockActions()), newTechnician(w)
	screens := container.NewStack(w.casefile.object, w.enrol.object, w.review.object, w.page.object, w.batch.object,
		w.centre.object)
	for _, s := range w.rooms() {
		screens.Add(s.object)
	}
	w.pane = container.NewBorder(w.day.object, w.strip.object, nil, nil,
		container.NewBorder(w.fault.object, nil, nil, nil, screens))
	w.body = container.NewBorder(nil, nil, atLeast(boardWidth, 0, w.board.object), nil, w.pane)
	top := column(0)
	if d.Training || d.Desk.Training {
		top.Add(trainingBand(t))
	}
	top.Add(w.seatbar.object)
	w.fill(newPresence(d.Desk.Touch), block(shade(colourPaper)),
		container.NewBorder(top, w.status.object, nil, nil, container.NewStack(w.body, w.signin.object)))
	w.win.SetMainMenu(w.menu())
	w.win.SetTitle(t.text("ui.name") + " · " + d.Desk.Charter.Station)
	w.back()
	w.show()
	w.turned(w.tasks.busy)
}

// fill puts screens into the window. The window keeps its size: texts that wrap and have no width yet would ask
// for a far taller one.
func (w *Window) fill(screens ...fyne.CanvasObject) {
	if w.root == nil {
		w.root = container.NewStack(screens...)
		w.win.SetContent(w.root)
		return
	}
	w.win.Canvas().Unfocus()
	w.root.Objects = screens
	w.root.Refresh()
}

// show fills every screen from what was last read.
func (w *Window) show() {
	var o *station.Officer
	if w.seat != nil {
		o = &w.seat.Officer
	}
	now := w.deps.Desk.Now()
	rows := make([]entry, len(w.record.cases))
	for i, c := range w.record.cases {
		rows[i] = entry{c, nextOf(c, w.record.booklets[c.Serial]).refusal(o, now) == nil}
	}
	visible(o != nil, w.body)
	visible(o == nil, w.signin.object)
	if visible(!w.record.day, w.day.object); !w.record.day {
		w.grown()
	}
	w.seatbar.show(o)
	w.board.show(rows, w.token, o, station.DateOf(now))
	w.batch.show(w.record.run, o, now)
	w.casefile.show(w.record.chosen, o, w.found, w.looked)
	w.centre.show(w.record, w.synced, now.Location())
	w.status.show(w.condition())
}

// turned shows on every screen whether a verb runs.
func (w *Window) turned(busy bool) {
	w.seatbar.turned(busy)
	w.board.turned(busy)
	w.casefile.turned(busy)
	w.enrol.turned(busy)
	w.review.turned(busy)
	w.batch.turned(busy)
	w.signin.turned(busy)
	able(!busy, w.day.open)
	w.centre.turned(busy)
	w.stock.turned(busy)
	w.technician.turned(busy)
	w.strip.turned(busy && w.seat != nil)
	if w.prompt != "" && busy {
		w.strip.ask(w.prompt, w.there)
	}
}

// grown lays the right side out again after one of its parts came or went: twice, because text that
// wraps knows its height only once it has a width.
func (w *Window) grown() {
	if w.pane != nil {
		w.pane.Refresh()
		w.pane.Refresh()
	}
}

// moved shows how far the running verb is, unless a person has a booklet to move first.
func (w *Window) moved(p devices.Progress) {
	if w.prompt == "" {
		w.strip.moved(p.Step, p.Done, p.Total)
	}
}

// back returns to the case from the screens in which a person's data stands, and forgets it.
func (w *Window) back() {
	w.enrol.close()
	w.review.close()
	w.page.close()
	w.centre.object.Hide()
	w.batch.object.Hide()
	for _, s := range w.rooms() {
		s.object.Hide()
	}
	w.technician.drop()
	w.casefile.object.Show()
	w.tasks.settle()
}

// open shows one of the screens in which a person's data stands.
func (w *Window) open(screen fyne.CanvasObject) {
	w.casefile.object.Hide()
	screen.Show()
	screen.Refresh()
	screen.Refresh() // as in grown
	w.tasks.settle()
}

// portraitOf decodes a portrait for the screen; nil where there is none.
func portraitOf(a station.Application, decode func([]byte) (image.Image, error)) image.Image {
	if len(a.Portrait) == 0 {
		return nil
	}
	img, err := decode(a.Portrait)
	if err != nil {
		return nil
	}
	return img
}
