package issuance_test

import (
	"errors"
	"testing"

	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// TestTrainingAndRealWorkNeverMeet: a store begun in training is refused for real work and the reverse, by
// the first thing that a desk does, and stays as it was.
func TestTrainingAndRealWorkNeverMeet(t *testing.T) {
	for name, begun := range map[string]bool{"begun in training": true, "begun for real work": false} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			d := o.rawDesk()
			d.Training = begun
			if err := d.Adopt(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.Adopt(t.Context()); err != nil {
				t.Errorf("a second start: %v", err)
			}
			other := o.rawDesk()
			other.Training = !begun
			before := o.entries(d)
			err := other.Adopt(t.Context())
			if !errors.Is(err, issuance.ErrTrainingStore) || issuance.Cure(err) != "training-store" || o.entries(d) != before {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTrainingRefusesRealProfiles: neither real books nor another state's.
func TestTrainingRefusesRealProfiles(t *testing.T) {
	for name, change := range map[string]func(*station.Profile){
		"mode issue": func(p *station.Profile) {
			p.IssuingState, p.Mode, p.Overprint = "XOU", station.ModeIssue, ""
		},
		"specimens of another state": func(p *station.Profile) { p.IssuingState = "XOU" },
	} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			d := o.rawDesk()
			change(&d.Charter.Profile)
			d.Training = true
			if err := d.Adopt(t.Context()); !errors.Is(err, issuance.ErrTraining) || issuance.Cure(err) != "training" {
				t.Errorf("training took it: %v", err)
			}
			d.Training = false
			if err := d.Adopt(t.Context()); err != nil {
				t.Errorf("a real station refused it: %v", err)
			}
		})
	}
}

// TestTrainingIsPrinted: the word stands on the page that a training desk sends to its printer, though the
// profile prints another.
func TestTrainingIsPrinted(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	for o.state(d) != station.StateEncoded {
		if _, err := o.next(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	order := must(d.Order(t.Context(), o.seat(d, "O"), must(d.Board(t.Context()))(t).Cases[0].Token))(t)
	for training, want := range map[bool]printing.Overprint{true: printing.Training, false: printing.Specimen} {
		d.Training = training
		if got := must(d.PageOf(order))(t).Overprint; got != want {
			t.Errorf("training %v: overprint %v", training, got)
		}
	}
	d.Training = true
	for o.state(d) != station.StatePrinted {
		if _, err := o.next(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if e := must(d.Examine(t.Context(), o.seat(d, "I"), order.Case, nil))(t); !e.PageOK {
		t.Errorf("the page under the word cannot be read: %v", e.Findings)
	}
}
