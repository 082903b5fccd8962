package setup_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// TestWhatAStationLacks: whichever of the files is not there that headquarters gave to the office, the cure says that
// the computer is not set up, and the error names the file.
func TestWhatAStationLacks(t *testing.T) {
	for _, name := range []string{"station.toml", "root.der", "charter.cose", "station.token"} {
		p := newPost(t)
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
		c, err := setup.Load(filepath.Join(p.dir, "station.toml"), environment(nil))
		if err == nil {
			_, err = setup.Open(t.Context(), c, says("x"), slog.New(slog.DiscardHandler))
		}
		if issuance.Cure(err) != "not-set-up" || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := newPost(t)
	p.put("station.toml", []byte("language = \"xx\"\n"))
	if _, err := setup.Load(filepath.Join(p.dir, "station.toml"), environment(nil)); issuance.Cure(err) != "config" {
		t.Errorf("a wrong configuration: %v", err)
	}
}

// TestOpeningIsReported: every step of an opening is reported in its order, as it begins.
func TestOpeningIsReported(t *testing.T) {
	p := newPost(t)
	c, err := setup.Load(filepath.Join(p.dir, "station.toml"), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	o, err := setup.OpenReporting(t.Context(), c, says("x"), slog.New(slog.DiscardHandler), func(at devices.Progress) {
		if at.Done != int64(len(steps)) || at.Total != int64(len(setup.Steps())) {
			t.Errorf("%s is step %d of %d", at.Step, at.Done, at.Total)
		}
		steps = append(steps, at.Step)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil || !slices.Equal(steps, setup.Steps()) {
		t.Errorf("reported %v, %v", steps, err)
	}
}
