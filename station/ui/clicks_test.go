package ui_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/ui"
)

func textOf(o any) string {
	if t, ok := o.(*canvas.Text); ok {
		return t.Text
	}
	return ""
}

// twice presses a button as a double click does: the second half comes at once, wherever the
// pointer then is.
func (o *office) twice(key string) {
	o.t.Helper()
	o.pass()
	b := o.button(key)
	test.Tap(b)
	test.Tap(b)
	if o.offers(key) {
		test.Tap(o.button(key))
	}
}

// A double click does a verb once, and never the one that follows it.
func TestDoubleClick(t *testing.T) {
	for _, c := range []struct {
		name  string
		reach func(*office)
		key   string
		kind  string
		stage station.Stage // of the case at row
		row   int
	}{
		{"new application", func(o *office) { o.enter("E-01") }, "ui.board.new", event.CaseOpened, station.StageDraft, 0},
		{"approve", func(o *office) {
			o.enter("S-01")
			o.choose(1)
			o.tap("ui.verb.review")
			test.Type(o.entry("ui.review.reason"), "complete")
			o.tickAll()
		}, "ui.verb.approve", event.CaseApproved, station.StageApproved, 1},
		{"return", func(o *office) {
			o.enter("S-01")
			o.choose(1)
			o.tap("ui.verb.review")
			test.Type(o.entry("ui.review.reason"), "portrait")
		}, "ui.verb.return", event.CaseReturned, station.StageReturned, 1},
		{"refuse", func(o *office) {
			o.enter("S-01")
			o.choose(1)
			o.tap("ui.verb.review")
			test.Type(o.entry("ui.review.reason"), "impostor")
		}, "ui.verb.refuse", event.CaseRefused, station.StageRefused, 1},
		{"resolve", func(o *office) {
			o.enter("S-01")
			o.choose(4)
			o.tap("ui.verb.resolve")
			find(o, func(g *widget.RadioGroup) bool { return len(g.Options) == 3 }).
				SetSelected(o.text("ui.resolve.printed"))
			test.Type(o.entry("ui.resolve.reason"), "printed to the end")
		}, "ui.resolve.record", event.BookletResolved, station.StageProducing, 4},
		{"open draft", func(o *office) { o.enter("E-01"); o.choose(0) }, "ui.verb.enrol", event.CaseViewed,
			station.StageDraft, 0},
		{"save draft", func(o *office) { o.enter("E-01"); o.choose(0); o.tap("ui.verb.enrol") }, "ui.enrol.save",
			event.CaseDrafted, station.StageDraft, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.deps.Officers = append(o.deps.Officers, "S-01")
			o.furnish()
			o.open()
			c.reach(o)
			before := o.kinds()[c.kind]
			o.twice(c.key)
			if got := o.kinds()[c.kind] - before; got != 1 {
				t.Errorf("%s was recorded %d times", c.kind, got)
			}
			if got := o.stage(c.row); got != c.stage {
				t.Errorf("the case is %s, want %s", got, c.stage)
			}
		})
	}
}

// pump runs workers as goroutines and hands what they want on the screen to the test.
func (o *office) pump() chan func() {
	screen := make(chan func(), 64)
	o.deps.Go = func(f func()) { go f() }
	o.deps.Do = func(f func()) { screen <- f }
	return screen
}

// until runs what workers hand to the screen until something is true.
func until(t testing.TB, screen chan func(), what string, holds func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !holds() {
		select {
		case f := <-screen:
			f()
		case <-limit:
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// deaf is a headquarters that takes every call and never answers.
type deaf struct{ nobody }

func (deaf) Pull(ctx context.Context, _ journal.Checkpoint, _ int64) (journal.Page, error) {
	<-ctx.Done()
	return journal.Page{}, ctx.Err()
}

func (deaf) Own(ctx context.Context, _ journal.Checkpoint, _ int64) (journal.Page, error) {
	<-ctx.Done()
	return journal.Page{}, ctx.Err()
}

func (deaf) Push(ctx context.Context, _ journal.Checkpoint, _ []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	<-ctx.Done()
	return nil, journal.Checkpoint{}, ctx.Err()
}

func (deaf) PutBlob(ctx context.Context, _ journal.Blob, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

// While a verb runs the screen says so, offers to stop it, and refuses every other.
func TestStop(t *testing.T) {
	o := newOffice(t)
	o.desk.Headquarters = deaf{}
	o.furnish()
	screen := o.pump()
	o.open()
	o.enter("A-01")
	until(t, screen, "the board is shown", func() bool { return o.says("7KQXM-2WNPA") })
	o.pass()
	test.Tap(o.button("ui.board.sync"))
	if !o.offers("ui.strip.cancel") || o.offers("ui.board.sync") || o.offers("ui.seat.leave") {
		t.Error("a running verb can be begun again, or cannot be stopped")
	}
	o.pass()
	test.Tap(o.button("ui.board.sync"))
	test.Tap(o.button("ui.strip.cancel"))
	until(t, screen, "the verb has stopped", func() bool { return o.says(o.text("ui.stopped")) })
	if o.offers("ui.strip.cancel") || !o.offers("ui.board.sync") {
		t.Error("the screen still says that a verb runs")
	}
}

// Closing the window stops what runs and closes when its record is written.
func TestCloseStopsTheVerb(t *testing.T) {
	o := newOffice(t)
	o.desk.Headquarters = deaf{}
	o.furnish()
	screen := o.pump()
	o.open()
	o.enter("A-01")
	until(t, screen, "the board is shown", func() bool { return o.says("7KQXM-2WNPA") })
	closed := false
	o.window.Fyne().SetOnClosed(func() { closed = true })
	o.pass()
	test.Tap(o.button("ui.board.sync"))
	o.window.Close()
	if closed {
		t.Error("the window closed under a running verb")
	}
	until(t, screen, "the window has closed", func() bool { return closed })
	o.window.Wait()
}

// In an office where people move booklets, the window asks them and waits.
func TestHand(t *testing.T) {
	for _, c := range []struct {
		name string
		done bool
	}{{"moved", true}, {"stopped", false}} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.furnish()
			screen := o.pump()
			asked := make(chan error, 1)
			o.deps.SignIn = func(string, []byte) (issuance.Seat, error) { return o.desk.SignIn(o.tokens["A-01"]) }
			o.open()
			o.enter("A-01")
			until(t, screen, "the board is shown", func() bool { return o.says("7KQXM-2WNPA") })
			o.desk.Headquarters = movers{hand: o.window.Hand(), asked: asked}
			o.pass()
			test.Tap(o.button("ui.board.sync"))
			until(t, screen, "a person is asked", func() bool { return o.says("UT0000103") && o.offers("ui.strip.there") })
			if c.done {
				test.Tap(o.button("ui.strip.there"))
			} else {
				test.Tap(o.button("ui.strip.cancel"))
			}
			until(t, screen, "the verb has ended", func() bool { return !o.offers("ui.strip.cancel") })
			if err := <-asked; (err == nil) != c.done || err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("Put: %v", err)
			}
		})
	}
}

// movers is a headquarters that has a booklet moved before it refuses to answer: it brings the hand
// into a verb.
type movers struct {
	nobody
	hand  issuance.Hand
	asked chan error
}

func (m movers) Own(ctx context.Context, _ journal.Checkpoint, _ int64) (journal.Page, error) {
	m.asked <- m.hand.Put(ctx, "UT0000103", issuance.SpotReader)
	return journal.Page{}, journal.ErrUnreachable
}

// A device that is not well is marked by a sign beside its name, not by colour alone.
func TestHealth(t *testing.T) {
	for _, c := range []struct {
		name    string
		err     error
		trouble bool
	}{{"well", nil, false}, {"cover open", devices.ErrCoverOpen, true}} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.furnish()
			o.deps.Devices = func(context.Context) []ui.Health { return []ui.Health{{Kind: "printer", Err: c.err}} }
			o.open()
			o.enter("A-01")
			if !o.says(o.text("ui.device.printer")) {
				t.Error("the printer is not named")
			}
			if got := o.says("!"); got != c.trouble {
				t.Errorf("sign of trouble: %v, want %v", got, c.trouble)
			}
		})
	}
}
