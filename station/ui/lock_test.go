package ui_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/token"
)

// asleep is an office whose idle time passes as the test says.
type asleep struct {
	*office
	passed time.Duration
}

// drowsy is an office in which E-01 sits before the first draft, at the step about the person.
func drowsy(t *testing.T, before func(*office)) *asleep {
	t.Helper()
	a := &asleep{}
	a.office = at(t, func(o *office) {
		o.desk.Elapsed = func() time.Duration { return a.passed }
		if before != nil {
			before(o)
		}
	}, "E-01", 0, "ui.verb.enrol")
	a.step("ui.step.person")
	return a
}

// locks waits until the desk has locked itself and the window has heard of it.
func (a *asleep) locks() {
	a.t.Helper()
	ctx, end := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer end()
	a.desk.Watch(ctx, func() {
		a.window.Locked()
		end()
	})
	a.reopen()
	if !a.asks() {
		a.t.Fatal("the desk has not locked itself, or the window does not ask for the token")
	}
}

// reopen has every officer open the token again that the desk has closed.
func (o *office) reopen() {
	o.t.Helper()
	for name := range roles {
		k := must(token.Open(filepath.Join(o.dir, name), []byte(passphrase)))(o.t)
		o.t.Cleanup(func() { _ = k.Close() })
		o.tokens[name] = k
	}
}

// asks tells whether the window asks who is there.
func (o *office) asks() bool {
	_, ok := look(o, func(e *widget.Entry) bool { return e.Password })
	return ok
}

// retype writes into the field that holds a text.
func (o *office) retype(was, now string) {
	o.t.Helper()
	e := find(o, func(e *widget.Entry) bool { return e.Text == was })
	o.window.Fyne().Canvas().Focus(e)
	e.SetText("")
	test.Type(e, now)
}

// has tells whether a field that is shown holds a text.
func (o *office) has(text string) bool {
	_, ok := look(o, func(e *widget.Entry) bool { return e.Text == text })
	return ok
}

// TestIdleDeskIsResumed: a desk that was left in the middle of an enrolment locks itself. Nothing of the
// applicant stays in the window; the officer who was there finds everything again, at the same step; another
// officer sees the board.
func TestIdleDeskIsResumed(t *testing.T) {
	a := drowsy(t, nil)
	who := person()
	a.retype(who.PlaceOfBirth, "Іншы востраў")
	a.retype(who.Birth.String(), "1991-0") // half written
	a.app.Clipboard().SetContent(who.LocalSurname)
	before := a.kinds()[event.CaseDrafted]
	for range 5 { // the hand rests
		a.clock = a.clock.Add(15 * time.Second)
		a.window.Attend()
	}
	if got := a.kinds()[event.CaseDrafted] - before; got != 1 {
		t.Errorf("what was typed was saved %d times while nobody typed", got)
	}
	if !a.has("Іншы востраў") || !a.has("1991-0") {
		t.Error("saving has changed what is being typed")
	}
	if !a.holds(who.LocalSurname) {
		t.Fatal("the search does not find what stands on the screen")
	}
	a.passed += a.desk.Charter.Profile.IdleTime()
	a.locks()
	if got := a.window.Fyne().Canvas().Size(); got.Width != 1366 || got.Height != 740 {
		t.Errorf("the window has become %v", got)
	}
	a.nothingOf(t, "Іншы востраў", "1991-0", who.LocalSurname, who.Surname, who.Birth.String())

	a.enter("A-01")
	if a.says(who.LocalSurname) || a.has("Іншы востраў") || a.offers("ui.enrol.save") {
		t.Error("another officer sees the enrolment")
	}
	a.nothingOf(t, "Іншы востраў", who.LocalSurname, who.Surname)
	a.tap("ui.seat.leave")
	a.enter("E-01")
	if !a.has("Іншы востраў") || !a.has(who.Birth.String()) || !a.offers("ui.enrol.save") {
		t.Error("the officer does not come back to the step with what was typed")
	}
}

// TestReadingIsPresence: who reads and moves the mouse is at work; who does neither is not.
func TestReadingIsPresence(t *testing.T) {
	a := drowsy(t, nil)
	idle := a.desk.Charter.Profile.IdleTime()
	test.MoveMouse(a.window.Fyne().Canvas(), fyne.NewPos(700, 700))
	for i := range 3 {
		a.passed += idle - time.Second
		test.MoveMouse(a.window.Fyne().Canvas(), fyne.NewPos(710+float32(i), 700))
	}
	a.tap("ui.enrol.save")
	if !a.offers("ui.enrol.save") || a.says(a.text("cure.locked")) {
		t.Fatal("the desk has locked itself before somebody who reads")
	}
	a.passed += idle
	a.locks()
}

// TestHalfWrittenWordsAreForgotten: what was begun in every corner of an enrolment, and dialogs that stand
// open, leave with the officer.
func TestHalfWrittenWordsAreForgotten(t *testing.T) {
	const words = "НЕДАПІСАНАЕ"
	a := drowsy(t, nil)
	for _, s := range []string{"old", "person", "signature", "evidence", "family"} {
		a.step("ui.step." + s)
		for range 2 {
			shown(a.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
				if f, is := each.(interface{ Field() *widget.Entry }); is {
					each = f.Field()
				}
				if e, is := each.(*widget.Entry); is && e.Text == "" && !e.Disabled() {
					e.SetText(words)
				}
			})
		}
	}
	dialog.NewFileOpen(func(fyne.URIReadCloser, error) {}, a.window.Fyne()).Show()
	a.passed += a.desk.Charter.Profile.IdleTime()
	a.locks()
	if n := len(a.window.Fyne().Canvas().Overlays().List()); n > 0 {
		t.Errorf("%d dialogs stand over the sign-in", n)
	}
	a.nothingOf(t, words, person().LocalSurname)
}

// patient is a scanner that waits until it is let go.
type patient struct {
	devices.Scanner
	begun chan struct{}
	goOn  chan struct{}
}

func (p patient) Scan(ctx context.Context, s devices.ScanSettings, r devices.Report) (devices.Scan, error) {
	p.begun <- struct{}{}
	select {
	case <-p.goOn:
	case <-ctx.Done():
		return devices.Scan{}, ctx.Err()
	}
	return p.Scanner.Scan(ctx, s, r)
}

// scanning is an office in which E-01 has begun to scan an old passport and walks away.
func scanning(t *testing.T) (*asleep, patient, chan func(), [2]string) {
	t.Helper()
	page, zone := readable(t)
	a := &asleep{office: newOffice(t)}
	a.desk.Elapsed = func() time.Duration { return a.passed }
	a.furnish()
	a.lay(drawn(page))
	p := patient{a.desk.Scanner, make(chan struct{}, 1), make(chan struct{})}
	a.desk.Scanner = p
	screen := a.pump()
	a.open()
	a.comes(screen, "E-01")
	a.choose(0)
	until(t, screen, "the case is shown", func() bool { return a.offers("ui.verb.enrol") })
	a.tap("ui.verb.enrol")
	until(t, screen, "the draft is open", func() bool { return a.offers("ui.old.scan") })
	a.tap("ui.old.scan")
	<-p.begun
	return a, p, screen, zone
}

// comes signs an officer in where workers run by themselves.
func (o *office) comes(screen chan func(), name string) {
	o.t.Helper()
	o.enter(name)
	until(o.t, screen, name+" is signed in", func() bool { return o.offers("ui.seat.leave") })
}

// TestWorkGoesOnWhileTheOfficerIsAway: a desk at which a device works is not idle. What the device brings is
// there when the officer is back.
func TestWorkGoesOnWhileTheOfficerIsAway(t *testing.T) {
	a, p, screen, zone := scanning(t)
	for range 3 {
		a.passed += a.desk.Charter.Profile.IdleTime() - time.Second
		a.window.Attend()
	}
	close(p.goOn)
	until(t, screen, "the page is read", func() bool { return a.has(strings.Join(zone[:], "\n")) })
	if got := a.filed().OldPassport; got == nil || got.MRZ != zone {
		t.Errorf("old passport: %+v", got)
	}
	a.passed += a.desk.Charter.Profile.IdleTime()
	a.desk.Touch() // too late
	if _, err := a.desk.Application(t.Context(), issuance.Seat{Key: a.tokens["E-01"]}, "7KQXM-2WNPA"); err == nil {
		t.Error("the desk stays open after the work has ended and nobody came")
	}
}

// TestLockStopsTheVerb: a token that is pulled stops what runs. The same officer finds the step as it was, and
// can begin again.
func TestLockStopsTheVerb(t *testing.T) {
	a, p, screen, zone := scanning(t)
	a.desk.Lock() // as a token that is pulled
	a.window.Locked()
	a.reopen()
	until(t, screen, "the verb has stopped", func() bool { return a.asks() && a.offers("ui.signin.enter") })
	if a.says(a.text("ui.stopped")) {
		t.Error("a stop that nobody asked for is shown to whoever comes next")
	}
	a.comes(screen, "E-01")
	until(t, screen, "the draft is open again", func() bool { return a.offers("ui.old.scan") })
	if a.has(strings.Join(zone[:], "\n")) {
		t.Error("a scan that was stopped has left a zone")
	}
	close(p.goOn)
	a.tap("ui.old.scan")
	until(t, screen, "the page is read", func() bool { return a.has(strings.Join(zone[:], "\n")) })
}

// TestResultAfterTheLock: what a verb found is shown to nobody when the desk has locked itself before it
// reached the screen. It stands in the draft.
func TestResultAfterTheLock(t *testing.T) {
	a, p, screen, zone := scanning(t)
	close(p.goOn)
	a.window.Wait() // until the work is done and its result on its way
	var late []func()
	for len(screen) > 0 {
		late = append(late, <-screen)
	}
	a.desk.Lock()
	a.window.Locked()
	a.reopen()
	(<-screen)()
	for _, result := range late {
		result()
	}
	a.nothingOf(t, zone[0], zone[1], person().LocalSurname)
	a.comes(screen, "A-01")
	if a.offers("ui.enrol.save") || a.says(zone[0]) {
		t.Error("another officer sees what the verb found")
	}
	a.tap("ui.seat.leave")
	a.comes(screen, "E-01")
	until(t, screen, "the draft is open again", func() bool { return a.has(strings.Join(zone[:], "\n")) })
}

// TestEveryScreenIsEmptiedByTheDesk: wherever the desk locks itself, no name, number or picture of a person stays.
func TestEveryScreenIsEmptiedByTheDesk(t *testing.T) {
	o := newOffice(t)
	o.pick()
	o.furnish()
	who, shown := person(), 0
	for _, s := range screens {
		if !slices.ContainsFunc([]string{"enrol", "review", "page", "hand-over"}, func(of string) bool {
			return strings.HasPrefix(s.name, of)
		}) {
			continue // nobody is on it
		}
		o.open()
		s.reach(o)
		if o.holds(who.Surname) {
			shown++
		}
		o.desk.Lock()
		o.window.Locked()
		o.reopen()
		t.Run(s.name, func(t *testing.T) {
			o.nothingOf(t, who.Surname, who.LocalSurname, who.GivenNames, "UT0031416", "Zenith")
		})
	}
	if shown < 12 {
		t.Fatalf("a person was on %d screens only", shown)
	}
}
