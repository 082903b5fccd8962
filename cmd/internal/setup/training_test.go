package setup_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// start opens the station with a configuration, as its program does.
func (p *post) start(text string) error {
	p.t.Helper()
	p.put("station.toml", []byte(text))
	c, err := setup.Load(filepath.Join(p.dir, "station.toml"), environment(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	ask := func(string) ([]byte, error) { return []byte("x"), nil }
	o, err := setup.Open(p.t.Context(), c, ask, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if o.Desk.Training != c.Training {
		p.t.Errorf("training %v, the desk says %v", c.Training, o.Desk.Training)
	}
	return o.Close()
}

const inTraining = "training = true\n"

// TestTrainingConfiguration: each kind of configuration opens its own store and refuses the other's.
func TestTrainingConfiguration(t *testing.T) {
	for name, tc := range map[string]struct{ first, second string }{
		"a real store in training": {"", inTraining}, "a training store for real": {inTraining, ""},
	} {
		p := newPost(t)
		if err := p.start(tc.first); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := p.start(tc.second); !errors.Is(err, issuance.ErrTrainingStore) {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.start(tc.first); err != nil {
			t.Errorf("%s, then as it was: %v", name, err)
		}
	}
}

// TestTrainingRefusesARealCharter: at the start, and when a newer one comes by stick.
func TestTrainingRefusesARealCharter(t *testing.T) {
	p := newPost(t)
	real := p.charter
	real.Version = 2
	real.Profile.IssuingState, real.Profile.Mode, real.Profile.Overprint = "XOU", station.ModeIssue, ""
	p.put("station.toml", []byte(inTraining))
	o := p.open()
	if _, err := o.Renew(t.Context(), p.sign(real, p.root), nil); !errors.Is(err, issuance.ErrTraining) {
		t.Errorf("renewed with a charter for real books: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if v := p.open().Desk.Charter.Version; v != 1 {
		t.Errorf("after a restart version %d is in force", v)
	}
	other := newPost(t)
	real.StationID, real.Vault, real.VaultSPKI = other.charter.StationID, other.charter.Vault, other.charter.VaultSPKI
	real.Ledger, real.Anchors = other.charter.Ledger, other.charter.Anchors
	other.put("charter.cose", other.sign(real, other.root))
	if err := other.start(inTraining); !errors.Is(err, issuance.ErrTraining) {
		t.Errorf("started with a charter for real books: %v", err)
	}
}
