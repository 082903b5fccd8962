package issuance_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/pki"
)

// mission gives the office a document signer of its own, whose use begins some days ago and lasts a
// month, by the next charter. It returns the digest of the certificate.
func (o *office) mission(rule station.MissionSigning, orders int, begun time.Duration) [32]byte {
	t := o.t
	t.Helper()
	key := newKey(t)
	start := time.Now().Add(-begun).UTC().Truncate(24 * time.Hour)
	if start.Before(o.csca.NotBefore) {
		start = o.csca.NotBefore
	}
	cert := must(pki.NewDocumentSigner(pki.SignerSpec{
		Subject:       pki.Name{Country: "UT", Organization: "Test", CommonName: "DS mission", SerialNumber: "2"},
		DocumentTypes: []string{"P"}, NotBefore: start, KeyUse: pki.Span{Months: 1}, DocumentValidity: pki.Span{Years: 10},
	}, key.Public(), o.csca, o.root, rand.Reader))(t)
	o.ownSigner = key
	o.charter.Version++
	o.charter.Profile.MissionSigning, o.charter.Profile.MissionOrders = rule, 10
	o.charter.Signers = append(o.charter.Signers, station.MissionSigner{Certificate: cert.Raw, Orders: orders})
	return sha256.Sum256(cert.Raw)
}

// missionDesk is a desk that has taken in its blanks and their keys.
func (o *office) missionDesk() *issuance.Desk {
	o.t.Helper()
	o.round()
	d := o.desk(nil)
	if err := errors.Join(d.Adopt(o.t.Context()), o.receive(d)); err != nil {
		o.t.Fatal(err)
	}
	o.exchange(d) // headquarters gives keys of blanks that are in the safe
	return d
}

// oneApproved brings one case through its approval.
func (o *office) oneApproved(d *issuance.Desk) station.Case {
	o.t.Helper()
	c := o.until(d, station.StageSubmitted)
	must(d.Approve(o.t.Context(), o.seat(d, "A"), c.Token, "complete", d.Charter.Profile.Approval...))(o.t)
	return must(d.Case(o.t.Context(), c.Token))(o.t)
}

func (o *office) sign(d *issuance.Desk, c station.Case) error {
	o.t.Helper()
	return d.SignHere(o.t.Context(), o.seat(d, "A"), c.Token, o.ownSigner)
}

// counts are how many entries of each kind the office's chain has.
func (o *office) counts(d *issuance.Desk) map[string]int {
	o.t.Helper()
	out := map[string]int{}
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		out[s.Entry.Kind]++
	}
	return out
}

func (o *office) causes() (out []string) {
	o.t.Helper()
	for _, f := range must(o.vault.Findings(o.t.Context()))(o.t) {
		out = append(out, f.Cause)
	}
	return out
}

// TestMissionSignerAfterClear takes an applicant through an office that signs itself, under the rule that
// headquarters speaks first.
func TestMissionSignerAfterClear(t *testing.T) {
	o := newOffice(t, 2)
	o.mission(station.MissionAfterClear, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	ctx := t.Context()
	if _, err := d.Order(ctx, o.seat(d, "O"), c.Token); !errors.Is(err, issuance.ErrUnsigned) {
		t.Errorf("an order that nobody signed: %v", err)
	}
	if _, err := d.Application(ctx, o.seat(d, "A"), c.Token); err == nil {
		t.Error("the application outlived its approval")
	}
	if err := o.sign(d, c); !errors.Is(err, issuance.ErrNotCleared) {
		t.Errorf("signed before headquarters' word: %v", err)
	}
	if draft := must(d.Draft(ctx, c.Token))(t); !draft.There || draft.Ready {
		t.Errorf("before headquarters' word: %+v", draft)
	}
	o.exchange(d)
	if draft := must(d.Draft(ctx, c.Token))(t); !draft.Ready {
		t.Errorf("after headquarters' word: %+v", draft)
	}
	if err := o.sign(d, c); err != nil {
		t.Fatal(err)
	}
	order := must(d.Order(ctx, o.seat(d, "O"), c.Token))(t)
	sod := bytes.Clone(order.File("EF.SOD"))
	issuance.Destroy(&order)
	if err := o.sign(d, c); err == nil {
		t.Error("signed twice")
	}
	done := o.finish(d)
	if kinds := o.counts(d); kinds[event.OrderSignedHere] != 1 || kinds[event.CaseOrdered] != 1 {
		t.Errorf("entries: %v", kinds)
	}
	if found := o.causes(); len(found) > 0 {
		t.Errorf("an honest signature is reported: %q", found)
	}
	if at, serial, err := o.vault.ListedSOD(ctx, sod); at != stationID || serial != done.Serial || err != nil {
		t.Errorf("signature of %s %s: %v", at, serial, err)
	}
	o.checkBooks(d, done)
	if _, err := d.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
	anew := o.freshVault()
	if given := must(anew.Round(ctx, o.offers))(t); given != 0 {
		t.Errorf("a vault that starts anew gave %d directives", given)
	}
	if found := must(anew.Findings(ctx))(t); len(found) > 0 {
		t.Errorf("a vault that starts anew found %v", found)
	}
}

// freshVault is the vault after a start of its program.
func (o *office) freshVault() *vault.Vault {
	v := o.vault
	return &vault.Vault{
		Ledger: v.Ledger, Key: v.Key, Opener: v.Opener, Document: v.Document, Masters: v.Masters, Offices: v.Offices,
		Now: v.Now, Log: v.Log, Diary: v.Diary, DuplicateKey: v.DuplicateKey,
	}
}

// TestMissionStationReplaced loses a station whose draft waited for its signature: headquarters makes the
// order, and the blanks' keys come again for the new hardware.
func TestMissionStationReplaced(t *testing.T) {
	o := newOffice(t, 3)
	o.mission(station.MissionAfterClear, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	o.exchange(d)
	o.replace()
	d = o.rawDesk()
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		o.exchange(d)
	}
	o.openDay(d)
	if got := must(d.Case(t.Context(), c.Token))(t); got.Stage != station.StageOrdered || got.Serial != c.Serial {
		t.Errorf("the case is %s with %s", got.Stage, got.Serial)
	}
	for _, b := range must(d.Stock(t.Context()))(t) {
		if b.Serial != c.Serial && len(b.Access) == 0 {
			t.Errorf("no keys for %s on new hardware", b.Serial)
		}
	}
	if found := o.causes(); len(found) > 0 {
		t.Errorf("reported: %q", found)
	}
}

// TestMissionSignerOffline takes an applicant from enrolment to a passed book without a word of
// headquarters, and lets headquarters stop the hand-over afterwards.
func TestMissionSignerOffline(t *testing.T) {
	o := newOffice(t, 1)
	o.mission(station.MissionAtApproval, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	if err := o.sign(d, c); err != nil {
		t.Fatal(err)
	}
	for must(d.Case(t.Context(), c.Token))(t).Stage != station.StagePassed {
		book := must(d.Board(t.Context()))(t).Booklets[c.Serial]
		if err := o.produce(t.Context(), d, c, book.State); err != nil {
			t.Fatal(err)
		}
	}
	// Headquarters declines: it hears of the approver's token what the office has not heard yet.
	o.charter.Officers = slices.DeleteFunc(o.charter.Officers, func(m station.Officer) bool { return m.Pseudonym == "A" })
	a := o.keys["A"]
	o.charter.Former = append(o.charter.Former, station.Former{
		KeyID: a.KeyID(), SPKI: must(x509.MarshalPKIXPublicKey(a.Public()))(t),
	})
	o.exchange(d)
	err := d.HandOver(t.Context(), o.seat(d, "E"), c.Token, given())
	if !errors.Is(err, issuance.ErrDeclined) {
		t.Errorf("handed over what headquarters declined: %v", err)
	}
}

// refusal is one case in which an office may not sign.
type refusal struct {
	name    string
	prepare func(o *office)
	drafted bool
	spoil   func(o *office, d *issuance.Desk)
	want    error
}

func refusals() []refusal {
	return []refusal{
		{"without a rule in the profile", func(o *office) {
			o.mission(station.MissionAfterClear, 5, 0)
			o.charter.Profile.MissionSigning, o.charter.Profile.MissionOrders = "", 0
		}, false, nil, issuance.ErrNoSigner},
		{"without a signer in the charter", func(o *office) {
			o.mission(station.MissionAfterClear, 5, 0)
			o.charter.Signers = nil
		}, false, nil, issuance.ErrNoSigner},
		{"without the keys of the blank", func(o *office) { o.mission(station.MissionAfterClear, 5, 0) }, false,
			nil, issuance.ErrNoSigner},
		{"over the signer's number", func(o *office) { o.mission(station.MissionAfterClear, 1, 0) }, true,
			func(o *office, d *issuance.Desk) {
				o.charter.Signers[0].Orders = 0
				d.Charter = o.charter
			}, issuance.ErrSignerQuota},
		{"over the day's quota", func(o *office) { o.mission(station.MissionAfterClear, 5, 0) }, true,
			func(o *office, d *issuance.Desk) {
				o.signed(d)
				d.Charter.Profile.OrdersPerDay = 1
			}, issuance.ErrSignerQuota},
		{"past the key's use", func(o *office) { o.mission(station.MissionAfterClear, 5, 0) }, true,
			func(o *office, _ *issuance.Desk) {
				o.clock = func() time.Time { return time.Now().AddDate(0, 1, 2) }
			}, issuance.ErrSignerPeriod},
		{"by a revoked signer", func(o *office) { o.mission(station.MissionAfterClear, 5, 0) }, true,
			func(o *office, d *issuance.Desk) {
				digest := sha256.Sum256(o.charter.Signers[0].Certificate)
				o.vault.Notices = func() ([]vault.Notice, error) {
					return []vault.Notice{{Revoked: event.Revoked{Signers: [][]byte{digest[:]}, Reason: "stolen"}}}, nil
				}
				o.exchange(d)
			}, issuance.ErrRevoked},
		{"with another key", func(o *office) { o.mission(station.MissionAfterClear, 5, 0) }, true,
			func(o *office, _ *issuance.Desk) { o.ownSigner = newKey(o.t) }, issuance.ErrOtherSigner},
	}
}

// TestMissionSignerRefuses shows each case in which an office may not sign, and what becomes of the case:
// headquarters makes the order, at once or when the case is passed on.
func TestMissionSignerRefuses(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, 3)
			c.prepare(o)
			d := o.missionDesk()
			if strings.HasPrefix(c.name, "without the keys") {
				o.loseKeys(d)
			}
			one := o.oneApproved(d)
			_, err := d.Order(t.Context(), o.seat(d, "O"), one.Token)
			if errors.Is(err, issuance.ErrUnsigned) != c.drafted {
				t.Fatalf("drafted: %v", err)
			}
			if c.spoil != nil {
				o.exchange(d)
				c.spoil(o, d)
			}
			if err := o.sign(d, one); !errors.Is(err, c.want) {
				t.Fatalf("signed: %v", err)
			}
			if c.drafted && !errors.Is(c.want, issuance.ErrRevoked) { // which passes the case on by itself
				if err := d.PassOn(t.Context(), o.seat(d, "A"), one.Token); err != nil {
					t.Fatal(err)
				}
			}
			o.clock = time.Now
			o.exchange(d)
			if got := must(d.Case(t.Context(), one.Token))(t); got.Stage != station.StageOrdered {
				t.Errorf("headquarters did not make the order: %s", got.Stage)
			}
			if found := o.causes(); len(found) > 0 {
				t.Errorf("reported: %q", found)
			}
		})
	}
}

// loseKeys takes the keys of all blanks away, as from an office that headquarters has sent none.
func (o *office) loseKeys(d *issuance.Desk) {
	o.t.Helper()
	books := must(d.Stock(o.t.Context()))(o.t)
	err := d.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		for _, b := range books {
			b.Access = nil
			if err := tx.PutBooklet(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// signed has one order signed here for another case, so that a quota is used up.
func (o *office) signed(d *issuance.Desk) {
	t := o.t
	t.Helper()
	token := must(d.Enrol(t.Context(), o.seat(d, "E")))(t)
	other := func(a *station.Application) error {
		if err := complete(a); err != nil {
			return err
		}
		a.Applicant.Surname, a.Applicant.GivenNames = "SKARYNA", "LEU"
		a.Applicant.Birth = station.Date{Year: 1970, Month: 2, Day: 3}
		a.Portrait = portraitBytes()
		a.Evidence = append(a.Evidence, station.Evidence{Kind: "residence-card", Note: "seen"})
		return nil
	}
	seat := o.seat(d, "E")
	if err := errors.Join(d.Amend(t.Context(), seat, token, "person", other), d.Submit(t.Context(), seat, token)); err != nil {
		t.Fatal(err)
	}
	must(d.Approve(t.Context(), o.seat(d, "A"), token, "complete", d.Charter.Profile.Approval...))(t)
	o.exchange(d)
	if err := d.SignHere(t.Context(), o.seat(d, "A"), token, o.ownSigner); err != nil {
		t.Fatal(err)
	}
}

// TestMissionSignerRevokedWithBooksInWork: a book that a revoked signer signed is spoiled wherever it
// stands, and headquarters makes the order for another blank.
func TestMissionSignerRevokedWithBooksInWork(t *testing.T) {
	o := newOffice(t, 3)
	digest := o.mission(station.MissionAtApproval, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	if err := o.sign(d, c); err != nil {
		t.Fatal(err)
	}
	if err := d.Produce(t.Context(), o.seat(d, "O"), c.Token, nil); err != nil {
		t.Fatal(err)
	}
	o.vault.Notices = func() ([]vault.Notice, error) {
		return []vault.Notice{{Revoked: event.Revoked{Signers: [][]byte{digest[:]}, Reason: "stolen"}}}, nil
	}
	o.exchange(d)
	if got := must(d.Case(t.Context(), c.Token))(t); got.Stage != station.StageSpoiled {
		t.Fatalf("a book of a revoked signer: the case is %s", got.Stage)
	}
	done := o.finish(d)
	if done.Serial == c.Serial || o.counts(d)[event.OrderSignedHere] != 1 {
		t.Errorf("blank %s after %s, %d signatures", done.Serial, c.Serial, o.counts(d)[event.OrderSignedHere])
	}
	if found := o.causes(); len(found) > 0 {
		t.Errorf("reported: %q", found)
	}
}

// TestMissionSignatureOutsideTheLog lets a stolen signer sign what no entry lists: the book's own entry
// gives it away, and so does its EF.SOD at a border.
func TestMissionSignatureOutsideTheLog(t *testing.T) {
	o := newOffice(t, 1)
	digest := o.mission(station.MissionAtApproval, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	if err := o.sign(d, c); err != nil {
		t.Fatal(err)
	}
	o.exchange(d)
	if found := o.causes(); len(found) > 0 {
		t.Fatalf("reported: %q", found)
	}
	forge := func(kind, subject string, by issuance.Key, body any) {
		t.Helper()
		last := must(d.Journal(t.Context(), ""))(t)
		before := last[len(last)-1]
		e := journal.Entry{
			Chain: stationID, Epoch: before.Entry.Epoch, Sequence: before.Entry.Sequence + 1, Previous: before.ID(),
			Kind: kind, Subject: subject, Time: time.Now().Unix(), Body: must(journal.Encode(body))(t),
		}
		s := must(journal.Sign(e, by))(t)
		if err := d.Store.Update(t.Context(), func(tx issuance.Tx) error { return tx.Append(s) }); err != nil {
			t.Fatal(err)
		}
	}
	other := sha256.Sum256([]byte("another EF.SOD"))
	forge(event.BookletEncoded, string(c.Serial), o.keys["O"], event.Encoded{SOD: other[:]})
	again := event.SignedHere{
		Serial: c.Serial, SOD: other[:], Signer: digest[:], Number: 9, Issue: station.DateOf(time.Now()),
	}
	forge(event.OrderSignedHere, string(c.Token), o.keys["E"], again)
	o.exchange(d)
	got := strings.Join(o.causes(), " ")
	want := strings.Join([]string{
		vault.FindingUnlisted, vault.FindingOrders, vault.FindingCase, vault.FindingBlank, vault.FindingOfficer,
	}, " ")
	if got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestMissionKeysAreDestroyed: a purge takes the drafts and the keys of the blanks, in the memory and on
// the disk, and a new token of another officer opens neither.
func TestMissionKeysAreDestroyed(t *testing.T) {
	o := newOffice(t, 3)
	o.mission(station.MissionAfterClear, 5, 0)
	d := o.missionDesk()
	c := o.oneApproved(d)
	var access [][]byte
	for _, b := range must(d.Stock(t.Context()))(t) {
		if b.Serial == c.Serial && b.Access != nil {
			t.Error("the keys of a blank outlived the approval that took it")
		}
		if b.Serial != c.Serial {
			if len(b.Access) == 0 {
				t.Fatalf("no keys for %s", b.Serial)
			}
			access = append(access, b.Access)
		}
	}
	pin := []byte("482915")
	if err := d.SetPIN(t.Context(), o.seat(d, "A"), o.seat(d, "C"), pin, pin); err != nil {
		t.Fatal(err)
	}
	if err := d.Purge(t.Context(), pin, pin); err != nil {
		t.Fatal(err)
	}
	for _, b := range must(d.Stock(t.Context()))(t) {
		if b.Access != nil {
			t.Errorf("the purge left the keys of %s", b.Serial)
		}
	}
	for _, name := range []string{"station.db", "station.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(o.dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, k := range access {
			if bytes.Contains(raw, k[len(k)/2:len(k)/2+64]) {
				t.Errorf("%s still holds the keys of a blank", name)
			}
		}
	}
}

// TestCrashOfAMissionSigner ends the program before and after each transaction of a case whose order is
// signed here. Every signature that was kept is listed, and there is one.
func TestCrashOfAMissionSigner(t *testing.T) {
	stride := 13
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		stride = 1
	}
	for _, after := range []bool{false, true} {
		for n := 9; ; n += stride {
			crashed := false
			t.Run(fmt.Sprintf("transaction %d, committed %v", n, after), func(t *testing.T) {
				o := newOffice(t, 2)
				o.mission(station.MissionAfterClear, 5, 0)
				o.round()
				crashed = o.runUntilCrash(n, after)
				d := o.desk(nil)
				c := o.finish(d)
				o.checkBooks(d, c)
				if n := o.counts(d)[event.OrderSignedHere]; n != 1 {
					t.Errorf("%d signatures", n)
				}
				if found := o.causes(); len(found) > 0 {
					t.Errorf("reported: %q", found)
				}
			})
			if t.Failed() {
				return
			}
			if !crashed {
				break
			}
		}
	}
}
