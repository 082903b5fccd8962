package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// sumOf is the SHA-256 of a program's file, as anybody can take it.
func sumOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// programsOfDays reads back from the journal of an office by which programs its days were opened and closed.
func programsOfDays(t *testing.T, office *setup.Office) (out [][]byte) {
	t.Helper()
	entries, err := office.Desk.Journal(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range entries {
		if s.Entry.Kind != event.DayOpened && s.Entry.Kind != event.DayClosed {
			continue
		}
		var body event.Day
		if err := journal.Decode(s.Entry.Body, &body); err != nil {
			t.Fatal(err)
		}
		out = append(out, body.Program)
	}
	return out
}

// TestTheJournalNamesTheBuild opens a day in the window's program and closes it at the terminal: each entry holds the
// hash of the file that did it, which is what "about" and "version" of that program say, and anybody's own sum of it.
func TestTheJournalNamesTheBuild(t *testing.T) {
	dir := officeOf(t)
	o := options{config: filepath.Join(dir, "station", "station.toml"), tokens: filepath.Join(dir, "tokens"),
		passphraseFile: filepath.Join(dir, "passphrase")}
	config, err := setup.Load(o.config, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(prompt string) ([]byte, error) { return passphrase.Read(o.passphraseFile, prompt) }
	office, err := setup.Open(t.Context(), config, ask, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer office.Close() //nolint:errcheck // it is read only
	if err := openDay(t.Context(), o, office); err != nil {
		t.Fatal(err)
	}
	stationctl := build(t, t.TempDir(), "stationctl")
	closing := exec.CommandContext(t.Context(), stationctl, "--config", o.config, "--passphrase-file", o.passphraseFile,
		"day", "close", "--counted", "0", "--token", filepath.Join(o.tokens, "C-01.token"))
	if out, err := closing.CombinedOutput(); err != nil {
		t.Fatalf("day close: %v: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := about(office.Desk.Program)()
	if err != nil || !bytes.Equal(shown.Hash, sumOf(t, self)) {
		t.Errorf("about shows %x (%v), the file's is %x", shown.Hash, err, sumOf(t, self))
	}
	if said := edition.Read().Long(); !strings.Contains(said, hex.EncodeToString(shown.Hash)) {
		t.Errorf("--version of the window says %q", said)
	}
	said, err := exec.CommandContext(t.Context(), stationctl, "version").Output()
	if err != nil || !strings.Contains(string(said), hex.EncodeToString(sumOf(t, stationctl))) {
		t.Errorf("version of stationctl says %q (%v)", said, err)
	}
	days := programsOfDays(t, office)
	if len(days) != 2 || !bytes.Equal(days[0], shown.Hash) || !bytes.Equal(days[1], sumOf(t, stationctl)) {
		t.Errorf("the journal names %x, want %x and %x", days, shown.Hash, sumOf(t, stationctl))
	}
}
