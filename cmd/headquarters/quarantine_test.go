package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal/event"
)

// TestQuarantineIsDecided: a decision speaks of blanks that lay in that bag, each once, and is there for
// the vault from then on.
func TestQuarantineIsDecided(t *testing.T) {
	h := &headquarters{dir: t.TempDir(), now: time.Now}
	if err := os.Mkdir(filepath.Join(h.dir, "allocations"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := event.Manifest{
		Product: "reference", Shipment: "D7", Bags: []event.Bag{{Name: "1", Seal: "S1"}, {Name: "2", Seal: "S2"}},
	}
	for _, b := range []struct {
		serial station.Serial
		bag    string
	}{{"UT4200001", "1"}, {"UT4200002", "2"}, {"UT4200003", "2"}, {"UT4200004", "2"}} {
		m.Blanks = append(m.Blanks, event.Blank{Serial: b.serial, ChipID: []byte{1}, Bag: b.bag})
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	sent := vault.Allocation{Station: "UTO-01", Manifest: m}
	if err := writeJSON(h.path("allocations", "UTO-01-D7.json"), sent); err != nil {
		t.Fatal(err)
	}
	decide := func(args ...string) error {
		cmd := h.resolveCommand()
		cmd.SetArgs(append(args, "--station", "UTO-01", "--shipment", "D7", "--reason", "maker"))
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		return cmd.ExecuteContext(t.Context())
	}
	for name, args := range map[string][]string{
		"nothing":              {"--bag", "2"},
		"a blank of another":   {"--bag", "2", "--release", "UT4200001"},
		"both good and lost":   {"--bag", "2", "--release", "UT4200002-UT4200003", "--lost", "UT4200003"},
		"a bag that never was": {"--bag", "9", "--lost", "UT4200003"},
		"no range":             {"--bag", "2", "--lost", "UT42"},
	} {
		if err := decide(args...); err == nil {
			t.Errorf("%s was decided", name)
		}
	}
	if had, err := h.resolutions(); err != nil || len(had) > 0 {
		t.Fatalf("refused decisions are kept: %v, %v", had, err)
	}
	if err := decide("--bag", "2", "--release", "UT4200002-UT4200003", "--lost", "UT4200004"); err != nil {
		t.Fatal(err)
	}
	had, err := h.resolutions()
	want := []station.Range{{First: "UT4200002", Last: "UT4200003"}}
	if err != nil || len(had) != 1 || had[0].Station != "UTO-01" || !slices.Equal(had[0].Decides.Released, want) {
		t.Errorf("the vault is told %+v, %v", had, err)
	}
}
