package issuance_test

import (
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
)

// TestVaultDeclines lets a station break each rule that it should have kept by itself, as one whose
// software was swapped would. Headquarters trusts nothing that it can recompute.
func TestVaultDeclines(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, o *office, d *issuance.Desk)
		by    string // who approves
		want  string
	}{
		"an approver without the role": {func(_ *testing.T, o *office, d *issuance.Desk) {
			d.Charter.Officers = slices.Clone(d.Charter.Officers)
			for i, officer := range d.Charter.Officers {
				if officer.Pseudonym == "O" {
					d.Charter.Officers[i].Roles = []station.Role{station.RoleApprove}
				}
			}
		}, "O", vault.CauseFourEyes},
		"a longer validity than the profile's": {func(_ *testing.T, _ *office, d *issuance.Desk) {
			d.Charter.Profile.Validity = []station.Validity{{Years: 20}}
		}, "A", vault.CauseDecision},
		"a blank that nobody allocated": {func(t *testing.T, _ *office, d *issuance.Desk) {
			err := d.Store.Update(t.Context(), func(tx issuance.Tx) error {
				return tx.PutBooklet(station.Booklet{Serial: "UT0000001", State: station.StateAvailable})
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "A", vault.CauseBlank},
		"another format of the face than the profile's": {func(_ *testing.T, _ *office, d *issuance.Desk) {
			d.Charter.Profile.FaceFormat = station.Face39794
		}, "A", vault.CauseDataGroups},
		"another nationality than was approved of": {func(_ *testing.T, _ *office, d *issuance.Desk) {
			d.Charter.Profile.IssuingState, d.Charter.Profile.Overprint = "UTA", "SPECIMEN"
		}, "A", vault.CauseDataGroups},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 1)
			d := o.desk(nil)
			ctx := t.Context()
			if err := o.receive(d); err != nil {
				t.Fatal(err)
			}
			tc.spoil(t, o, d)
			token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
			if err := o.capture(ctx, d, token); err != nil {
				t.Fatal(err)
			}
			must(d.Approve(ctx, o.seat(d, tc.by), token, "complete", o.charter.Profile.Approval...))(t)
			must(d.Sync(ctx))(t)
			o.round()
			r := must(d.Sync(ctx))(t)
			cause := must(d.Declined(ctx, token))(t)
			if r.Orders != 0 || r.Declined != 1 || cause != tc.want {
				t.Errorf("orders %d, declined %d, cause %q, want %q", r.Orders, r.Declined, cause, tc.want)
			}
			if err := d.Produce(ctx, o.seat(o.desk(nil), "O"), token, nil); err == nil {
				t.Error("a declined booklet can be produced")
			}
		})
	}
}

// TestVaultForgetsNothing starts the vault anew after each step: it must neither order twice nor
// lose an approval.
func TestVaultForgetsNothing(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	for range 60 {
		fresh := &vault.Vault{
			Ledger: o.vault.Ledger, Key: o.vault.Key, Opener: o.vault.Opener, Document: o.vault.Document,
			Masters: o.vault.Masters, Offices: o.vault.Offices, Now: o.vault.Now, Log: o.vault.Log,
			Diary: o.diary(o.vault.Key), DuplicateKey: o.vault.DuplicateKey,
		}
		o.vault = fresh
		o.round()
		closed, err := o.next(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if closed {
			o.checkBooks(d, must(d.Board(t.Context()))(t).Cases[0])
			return
		}
	}
	t.Fatal("the case does not end")
}
