package issuance_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/sqlite"
)

var pin = []byte("48-29-77-31")

// raided is an office with a draft, a submitted case and an ordered one, a day that is open, and an
// emergency PIN.
func raided(t *testing.T) (*office, *needles) {
	t.Helper()
	o := newOffice(t, 3)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	if err := d.SetPIN(ctx, o.seat(d, "A"), o.seat(d, "C"), pin, pin); err != nil {
		t.Fatal(err)
	}
	n := &needles{}
	for i := range 3 {
		p := newPlants()
		token := o.planted(ctx, d, p)
		for j, text := range p.texts {
			n.addText(fmt.Sprintf("text %d of case %d", j, i), text)
		}
		o.addFolders(d, n)
		if i == 0 {
			continue
		}
		if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
			t.Fatal(err)
		}
		o.addFolders(d, n)
		if i == 1 {
			continue
		}
		must(d.Approve(ctx, o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...))(t)
		must(d.Sync(ctx))(t)
		o.round()
		if r := must(d.Sync(ctx))(t); r.Orders != 1 {
			t.Fatalf("orders: %+v", r)
		}
		o.addFolders(d, n)
	}
	if len(o.searchStation(n)) == 0 {
		t.Fatal("the search does not find what is there before the purge")
	}
	return o, n
}

// nothingOpens tries every case with every key.
func (o *office) nothingOpens(d *issuance.Desk) {
	t := o.t
	t.Helper()
	for _, c := range must(d.Board(t.Context()))(t).Cases {
		for who := range members {
			if _, err := d.Application(t.Context(), o.seat(d, who), c.Token); err == nil {
				t.Errorf("%s opens case %s", who, c.Token)
			}
			if _, err := d.Order(t.Context(), o.seat(d, who), c.Token); err == nil {
				t.Errorf("%s opens the order of case %s", who, c.Token)
			}
		}
	}
}

// untouched are the stock and the identities of all entries so far.
func (o *office) untouched(d *issuance.Desk) (stock []station.Booklet, ids []string) {
	o.t.Helper()
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		ids = append(ids, s.ID().String())
	}
	return must(d.Stock(o.t.Context()))(o.t), ids
}

// TestScenario10Raid: the emergency PIN, typed twice, leaves nothing that opens a case, and no text
// about a person in any file; F1 a wrong one purges nothing; F5 stock and journal survive.
func TestScenario10Raid(t *testing.T) {
	o, n := raided(t)
	ctx := t.Context()
	d := o.desk(nil)
	stock, ids := o.untouched(d)
	for name, typed := range map[string][2][]byte{
		"another": {[]byte("48-29-77-32"), []byte("48-29-77-32")}, "not the same twice": {pin, []byte("48-29-77-3")},
		"nothing": {nil, nil}, "the passphrase of a token": {[]byte("open sesame"), []byte("open sesame")},
	} {
		if err := d.Purge(ctx, typed[0], typed[1]); !errors.Is(err, issuance.ErrPIN) || issuance.Cure(err) != "purge-pin" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, _ := o.untouched(d); len(must(d.Board(ctx))(t).Cases) != 3 || !slices.EqualFunc(stock, again, sameBook) {
		t.Fatal("a wrong PIN changed something")
	}
	if _, err := d.Application(ctx, o.seat(d, "E"), must(d.Board(ctx))(t).Cases[0].Token); errors.Is(err, issuance.ErrLocked) {
		t.Error("a wrong PIN locked the desk")
	}

	if err := d.Purge(ctx, pin, pin); err != nil {
		t.Fatal(err)
	}
	if found := o.searchStation(n); len(found) > 0 {
		t.Errorf("after the purge: %d finds, the first %s", len(found), found[0])
	}
	if _, err := d.Application(ctx, issuance.Seat{Officer: o.charter.Officers[0], Key: o.keys["E"]}, "X"); err == nil {
		t.Error("a seat of before the purge still works")
	}
	o.reopenTokens()
	o.purged(o.desk(nil), stock, ids)
}

func sameBook(a, b station.Booklet) bool {
	return a.Serial == b.Serial && a.State == b.State && a.Case == b.Case
}

// purged holds an office after a purge against what it had before.
func (o *office) purged(d *issuance.Desk, stock []station.Booklet, ids []string) {
	t := o.t
	t.Helper()
	ctx := t.Context()
	o.nothingOpens(d)
	after, entries := o.untouched(d)
	if !slices.EqualFunc(stock, after, sameBook) {
		t.Errorf("stock before %v, after %v", stock, after)
	}
	if len(entries) < len(ids) || !slices.Equal(ids, entries[:len(ids)]) {
		t.Error("the journal lost entries")
	}
	kinds := map[string]int{}
	for _, s := range must(d.Journal(ctx, ""))(t)[len(ids):] {
		kinds[s.Entry.Kind]++
	}
	if kinds[event.StationPurged] != 1 || kinds[event.CaseKeyDestroyed] != 3 {
		t.Errorf("entries after the purge: %v", kinds)
	}
	for _, c := range must(d.Board(ctx))(t).Cases {
		if c.Stage != station.StagePurged {
			t.Errorf("case %s is %s", c.Token, c.Stage)
		}
	}
	must(d.VerifyJournal(ctx))(t)
	must(d.Sync(ctx))(t)
	o.round()
	must(d.Sync(ctx))(t)
	if _, err := d.Enrol(ctx, o.seat(d, "E")); err != nil {
		t.Errorf("the office cannot begin again: %v", err)
	}
}

// reopenTokens opens the tokens again that a lock has closed.
func (o *office) reopenTokens() {
	o.t.Helper()
	for name := range members {
		o.reopenToken(name)
	}
}

// TestScenario10PurgeCutByPower ends the program before and after each transaction of a purge. The
// next start completes it before it does anything else (F2).
func TestScenario10PurgeCutByPower(t *testing.T) {
	o, n := raided(t)
	d := o.desk(nil)
	_, ids := o.untouched(d)
	if err := d.Store.(*sqlite.Store).Close(); err != nil {
		t.Fatal(err)
	}
	before := o.dir
	for _, after := range []bool{false, true} {
		for cut := 1; ; cut++ {
			o.dir = copyStation(t, before)
			o.reopenTokens()
			d := o.rawDesk()
			d.Store = &crashingStore{Store: d.Store, left: cut, after: after}
			ended, begun := cutPurge(d)
			o.reopenTokens()
			o.afterCut(n, ids, begun)
			if t.Failed() {
				t.Fatalf("cut at transaction %d, committed %v", cut, after)
			}
			if ended {
				break
			}
		}
	}
}

// copyStation copies database and tokens of a station that does not run.
func copyStation(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	files, err := filepath.Glob(filepath.Join(from, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-a", "-t", to}, files...)
	if out, err := exec.CommandContext(t.Context(), "cp", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// afterCut starts the station again. Where the intent was on the disk, nothing opens and nothing is
// found; where it was not, nothing has happened.
func (o *office) afterCut(n *needles, ids []string, begun bool) {
	t := o.t
	d := o.rawDesk()
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := o.searchStation(n)
	if begun != (len(found) == 0) {
		t.Errorf("intent %v, %d finds", begun, len(found))
	}
	if _, entries := o.untouched(d); !slices.Equal(ids, entries[:len(ids)]) {
		t.Error("the journal lost entries")
	}
	purged := 0
	for _, s := range must(d.Journal(t.Context(), ""))(t) {
		if s.Entry.Kind == event.StationPurged {
			purged++
		}
	}
	if begun != (purged == 1) {
		t.Errorf("intent %v, %d entries about a purge", begun, purged)
	}
	must(d.VerifyJournal(t.Context()))(t)
	if begun {
		o.openDay(d)
		o.nothingOpens(d)
	}
}

// cutPurge runs a purge at a desk whose program may end in it. ended: it came to its end; begun: its
// intent was written.
func cutPurge(d *issuance.Desk) (ended, begun bool) {
	s := d.Store.(*crashingStore)
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(died); !ok {
				panic(r)
			}
			begun = s.done > 0
		}
	}()
	if err := d.Purge(context.Background(), pin, pin); err != nil {
		panic(err)
	}
	return true, true
}
