package main_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/training"
)

// mission is an office without a network and its headquarters, as real programs; a directory is the
// stick between them.
type mission struct {
	t      *testing.T
	office *training.Office
	stick  string
	ledger string // address
}

func newMission(t *testing.T) *mission {
	t.Helper()
	office, err := training.New(filepath.Join(t.TempDir(), "office"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	office.Programs = programs
	if err := office.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := &mission{t: t, office: office, stick: office.Path("stick")}
	if err := os.Mkdir(m.stick, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(office.Config(), []byte("language = \"en\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.serve()
	return m
}

func (m *mission) serve() {
	t := m.t
	ctx, stop := context.WithCancel(context.Background())
	cmd, err := m.office.Command(ctx, "headquarters", "serve", "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	m.ledger = strings.TrimSpace(strings.TrimPrefix(line, "listening "))
}

// on is a file of the stick.
func (m *mission) on(name string) string { return filepath.Join(m.stick, name) }

// station runs stationctl, which must end with a status and say all of the words.
func (m *mission) station(status int, words []string, args ...string) {
	m.t.Helper()
	args = append(args, "--config", m.office.Config(), "--passphrase-file", m.office.PassphraseFile())
	out, errs, got := stationctl(m.t, args...)
	m.said("stationctl "+strings.Join(args[:2], " "), out+errs, got, status, words)
}

// headquarters is the same for headquarters.
func (m *mission) headquarters(status int, words []string, args ...string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 2*time.Minute)
	defer cancel()
	cmd, err := m.office.Command(ctx, "headquarters", args...)
	if err != nil {
		m.t.Fatal(err)
	}
	out, _ := cmd.CombinedOutput()
	m.said("headquarters "+args[0], string(out), cmd.ProcessState.ExitCode(), status, words)
}

func (m *mission) said(who, text string, got, want int, words []string) {
	m.t.Helper()
	if got != want {
		m.t.Errorf("%s: status %d, want %d:\n%s", who, got, want, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			m.t.Errorf("%s does not say %q:\n%s", who, w, text)
		}
	}
}

// TestScenario9Programs carries a stick between the real programs, with everything on it that may go
// wrong: foreign files, half a file, a file twice, names that are taken, an old charter.
func TestScenario9Programs(t *testing.T) {
	m := newMission(t)
	ledger := []string{"--ledger", m.ledger}
	m.station(0, []string{"1 entries until number 1", "0 wait"}, "sync", "export", m.on("out-1"))
	m.station(1, []string{"not replaced"}, "sync", "export", m.on("out-1"))
	foreign := map[string]string{"holiday.jpg": "\xff\xd8\xff\xe0", "notes.txt": strings.Repeat("x", 9000)}
	for name, content := range foreign {
		if err := os.WriteFile(m.on(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.headquarters(0, []string{"holiday.jpg: left alone", "out-1: station UTO-01: 1 entries until number 1"},
		append(ledger, "ingest", m.on("holiday.jpg"), m.on("out-1"), m.on("out-1"))...)
	answer := append(ledger, "export", "--station", "UTO-01", m.on("in-1"))
	m.headquarters(0, []string{"1 receipts", "ledger of 1 entries"}, answer...)
	m.headquarters(1, nil, answer...)

	whole, err := os.ReadFile(m.on("in-1"))
	if err != nil {
		t.Fatal(err)
	}
	half := m.office.Path("half")
	if err := os.WriteFile(half, whole[:len(whole)*2/3], 0o600); err != nil {
		t.Fatal(err)
	}
	m.station(1, []string{"ends too early"}, "sync", "import", half)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-1] ^= 1
	if err := os.WriteFile(half, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	m.station(1, []string{"damaged"}, "sync", "import", half)

	m.station(0, []string{"holiday.jpg: left alone", "notes.txt: left alone", "out-1: left alone", "in-1: 1 receipts"},
		"sync", "import", m.stick)
	m.station(0, []string{"in-1: 0 receipts, 0 directives"}, "sync", "import", m.on("in-1"))
	m.station(0, []string{"the journal holds: 1 entries, 1 receipted"}, "journal", "verify")

	m.headquarters(0, []string{"charter version 2"}, "station", "renew", training.StationID)
	m.headquarters(0, nil, append(ledger, "export", "--station", "UTO-01", m.on("in-2"))...)
	m.station(0, []string{"charter version 2 is in force"}, "sync", "import", m.on("in-2"))
	m.station(1, []string{"charter cannot be used", "version 1 after 2"}, "sync", "import", m.on("in-1"))
	m.station(0, []string{"1 entries wait", "headquarters last heard"}, "sync", "status")
	m.headquarters(0, []string{"the ledger holds"}, "audit")
	m.names()
}

// names looks at the stick as its finder would.
func (m *mission) names() {
	m.t.Helper()
	for _, name := range []string{"out-1", "in-1", "in-2"} {
		raw, err := os.ReadFile(m.on(name))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, planted := range []string{"UTO-01", "charter", "Mission of Utopia"} {
			if bytes.Contains(raw, []byte(planted)) {
				m.t.Errorf("%s says %s", name, planted)
			}
		}
	}
	if left, _ := filepath.Glob(m.on(".new-*")); len(left) > 0 {
		m.t.Errorf("left on the stick: %v", left)
	}
}
