package issuance_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/token"
)

// countingToken counts what a token is asked to open.
type countingToken struct {
	*token.File
	opened int
	out    bool // pulled
}

func (c *countingToken) Open(info, sealed []byte) ([]byte, error) {
	c.opened++
	return c.File.Open(info, sealed)
}

func (c *countingToken) Present() bool { return !c.out }

// signInCounting signs an officer in with a token that counts.
func (o *office) signInCounting(d *issuance.Desk, name string) (issuance.Seat, *countingToken) {
	o.t.Helper()
	c := &countingToken{File: o.keys[name]}
	return must(d.SignIn(c))(o.t), c
}

func TestDayNeedsTwoTokensAndTheCount(t *testing.T) {
	o := newOffice(t, 2)
	d := o.rawDesk()
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Enrol(ctx, o.seat(d, "E")); !errors.Is(err, issuance.ErrDayClosed) {
		t.Errorf("enrolled on a closed day: %v", err)
	}
	if _, err := d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "A"), 2); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("one officer opened the day: %v", err)
	}
	checks := must(d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "C"), 2))(t)
	var words []string
	for _, c := range checks {
		words = append(words, c.Word)
	}
	if !slices.Equal(words, []string{"scanner", "printer", "encoder", "calibration", "stock", "sync", "age", "room"}) {
		t.Errorf("checklist %v", words)
	}
	if _, err := d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "C"), 2); !errors.Is(err, issuance.ErrDayOpen) {
		t.Errorf("opened twice: %v", err)
	}
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if _, err := d.CloseDay(ctx, o.seat(d, "A"), 1); !errors.Is(err, issuance.ErrStockCount) {
		t.Errorf("closed with a blank missing: %v", err)
	}
	must(d.CloseDay(ctx, o.seat(d, "A"), 2))(t)
	if _, err := d.Application(ctx, o.seat(d, "E"), token); !errors.Is(err, issuance.ErrDayClosed) {
		t.Errorf("worked after the close: %v", err)
	}
	o.openDay(d)
	must(d.Application(ctx, o.seat(d, "E"), token))(t)
}

// TestShortStockStopsIssuing: the office enrols and decides on a day whose count differs; no blank is
// taken.
func TestShortStockStopsIssuing(t *testing.T) {
	o := newOffice(t, 2)
	d := o.rawDesk()
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	must(d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "C"), 1))(t)
	for o.state(d) != station.StateReserved || must(d.Board(ctx))(t).Cases[0].Stage != station.StageOrdered {
		if _, err := o.next(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.makeOne(ctx, d); !errors.Is(err, issuance.ErrStockCount) || o.state(d) != station.StateReserved {
		t.Errorf("taken: %v, %s", err, o.state(d))
	}
}

// TestDayKey: while the day's key is in memory tokens are spared; it opens nothing for an officer to
// whom the case is not wrapped; after a kill one of the two who opened the day brings it back, and
// nobody else; the close of the day destroys it.
func TestDayKey(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	seat, key := o.signInCounting(d, "E")
	token := must(d.Enrol(ctx, seat))(t)
	must(d.Application(ctx, seat, token))(t)
	if key.opened != 0 {
		t.Errorf("the token was asked %d times", key.opened)
	}
	if _, err := d.Application(ctx, o.seat(d, "O"), token); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("the day's key opened a case for somebody else: %v", err)
	}

	killed := o.rawDesk()
	seat, key = o.signInCounting(killed, "E")
	must(killed.Application(ctx, seat, token))(t)
	if key.opened != 1 {
		t.Errorf("without the day's key the token was asked %d times, want once", key.opened)
	}
	opener, openerKey := o.signInCounting(killed, "A")
	must(killed.Application(ctx, seat, token))(t)
	if openerKey.opened != 1 || key.opened != 1 {
		t.Errorf("resumed day: opener's token asked %d times, officer's %d", openerKey.opened, key.opened)
	}

	day := must(killed.Today(ctx))(t)
	must(killed.CloseDay(ctx, opener, o.count(killed)))(t)
	if _, err := seal.Unwrap(o.keys["A"], "day/"+day.ID, day.Keys); err != nil {
		t.Fatalf("the test does not open the day as the desk does: %v", err)
	}
	err := killed.Store.View(ctx, func(tx issuance.Tx) error {
		f, err := tx.Folder(token)
		for _, w := range f.Keys {
			if len(w.Recipient) > 4 && w.Recipient[:4] == "day/" {
				t.Error("a wrap under the day's key outlived the day")
			}
		}
		if note, _ := tx.Note("day"); note != nil {
			t.Error("the day outlived its close")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestIdleDeskLocks: after the profile's time without work every key is gone from memory, and the
// token is asked for again. Work with a device is no idle time.
func TestIdleDeskLocks(t *testing.T) {
	for name, end := range map[string]func(o *office, d *issuance.Desk, clock *time.Duration, key *countingToken){
		"idle": func(_ *office, _ *issuance.Desk, clock *time.Duration, _ *countingToken) {
			*clock += 5 * time.Minute
		},
		"pulled": func(_ *office, _ *issuance.Desk, _ *time.Duration, key *countingToken) { key.out = true },
		"locked": func(_ *office, d *issuance.Desk, _ *time.Duration, _ *countingToken) { d.Lock() },
		"touched, then idle": func(_ *office, d *issuance.Desk, clock *time.Duration, _ *countingToken) {
			*clock += 4 * time.Minute
			d.Touch()
			*clock += 5 * time.Minute
			d.Touch() // too late
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 1)
			d := o.desk(nil)
			var clock time.Duration
			d.Elapsed = func() time.Duration { return clock }
			ctx := t.Context()
			seat, key := o.signInCounting(d, "E")
			token := must(d.Enrol(ctx, seat))(t)
			clock += 4 * time.Minute
			must(d.Application(ctx, seat, token))(t)
			end(o, d, &clock, key)
			if _, err := d.Application(ctx, seat, token); !errors.Is(err, issuance.ErrLocked) || issuance.Cure(err) != "locked" {
				t.Fatalf("still open: %v", err)
			}
			digest := sha256.Sum256([]byte("x"))
			if _, err := key.Sign(rand.Reader, digest[:], nil); !errors.Is(err, errTokenClosed) {
				t.Errorf("the token's key is still in memory: %v", err)
			}
			o.reopenTokens()
			seat, key = o.signInCounting(d, "E")
			must(d.Application(ctx, seat, token))(t)
			if key.opened != 1 {
				t.Errorf("the day's key outlived the lock: token asked %d times", key.opened)
			}
		})
	}
}

var errTokenClosed = token.ErrClosed

// TestSetClockLocksNobody: idle time is no matter of the date.
func TestSetClockLocksNobody(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	var passed time.Duration
	d.Elapsed = func() time.Duration { return passed }
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	for _, years := range []int{10, -10} {
		d.Now = func() time.Time { return time.Now().AddDate(years, 0, 0) }
		if _, err := d.Application(t.Context(), seat, token); err != nil {
			t.Errorf("%d years: %v", years, err)
		}
	}
	passed = o.charter.Profile.IdleTime()
	if _, err := d.Application(t.Context(), seat, token); !errors.Is(err, issuance.ErrLocked) {
		t.Errorf("an idle desk whose clock was set back: %v", err)
	}
}

// TestCaseAge: a case that is open for longer than the profile allows stops new ones until somebody
// ends it. How long is told by what headquarters has signed: the clock alone stops nobody. The case's
// withdrawal destroys its key and says so.
func TestCaseAge(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	later := time.Now().Add(o.charter.Profile.CaseAge() + time.Hour)
	o.clock = func() time.Time { return later }
	withdrawn := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := d.Withdraw(ctx, o.seat(d, "E"), withdrawn); err != nil {
		t.Fatal(err)
	}
	o.clock = time.Now
	o.vault.Now = func() time.Time { return later }
	more := o.offers[0]
	more.Manifest.Blanks = []event.Blank{{Serial: "UT4299999", ChipID: []byte{9}}}
	o.offers = append(o.offers, more)
	o.round()
	must(d.Sync(ctx))(t)
	must(d.Close(ctx))(t)
	if _, err := d.Enrol(ctx, o.seat(d, "E")); !errors.Is(err, station.ErrTooOld) {
		t.Errorf("enrolled beside a case of %d days: %v", o.charter.Profile.MaxCaseDays, err)
	}
	if err := d.Withdraw(ctx, o.seat(d, "O"), token); err == nil {
		t.Error("an operator withdrew a case")
	}
	if err := d.Withdraw(ctx, o.seat(d, "E"), token); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range must(d.Journal(ctx, string(token)))(t) {
		kinds = append(kinds, s.Entry.Kind)
	}
	if !slices.Equal(kinds, []string{event.CaseOpened, event.CaseKeyDestroyed, event.CaseWithdrawn}) {
		t.Errorf("entries %v", kinds)
	}
	must(d.Sync(ctx))(t)
	if closed := must(d.Close(ctx))(t); !slices.Equal(closed, []station.CaseToken{token}) {
		t.Errorf("closed %v", closed)
	}
	must(d.Enrol(ctx, o.seat(d, "E")))(t)
}

// TestCaseAgeWithoutDirectives: the ledger signs when it answers, so the limit holds where headquarters
// has nothing to direct. A ledger whose clock jumps, by years, stops nobody and dates nothing.
func TestCaseAgeWithoutDirectives(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	ctx := t.Context()
	must(d.Sync(ctx))(t)
	must(d.Enrol(ctx, o.seat(d, "E")))(t)
	later := time.Now().Add(o.charter.Profile.CaseAge() + time.Hour)
	for _, jumped := range []time.Time{later, time.Now().AddDate(10, 0, 0), time.Now().AddDate(-10, 0, 0)} {
		o.line.clock = func() time.Time { return jumped }
		must(d.Sync(ctx))(t)
		must(d.Enrol(ctx, o.seat(d, "E")))(t)
		list := must(d.Journal(ctx, ""))(t)
		if at := list[len(list)-1].Entry.Time; time.Since(time.Unix(at, 0)).Abs() > time.Hour {
			t.Errorf("the ledger's clock says %v, an entry is dated %v", jumped, time.Unix(at, 0))
		}
	}
	o.line.clock = func() time.Time { return later }
	o.clock = o.line.clock
	must(d.Sync(ctx))(t)
	if _, err := d.Enrol(ctx, o.seat(d, "E")); !errors.Is(err, station.ErrTooOld) {
		t.Errorf("enrolled beside a case of %d days: %v", o.charter.Profile.MaxCaseDays, err)
	}
}

// TestClockWrongFromTheStart: an office whose clock was years off before headquarters was ever heard
// goes on enrolling when it is heard.
func TestClockWrongFromTheStart(t *testing.T) {
	for _, years := range []int{-10, 10} {
		o := newOffice(t, 1)
		o.clock = func() time.Time { return time.Now().AddDate(years, 0, 0) }
		d := o.desk(nil)
		o.write(d, 1)
		must(d.Sync(t.Context()))(t)
		if signed := must(d.SignedTime(t.Context()))(t); signed.IsZero() {
			t.Fatal("headquarters signed nothing")
		}
		o.write(d, 1)
		o.clock = time.Now
		o.write(d, 1)
	}
}

// TestCap holds the number of open cases to the profile's.
func TestCap(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	d.Charter.Profile.MaxOpenCases = 2
	for range 2 {
		must(d.Enrol(t.Context(), o.seat(d, "E")))(t)
	}
	if _, err := d.Enrol(t.Context(), o.seat(d, "E")); !errors.Is(err, station.ErrTooMany) {
		t.Errorf("a third case: %v", err)
	}
}

// TestOtherStationsStore: a desk does not work on the records of another station.
func TestOtherStationsStore(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	d.Charter.Station = "UTO-02"
	if err := d.Adopt(t.Context()); !errors.Is(err, issuance.ErrOtherStation) || issuance.Cure(err) != "other-station" {
		t.Errorf("got %v", err)
	}
}
