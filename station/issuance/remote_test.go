package issuance_test

import (
	"errors"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// decidedElsewhere is an office whose cases another decides on, and that other.
func decidedElsewhere(t *testing.T, blanks int) (o, b *office, here, there *issuance.Desk) {
	t.Helper()
	o = newOffice(t, blanks)
	b = o.branch("UTO-02")
	o.charter.Profile.Approver = "UTO-02"
	here, there = o.desk(nil), b.desk(nil)
	if err := o.receive(here); err != nil {
		t.Fatal(err)
	}
	return o, b, here, there
}

// carry exchanges both offices with headquarters, as often as it takes for an answer to come.
func carry(o *office, desks ...*issuance.Desk) {
	o.t.Helper()
	for range 3 {
		for _, d := range desks {
			must(d.Sync(o.t.Context()))(o.t)
		}
		o.round()
	}
	for _, d := range desks {
		must(d.Sync(o.t.Context()))(o.t)
	}
}

// TestApproverAtAnotherOffice: the vault re-seals the case to the office that decides; the issuing station
// reserves the blank when the answer comes, and the book is made where it was enrolled.
func TestApproverAtAnotherOffice(t *testing.T) {
	o, b, here, there := decidedElsewhere(t, 1)
	ctx := t.Context()
	token := must(here.Enrol(ctx, o.seat(here, "E")))(t)
	if err := o.capture(ctx, here, token); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Approve(ctx, o.seat(here, "A"), token, "complete", o.charter.Profile.Approval...); err == nil {
		t.Error("an officer of the office itself approves")
	}
	if _, err := here.Application(ctx, o.seat(here, "A"), token); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("its approver opens the case: %v", err)
	}
	carry(o, here, there)
	if c := must(there.Case(ctx, token))(t); c.Stage != station.StageSubmitted || !c.Visitor {
		t.Fatalf("at the other office the case is %+v", c)
	}
	if a := must(there.Application(ctx, b.seat(there, "A"), token))(t); a.Applicant != person() {
		t.Errorf("the approver sees %+v", a.Applicant)
	}
	if _, err := there.Approve(ctx, b.seat(there, "A"), token, "complete"); !errors.Is(err, station.ErrIncomplete) {
		t.Errorf("approved without looking: %v", err)
	}
	must(there.Approve(ctx, b.seat(there, "A"), token, "complete", b.charter.Profile.Approval...))(t)
	if _, err := there.Application(ctx, b.seat(there, "A"), token); err == nil {
		t.Error("the other office still opens what it decided on")
	}
	carry(o, there, here)
	c := must(here.Case(ctx, token))(t)
	if c.Stage != station.StageOrdered || c.Serial != "UT4200001" {
		t.Fatalf("the case is %+v", c)
	}
	if end := o.finish(here); end.Token != token {
		t.Errorf("ended with %+v", end)
	}
	for _, d := range []*issuance.Desk{here, there} {
		if _, err := d.VerifyJournal(ctx); err != nil {
			t.Error(err)
		}
	}
	b.nothingLeft(t, token)
}

// TestReturnedByAnotherOffice: what is wrong comes back with the application, and nothing is typed again.
func TestReturnedByAnotherOffice(t *testing.T) {
	o, b, here, there := decidedElsewhere(t, 1)
	ctx := t.Context()
	token := must(here.Enrol(ctx, o.seat(here, "E")))(t)
	if err := o.capture(ctx, here, token); err != nil {
		t.Fatal(err)
	}
	carry(o, here, there)
	mark := station.Remark{Field: "applicant.placeOfBirth", Text: "another one in the certificate"}
	if err := there.Return(ctx, b.seat(there, "A"), token, "see the remark", mark); err != nil {
		t.Fatal(err)
	}
	carry(o, there, here)
	a := must(here.Application(ctx, o.seat(here, "E"), token))(t)
	if a.Applicant != person() || !slices.Equal(a.Marks, []station.Remark{mark}) || !slices.Equal(a.Remarks, []string{"see the remark"}) {
		t.Fatalf("came back as %+v, %v, %v", a.Applicant, a.Marks, a.Remarks)
	}
	if err := here.Submit(ctx, o.seat(here, "E"), token); err != nil {
		t.Fatal(err)
	}
	carry(o, here, there)
	if err := there.Refuse(ctx, b.seat(there, "A"), token, "an impostor"); err != nil {
		t.Fatal(err)
	}
	carry(o, there, here)
	if c := must(here.Case(ctx, token))(t); c.Stage != station.StageRefused {
		t.Errorf("refused elsewhere, the case is %s", c.Stage)
	}
	carry(o, here)
	if closed := must(here.Close(ctx))(t); len(closed) != 1 {
		t.Errorf("closed %v", closed)
	}
	o.nothingLeft(t, token)
}

// TestNoBlankWhenTheApprovalComes: the case waits for one and gets it when the stock does.
func TestNoBlankWhenTheApprovalComes(t *testing.T) {
	o, b, here, there := decidedElsewhere(t, 1)
	ctx := t.Context()
	var tokens []station.CaseToken
	for range 2 {
		token := must(here.Enrol(ctx, o.seat(here, "E")))(t)
		if err := o.capture(ctx, here, token); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	carry(o, here, there)
	for _, token := range tokens {
		must(there.Approve(ctx, b.seat(there, "A"), token, "complete", b.charter.Profile.Approval...))(t)
	}
	carry(o, there, here)
	if n := must(here.BindAccepted(ctx))(t); n != 1 {
		t.Fatalf("%d cases wait for a blank", n)
	}
	err := here.Store.Update(ctx, func(tx issuance.Tx) error {
		return tx.PutBooklet(station.Booklet{Serial: "UT4200077", State: station.StateAvailable})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := must(here.BindAccepted(ctx))(t); n != 0 {
		t.Errorf("%d cases still wait", n)
	}
}

// TestOfficeThatEnrolsOnly: its own verbs refuse what its host country forbids, and headquarters would
// order nothing; the case goes whole to the office that decides, and the book is made there.
func TestOfficeThatEnrolsOnly(t *testing.T) {
	o := newOffice(t, 1)
	maker := o.offers
	b := o.branch("UTO-02")
	here := o.desk(nil)
	if err := o.receive(here); err != nil {
		t.Fatal(err)
	}
	_ = maker
	ctx := t.Context()
	c := o.until(here, station.StageOrdered)
	here.Charter.Profile.Mode, o.charter.Profile.Mode = station.ModeEnrolOnly, station.ModeEnrolOnly
	for name, try := range map[string]func() error{
		"produce": func() error { return here.Produce(ctx, o.seat(here, "O"), c.Token, nil) },
		"hand over": func() error {
			return here.Store.View(ctx, func(issuance.Tx) error { return here.Charter.Profile.Issues() })
		},
	} {
		if err := try(); !errors.Is(err, station.ErrMode) || issuance.Cure(err) != "mode" {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.charter.Profile.Approver, here.Charter.Profile.Approver = "UTO-02", "UTO-02"
	token := must(here.Enrol(ctx, o.seat(here, "E")))(t)
	if err := here.TypeOldPassport(ctx, o.seat(here, "E"), token, must(station.Zone(o.charter.Profile, other(), "UT0777777",
		station.Date{Year: 2016, Month: 1, Day: 2}, station.Date{Year: 2026, Month: 1, Day: 1}))(t)); err != nil {
		t.Fatal(err)
	}
	if err := here.Amend(ctx, o.seat(here, "E"), token, "person", func(a *station.Application) error {
		err := complete(a)
		a.Applicant, a.Portrait = other(), portraitBytes()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := here.Submit(ctx, o.seat(here, "E"), token); err != nil {
		t.Fatal(err)
	}
	there := b.desk(nil)
	carry(o, here, there)
	if got := must(there.Case(ctx, token))(t); !got.Whole || got.Stage != station.StageSubmitted {
		t.Fatalf("at the office that issues the case is %+v", got)
	}
	blank := station.Serial("UT4200500")
	made := event.Manifest{Maker: "test", Product: "test", Blanks: []event.Blank{{Serial: blank, ChipID: make([]byte, 8)}}}
	if _, err := o.vault.Round(ctx, append(o.offers, vault.Allocation{Station: "UTO-02", Manifest: made})); err != nil {
		t.Fatal(err)
	}
	must(there.Sync(ctx))(t)
	if err := there.Store.Update(ctx, func(tx issuance.Tx) error { // counted into the safe
		return tx.PutBooklet(station.Booklet{Serial: blank, ChipID: make([]byte, 8), State: station.StateAvailable})
	}); err != nil {
		t.Fatal(err)
	}
	if serial := must(there.Approve(ctx, b.seat(there, "A"), token, "complete", b.charter.Profile.Approval...))(t); serial != blank {
		t.Fatalf("bound %s", serial)
	}
	carry(o, there)
	if got := must(there.Case(ctx, token))(t); got.Stage != station.StageOrdered {
		t.Errorf("the office that issues has the case at %s, %q", got.Stage, must(there.Declined(ctx, token))(t))
	}
}
