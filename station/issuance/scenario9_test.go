package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// byStick has an office exchange everything by files: the station's letter, headquarters' work, its
// answer.
func (o *office) byStick(_ context.Context, d *issuance.Desk) (issuance.SyncReport, error) {
	o.t.Helper()
	path, _ := o.export(d)
	if _, err := o.ingest(path); err != nil {
		return issuance.SyncReport{}, err
	}
	o.round()
	return o.take(d, o.answer())
}

// TestScenario9StickAndABadWeek leads a passport from stock to its holder in an office without a
// network. At the end nothing personal is left, and no sealed case that headquarters has durably.
func TestScenario9StickAndABadWeek(t *testing.T) {
	o := newOffice(t, 2)
	o.sync = o.byStick
	d := o.desk(nil)
	d.Headquarters = nil // there is none
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := o.finish(d)
	if c.Stage != station.StageClosed {
		t.Fatalf("case is %s", c.Stage)
	}
	if n := len(o.blobs(d)); n != 2 {
		t.Errorf("%d sealed cases are here while headquarters has them on one machine alone, want 2", n)
	}
	o.secure()
	must(o.byStick(t.Context(), d))(t)
	if n := o.waiting(d); n != 0 {
		t.Errorf("%d entries wait", n)
	}
	r := must(d.VerifyRecords(t.Context(), nil))(t)
	if r.Receipts != r.Entries || r.Entries < 15 {
		t.Errorf("%d entries, %d receipts", r.Entries, r.Receipts)
	}
	if n := len(o.blobs(d)); n != 0 {
		t.Errorf("%d sealed cases are still here", n)
	}
	o.nothingLeft(t, c.Token)
}

// blobs are the sealed bytes that the station keeps of its own entries.
func (o *office) blobs(d *issuance.Desk) [][]byte {
	var out [][]byte
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		if s.Entry.Blob == nil {
			continue
		}
		err := d.Store.View(o.t.Context(), func(tx issuance.Tx) error {
			data, err := tx.Blob(s.Entry.Blob.Digest)
			if errors.Is(err, issuance.ErrUnknown) {
				return nil
			}
			out = append(out, data)
			return err
		})
		if err != nil {
			o.t.Fatal(err)
		}
	}
	return out
}

// TestScenario9F1LostStick: useless to the finder, exported again, counted once.
func TestScenario9F1LostStick(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	token := must(d.Enrol(t.Context(), o.seat(d, "E")))(t)
	if err := o.capture(t.Context(), d, token); err != nil {
		t.Fatal(err)
	}
	lost, first := o.export(d)
	raw := must(os.ReadFile(lost))(t)
	for _, planted := range []string{string(token), "VANDROUNAIA", stationID, "case.submitted"} {
		if bytes.Contains(raw, []byte(planted)) {
			t.Errorf("the lost stick says %s", planted)
		}
	}
	if _, err := bundle.Open(lost, bundle.ToHeadquarters, d.Key, nil); !errors.Is(err, journal.ErrNotForUs) {
		t.Errorf("even the station opens it: %v", err)
	}
	if o.waiting(d) != first.Entries {
		t.Error("an export counts as sent")
	}
	o.write(d, 1)
	again, second := o.export(d)
	want := issuance.ExportReport{Entries: first.Entries + 1, Blobs: 1, Epoch: 1, Sequence: uint64(first.Entries) + 1}
	if second != want {
		t.Errorf("first %+v, again %+v", first, second)
	}
	for _, path := range []string{again, lost, again} { // the lost one was found after all
		must(o.ingest(path))(t)
	}
	if n := o.leaves(); n != int64(second.Entries) {
		t.Errorf("%d entries at headquarters, %d were written", n, second.Entries)
	}
	must(o.take(d, o.answer()))(t)
	if o.waiting(d) != 0 {
		t.Error("receipts are missing")
	}
}

// TestScenario9F2ReceiptsOfAnotherStation: sealed to it, addressed to it, or about its entries.
func TestScenario9F2ReceiptsOfAnotherStation(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 2)
	path, _ := o.export(d)
	must(o.ingest(path))(t)
	o.newToken("elsewhere")
	for name, answers := range map[string]string{
		"sealed to another station":        o.answerTo(o.keys["elsewhere"].HPKEPublic(), stationID),
		"for another station, in our seal": o.answerTo(o.keys["station"].HPKEPublic(), "UTO-02"),
	} {
		if _, err := o.take(d, answers); !errors.Is(err, journal.ErrNotForUs) || issuance.Cure(err) == "other" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o.waiting(d) != o.entries(d) {
		t.Error("receipts were taken in")
	}
	stranger := o.desk(nil)
	stranger.Charter.Station = "UTO-02"
	_, err := stranger.Import(t.Context(), o.opened(o.answer()), time.Now())
	if !errors.Is(err, issuance.ErrHeadquarters) {
		t.Errorf("receipts for another chain: %v", err)
	}
}

// opened opens an answer to the station.
func (o *office) opened(path string) *bundle.Answer {
	o.t.Helper()
	b := must(bundle.Open(path, bundle.ToStation, o.keys["station"], o.vaultSigned))(o.t)
	o.t.Cleanup(func() { _ = b.Close() })
	return must(bundle.OpenAnswer(b, stationID, *o.open))(o.t)
}

// TestScenario9F4ReceiptsOutOfOrder takes three answers in every order, and each twice.
func TestScenario9F4ReceiptsOutOfOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {2, 0, 1}} {
		o := bareOffice(t)
		d := o.desk(nil)
		var answers []string
		for range 3 {
			o.write(d, 3)
			path, _ := o.export(d)
			must(o.ingest(path))(t)
			answers = append(answers, o.answer())
		}
		newest := int64(0)
		for _, i := range slices.Concat(order, order) {
			if _, err := o.take(d, answers[i]); err != nil {
				t.Fatalf("order %v, answer %d: %v", order, i, err)
			}
			known := must(d.Places(t.Context()))(t).Known
			if known < newest {
				t.Errorf("order %v: after %d leaves the station believes in %d", order, newest, known)
			}
			newest = known
		}
		if o.waiting(d) != 0 || newest != int64(o.entries(d)) {
			t.Errorf("order %v: %d wait, newest tree %d", order, o.waiting(d), newest)
		}
		if _, err := d.VerifyRecords(t.Context(), nil); err != nil {
			t.Errorf("order %v: %v", order, err)
		}
		if _, err := d.Sync(t.Context()); err != nil {
			t.Errorf("order %v: the network afterwards: %v", order, err)
		}
	}
}

// TestScenario9F5WrongClock: the office works, by network and by stick, whatever its clock says, and
// no entry lies before one that was written earlier.
func TestScenario9F5WrongClock(t *testing.T) {
	const day = 24 * time.Hour
	for name, off := range map[string]time.Duration{
		"three days late": -3 * day, "three days early": 3 * day,
		"ten years late": -3652 * day, "ten years early": 3652 * day,
	} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			d := o.desk(nil)
			o.write(d, 1)
			must(d.Sync(t.Context()))(t)
			o.clock = func() time.Time { return time.Now().Add(off) }
			o.write(d, 1)
			must(d.Sync(t.Context()))(t)
			o.clock = time.Now
			o.write(d, 1)
			must(o.byStick(t.Context(), d))(t)
			if o.waiting(d) != 0 {
				t.Error("receipts are missing")
			}
			last := int64(0)
			for _, s := range must(d.Journal(t.Context(), ""))(t) {
				if s.Entry.Time < last {
					t.Errorf("entry %d is dated back by %d s", s.Entry.Sequence, last-s.Entry.Time)
				}
				last = s.Entry.Time
			}
			if c := must(d.Contact(t.Context()))(t); c.Silence.Warn || c.Halted {
				t.Errorf("contact %+v", c)
			}
		})
	}
}

// TestScenario9F5AnOrderUnderAWrongClock: an approval three days off is still carried out.
func TestScenario9F5AnOrderUnderAWrongClock(t *testing.T) {
	for _, days := range []int{-3, 3} {
		o := newOffice(t, 1)
		o.clock = func() time.Time { return time.Now().AddDate(0, 0, days) }
		d := o.desk(nil)
		for o.state(d) != station.StateReserved || !o.ordered(d) {
			if _, err := o.next(t.Context(), d); err != nil {
				t.Fatalf("%d days: %v", days, err)
			}
			if cause := must(d.Declined(t.Context(), o.token(d)))(t); cause != "" {
				t.Fatalf("%d days: declined: %s", days, cause)
			}
		}
	}
}

func (o *office) token(d *issuance.Desk) station.CaseToken {
	cases := must(d.Board(o.t.Context()))(o.t).Cases
	if len(cases) == 0 {
		return ""
	}
	return cases[0].Token
}

func (o *office) ordered(d *issuance.Desk) bool {
	cases := must(d.Board(o.t.Context()))(o.t).Cases
	return len(cases) > 0 && cases[0].Stage == station.StageOrdered
}

// TestScenario9F6ThreeWeeksOfSilence: a warning, then no more issuing while enrolling goes on, until
// headquarters is heard again, by network or by stick.
func TestScenario9F6ThreeWeeksOfSilence(t *testing.T) {
	for name, heard := range map[string]func(*office, *issuance.Desk) error{
		"by network": func(o *office, d *issuance.Desk) error { _, err := d.Sync(t.Context()); return err },
		"by stick":   func(o *office, d *issuance.Desk) error { _, err := o.byStick(t.Context(), d); return err },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 2)
			d := o.desk(nil)
			if err := errors.Join(d.Adopt(t.Context()), o.receive(d)); err != nil {
				t.Fatal(err)
			}
			token := must(d.Enrol(t.Context(), o.seat(d, "E")))(t)
			if err := o.capture(t.Context(), d, token); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				days       int
				warn, stop bool
			}{{20, false, false}, {21, true, false}, {41, true, false}, {42, true, true}} {
				o.clock = func() time.Time { return time.Now().AddDate(0, 0, c.days).Add(time.Minute) }
				s := must(d.Contact(t.Context()))(t).Silence
				if s.Days != c.days || s.Warn != c.warn || s.Stop != c.stop {
					t.Errorf("after %d days: %+v", c.days, s)
				}
			}
			_, err := d.Approve(t.Context(), o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...)
			if !errors.Is(err, station.ErrSilent) || issuance.Cure(err) != "silent" {
				t.Errorf("approved in silence: %v", err)
			}
			o.write(d, 1) // enrolling goes on
			o.clock = func() time.Time { return time.Now().AddDate(0, 0, 43) }
			if name == "by stick" {
				o.clock = time.Now // the answer is from today, and this office's clock was wrong
			}
			if err := heard(o, d); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Approve(t.Context(), o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...); err != nil {
				t.Errorf("after headquarters was heard: %v", err)
			}
		})
	}
}

// TestScenario9F6NoBookletLeavesInSilence: what is half done stays where it is.
func TestScenario9F6NoBookletLeavesInSilence(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	silent := func() time.Time { return time.Now().AddDate(0, 0, 50) }
	refused := map[station.Stage]bool{}
	for closed := false; !closed; {
		o.clock = silent
		if stage := o.stage(d); stage == station.StageOrdered || stage == station.StagePassed {
			before := o.state(d)
			err := o.makeOne(t.Context(), d)
			if !errors.Is(err, station.ErrSilent) || o.state(d) != before {
				t.Errorf("%s: %v, booklet from %s to %s", stage, err, before, o.state(d))
			}
			refused[stage] = true
		}
		o.clock = time.Now
		var err error
		if closed, err = o.next(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if len(refused) != 2 {
		t.Errorf("tried at %v", refused)
	}
}

func (o *office) stage(d *issuance.Desk) station.Stage {
	cases := must(d.Board(o.t.Context()))(o.t).Cases
	if len(cases) == 0 {
		return ""
	}
	return cases[0].Stage
}

// TestScenario9F7HalfWritten: a copy that was cut off is told, changes nothing, and the next one
// brings everything.
func TestScenario9F7HalfWritten(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 5)
	path, _ := o.export(d)
	raw := must(os.ReadFile(path))(t)
	cut := filepath.Join(o.dir, "cut")
	for _, n := range []int{100, len(raw) / 2, len(raw) - 1} {
		if err := os.WriteFile(cut, raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := o.ingest(cut); !errors.Is(err, journal.ErrIncomplete) || issuance.Cure(err) == "other" {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if o.leaves() != 0 {
		t.Error("half a file brought something")
	}
	path, r := o.export(d)
	written := o.entries(d)
	if written < 5 || r.Entries != written {
		t.Errorf("exported again: %+v", r)
	}
	must(o.ingest(path))(t)
	answers := must(os.ReadFile(o.answer()))(t)
	if err := os.WriteFile(cut, answers[:len(answers)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.take(d, cut); !errors.Is(err, journal.ErrIncomplete) || o.waiting(d) != written {
		t.Errorf("half an answer: %v, %d wait", err, o.waiting(d))
	}
	must(o.take(d, o.answer()))(t)
	if o.waiting(d) != 0 {
		t.Error("receipts are missing")
	}
}

// TestScenario9StickThenNetwork: both ways lead to one state, and an answer that was overtaken by
// the network says so or does no harm.
func TestScenario9StickThenNetwork(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 3)
	path, _ := o.export(d)
	must(d.Sync(t.Context()))(t)
	must(o.ingest(path))(t)
	if o.leaves() != int64(o.entries(d)) {
		t.Errorf("%d entries counted, %d written", o.leaves(), o.entries(d))
	}
	must(o.take(d, o.answer()))(t)
	o.write(d, 2)
	must(d.Sync(t.Context()))(t)
	late := o.answer() // joins what the first letter brought, shows two more
	if _, err := o.take(d, late); err != nil {
		t.Errorf("same tree: %v", err)
	}
	o.write(d, 2)
	path, _ = o.export(d)
	o.write(d, 1)
	must(d.Sync(t.Context()))(t)
	must(o.ingest(path))(t)
	if _, err := o.take(d, o.answer()); err != nil {
		t.Errorf("overtaken: %v", err)
	}
	if n := o.waiting(d); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// TestScenario9F3ForeignFiles: what is not ours is told apart, by either side, and changes nothing.
func TestScenario9F3ForeignFiles(t *testing.T) {
	o := bareOffice(t)
	d := o.desk(nil)
	o.write(d, 1)
	letter, _ := o.export(d)
	picture, empty := filepath.Join(o.dir, "picture.jpg"), filepath.Join(o.dir, "empty")
	err := errors.Join(os.WriteFile(picture, []byte("\xff\xd8\xff\xe0 JFIF"), 0o600), os.WriteFile(empty, nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a picture": picture, "an empty file": empty, "a directory": o.dir, "our own letter": letter,
	} {
		if _, err := o.take(d, path); !errors.Is(err, journal.ErrForeignFile) {
			t.Errorf("%s at the station: %v", name, err)
		}
	}
	must(o.ingest(letter))(t)
	for name, path := range map[string]string{"a picture": picture, "an answer": o.answer()} {
		if _, err := o.ingest(path); !errors.Is(err, journal.ErrForeignFile) {
			t.Errorf("%s at headquarters: %v", name, err)
		}
	}
	if o.waiting(d) != o.entries(d) {
		t.Error("a foreign file changed the record")
	}
}

// TestScenario9F8OldPolicy replays a charter that headquarters has replaced: neither its rules nor
// its officers come back, not even after a restart.
func TestScenario9F8OldPolicy(t *testing.T) {
	o := bareOffice(t)
	old := o.charter
	o.charter.Version, o.charter.Profile.MaxSilenceDays = 2, 60
	d := o.desk(nil)
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		replayed := o.desk(nil)
		replayed.Charter = old
		err := replayed.Adopt(t.Context())
		if !errors.Is(err, issuance.ErrCharter) || issuance.Cure(err) != "charter" {
			t.Errorf("an old charter: %v", err)
		}
	}
	if adopted := o.said(d, event.CharterAdopted); adopted != 1 {
		t.Errorf("%d charters in the journal", adopted)
	}
}
