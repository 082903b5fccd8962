package issuance_test

import (
	"crypto"
	"errors"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// TestApprovalIsLookedAt: without every tick no approval, and the ticks stand in the entry; headquarters
// orders nothing for an approval without them, whatever program the station runs.
func TestApprovalIsLookedAt(t *testing.T) {
	o, d := stockedOffice(t, 2)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := o.capture(ctx, d, token); err != nil {
		t.Fatal(err)
	}
	a := o.seat(d, "A")
	all := o.charter.Profile.Approval
	if _, err := d.Approve(ctx, a, token, "complete", all[1:]...); !errors.Is(err, station.ErrIncomplete) {
		t.Errorf("approved without %s: %v", all[0], err)
	}
	d.Charter.Profile.Approval = nil // a program that asks for nothing
	must(d.Approve(ctx, a, token, "complete"))(t)
	o.exchange(d)
	o.want(d, "without ticks", token, station.StageApproved, "", vault.CauseDecision)
	d.Charter.Profile.Approval = all
	second := o.approveNext(d, other(), "UT0777777")
	for _, s := range must(d.Journal(ctx, string(second)))(t) {
		var body event.Approved
		if s.Entry.Kind != event.CaseApproved {
			continue
		}
		if err := journal.Decode(s.Entry.Body, &body); err != nil || !slices.Equal(body.Checked, all) {
			t.Errorf("the entry says %v, %v", body.Checked, err)
		}
	}
}

// TestScenario3F1VoucherOverTheLimit: one who vouches for more people in a month than the profile allows is
// looked at by headquarters; a voucher without a book of ours does not count at all.
func TestScenario3F1VoucherOverTheLimit(t *testing.T) {
	o := newOffice(t, 4)
	o.charter.Profile.Vouches = 1
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	holder := o.until(d, station.StageOrdered) // has book UT4200001
	vouched := func(a station.Applicant, voucher station.Serial, evidence ...string) station.CaseToken {
		t.Helper()
		token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
		if err := d.Amend(ctx, o.seat(d, "E"), token, "person", func(app *station.Application) error {
			err := complete(app)
			app.Applicant, app.Portrait = a, portraitBytes()
			app.Evidence = append(app.Evidence, station.Evidence{Kind: station.KindVoucher, Voucher: voucher})
			for _, kind := range evidence {
				app.Evidence = append(app.Evidence, station.Evidence{Kind: kind})
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
			t.Fatal(err)
		}
		must(d.Approve(ctx, o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...))(t)
		o.exchange(d)
		return token
	}
	one := vouched(other(), holder.Serial, "birth-certificate")
	o.want(d, "the first of the month", one, station.StageOrdered, "", "")
	two := vouched(withName(other(), "AKIANSKI", 1970), holder.Serial, "birth-certificate")
	o.want(d, "the second", two, station.StageApproved, vault.CauseReview, "")
	list := o.vault.Diary.Suspicions()
	if len(list) != 1 || len(list[0].Like) != 1 || list[0].Like[0].Case != one ||
		!slices.Equal(list[0].Like[0].Words, []string{vault.SameVoucher}) {
		t.Errorf("headquarters looks at %+v", list)
	}
	officers := [2]crypto.Signer{o.keys["I"], o.keys["C"]}
	if err := o.vault.Diary.Decide(two, vault.VerdictDuplicate, "stranger", officers); err != nil {
		t.Fatal(err)
	}
	o.exchange(d)
	o.want(d, "a voucher not accepted", two, station.StageApproved, vault.CauseReview, vault.CauseVouched)
	three := vouched(withName(other(), "DUBROUSKI", 1964), "UT4299999", "birth-certificate")
	o.want(d, "a voucher without a book", three, station.StageApproved, "", vault.CauseVoucher)
}

// childDraft enrols a parent and their child, whose other parent is in prison.
func (o *office) childDraft(d *issuance.Desk, child station.Applicant) (parent, token station.CaseToken) {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	parent = must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := d.Amend(ctx, o.seat(d, "E"), parent, "person", complete); err != nil {
		t.Fatal(err)
	}
	token = must(d.EnrolChild(ctx, o.seat(d, "E"), parent))(t)
	begun := must(d.Application(ctx, o.seat(d, "E"), token))(t)
	if len(begun.Guardians) != 1 || begun.Guardians[0].Case != parent || begun.Applicant.Nationality != "UTO" {
		t.Fatalf("the child's draft begins with %+v", begun)
	}
	if err := d.Amend(ctx, o.seat(d, "E"), token, "person", func(a *station.Application) error {
		err := complete(a)
		a.Applicant, a.Portrait = child, portraitBytes()
		a.Evidence = append(a.Evidence, station.Evidence{Kind: "birth-certificate"})
		a.Guardians[0].Consent = true
		a.Guardians = append(a.Guardians, station.Guardian{
			Name: "Янка", Absent: station.AbsentDetention, Note: "verdict of the court seen",
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if kin := must(d.Kin(ctx, o.seat(d, "E"), token))(t); kin.Parent != parent || kin.Spelling != nil {
		t.Errorf("kin %+v", kin)
	}
	return parent, token
}

// TestScenario2F3Newborn: the portrait of a newborn is judged by the rules for infants: a head that lies askew
// passes, and nobody ticks open eyes. They do not sign, and their book holds as long as a child's.
func TestScenario2F3Newborn(t *testing.T) {
	o, d := stockedOffice(t, 1)
	ctx, e := t.Context(), o.seat(d, "E")
	child := other()
	child.Birth = station.DateOf(time.Now().UTC().AddDate(0, 0, -20))
	grown := child
	grown.Birth.Year -= 30
	lying := utopian.Draw(utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15, Tilt: 11}, 630, 810)
	_, token := o.childDraft(d, child)
	born := func(a station.Applicant) {
		t.Helper()
		if err := d.Amend(ctx, e, token, "person", func(app *station.Application) error {
			app.Applicant = a
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	sitting := issuance.Sitting{Ticks: []string{portrait.TickLikeness, portrait.TickEyes}}
	born(grown)
	if _, err := d.TakePortraitOf(ctx, e, token, lying, sitting); !errors.Is(err, issuance.ErrPortrait) {
		t.Errorf("the same head of a grown person: %v", err)
	}
	born(child)
	must(d.TakePortraitOf(ctx, e, token, lying, sitting))(t)
	if a := must(d.Application(ctx, e, token))(t); len(a.Portrait) == 0 || slices.Contains(a.Ticks, portrait.TickEyes) {
		t.Errorf("%d bytes of portrait, ticked %q", len(a.Portrait), a.Ticks)
	}
	if err := d.CannotSign(ctx, e, token, "a newborn"); err != nil {
		t.Fatal(err)
	}
	if err := d.Submit(ctx, e, token); err != nil {
		t.Fatal(err)
	}
	must(d.Approve(ctx, o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...))(t)
	o.exchange(d)
	order := must(d.Order(ctx, o.seat(d, "O"), token))(t)
	if order.Expiry.Year-order.Issue.Year > 5 || order.Applicant.Birth != child.Birth {
		t.Errorf("a book from %s until %s", order.Issue, order.Expiry)
	}
}

// TestScenario2F1ChildTurnsFourteen: between approval and print a birthday changes the validity; the number
// that was signed is not used, and the case is approved again.
func TestScenario2F1ChildTurnsFourteen(t *testing.T) {
	o, d := stockedOffice(t, 2)
	ctx := t.Context()
	tomorrow := time.Now().UTC().AddDate(0, 0, 1)
	child := other()
	child.Birth = station.DateOf(tomorrow.AddDate(-14, 0, 0))
	parent, token := o.childDraft(d, child)
	if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
		t.Fatal(err)
	}
	must(d.Approve(ctx, o.seat(d, "A"), token, "complete", o.charter.Profile.Approval...))(t)
	o.exchange(d)
	order := must(d.Order(ctx, o.seat(d, "O"), token))(t)
	if order.Expiry.Year-order.Issue.Year > 5 {
		t.Fatalf("a child's book is valid until %s", order.Expiry)
	}
	o.clock = func() time.Time { return time.Now().AddDate(0, 0, 1) }
	if err := d.Produce(ctx, o.seat(d, "O"), token, nil); !errors.Is(err, station.ErrAged) || issuance.Cure(err) != "aged" {
		t.Fatalf("produced: %v", err)
	}
	c := must(d.Case(ctx, token))(t)
	if c.Stage != station.StageSpoiled || !slices.Equal(c.Spoiled, []station.Serial{"UT4200001"}) {
		t.Fatalf("the case is %+v", c)
	}
	o.vault.Now = o.clock
	must(d.Approve(ctx, o.seat(d, "A"), token, "fourteen now"))(t)
	o.exchange(d)
	again := must(d.Order(ctx, o.seat(d, "O"), token))(t)
	if again.Serial != "UT4200002" || again.Expiry.Year-again.Issue.Year < 9 {
		t.Errorf("the second order: %s until %s", again.Serial, again.Expiry)
	}
	if family := must(d.Children(ctx, parent))(t); len(family) != 1 {
		t.Errorf("%d children", len(family))
	}
	if err := d.Withdraw(ctx, o.seat(d, "E"), parent); err != nil { // F4: one member alone
		t.Error(err)
	}
	if got := must(d.Case(ctx, token))(t); got.Stage != station.StageOrdered {
		t.Errorf("the withdrawal of one took the other to %s", got.Stage)
	}
}

// TestLostBookReachesEverybody: a holder reports; the number is on the list that headquarters signs, every
// office carries it, anybody checks it, and finding the book changes nothing.
func TestLostBookReachesEverybody(t *testing.T) {
	o := newOffice(t, 1)
	root := o.attested()
	b := o.branch("UTO-02")
	d, there := o.desk(nil), b.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	c := o.finish(d)
	if _, err := d.Revocations(ctx); !errors.Is(err, issuance.ErrUnknown) {
		t.Errorf("a list before anything was revoked: %v", err)
	}
	// The holder comes to the other office.
	e := b.seat(there, "E")
	if err := there.ReportBook(ctx, e, c.Serial, station.FateLost, "holder", "left on the train to Nadir by Зорка"); err != nil {
		t.Fatal(err)
	}
	if err := there.ReportBook(ctx, b.seat(there, "O"), c.Serial, station.FateLost, "holder", "told"); !errors.Is(err, station.ErrRole) {
		t.Errorf("an operator reports: %v", err)
	}
	if err := there.ReportBook(ctx, e, "UT4299999", station.FateStolen, "police", "a number that was never ordered"); err != nil {
		t.Fatal(err)
	}
	carry(o, there, d)
	for name, desk := range map[string]*issuance.Desk{"where it was made": d, "where it was reported": there} {
		l := must(attest.CheckRevocations(must(desk.Revocations(ctx))(t), root))(t)
		if row, ok := l.Find(c.Serial); !ok || row.Reason != "lost" || len(l.Rows) != 1 {
			t.Errorf("%s: %+v", name, l)
		}
		if reason, lost, err := desk.Reported(ctx, c.Serial); err != nil || !lost || reason != "lost" {
			t.Errorf("%s the verifier says %q, %v, %v", name, reason, lost, err)
		}
	}
	if err := d.ReportBook(ctx, o.seat(d, "E"), c.Serial, station.FateFound, "police", "handed in"); err != nil {
		t.Fatal(err)
	}
	carry(o, d, there)
	l := must(attest.CheckRevocations(must(there.Revocations(ctx))(t), root))(t)
	if row, ok := l.Find(c.Serial); !ok || row.Reason != "lost" {
		t.Errorf("a found book is taken off the list: %+v", l)
	}
}
