package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	inmemory "padarozhnik/station/issuance/memory"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/sqlite"
)

// TestHistories lives through random histories of a station in memory: custodians, cases, devices and
// headquarters in any order, by officers who may all do everything, with crashes. Whatever happens: every
// blank has one state and the journal tells the same; no order makes two books; opening + received -
// issued - spoiled - sent - lost is what lies in the safe; and nobody acts twice where two are needed.
func TestHistories(t *testing.T) {
	checks(t, 120, 100_000)
	tally := &atomics{}
	rapid.Check(t, func(rt *rapid.T) { live(rt, &inmemory.Store{}, tally) })
	t.Log(tally)
}

// TestHistoriesOnSQLite lives through the same on the real store.
func TestHistoriesOnSQLite(t *testing.T) {
	checks(t, 3, 500)
	tally := &atomics{}
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		if err := os.Mkdir(path, 0o700); err != nil {
			rt.Fatal(err)
		}
		store, err := sqlite.Open(context.Background(), filepath.Join(path, "station.db"))
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(path)
		defer store.Close()
		live(rt, store, tally)
	})
	t.Log(tally)
}

// checks sets how many histories there are: the short form, or the full size for make torture.
// PADAROZHNIK_HISTORIES says another number.
func checks(t *testing.T, short, full int) {
	t.Helper()
	n := short
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		n = full
	}
	if text := os.Getenv("PADAROZHNIK_HISTORIES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	had := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", had) })
}

// atomics counts what the histories were made of, to show that they are not empty.
type atomics struct {
	histories, acts, done, crashes, handed, quarantined, closed atomic.Int64
}

func (a *atomics) String() string {
	return fmt.Sprintf("%d histories: %d acts, %d of them allowed, %d crashes, %d books handed over, "+
		"%d blanks in quarantine at the end, %d days closed", a.histories.Load(), a.acts.Load(), a.done.Load(),
		a.crashes.Load(), a.handed.Load(), a.quarantined.Load(), a.closed.Load())
}

// act is something that may happen. It says in world.really what it does to the real books, before it
// happens. whole acts are one transaction: when they are refused, nothing is kept.
type act struct {
	name  string
	whole bool
	do    func(*rapid.T, *world) error
}

// live is one history.
func live(rt *rapid.T, store issuance.Store, tally *atomics) {
	w, err := newWorld(context.Background(), store)
	if err != nil {
		rt.Fatal(err)
	}
	if err := w.announce(); err != nil {
		rt.Fatal(err)
	}
	tally.histories.Add(1)
	all := acts()
	for range rapid.IntRange(5, 60).Draw(rt, "steps") {
		w.perform(rt, rapid.SampledFrom(all).Draw(rt, "act"), tally)
		w.sameSafe(rt)
	}
	w.judge(rt, tally)
}

// String names the act in a counterexample.
func (a act) String() string { return a.name }

// perform does one act, perhaps into a crash. What an act that crashed has done to the real books is told
// by the journal alone: its entries are there, or none of it happened.
func (w *world) perform(rt *rapid.T, a act, tally *atomics) {
	before := w.length(rt)
	if rapid.IntRange(0, 24).Draw(rt, "crash") == 0 {
		w.crash.left, w.crash.after = 1, rapid.Bool().Draw(rt, "after")
	}
	tally.acts.Add(1)
	w.really = nil
	var err error
	dead := dies(func() { err = a.do(rt, w) })
	w.crash.left = 1 << 30
	if dead {
		tally.crashes.Add(1)
		if err := w.start(); err != nil {
			rt.Fatalf("start after a crash in %s: %v", a.name, err)
		}
	}
	kept := w.length(rt) > before
	recorded := false // a refusal of which the journal keeps an entry
	for _, known := range []error{station.ErrCounts, issuance.ErrStockCount, station.ErrNotOurs} {
		recorded = recorded || errors.Is(err, known)
	}
	if a.whole && !dead && err != nil && kept && !recorded {
		rt.Fatalf("%s was refused and has written: %v", a.name, err)
	}
	if err == nil && !dead {
		tally.done.Add(1)
	}
	if w.really != nil && kept {
		w.really()
	}
}

func dies(do func()) (dead bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case died:
			dead = true
		default:
			panic(r)
		}
	}()
	do()
	return false
}

func (w *world) length(rt *rapid.T) int {
	n := 0
	err := w.store.View(w.ctx, func(tx issuance.Tx) error {
		last, err := tx.Last()
		if last != nil {
			n = int(last.Entry.Sequence)
		}
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	return n
}

// sameSafe holds the record against what really lies in the safe.
func (w *world) sameSafe(rt *rapid.T) {
	books, err := w.books()
	if err != nil {
		rt.Fatal(err)
	}
	held := 0
	for _, b := range books {
		if !slices.Contains(station.States(), b.State) {
			rt.Fatalf("%s is %q", b.Serial, b.State)
		}
		if b.State.InSafe() != w.safe[b.Serial] {
			rt.Fatalf("%s is %s; in the safe: %v", b.Serial, b.State, w.safe[b.Serial])
		}
		if b.State.InSafe() {
			held++
		}
	}
	if held != len(w.safe) {
		rt.Fatalf("the record has %d in the safe, there are %d", held, len(w.safe))
	}
}

// judge is the end of a history: the day adds up to what is there and to nothing else, the journal shows
// two persons wherever two are needed, and no case has two books.
func (w *world) judge(rt *rapid.T, tally *atomics) {
	if _, err := w.desk.Today(w.ctx); errors.Is(err, issuance.ErrDayClosed) {
		if _, err := w.desk.OpenDay(w.ctx, w.seats[0], w.seats[1], len(w.safe)); err != nil {
			rt.Fatalf("open the last day: %v", err)
		}
	}
	var wrong *issuance.ReconciliationError
	_, err := w.desk.CloseDay(w.ctx, w.seats[0], len(w.safe)+1)
	if !errors.As(err, &wrong) || wrong.Figure != station.FigureCounted {
		rt.Fatalf("closed with one too many: %v", err)
	}
	if _, err := w.desk.CloseDay(w.ctx, w.seats[0], len(w.safe)); err != nil {
		rt.Fatalf("the last day does not close: %v", err)
	}
	entries, err := w.entries()
	if err != nil {
		rt.Fatal(err)
	}
	fourEyes(rt, entries)
	w.oneBook(rt, entries)
	quarantineHolds(rt, entries)
	books, err := w.books()
	if err != nil {
		rt.Fatal(err)
	}
	for _, b := range books {
		switch b.State {
		case station.StateHanded:
			tally.handed.Add(1)
		case station.StateQuarantined:
			tally.quarantined.Add(1)
		}
	}
	for _, s := range entries {
		if s.Entry.Kind == event.DayClosed {
			tally.closed.Add(1)
		}
	}
}

// fourEyes looks at signatures alone.
func fourEyes(rt *rapid.T, entries []journal.Signed) {
	enrolled, made := map[string]string{}, map[string]map[string]bool{}
	differ := func(what, a, b string) {
		if a == b {
			rt.Fatalf("%s: one person did both", what)
		}
	}
	for i, s := range entries {
		e := s.Entry
		switch e.Kind {
		case event.CaseOpened:
			enrolled[e.Subject] = e.Actor
		case event.CaseApproved:
			differ("approval of "+e.Subject, enrolled[e.Subject], e.Actor)
		case event.BlankTaken, event.BookletEncoded, event.PrintStarted, event.BookletPrinted:
			if made[e.Subject] == nil {
				made[e.Subject] = map[string]bool{}
			}
			made[e.Subject][e.Actor] = true
		case event.BookletPassed:
			last := lastOperator(entries[:i], e.Subject)
			differ("inspection of "+e.Subject, last, e.Actor)
		case event.DayOpened, event.StockArrived, event.StockWitnessed, event.StockSent, event.StockLost, event.StockSpoiled,
			event.StockDestroyed, event.StockChecked:
			if i == 0 || !strings.HasSuffix(entries[i-1].Entry.Kind, "proposed") {
				rt.Fatalf("%s follows no proposal", e.Kind)
			}
			differ(e.Kind, entries[i-1].Entry.Actor, e.Actor)
			id := entries[i-1].ID()
			if !bytes.Contains(e.Body, id[:]) {
				rt.Fatalf("%s confirms another entry", e.Kind)
			}
		}
	}
}

// quarantineHolds: nothing out of a bag that differed goes into the safe before headquarters has released it.
func quarantineHolds(rt *rapid.T, entries []journal.Signed) {
	held := map[station.Serial]bool{}
	mark := func(rows []station.Range, in bool) {
		serials, err := station.Listed(rows)
		if err != nil {
			rt.Fatal(err)
		}
		for _, s := range serials {
			held[s] = in
		}
	}
	for _, s := range entries {
		var compared event.Compared
		var settled event.Resolution
		var stored event.Counted
		var err error
		switch s.Entry.Kind {
		case event.StockCompared:
			err = journal.Decode(s.Entry.Body, &compared)
			mark(compared.Blanks, len(compared.Missing)+len(compared.Extra) > 0 || compared.Why != "")
		case event.StockSettled:
			err = journal.Decode(s.Entry.Body, &settled)
			mark(settled.Released, false)
		case event.StockWitnessed:
			err = journal.Decode(s.Entry.Body, &stored)
		}
		if err != nil {
			rt.Fatal(err)
		}
		for _, serial := range stored.Serials {
			if held[serial] {
				rt.Fatalf("%s went from quarantine into the safe", serial)
			}
		}
	}
}

// lastOperator is who made the booklet last: the one who must not inspect it.
func lastOperator(entries []journal.Signed, serial string) string {
	for _, s := range slices.Backward(entries) {
		if s.Entry.Subject == serial && slices.Contains([]string{event.BlankTaken, event.BookletEncoded,
			event.PrintStarted, event.BookletPrinted}, s.Entry.Kind) {
			return s.Entry.Actor
		}
	}
	return ""
}

// oneBook: each blank is taken once and for an order that headquarters gave; of a case's blanks one at most
// is a book, or on its way to be one.
func (w *world) oneBook(rt *rapid.T, entries []journal.Signed) {
	taken, handed := map[string]int{}, map[station.CaseToken]int{}
	for _, s := range entries {
		if s.Entry.Kind != event.BlankTaken && s.Entry.Kind != event.CaseHanded {
			continue
		}
		if s.Entry.Kind == event.CaseHanded {
			var body event.Handed
			if err := journal.Decode(s.Entry.Body, &body); err != nil {
				rt.Fatal(err)
			}
			handed[body.Case]++
			continue
		}
		var body event.Bound
		if err := journal.Decode(s.Entry.Body, &body); err != nil {
			rt.Fatal(err)
		}
		if taken[s.Entry.Subject]++; taken[s.Entry.Subject] > 1 {
			rt.Fatalf("blank %s was taken twice", s.Entry.Subject)
		}
		if !slices.Contains(w.orders[body.Case], station.Serial(s.Entry.Subject)) {
			rt.Fatalf("blank %s was taken for case %s without an order", s.Entry.Subject, body.Case)
		}
	}
	books, err := w.books()
	if err != nil {
		rt.Fatal(err)
	}
	working := map[station.CaseToken]int{}
	for _, b := range books {
		if taken[string(b.Serial)] > 0 && (b.State.InSafe() || b.State == station.StateHanded) {
			working[b.Case]++
		}
	}
	for token, n := range working {
		if n > 1 {
			rt.Fatalf("case %s has %d books", token, n)
		}
	}
	for token, n := range handed {
		if n > 1 {
			rt.Fatalf("case %s got %d books", token, n)
		}
	}
}
