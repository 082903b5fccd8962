package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/lds"
	"padarozhnik/station/mrz"
)

// application is that of an invented Utopian.
func application(t *testing.T, surname, given, number string, born station.Date) station.Application {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 315, 405)), nil); err != nil {
		t.Fatal(err)
	}
	a := station.Application{
		Applicant: station.Applicant{
			Surname: surname, GivenNames: given, Birth: born, PlaceOfBirth: "Zenith", Sex: mrz.Female, Nationality: "UTO",
		},
		Portrait: picture.Bytes(),
		Evidence: []station.Evidence{{Kind: "interview", Note: "convincing", Scores: map[station.Question]int{
			station.IdentityExists: 1, station.LinkedToIt: 1, station.UsesIt: 1,
		}}},
		Consents: []station.Consent{{Item: "passport", Given: true}, {Item: "chip", Given: true}, {Item: "headquarters-copy"}},
	}
	zone, err := mrz.Compose(mrz.Document{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Primary: surname, Secondary: given, Number: number, Nationality: "UTO",
		Birth: mrz.Date(born.YYMMDD()), Sex: mrz.Female, Expiry: "240302",
	})
	if err != nil {
		t.Fatal(err)
	}
	a.OldPassport = &station.OldPassport{MRZ: [2]string(zone)}
	return a
}

// approve writes a case as a station does: submitted by one, approved by another for a blank.
func (b *bureau) approve(token station.CaseToken, a station.Application, serial station.Serial) {
	t := b.t
	t.Helper()
	c, err := b.charterOf("UTO-01")
	if err != nil {
		t.Fatal(err)
	}
	d := station.Decision{Case: token, Serial: serial, Issue: station.DateOf(time.Now()), Reason: "complete", Checked: c.Profile.Approval}
	d.Expiry = c.Profile.Expiry(a.Applicant.Birth, d.Issue)
	zone, err := station.Zone(c.Profile, a.Applicant, serial, d.Issue, d.Expiry)
	if err != nil {
		t.Fatal(err)
	}
	dg1, dg2, err := lds.PersonalGroups(zone, a.Portrait, string(c.Profile.FaceFormatOn(d.Issue)))
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha256.Sum256(dg1), sha256.Sum256(dg2)
	d.Hashes = map[string][]byte{"DG1": one[:], "DG2": two[:]}
	for _, e := range []struct {
		by            crypto.Signer
		kind, purpose string
		body, secret  any
	}{
		{b.tokens["E"], event.CaseSubmitted, event.PurposeCase, event.Submitted{Profile: 1}, a},
		{b.tokens["A"], event.CaseApproved, event.PurposeDecision, event.Approved{Serial: serial}, d},
	} {
		plain, err := journal.Encode(e.secret)
		if err != nil {
			t.Fatal(err)
		}
		to, err := seal.ParsePublic(c.Vault)
		if err != nil {
			t.Fatal(err)
		}
		blob, _, err := seal.Seal(to, e.purpose, plain)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.write(e.by, "UTO-01", e.kind, string(token), e.body, blob); err != nil {
			t.Fatal(err)
		}
	}
}

// directives lists what the vault told the station about a case.
func (b *bureau) directives(token station.CaseToken) string {
	b.t.Helper()
	past, err := b.history(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, p := range past.entries {
		e := p.Entry.Entry
		if strings.HasSuffix(e.Chain, journal.Directives) && e.Subject == string(token) {
			out = append(out, e.Kind)
		}
	}
	return strings.Join(out, " ")
}

// serving serves the ledger until the test ends, and returns the flags that lead to it.
func (b *bureau) serving() []string {
	ctx, stop := context.WithCancel(b.t.Context())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- b.serve(ctx, "127.0.0.1:0", func(a string) { address <- a }) }()
	b.t.Cleanup(func() { stop(); <-ended })
	return []string{"--ledger", "https://" + <-address}
}

// TestVaultReview lets two officers look at a suspicion and decide, from the command line.
func TestVaultReview(t *testing.T) {
	b := newBureau(t)
	at := b.serving()
	run := func(args ...string) string {
		t.Helper()
		return b.must(b.vaultCommand(), append(args, at...)...)
	}
	allocateOne(t, b.headquarters, b.top, "UT4200001")
	allocateOne(t, b.headquarters, b.top, "UT4200002")
	run("sign")
	born := station.Date{Year: 1991, Month: 5, Day: 14}
	b.approve("CASE-1", application(t, "VANDROUNAIA", "ZORKA", "UT0031416", born), "UT4200001")
	b.approve("CASE-2", application(t, "VANDROVNAYA", "ZORKA", "UT0031417", born), "UT4200002")
	b.approve("CASE-3", application(t, "VANDROUNAIA", "ZORKA", "UT0031418", born), "UT4200003")
	if said := run("sign"); !strings.Contains(said, "2 wait for two officers") {
		t.Errorf("sign said %s", said)
	}
	said := run("review")
	if !strings.Contains(said, "CASE-2 of UTO-01") || !strings.Contains(said, "like CASE-1: "+station.LikeName) ||
		strings.Contains(said, "ZORKA") {
		t.Errorf("review said %s", said)
	}
	shown := run(append([]string{"review", "CASE-2", "--show"}, b.specs...)...)
	if !strings.Contains(shown, "VANDROVNAYA") || !strings.Contains(shown, "VANDROUNAIA") {
		t.Errorf("show said %s", shown)
	}
	alone := append(append([]string{"review", "CASE-2", "--clear", "namesake"}, at...), b.specs[:2]...)
	if _, err := b.run(b.vaultCommand(), alone...); err == nil {
		t.Error("one officer decides alone")
	}
	run(append([]string{"review", "CASE-2", "--clear", "namesake"}, b.specs...)...)
	run(append([]string{"review", "CASE-3", "--duplicate", "same-person"}, b.specs...)...)
	run("sign")
	for token, want := range map[station.CaseToken]string{
		"CASE-1": event.OrderIssued,
		"CASE-2": event.OrderHeld + " " + event.OrderCleared + " " + event.OrderIssued,
		"CASE-3": event.OrderHeld + " " + event.OrderDeclined,
	} {
		if got := b.directives(token); got != want {
			t.Errorf("%s: %s, want %s", token, got, want)
		}
	}
	b.must(b.revokeCommand(), append(b.specs, "--book", "UT4200001", "--reason", "lost")...)
	run("sign")
	if got := b.directives(""); !strings.HasSuffix(got, event.NoticeRevoked+" "+event.RevocationsIssued) {
		t.Errorf("the notice did not travel: %s", got)
	}
}
