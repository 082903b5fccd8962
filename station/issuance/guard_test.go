package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/sqlite"
)

// at opens a second desk of the same station over the store in another directory.
func (o *office) at(dir string) *issuance.Desk {
	o.t.Helper()
	d := o.desk(nil)
	store := must(sqlite.Open(o.t.Context(), filepath.Join(dir, "station.db")))(o.t)
	o.t.Cleanup(func() { _ = store.Close() })
	d.Store = store
	return d
}

// halted tells whether the station has halted for a cause: by the error, by every verb, after a
// restart, and with evidence that its own keys have signed.
func (o *office) halted(d *issuance.Desk, err error, cause string) {
	t := o.t
	t.Helper()
	if !errors.Is(err, issuance.ErrHalted) || issuance.Cure(err) != "halted" {
		t.Errorf("not halted: %v", err)
	}
	if _, err := d.Enrol(t.Context(), o.seat(d, "E")); !errors.Is(err, issuance.ErrHalted) {
		t.Errorf("enrolled at a halted station: %v", err)
	}
	e := must(d.Halt(t.Context()))(t)
	if e == nil || e.Kind != cause || !must(d.Contact(t.Context()))(t).Halted {
		t.Fatalf("evidence %+v, want %s", e, cause)
	}
	theirs := must(journal.Parse(e.Theirs))(t)
	if err := theirs.Verify(o.signer(theirs.Entry.Actor)); err != nil {
		t.Errorf("evidence: %v", err)
	}
	if cause != issuance.HaltForked {
		return
	}
	ours := must(journal.Parse(e.Ours))(t)
	if ours.ID() == theirs.ID() || ours.Entry.Sequence != theirs.Entry.Sequence {
		t.Errorf("evidence shows %d and %d", ours.Entry.Sequence, theirs.Entry.Sequence)
	}
}

// TestRestoredStationLocks brings a station back from a backup. Headquarters' head is beyond its
// own, by network and by stick.
func TestRestoredStationLocks(t *testing.T) {
	for name, exchange := range map[string]func(*office, *issuance.Desk) error{
		"by network": func(o *office, d *issuance.Desk) error { _, err := d.Sync(t.Context()); return err },
		"by stick":   func(o *office, d *issuance.Desk) error { _, err := o.byStick(t.Context(), d); return err },
	} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			d := o.desk(nil)
			o.write(d, 3)
			must(d.Sync(t.Context()))(t)
			old := filepath.Join(o.dir, "backup")
			backup(t, o.dir, old, "station.db")
			o.write(d, 1)
			must(d.Sync(t.Context()))(t)
			restored := o.at(old)
			o.halted(restored, exchange(o, restored), issuance.HaltRestored)
			if o.leaves() != int64(o.entries(d)) {
				t.Errorf("%d entries at headquarters, %d written", o.leaves(), o.entries(d))
			}
			if _, err := o.at(old).Sync(t.Context()); !errors.Is(err, issuance.ErrHalted) {
				t.Errorf("after a restart: %v", err)
			}
			if forks := must(o.ledger.Evidence(t.Context(), stationID))(t); len(forks) > 0 {
				t.Error("a station that wrote nothing made a fork")
			}
		})
	}
}

// TestClonedStationFreezes lets two copies of one station write. Both numbers are kept as evidence,
// and neither copy goes on.
func TestClonedStationFreezes(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 3)
	must(d.Sync(t.Context()))(t)
	common := uint64(o.entries(d))
	other := filepath.Join(o.dir, "clone")
	backup(t, o.dir, other, "station.db")
	clone := o.at(other)
	o.write(d, 1)
	o.write(clone, 2)
	must(d.Sync(t.Context()))(t)
	_, err := clone.Sync(t.Context())
	o.halted(clone, err, issuance.HaltForked)
	forks := must(o.ledger.Evidence(t.Context(), stationID))(t)
	if len(forks) != 1 || forks[0].Kept.Entry.Sequence != common+1 || forks[0].Other.Entry.Sequence != common+1 {
		t.Fatalf("headquarters keeps %v", forks)
	}
	o.write(d, 1)
	if _, err := d.Sync(t.Context()); !errors.Is(err, issuance.ErrHalted) {
		t.Errorf("the first copy goes on: %v", err)
	}
}

// TestClonedStationByStick: headquarters finds the fork in a bundle, and its answer locks the copy.
func TestClonedStationByStick(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 2)
	must(o.byStick(t.Context(), d))(t)
	other := filepath.Join(o.dir, "clone")
	backup(t, o.dir, other, "station.db")
	clone := o.at(other)
	o.write(d, 1)
	o.write(clone, 1)
	must(o.byStick(t.Context(), d))(t)
	path, _ := o.export(clone)
	if _, err := o.ingest(path); !errors.Is(err, journal.ErrForked) || !errors.Is(err, wire.Fork) {
		t.Errorf("ingested: %v", err)
	}
	_, err := o.take(clone, o.answer())
	o.halted(clone, err, issuance.HaltForked)
}

// TestHeadquartersCannotLockByALie: an entry that none of our keys signed proves nothing against us.
func TestHeadquartersCannotLockByALie(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 1)
	must(d.Sync(t.Context()))(t)
	forger := newKey(t)
	forged := must(journal.Sign(journal.Entry{
		Chain: stationID, Epoch: 1, Sequence: 2, Previous: journal.Hash{1}, Kind: event.CaseOpened,
	}, forger))(t)
	d.Headquarters = liar{d.Headquarters, forged}
	if _, err := d.Sync(t.Context()); !errors.Is(err, issuance.ErrHeadquarters) || errors.Is(err, issuance.ErrHalted) {
		t.Errorf("got %v", err)
	}
	if e := must(d.Halt(t.Context()))(t); e != nil {
		t.Errorf("locked by %s", e.Kind)
	}
}

// liar shows an entry in our chain that is not ours.
type liar struct {
	issuance.Headquarters
	entry journal.Signed
}

func (l liar) Own(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	p, err := l.Headquarters.Own(ctx, last, after)
	p.Entries = append(p.Entries, journal.Pulled{Entry: l.entry, Receipt: journal.Receipt{Index: p.Next}})
	return p, err
}

// sealedCase submits an application, whose sealed copy must not be lost.
func (o *office) sealedCase(d *issuance.Desk) station.CaseToken {
	o.t.Helper()
	token := must(d.Enrol(o.t.Context(), o.seat(d, "E")))(o.t)
	if err := o.capture(o.t.Context(), d, token); err != nil {
		o.t.Fatal(err)
	}
	return token
}

// TestSealedCasesStayUntilTheyAreDurable: a receipt alone erases nothing; headquarters' mark does, up
// to the leaf that it covers.
func TestSealedCasesStayUntilTheyAreDurable(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	here := func(when string, want int) {
		t.Helper()
		must(d.Sync(t.Context()))(t)
		if got := len(o.blobs(d)); got != want || o.waiting(d) != 0 {
			t.Errorf("%s: %d sealed cases here, want %d; %d entries wait", when, got, want, o.waiting(d))
		}
	}
	o.sealedCase(d)
	here("receipted, in one place", 1)
	here("asked again", 1)
	o.secure()
	o.sealedCase(d)
	here("the first in a second place", 1)
	here("nothing new", 1)
	o.secure()
	here("both", 0)
}

// TestHeadquartersFromABackup puts an older image of the ledger in place, down to an empty one: the
// station raises an alarm, writes it down, and everything lost arrives again.
func TestHeadquartersFromABackup(t *testing.T) {
	for name, restore := range map[string]func(o *office, old string) string{
		"yesterday's image": func(o *office, old string) string { return old },
		"an empty ledger":   func(o *office, _ string) string { return filepath.Join(o.dir, "empty") },
		"its own backup": func(o *office, _ string) string {
			place := filepath.Join(o.dir, "restored")
			must(ledger.Restore(t.Context(), filepath.Join(o.dir, "second place"), place,
				ledger.Options{Signer: o.line.signer, Verifier: o.line.verifier}, nil))(t)
			return place
		},
	} {
		for way, exchange := range map[string]func(*office, *issuance.Desk) error{
			"network": func(o *office, d *issuance.Desk) error { _, err := d.Sync(t.Context()); return err },
			"stick":   stickAfterLoss,
		} {
			t.Run(name+" by "+way, func(t *testing.T) {
				o := bareOffice(t)
				d := o.desk(nil)
				o.write(d, 2)
				must(d.Sync(t.Context()))(t)
				old := filepath.Join(o.dir, "old")
				backup(t, filepath.Join(o.dir, "ledger"), old, "ledger.db")
				o.secure()
				o.sealedCase(d)
				must(d.Sync(t.Context()))(t)
				had := o.leaves()
				o.openLedger(restore(o, old))
				if err := exchange(o, d); err != nil {
					t.Fatal(err)
				}
				if o.waiting(d) != 0 || o.leaves() != had+1 {
					t.Errorf("%d wait; headquarters has %d entries, had %d", o.waiting(d), o.leaves(), had)
				}
				o.alarmed(d, issuance.AlarmRestored)
				if _, err := d.VerifyRecords(t.Context(), nil); err != nil {
					t.Error(err)
				}
				if audit := must(o.ledger.Verify(t.Context(), nil))(t); !audit.OK() {
					t.Errorf("ledger: %v", audit.Findings)
				}
				if _, err := d.Sync(t.Context()); err != nil {
					t.Errorf("the next sync: %v", err)
				}
			})
		}
	}
}

// stickAfterLoss exchanges twice: the first answer tells the station what was lost, the second letter
// brings it.
func stickAfterLoss(o *office, d *issuance.Desk) error {
	path, _ := o.export(d)
	if _, err := o.ingest(path); err != nil {
		return err
	}
	o.post.hello.Own, o.post.hello.After = 0, 0
	r, err := o.take(d, o.answer())
	if err != nil || !r.Restored {
		return errors.Join(err, errors.New("not noticed"))
	}
	_, err = o.byStick(o.t.Context(), d)
	return err
}

// alarmed holds the alarm, its evidence and the journal together, and ends it.
func (o *office) alarmed(d *issuance.Desk, kind string) {
	t := o.t
	t.Helper()
	e := must(d.Alarm(t.Context()))(t)
	if e == nil || e.Kind != kind || must(d.Contact(t.Context()))(t).Alarm != kind {
		t.Fatalf("alarm %+v", e)
	}
	seen, shown := must(journal.ParseCheckpoint(e.Seen, *o.open))(t), must(journal.ParseCheckpoint(e.Shown, *o.open))(t)
	if seen.Size <= shown.Size {
		t.Errorf("evidence shows %d and then %d leaves", seen.Size, shown.Size)
	}
	if written := o.said(d, event.LedgerRolledBack); written != 1 {
		t.Errorf("the alarm stands %d times in the journal", written)
	}
	if err := d.Acknowledge(t.Context(), o.seat(d, "A")); err != nil {
		t.Fatal(err)
	}
	if c := must(d.Contact(t.Context()))(t); c.Alarm != "" {
		t.Errorf("still alarmed: %s", c.Alarm)
	}
}

// TestRebuiltLedgerIsNoticed rebuilds the ledger with the true checkpoint key but another history:
// as long as the one seen, longer, and shorter.
func TestRebuiltLedgerIsNoticed(t *testing.T) {
	for name, others := range map[string]int{"as long": 0, "longer": 4, "shorter": -2} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			d := o.desk(nil)
			o.write(d, 5)
			must(d.Sync(t.Context()))(t)
			seen := must(d.Places(t.Context()))(t).Known
			entries := must(d.Journal(t.Context(), ""))(t)
			o.openLedger(filepath.Join(o.dir, "rebuilt"))
			o.rebuild(entries, 5+others)
			if _, err := d.Sync(t.Context()); !errors.Is(err, journal.ErrRewritten) || issuance.Cure(err) == "other" {
				t.Fatalf("got %v", err)
			}
			e := must(d.Alarm(t.Context()))(t)
			if e == nil || e.Kind != issuance.AlarmRewritten {
				t.Errorf("alarm %+v", e)
			}
			if now := must(d.Places(t.Context()))(t).Known; now != seen {
				t.Errorf("the station believes in %d leaves now", now)
			}
			o.write(d, 1) // the office works on
		})
	}
}

// rebuild fills the ledger with n entries: one of another station first, so that ours move.
func (o *office) rebuild(ours []journal.Signed, n int) {
	t := o.t
	t.Helper()
	k := newKey(t)
	other := ledger.Station{ID: "UTO-09", Epoch: 1, Key: spki(t, k)}
	if err := o.ledger.Register(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	push := func(from string, s journal.Signed) {
		t.Helper()
		_, err := o.ledger.Ingest(t.Context(), wire.Peer{Name: from, Role: wire.RoleStation},
			wire.PushRequest{Entries: [][]byte{s.Raw()}})
		if err != nil {
			t.Fatal(err)
		}
	}
	alien := must(journal.Sign(journal.Entry{Chain: "UTO-09", Epoch: 1, Sequence: 1, Kind: event.CaseOpened}, k))(t)
	push("UTO-09", alien)
	for _, s := range ours[:min(n-1, len(ours))] {
		push(stationID, s)
	}
	for i := len(ours) + 1; i < n; i++ {
		alien = must(journal.Sign(journal.Entry{
			Chain: "UTO-09", Epoch: 1, Sequence: alien.Entry.Sequence + 1, Previous: alien.ID(), Kind: event.CaseOpened,
		}, k))(t)
		push("UTO-09", alien)
	}
}

// TestNobodyDatesBack: the floor is the newest time signed here or by headquarters.
func TestNobodyDatesBack(t *testing.T) {
	var log bytes.Buffer
	o := newOffice(t, 1)
	d := o.desk(nil)
	d.Log = loggerTo(&log)
	must(d.Sync(t.Context()))(t) // brings a directive of today
	signed := must(d.SignedTime(t.Context()))(t)
	if since := time.Since(signed); since < 0 || since > time.Hour {
		t.Fatalf("headquarters signed %v ago", since)
	}
	o.clock = func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }
	o.write(d, 1)
	list := must(d.Journal(t.Context(), ""))(t)
	if got := list[len(list)-1].Entry.Time; got < signed.Unix() {
		t.Errorf("claims %v, headquarters signed %v", time.Unix(got, 0), signed)
	}
	if !bytes.Contains(log.Bytes(), []byte("clock stands before")) {
		t.Errorf("the log says %q", log.String())
	}
}

// TestExchangesTakeTurns lets many syncs begin at once: every directive is carried out once.
func TestExchangesTakeTurns(t *testing.T) {
	o := newOffice(t, 3)
	d := o.desk(nil)
	o.write(d, 10)
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			_, err := d.Sync(t.Context())
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(must(d.Shipments(t.Context()))(t)); n != 1 || o.waiting(d) != 0 {
		t.Errorf("%d shipments, %d entries wait", n, o.waiting(d))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
