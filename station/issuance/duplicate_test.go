package issuance_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/mrz"
)

// approveNext enrols a person, has the case approved, and lets headquarters answer.
func (o *office) approveNext(d *issuance.Desk, a station.Applicant, former string) station.CaseToken {
	o.t.Helper()
	token := o.approved(d, a, former)
	o.exchange(d)
	return token
}

// approved enrols a person and has the case approved.
func (o *office) approved(d *issuance.Desk, a station.Applicant, former string) station.CaseToken {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	zone := must(station.Zone(o.charter.Profile, a, station.Serial(former), station.Date{Year: 2016, Month: 1, Day: 2},
		station.Date{Year: 2026, Month: 1, Day: 1}))(t)
	if err := d.TypeOldPassport(ctx, o.seat(d, "E"), token, zone); err != nil {
		t.Fatal(err)
	}
	err := d.Amend(ctx, o.seat(d, "E"), token, "person", func(app *station.Application) error {
		if err := complete(app); err != nil {
			return err
		}
		app.Applicant, app.Portrait = a, portraitBytes()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
		t.Fatal(err)
	}
	must(d.Approve(ctx, o.seat(d, "A"), token, "complete"))(t)
	return token
}

// exchange carries everything to headquarters and the answers back.
func (o *office) exchange(d *issuance.Desk) issuance.SyncReport {
	o.t.Helper()
	must(d.Sync(o.t.Context()))(o.t)
	o.round()
	return must(d.Sync(o.t.Context()))(o.t)
}

// answered is what the desk knows of headquarters' answer: the stage and both words.
func (o *office) answered(d *issuance.Desk, token station.CaseToken) [3]string {
	o.t.Helper()
	ctx := o.t.Context()
	return [3]string{
		string(must(d.Case(ctx, token))(o.t).Stage), must(d.Held(ctx, token))(o.t), must(d.Declined(ctx, token))(o.t),
	}
}

func (o *office) want(d *issuance.Desk, what string, token station.CaseToken, stage station.Stage, held, declined string) {
	o.t.Helper()
	if got := o.answered(d, token); got != [3]string{string(stage), held, declined} {
		o.t.Errorf("%s: %q, want %s, held %q, declined %q", what, got, stage, held, declined)
	}
}

// other is an invented Utopian who shares nothing with the first.
func other() station.Applicant {
	return station.Applicant{
		Surname: "HORSKI", GivenNames: "MARAK", LocalSurname: "Горскі", LocalGivenNames: "Марак",
		Birth: station.Date{Year: 1988, Month: 11, Day: 30}, PlaceOfBirth: "Nadir", Sex: mrz.Male, Nationality: "UTO",
	}
}

// TestScenario3Duplicates: F2, a possible duplicate waits until two officers of headquarters have
// looked, and the station learns that it waits and nothing more.
func TestScenario3Duplicates(t *testing.T) {
	o := newOffice(t, 6)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	first := o.approveNext(d, person(), "UT0031416")
	o.want(d, "first", first, station.StageOrdered, "", "")

	likely := person()
	likely.Surname, likely.LocalSurname = "VANDROVNAYA", "Вандровная"
	twice := o.approveNext(d, likely, "UT0031499")
	o.want(d, "another spelling", twice, station.StageApproved, vault.CauseReview, "")
	exact := o.approveNext(d, person(), "UT0031500")
	o.want(d, "the same name", exact, station.StageApproved, vault.CauseReview, "")
	stranger := o.approveNext(d, other(), "UT0777777")
	o.want(d, "a stranger", stranger, station.StageOrdered, "", "")
	borrowed := o.approveNext(d, withName(other(), "AKIANSKI", 1970), "UT0777777")
	o.want(d, "the old passport of another", borrowed, station.StageApproved, vault.CauseReview, "")

	list := o.vault.Diary.Suspicions()
	if len(list) != 3 {
		t.Fatalf("%d suspicions: %+v", len(list), list)
	}
	for _, s := range list {
		if s.Case == twice && (len(s.Like) != 1 || s.Like[0].Case != first || len(s.Like[0].Words) == 0) {
			t.Errorf("suspicion %+v", s)
		}
	}
	a, b := o.keys["I"], o.keys["C"]
	decide := o.vault.Diary.Decide
	if err := decide(twice, vault.VerdictClear, "relative", [2]crypto.Signer{a, a}); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("one officer decides alone: %v", err)
	}
	if err := decide(twice, vault.VerdictClear, "it is Zorka", [2]crypto.Signer{a, b}); !errors.Is(err, station.ErrReason) {
		t.Errorf("a sentence as a reason: %v", err)
	}
	o.exchange(d)
	o.want(d, "nobody has decided", twice, station.StageApproved, vault.CauseReview, "")
	for token, v := range map[station.CaseToken]vault.Verdict{
		twice: vault.VerdictClear, exact: vault.VerdictDuplicate,
	} {
		if err := decide(token, v, "relative", [2]crypto.Signer{a, b}); err != nil {
			t.Fatal(err)
		}
	}
	o.exchange(d)
	o.want(d, "cleared", twice, station.StageOrdered, "", "")
	o.want(d, "found a duplicate", exact, station.StageApproved, vault.CauseReview, vault.CauseDuplicate)
	for token, want := range map[station.CaseToken]error{exact: issuance.ErrDeclined, borrowed: issuance.ErrHeld} {
		if _, err := d.Order(ctx, o.seat(d, "O"), token); !errors.Is(err, want) {
			t.Errorf("the desk says %v, want %v", err, want)
		}
	}
	o.kinds(ctx, exact, event.OrderHeld, event.OrderDeclined)
	o.kinds(ctx, twice, event.OrderHeld, event.OrderCleared, event.OrderIssued)
}

func withName(a station.Applicant, surname string, year int) station.Applicant {
	a.Surname, a.LocalSurname, a.Birth.Year = surname, "", year
	a.GivenNames, a.LocalGivenNames = "LUTAR", ""
	return a
}

// kinds checks which directives the station got about a case.
func (o *office) kinds(ctx context.Context, token station.CaseToken, want ...string) {
	t := o.t
	t.Helper()
	page := must(o.wire.Pull(ctx, journal.Checkpoint{}, 0))(t)
	var got []string
	for _, p := range page.Entries {
		if p.Entry.Entry.Subject == string(token) {
			got = append(got, p.Entry.Entry.Kind)
		}
		if bytes.Contains(p.Entry.Raw(), []byte("VANDROV")) {
			t.Error("a directive names somebody")
		}
	}
	if len(got) != len(want) {
		t.Fatalf("directives %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("directives %q, want %q", got, want)
		}
	}
}

// TestReplacementAndRenewal: a case is no duplicate of itself, and a renewal none of the book that it
// names once that book is over.
func TestReplacementAndRenewal(t *testing.T) {
	o := newOffice(t, 6)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	token := o.approveNext(d, person(), "UT0031416")
	if err := d.Produce(ctx, o.seat(d, "O"), token, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Resolve(ctx, o.seat(d, "O"), token, station.StateSpoiled, "torn"); err != nil {
		t.Fatal(err)
	}
	book := must(d.Approve(ctx, o.seat(d, "A"), token, "blank was torn"))(t)
	o.exchange(d)
	o.want(d, "the same case on another blank", token, station.StageOrdered, "", "")

	early := o.approveNext(d, person(), string(book))
	o.want(d, "a renewal of a valid book", early, station.StageApproved, vault.CauseReview, "")
	o.vault.Notices = func() ([]vault.Notice, error) {
		return []vault.Notice{{Revoked: event.Revoked{Blanks: []event.Range{{First: book, Last: book}}, Reason: "lost"}}}, nil
	}
	o.exchange(d)
	unnamed := o.approveNext(d, person(), "UT0031416")
	o.want(d, "a renewal that names another book", unnamed, station.StageApproved, vault.CauseReview, "")
	lone := newOffice(t, 3)
	e := lone.desk(nil)
	if err := lone.receive(e); err != nil {
		t.Fatal(err)
	}
	old := lone.approveNext(e, person(), "UT0031416")
	serial := must(e.Case(ctx, old))(t).Serial
	lone.vault.Notices = func() ([]vault.Notice, error) {
		return []vault.Notice{{Revoked: event.Revoked{Blanks: []event.Range{{First: serial, Last: serial}}, Reason: "lost"}}}, nil
	}
	lone.exchange(e)
	renewal := lone.approveNext(e, person(), string(serial))
	lone.want(e, "a renewal of a revoked book", renewal, station.StageOrdered, "", "")
	if reason, lost, err := e.Reported(ctx, serial); err != nil || !lost || reason != "lost" {
		t.Errorf("the verifier says %q, %v, %v", reason, lost, err)
	}
	if _, lost, err := e.Reported(ctx, "UT4299999"); err != nil || lost {
		t.Errorf("a good serial is reported: %v", err)
	}
}

// TestDiary: what the vault remembers cannot be cut short, and opening in bulk takes two officers.
func TestDiary(t *testing.T) {
	o := newOffice(t, 4)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	o.vault.Diary.Limit = 1
	first := o.approveNext(d, person(), "UT0031416")
	second := o.approveNext(d, other(), "UT0777777")
	o.want(d, "within the limit", first, station.StageOrdered, "", "")
	o.want(d, "above the limit", second, station.StageApproved, "", "")
	officers := [2]crypto.Signer{o.keys["I"], o.keys["C"]}
	o.vault.Diary.Officers = func(id string) bool { return id == o.keys["I"].KeyID() }
	if err := o.vault.Diary.Allow(vault.Reading{Openings: 10, Reason: "backlog"}, officers); err == nil {
		t.Error("an officer who is not registered allows a reading")
	}
	o.vault.Diary.Officers = nil
	if err := o.vault.Diary.Allow(vault.Reading{Openings: 10, Reason: "backlog"}, officers); err != nil {
		t.Fatal(err)
	}
	o.exchange(d)
	o.want(d, "two officers allowed it", second, station.StageOrdered, "", "")

	path := filepath.Join(o.dir, "diary")
	whole := must(os.ReadFile(path))(t)
	if bytes.Contains(whole, []byte("VANDROU")) || bytes.Contains(whole, []byte("Вандро")) {
		t.Error("the diary names somebody")
	}
	torn := append(bytes.Clone(whole), 0, 0, 1)
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenDiary(path, o.vault.Key); err != nil {
		t.Errorf("a torn end: %v", err)
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenDiary(path, o.vault.Key); !errors.Is(err, vault.ErrDiary) {
		t.Errorf("a changed diary: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	o.vault.Diary = o.diary(o.vault.Key)
	if _, err := o.vault.Round(ctx, nil); !errors.Is(err, vault.ErrDiary) {
		t.Errorf("a lost diary: %v", err)
	}
	lost := must(o.vault.Lost(ctx))(t)
	if err := o.vault.Diary.Allow(vault.Reading{Openings: 2, Reason: "lost", After: lost}, officers); err != nil {
		t.Fatal(err)
	}
	if n, err := o.vault.Reindex(ctx); err != nil || n != 2 {
		t.Errorf("reindexed %d: %v", n, err)
	}
	third := o.approveNext(d, person(), "UT0031488")
	o.want(d, "after a lost diary", third, station.StageApproved, vault.CauseReview, "")
}

// TestQuotaHolds: what is over the quota waits for the next day.
func TestQuotaHolds(t *testing.T) {
	o := newOffice(t, 3)
	o.charter.Profile.OrdersPerDay = 1
	d := o.desk(nil)
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	first := o.approveNext(d, person(), "UT0031416")
	second := o.approveNext(d, other(), "UT0777777")
	o.want(d, "first of the day", first, station.StageOrdered, "", "")
	o.want(d, "second of the day", second, station.StageApproved, vault.CauseQuota, "")
	o.vault.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	o.exchange(d)
	o.want(d, "the next day", second, station.StageOrdered, "", "")
}
