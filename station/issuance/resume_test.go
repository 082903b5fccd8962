package issuance_test

import (
	"crypto/ecdsa"
	"errors"
	"path/filepath"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// more offers another blank to the station.
func (o *office) more(serial station.Serial) {
	m := o.offers[0]
	m.Manifest.Blanks = []event.Blank{{Serial: serial, ChipID: []byte(serial)}}
	o.offers = append(o.offers, m)
}

// directives lists headquarters' chain to the station as the ledger holds it.
func (o *office) directives() (list []journal.Entry) {
	o.t.Helper()
	for after, more := int64(0), true; more; {
		page := must(o.wire.Pull(o.t.Context(), journal.Checkpoint{}, after))(o.t)
		for _, p := range page.Entries {
			list = append(list, p.Entry.Entry)
		}
		after, more = page.Next, page.More
	}
	return list
}

// startVault starts the vault as a new process.
func (o *office) startVault() {
	v := o.vault
	o.vault = &vault.Vault{Ledger: v.Ledger, Key: v.Key, Opener: v.Opener, Masters: v.Masters, Offices: v.Offices,
		Notices: v.Notices, Diary: v.Diary, Document: v.Document, DuplicateKey: v.DuplicateKey, Now: v.Now, Log: v.Log}
}

// TestDirectivesAfterRestore restores headquarters from a backup that lacks directives which the station
// carried out, an order among them. The vault, started anew or not, gives no number again that the station
// had seen, the station goes on, keeps what proves the loss, and no second order is made.
func TestDirectivesAfterRestore(t *testing.T) {
	for name, old := range map[string]struct{ restored, restarted bool }{
		"restore, vault goes on": {restored: true}, "restore, vault starts": {restored: true, restarted: true},
		"old image, vault goes on": {}, "old image, vault starts": {restarted: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 2)
			d := o.desk(nil)
			if err := o.receive(d); err != nil {
				t.Fatal(err)
			}
			o.secure()
			image := filepath.Join(o.dir, "image")
			backup(t, filepath.Join(o.dir, "ledger"), image, "ledger.db")
			for !o.ordered(d) {
				must(o.next(t.Context(), d))(t)
			}
			o.more("UT4299998")
			o.round()
			must(d.Sync(t.Context()))(t)
			seen := map[[2]uint64]bool{}
			for _, e := range o.directives() {
				seen[[2]uint64{e.Epoch, e.Sequence}] = true
			}
			place := image
			if old.restored {
				place = filepath.Join(o.dir, "restored")
				must(ledger.Restore(t.Context(), filepath.Join(o.dir, "second place"), place,
					ledger.Options{Signer: o.line.signer, Verifier: o.line.verifier}, nil))(t)
			}
			o.openLedger(place)
			kept := len(o.directives())
			if old.restarted {
				o.startVault()
			}
			if old.restored {
				o.round() // before any station was heard
			}
			if r := must(d.Sync(t.Context()))(t); !r.Restored {
				t.Error("not noticed")
			}
			o.more("UT4299997")
			if !old.restored && !old.restarted {
				// Nothing tells an old image that has grown from a forgery: a person starts the vault anew.
				if _, err := o.vault.Round(t.Context(), o.offers); !errors.Is(err, journal.ErrRewritten) {
					t.Errorf("the vault went on: %v", err)
				}
				o.startVault()
			}
			o.round()
			must(d.Sync(t.Context()))(t)
			o.resumed(d, seen, kept)
		})
	}
}

// resumed holds station and headquarters to what must be after a loss.
func (o *office) resumed(d *issuance.Desk, seen map[[2]uint64]bool, kept int) {
	t := o.t
	t.Helper()
	for _, e := range o.directives()[kept:] {
		if seen[[2]uint64{e.Epoch, e.Sequence}] {
			t.Errorf("%s stands under number %d/%d, which the station had seen", e.Kind, e.Epoch, e.Sequence)
		}
		if e.Kind == event.OrderIssued {
			t.Error("the order was made again")
		}
	}
	have := map[string]bool{}
	for _, s := range must(d.Shipments(t.Context()))(t) {
		have[s.ID] = true
	}
	if !have["UT4299998"] || !have["UT4299997"] || len(have) != 3 {
		t.Errorf("shipments %v", have)
	}
	list := must(d.Branches(t.Context()))(t)
	if len(list) != 1 || list[0].Kind != issuance.BranchResumed {
		t.Fatalf("evidence %+v", list)
	}
	for _, raw := range [][]byte{list[0].Ours, list[0].Theirs} {
		if s := must(journal.Parse(raw))(t); s.Verify(publicKey(t, o.charter.VaultSPKI)) != nil {
			t.Error("evidence that headquarters did not sign")
		}
	}
	o.finish(d)
	if _, err := d.VerifyRecords(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if audit := must(o.ledger.Verify(t.Context(), nil))(t); !audit.OK() {
		t.Errorf("ledger: %v", audit.Findings)
	}
}

// TestReusedNumberIsPassedOver: a vault that hears of the loss too late gives numbers again. The station
// carries out none of them, keeps the proof, and is told the same again in a new epoch.
func TestReusedNumberIsPassedOver(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	image := filepath.Join(o.dir, "image")
	backup(t, filepath.Join(o.dir, "ledger"), image, "ledger.db")
	o.more("UT4299998")
	o.round()
	must(d.Sync(t.Context()))(t)
	o.openLedger(image)
	o.startVault()
	o.offers = o.offers[:1]
	o.more("UT4299997")
	o.round() // under the number that the other blank had
	must(d.Sync(t.Context()))(t)
	if list := must(d.Branches(t.Context()))(t); len(list) != 1 || list[0].Kind != issuance.BranchReused {
		t.Fatalf("evidence %+v", list)
	}
	if n := len(must(d.Shipments(t.Context()))(t)); n != 2 {
		t.Errorf("%d shipments: a directive under a number seen before was carried out", n)
	}
	o.exchange(d)
	if n := len(must(d.Shipments(t.Context()))(t)); n != 3 {
		t.Errorf("%d shipments: what was passed over was not said again", n)
	}
	list := must(d.Branches(t.Context()))(t)
	if len(list) != 2 || list[1].Kind != issuance.BranchResumed {
		t.Errorf("evidence %+v", list)
	}
	if resumed := o.said(d, event.DirectivesResumed); resumed != 1 {
		t.Errorf("the journal says it %d times", resumed)
	}
}

// TestOnlyOneBranch: as long as headquarters was not seen to go back, a directive at a number that was
// given before, or in an epoch that does not follow, is none; after that, neither is one that nobody
// signed, or one behind a gap.
func TestOnlyOneBranch(t *testing.T) {
	k, stranger := newKey(t), newKey(t)
	chain := stationID + journal.Directives
	at := func(by *ecdsa.PrivateKey, epoch, sequence uint64) journal.Signed {
		return must(journal.Sign(journal.Entry{Chain: chain, Epoch: epoch, Sequence: sequence,
			Previous: journal.Hash{1}, Kind: event.OrderHeld}, by))(t)
	}
	last := at(k, 3, 7)
	for _, c := range []struct {
		name  string
		next  journal.Signed
		taken bool // after headquarters went back
	}{
		{"a number given before", at(k, 3, 5), true}, {"the same number", at(k, 3, 7), true},
		{"the next number on another branch", at(k, 3, 8), true}, {"an older epoch", at(k, 2, 9), true},
		{"a new epoch", at(k, 4, 1), true}, {"the middle of a new epoch", at(k, 4, 2), false},
		{"a new epoch that nobody signed", at(stranger, 4, 1), false},
	} {
		for _, wentBack := range []bool{false, true} {
			v := journal.NewVerifier(chain, func(journal.Entry) (*ecdsa.PublicKey, error) { return &k.PublicKey, nil }, &last)
			_, err := issuance.Join(v, c.next, wentBack)
			if want := wentBack && c.taken; (err == nil) != want {
				t.Errorf("%s, went back %v: %v", c.name, wentBack, err)
			}
		}
	}
}
