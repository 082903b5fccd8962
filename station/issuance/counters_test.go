package issuance_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// TestScenario10Quotas: an operator who opens thirty cases and exports twice meets quotas; counters, not
// names, reach headquarters.
func TestScenario10Quotas(t *testing.T) {
	o := bareOffice(t)
	o.charter.Profile.ViewsPerDay, o.charter.Profile.ExportsPerDay, o.charter.Profile.MaxOpenCases = 29, 1, 60
	d := o.desk(nil)
	ctx := t.Context()
	e := o.seat(d, "E")
	var tokens []station.CaseToken
	for range 30 {
		tokens = append(tokens, must(d.Enrol(ctx, e))(t))
	}
	for _, token := range tokens[:29] {
		must(d.Application(ctx, e, token))(t)
	}
	must(d.Application(ctx, e, tokens[3]))(t) // one's own draft again is no further case
	if _, err := d.Application(ctx, e, tokens[29]); !errors.Is(err, station.ErrQuota) || issuance.Cure(err) != "quota" {
		t.Fatalf("the thirtieth case: %v", err)
	}
	if _, err := d.Application(ctx, e, tokens[29]); !errors.Is(err, station.ErrQuota) {
		t.Errorf("once more: %v", err)
	}
	o.export(d)
	if _, err := d.Export(ctx, o.outbox(d)); !errors.Is(err, station.ErrQuota) {
		t.Errorf("the second export: %v", err)
	}
	start := o.clock
	o.clock = func() time.Time { return start().Add(25 * time.Hour) }
	must(d.Application(ctx, e, tokens[29]))(t) // another day
	var counters event.Counters
	met := map[string]int{}
	for _, s := range must(d.Journal(ctx, ""))(t) {
		switch s.Entry.Kind {
		case event.CountersReported:
			if err := journal.Decode(s.Entry.Body, &counters); err != nil {
				t.Fatal(err)
			}
		case event.QuotaMet:
			var m event.Met
			if err := journal.Decode(s.Entry.Body, &m); err != nil {
				t.Fatal(err)
			}
			met[m.What]++
		}
	}
	if met["views"] != 1 || met["exports"] != 1 {
		t.Errorf("headquarters is told of %v", met)
	}
	if len(counters.Lines) != 2 {
		t.Fatalf("counters %+v", counters)
	}
	for _, l := range counters.Lines {
		if l.Officer == e.Officer.KeyID && (l.Views != 29 || l.Refused != 2) || l.Officer == d.Key.KeyID() && l.Exports != 1 {
			t.Errorf("line %+v", l)
		}
	}
}

// outbox begins a letter to headquarters that nobody sends.
func (o *office) outbox(d *issuance.Desk) issuance.Outbox {
	at := must(d.Places(o.t.Context()))(o.t)
	return bundle.Outbox{Writer: must(bundle.Create(o.path(), bundle.Letter{
		Direction: bundle.ToHeadquarters, Recipient: d.Vault, Signer: d.Key,
		Hello: bundle.Hello{Station: stationID, Made: at.Time, Known: at.Known, Own: at.Own, After: at.After},
	}))(o.t)}
}

// TestFind: one's own open cases are found by token or name as typed; nobody else's, no closed one, and
// what was typed is written nowhere.
func TestFind(t *testing.T) {
	o, d := stockedOffice(t, 1)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := o.capture(ctx, d, token); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		who, typed string
		found      int
	}{
		{"E", "vandr zor", 1}, {"E", "Вандроў", 1}, {"E", string(token), 1}, {"A", "zorka", 1}, {"O", "zorka", 0},
		{"E", "ZZZ", 0}, {"E", "z", 0}, {"E", "", 0},
	} {
		if got := must(d.Find(ctx, o.seat(d, tc.who), tc.typed))(t); len(got) != tc.found {
			t.Errorf("%s finds %d by %q", tc.who, len(got), tc.typed)
		}
	}
	o.finish(d)
	if got := must(d.Find(ctx, o.seat(d, "E"), string(token)))(t); len(got) != 0 {
		t.Error("a closed case was found")
	}
	o.charter.Profile.LookupsPerDay, d.Charter.Profile.LookupsPerDay = 7, 7
	if _, err := d.Find(ctx, o.seat(d, "E"), "zorka"); !errors.Is(err, station.ErrQuota) {
		t.Errorf("look-ups without end: %v", err)
	}
	for _, name := range []string{"station.db", "station.db-wal"} {
		raw, _ := os.ReadFile(filepath.Join(o.dir, name))
		if bytes.Contains(raw, []byte("vandr zor")) || bytes.Contains(raw, []byte("ZZZ\x00")) {
			t.Errorf("what was typed stands in %s", name)
		}
	}
}

// TestMaskedFields: the approver asks for each, and each is an entry; the officer who enrols sees their own.
func TestMaskedFields(t *testing.T) {
	o, d := stockedOffice(t, 1)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	const number = "4140591A001PB2"
	if err := d.Amend(ctx, o.seat(d, "E"), token, "person", func(a *station.Application) error {
		err := complete(a)
		a.Applicant.PersonalNumber, a.Portrait = number, portraitBytes()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if a := must(d.Application(ctx, o.seat(d, "E"), token))(t); a.Applicant.PersonalNumber != number {
		t.Error("who types it does not see it")
	}
	if err := d.Amend(ctx, o.seat(d, "E"), token, "old", func(a *station.Application) error {
		a.Evidence = append(a.Evidence, station.Evidence{Kind: "birth-certificate"})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
		t.Fatal(err)
	}
	a, hidden, err := d.View(ctx, o.seat(d, "A"), token)
	if err != nil || a.Applicant.PersonalNumber != "" || len(hidden) != 1 || hidden[0] != station.FieldPersonalNumber {
		t.Fatalf("the approver sees %q, masked %v, %v", a.Applicant.PersonalNumber, hidden, err)
	}
	if got := must(d.Reveal(ctx, o.seat(d, "A"), token, station.FieldPersonalNumber))(t); got != number {
		t.Errorf("revealed %q", got)
	}
	revealed := 0
	for _, s := range must(d.Journal(ctx, string(token)))(t) {
		if s.Entry.Kind == event.CaseRevealed {
			revealed++
		}
	}
	if revealed != 1 {
		t.Errorf("%d entries", revealed)
	}
	if _, err := d.Reveal(ctx, o.seat(d, "O"), token, station.FieldPersonalNumber); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("the operator: %v", err)
	}
}
