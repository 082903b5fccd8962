package issuance_test

import (
	"reflect"
	"slices"
	"testing"

	"padarozhnik/devices/chip"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// TestEveryChoiceOfChipKeys takes an applicant from enrolment to the close of the case under each choice
// that a profile has, with the real vault and a chip behind the real driver. The chip must have proven
// exactly what the profile chose, when it was written and when it was inspected.
func TestEveryChoiceOfChipKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys station.ChipKeys
		has  []string
		not  []string
	}{
		{"PACE with generic mapping alone", station.ChipKeys{ChipAuth: station.ChipAuthNone}, nil,
			[]string{chip.MechanismMapping, chip.MechanismChipAuth, chip.MechanismActiveAuth}},
		{"chip authentication", station.ChipKeys{}, []string{chip.MechanismChipAuth},
			[]string{chip.MechanismMapping, chip.MechanismActiveAuth}},
		{"chip authentication mapping", station.ChipKeys{ChipAuth: station.ChipAuthMapping},
			[]string{chip.MechanismMapping, chip.MechanismChipAuth}, []string{chip.MechanismActiveAuth}},
		{"active authentication by ECDSA", station.ChipKeys{ActiveAuth: station.ActiveAuthECDSA},
			[]string{chip.MechanismActiveAuth, chip.MechanismChipAuth}, []string{chip.MechanismMapping}},
		{"active authentication by RSA and nothing else",
			station.ChipKeys{ChipAuth: station.ChipAuthNone, ActiveAuth: station.ActiveAuthRSA2048},
			[]string{chip.MechanismActiveAuth}, []string{chip.MechanismMapping, chip.MechanismChipAuth}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, 1)
			o.charter.Profile.ChipKeys = c.keys
			d := o.desk(nil)
			if err := d.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.until(d, station.StageOrdered)
			o.roundTrip(d)
			o.until(d, station.StagePassed)
			done := o.finish(d)
			for _, kind := range []string{event.BookletEncoded, event.BookletPassed} {
				proven := o.proven(d, done.Serial, kind)
				for _, m := range c.has {
					if !slices.Contains(proven, m) {
						t.Errorf("%s: %q was not proven: %q", kind, m, proven)
					}
				}
				for _, m := range c.not {
					if slices.Contains(proven, m) {
						t.Errorf("%s: %q was proven by a chip that has no such key", kind, m)
					}
				}
			}
		})
	}
}

// until brings the one case to a stage.
func (o *office) until(d *issuance.Desk, stage station.Stage) station.Case {
	o.t.Helper()
	for range 60 {
		if cases := must(d.Board(o.t.Context()))(o.t).Cases; len(cases) > 0 && cases[0].Stage == stage {
			return cases[0]
		}
		if _, err := o.next(o.t.Context(), d); err != nil {
			o.t.Fatal(err)
		}
	}
	o.t.Fatalf("the case does not come to %s", stage)
	return station.Case{}
}

// roundTrip writes the order of the one case to plain files, as training does, and reads it back.
func (o *office) roundTrip(d *issuance.Desk) {
	t := o.t
	t.Helper()
	token := must(d.Board(t.Context()))(t).Cases[0].Token
	order := must(d.Order(t.Context(), o.seat(d, "O"), token))(t)
	dir := t.TempDir()
	if err := issuance.SaveOrder(dir, o.charter.Profile, order); err != nil {
		t.Fatal(err)
	}
	back := must(issuance.LoadOrder(dir))(t)
	if !reflect.DeepEqual(issuance.ChipOrder(back), issuance.ChipOrder(order)) {
		t.Error("the chip's order does not survive its directory")
	}
	secrets := order.Secrets.Hidden()
	issuance.Destroy(&order)
	for _, s := range secrets {
		if len(s) > 0 && slices.Max(s) != 0 {
			t.Error("a destroyed order left a key in memory")
		}
	}
}

// proven lists what the newest entry of a kind says that a booklet has proven.
func (o *office) proven(d *issuance.Desk, serial station.Serial, kind string) (out []string) {
	o.t.Helper()
	for _, s := range must(d.Journal(o.t.Context(), string(serial)))(o.t) {
		if s.Entry.Kind != kind {
			continue
		}
		var encoded event.Encoded
		var inspected event.Inspected
		if kind == event.BookletEncoded {
			if err := journal.Decode(s.Entry.Body, &encoded); err != nil {
				o.t.Fatal(err)
			}
			out = encoded.Verdicts
		} else {
			if err := journal.Decode(s.Entry.Body, &inspected); err != nil {
				o.t.Fatal(err)
			}
			out = inspected.Findings
		}
	}
	return out
}
