package issuance_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/token"
)

// replace brings the station onto new hardware: its store and its token are gone, headquarters gives a
// charter of the next epoch and registers the new key.
func (o *office) replace() {
	t := o.t
	t.Helper()
	old := station.Former{
		KeyID: o.charter.StationID, SPKI: must(x509.MarshalPKIXPublicKey(o.keys["station"].Public()))(t),
	}
	for _, name := range []string{"station.db", "station.db-wal", "station.db-shm", "station.token"} {
		if err := os.Remove(filepath.Join(o.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	cheap := token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}
	fresh := must(token.Create(filepath.Join(o.dir, "station.token"), []byte("x"), cheap))(t)
	t.Cleanup(func() { _ = fresh.Close() })
	o.keys["station"] = fresh
	o.charter.Version++
	o.charter.Epoch = o.charter.Hardware() + 1
	o.charter.StationID, o.charter.Former = fresh.KeyID(), append(o.charter.Former, old)
	spki := must(x509.MarshalPKIXPublicKey(fresh.Public()))(t)
	registered := ledger.Station{ID: stationID, Epoch: o.charter.Epoch, Key: spki}
	for _, m := range o.charter.Officers {
		registered.Officers = append(registered.Officers, ledger.Officer{Key: m.SPKI})
	}
	o.line.registered = registered
	stationWire, vaultWire := o.connect(*o.open, o.vault.Key.(*token.File))
	o.wire, o.vault.Ledger = stationWire, vaultWire
	o.openLedger(filepath.Join(o.dir, "ledger"))
	o.vault.Offices = func() ([]vault.Office, error) {
		return []vault.Office{{Charter: o.charter, HPKE: fresh.HPKEPublic(), SPKI: spki}}, nil
	}
}

// serials lists which numbers the vault has ordered, in order.
func (o *office) serials() []station.Serial {
	o.t.Helper()
	var out []station.Serial
	page := must(o.wire.Pull(o.t.Context(), journal.Checkpoint{}, 0))(o.t)
	for _, p := range page.Entries {
		var body event.Ordered
		if p.Entry.Entry.Kind != event.OrderIssued {
			continue
		}
		if err := journal.Decode(p.Entry.Entry.Body, &body); err != nil {
			o.t.Fatal(err)
		}
		out = append(out, body.Serial)
	}
	return out
}

// TestStationReplaced destroys a station in the middle of its work and goes on with new hardware: the
// stock and the cases come back as headquarters saw them last, and no number is used twice.
func TestStationReplaced(t *testing.T) {
	o := newOffice(t, 5)
	ctx := t.Context()
	d := o.desk(nil)
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	working := o.approveNext(d, person(), "UT0031416") // on the first blank
	if err := d.Produce(ctx, o.seat(d, "O"), working, nil); err != nil {
		t.Fatal(err)
	}
	draft := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	o.exchange(d)
	flying := o.approveNext(d, other(), "UT0777777") // on the second
	before := o.serials()
	oldCharter, oldKey := o.charter, o.keys["station"]
	o.replace()

	d = o.rawDesk()
	if err := d.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := d.OpenDay(ctx, o.seat(d, "A"), o.seat(d, "C"), 0); !errors.Is(err, issuance.ErrNotRestored) {
		t.Errorf("a station without its past opens a day: %v", err)
	}
	if _, err := d.Enrol(ctx, o.seat(d, "E")); err == nil {
		t.Error("a station without its past enrols")
	}
	o.exchange(d)
	o.exchange(d)
	o.openDay(d)
	for token, want := range map[station.CaseToken]station.Stage{
		working: station.StageSpoiled, flying: station.StageSpoiled, draft: station.StageClosed,
	} {
		if c := must(d.Case(ctx, token))(t); c.Stage != want {
			t.Errorf("case %s is %s, want %s", token, c.Stage, want)
		}
	}
	states := map[station.State]int{}
	for _, b := range must(d.Stock(ctx))(t) {
		states[b.State]++
		if len(b.ChipID) == 0 {
			t.Errorf("%s has no chip", b.Serial)
		}
	}
	if states[station.StateSpoiled] != 2 || states[station.StateAllocated] != 3 {
		t.Errorf("stock %v", states)
	}
	must(d.VerifyJournal(ctx))(t)
	if err := o.receive(d); err != nil { // counted again by two
		t.Fatal(err)
	}
	for _, token := range []station.CaseToken{working, flying} {
		must(d.Approve(ctx, o.seat(d, "A"), token, "station was replaced"))(t)
		o.exchange(d)
		o.want(d, "on new hardware", token, station.StageOrdered, "", "")
	}
	numbers := o.serials()
	slices.Sort(numbers)
	if len(before) != 2 || len(numbers) != 4 || len(slices.Compact(numbers)) != 4 {
		t.Errorf("ordered %v, before %v", numbers, before)
	}
	if err := d.Produce(ctx, o.seat(d, "O"), working, nil); err != nil {
		t.Errorf("the book on new hardware: %v", err)
	}
	o.oldHardware(oldCharter, oldKey)
	if audit := must(o.ledger.Verify(ctx, nil))(t); !audit.OK() {
		t.Errorf("audit: %v", audit.Findings)
	}
	if _, err := o.freshVault().Round(ctx, o.offers); err != nil {
		t.Errorf("a vault that starts anew: %v", err)
	}
}

// oldHardware comes to light again: nothing that it signs is taken.
func (o *office) oldHardware(c station.Charter, key *token.File) {
	t := o.t
	t.Helper()
	page := must(o.vault.Ledger.Pull(t.Context(), journal.Checkpoint{}, 0))(t)
	var last journal.Signed
	for _, p := range page.Entries {
		if e := p.Entry.Entry; e.Chain == stationID && e.Epoch == c.Hardware() {
			last = p.Entry
		}
	}
	e := journal.Entry{
		Chain: stationID, Epoch: 1, Sequence: last.Entry.Sequence + 1, Previous: last.ID(),
		Kind: event.CaseOpened, Subject: "OLD", Time: 1,
	}
	s := must(journal.Sign(e, key))(t)
	_, _, err := o.wire.Push(t.Context(), journal.Checkpoint{}, []journal.Signed{s})
	if !errors.Is(err, wire.UnknownKey) {
		t.Errorf("an entry of the old hardware: %v", err)
	}
}
