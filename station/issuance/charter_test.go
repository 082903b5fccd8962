package issuance_test

import (
	"errors"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// TestOlderCharterIsRefused: rules and officers that headquarters has replaced do not come back.
func TestOlderCharterIsRefused(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	for _, step := range []struct {
		version int
		ok      bool
	}{{2, true}, {2, true}, {1, false}, {3, true}, {2, false}} {
		d.Charter.Version = step.version
		err := d.Adopt(t.Context())
		if step.ok && err != nil || !step.ok && !errors.Is(err, issuance.ErrCharter) {
			t.Errorf("version %d: %v", step.version, err)
		}
	}
	for _, step := range []struct {
		charter, trust int
		ok             bool
	}{{4, 2, true}, {5, 1, false}, {5, 2, true}, {6, 3, true}, {7, 2, false}} {
		d.Charter.Version, d.Charter.Trust = step.charter, &station.TrustRef{Version: step.trust}
		err := d.Adopt(t.Context())
		if step.ok && err != nil || !step.ok && !errors.Is(err, issuance.ErrCharter) {
			t.Errorf("charter %d with trust list %d: %v", step.charter, step.trust, err)
		}
	}
	d.Charter.Version, d.Charter.StationID = 7, "another"
	if err := d.Adopt(t.Context()); !errors.Is(err, issuance.ErrCharter) {
		t.Errorf("another station's charter: %v", err)
	}
}

// TestEveryConditionHasItsSentence in both languages, and no sentence is left over.
func TestEveryConditionHasItsSentence(t *testing.T) {
	for _, language := range []string{"be", "en"} {
		texts := textsOf(t, language)
		known := map[string]bool{}
		for _, key := range issuance.CureKeys() {
			known["cure."+key] = true
			if texts["cure."+key] == "" {
				t.Errorf("%s: no sentence for %s", language, key)
			}
		}
		for key := range texts {
			if len(key) > 5 && key[:5] == "cure." && !known[key] {
				t.Errorf("%s: %s belongs to no condition", language, key)
			}
		}
	}
}
