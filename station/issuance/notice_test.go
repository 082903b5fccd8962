package issuance_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// notice has headquarters' key write a notice behind the directives so far, and publishes it.
func (o *office) notice(d *issuance.Desk, by crypto.Signer, body event.Revoked) (journal.Signed, error) {
	o.t.Helper()
	return o.direct(d, by, event.NoticeRevoked, "", body)
}

// direct has a key write a directive behind those so far, and publishes it.
func (o *office) direct(d *issuance.Desk, by crypto.Signer, kind, subject string, body any) (journal.Signed, error) {
	t := o.t
	t.Helper()
	must(d.Sync(t.Context()))(t)
	var place struct {
		Next int64  `cbor:"1,keyasint"`
		Last []byte `cbor:"2,keyasint"`
	}
	err := d.Store.View(t.Context(), func(tx issuance.Tx) error {
		raw, err := tx.Note("pulled")
		if err != nil {
			return err
		}
		return journal.Decode(raw, &place)
	})
	if err != nil {
		t.Fatal(err)
	}
	last := must(journal.Parse(place.Last))(t)
	e := journal.Entry{
		Chain: stationID + journal.Directives, Epoch: last.Entry.Epoch, Sequence: last.Entry.Sequence + 1,
		Previous: last.ID(), Kind: kind, Subject: subject, Time: time.Now().Unix(), Body: must(journal.Encode(body))(t),
	}
	s := must(journal.Sign(e, by))(t)
	_, _, err = o.vault.Ledger.Push(t.Context(), journal.Checkpoint{}, []journal.Signed{s})
	return s, err
}

// TestScenario10Notice: one notice takes officers, blanks and a document signer away.
func TestScenario10Notice(t *testing.T) {
	o := newOffice(t, 4)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	for o.state(d) != station.StateTaken { // on the first blank
		if _, err := o.next(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	revoked := o.seat(d, "O")
	_, err := o.notice(d, o.vault.Key, event.Revoked{
		Officers: []string{o.keys["O"].KeyID(), o.keys["C"].KeyID()}, Reason: "seized",
		Blanks: []event.Range{{First: "UT4200001", Last: "UT4200002"}, {First: "UT4200009", Last: "UT4200020"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := must(d.Sync(ctx))(t); r.Directives != 1 {
		t.Fatalf("took in %+v", r)
	}
	o.reopenTokens()
	for who, want := range map[string]error{"O": issuance.ErrRevoked, "C": issuance.ErrRevoked, "E": nil, "A": nil} {
		if _, err := d.SignIn(o.keys[who]); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s signs in: %v", who, err)
		}
	}
	c := must(d.Board(ctx))(t).Cases[0]
	if err := d.Produce(ctx, revoked, c.Token, nil); err == nil {
		t.Error("the seat of a revoked officer still works")
	}
	states := map[station.Serial]station.State{}
	for _, b := range must(d.Stock(ctx))(t) {
		states[b.Serial] = b.State
	}
	if states["UT4200001"] != station.StateRevoked || states["UT4200002"] != station.StateRevoked ||
		states["UT4200003"] != station.StateAvailable {
		t.Errorf("stock %v", states)
	}
	if c.Stage != station.StageSpoiled {
		t.Errorf("the case on a revoked blank is %s", c.Stage)
	}
	if _, err := d.Today(ctx); !errors.Is(err, issuance.ErrDayClosed) {
		t.Errorf("a day that a revoked officer opened goes on: %v", err)
	}
	must(d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "I"), o.count(d)))(t)
	if serial := must(d.Approve(ctx, o.seat(d, "A"), c.Token, "blank was revoked"))(t); serial != "UT4200003" {
		t.Errorf("the next blank is %s", serial)
	}
	must(d.VerifyJournal(ctx))(t)
	o.wraps(d, "O")
}

// wraps looks for anything that is sealed to an officer.
func (o *office) wraps(d *issuance.Desk, who string) {
	o.t.Helper()
	token := must(d.Enrol(o.t.Context(), o.seat(d, "E")))(o.t)
	n := &needles{}
	for name := range members {
		if name == who {
			n.add("a wrap for "+who, []byte(seal.Recipient(o.keys[name].HPKEPublic())))
		}
	}
	if found := o.searchStation(n); len(found) > 0 {
		o.t.Errorf("after the notice, case %s: %v", token, found)
	}
}

// TestRevokedBlankComesLater: a blank that a notice names is unusable even if it is allocated after.
func TestRevokedBlankComesLater(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	ctx := t.Context()
	body := event.Revoked{Blanks: []event.Range{{First: "UT5000000", Last: "UT5999999"}}, Reason: "stolen"}
	if _, err := o.notice(d, o.vault.Key, body); err != nil {
		t.Fatal(err)
	}
	must(d.Sync(ctx))(t)
	m := o.offers[0]
	m.Manifest.Blanks = []event.Blank{{Serial: "UT5000001", ChipID: []byte("chip of another time")}}
	o.offers = append(o.offers, m)
	o.round()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	for _, b := range must(d.Stock(ctx))(t) {
		if revoked := b.State == station.StateRevoked; revoked != (b.Serial == "UT5000001") {
			t.Errorf("%s is %s", b.Serial, b.State)
		}
	}
}

// TestRevokedSignerStopsOrders: no order under the named signature is carried out.
func TestRevokedSignerStopsOrders(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	for o.state(d) != station.StateTaken {
		if _, err := o.next(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	signer := sha256.Sum256(o.vault.Document.Certificate.Raw)
	other := sha256.Sum256([]byte("another signer"))
	for _, tc := range []struct {
		signer []byte
		want   error
	}{{other[:], nil}, {signer[:], issuance.ErrRevoked}} {
		if _, err := o.notice(d, o.vault.Key, event.Revoked{Signers: [][]byte{tc.signer}, Reason: "stolen"}); err != nil {
			t.Fatal(err)
		}
		must(d.Sync(ctx))(t)
		_, err := d.Order(ctx, o.seat(d, "O"), must(d.Board(ctx))(t).Cases[0].Token)
		if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("got %v, want %v", err, tc.want)
		}
	}
	if _, err := o.next(ctx, d); !errors.Is(err, issuance.ErrRevoked) || issuance.Cure(err) != "revoked" {
		t.Errorf("encoded: %v", err)
	}
}

// forger is a headquarters that slips an entry into what the station pulls.
type forger struct {
	issuance.Headquarters
	entry journal.Signed
}

func (f forger) Pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	page, err := f.Headquarters.Pull(ctx, last, after)
	page.Entries = append(page.Entries, journal.Pulled{Entry: f.entry})
	return page, err
}

// TestScenario10ForgedNotice: F3, a notice that headquarters' vault did not sign changes nothing,
// whoever signed it and whichever way it came.
func TestScenario10ForgedNotice(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	body := event.Revoked{Officers: []string{o.keys["E"].KeyID()}, Reason: "seized",
		Blanks: []event.Range{{First: "UT0000000", Last: "UT9999999"}}}
	for name, by := range map[string]crypto.Signer{
		"a stranger": newKey(t), "the station itself": o.keys["station"], "an officer": o.keys["A"],
	} {
		forged, err := o.notice(d, by, body)
		if err == nil {
			t.Errorf("%s: the ledger took it", name)
		}
		d.Headquarters = forger{o.wire, forged}
		if _, err := d.Sync(ctx); !errors.Is(err, issuance.ErrHeadquarters) {
			t.Errorf("%s: the station took it: %v", name, err)
		}
		d.Headquarters = o.wire
	}
	must(d.Sync(ctx))(t)
	if _, err := d.Enrol(ctx, o.seat(d, "E")); err != nil {
		t.Errorf("the officer of a forged notice: %v", err)
	}
	for _, b := range must(d.Stock(ctx))(t) {
		if b.State == station.StateRevoked {
			t.Errorf("%s is revoked", b.Serial)
		}
	}
}
