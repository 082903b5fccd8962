package main_test

import (
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/training"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// stockDay is what custodians do in a day, by command line: a surprise count, blanks that are spoiled,
// destroyed, lost and sent on, a delivery in all its steps, the statement, and the audit.
func (b *bureau) stockDay() {
	b.t.Helper()
	custodians := []string{"--token", b.office.Token("A-01"), "--witness", b.office.Token("C-01")}
	both := func(args ...string) []string { return append(args, custodians...) }
	held := b.held()
	b.refused("counted-twice", both("stock", "count", held[0], held[0])...)
	b.refused("stock-count", both(append([]string{"stock", "count"}, held[1:]...)...)...)
	alone := []string{"stock", "count", held[0], "--token", b.office.Token("A-01"), "--witness"}
	b.refused("same-person", append(alone, b.office.Token("A-01"))...)
	b.refused("role", append(alone, b.office.Token("E-01"))...)
	list := filepath.Join(b.t.TempDir(), "safe.txt")
	if err := os.WriteFile(list, []byte(strings.Join(held, "\n")+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.ok(both("stock", "count", "--file", list)...)
	var blanks []string
	for line := range strings.Lines(b.ok("stock", "statement")) {
		if f := strings.Fields(line); f[1] == string(station.StateAvailable) {
			blanks = append(blanks, f[0])
		}
	}
	if len(blanks) < 3 {
		b.t.Fatalf("blanks %v", blanks)
	}
	b.ok(both("stock", "spoil", blanks[0], "--reason", "wet")...)
	b.refused("picture", both("stock", "destroy", blanks[0], "--how", "shredded", "--picture", list)...)
	b.ok(both("stock", "destroy", blanks[0], "--how", "shredded", "--picture", b.picture())...)
	b.refused("stage", both("stock", "spoil", blanks[0], "--reason", "again")...)
	b.ok(both("stock", "lost", blanks[1], "--reason", "not in the safe")...)
	b.refused("seal", both("stock", "send", blanks[2], "--seal", " ")...)
	b.ok(both(append([]string{"stock", "send", "--seal", "SL1"}, blanks[2:]...)...)...)
	b.ok("sync", "now")
	b.delivery(both)
	b.statement()
	var found []issuance.Requirement
	if err := json.Unmarshal([]byte(b.ok("audit", "--icao", "--json")), &found); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range found {
		if r.Verdict == issuance.Fail || r.Verdict == issuance.Pass && len(r.Rows) == 0 {
			b.t.Errorf("audit: %+v", r)
		}
	}
	if text := b.ok("audit", "--icao"); !strings.Contains(text, "pass           SI-06") {
		b.t.Errorf("audit says\n%s", text)
	}
}

// held lists what is in the safe.
func (b *bureau) held() []string {
	b.t.Helper()
	var out []string
	for line := range strings.Lines(b.ok("stock", "statement")) {
		if f := strings.Fields(line); station.State(f[1]).InSafe() {
			out = append(out, f[0])
		}
	}
	return out
}

func (b *bureau) picture() string {
	path := filepath.Join(b.t.TempDir(), "shreds.png")
	f, err := os.Create(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 100, 80))); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// delivery receives what the maker sends next, step by step.
func (b *bureau) delivery(both func(...string) []string) {
	b.t.Helper()
	if err := b.office.Supply(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	sent, err := b.office.Deliveries()
	if err != nil {
		b.t.Fatal(err)
	}
	next := sent[len(sent)-1]
	deadline := time.Now().Add(time.Minute)
	for ; !strings.Contains(b.ok("stock", "shipments"), next.Shipment); b.ok("sync", "now") {
		if time.Now().After(deadline) {
			b.t.Fatalf("shipment %s is not announced", next.Shipment)
		}
	}
	arrive := both("stock", "arrive", next.Shipment)
	for bag, seal := range next.Seals {
		arrive = append(arrive, "--seal", bag+"="+seal.Number)
	}
	if out := b.ok(arrive...); strings.Contains(out, "QUARANTINE") {
		b.t.Errorf("good seals: %s", out)
	}
	b.refused("same-person", "stock", "compare", next.Shipment, "--token", b.office.Token("A-01"))
	for _, who := range []string{"A-01", "C-01"} {
		for bag, in := range next.Blanks {
			rows := station.Ranges(in)
			b.ok("stock", "count", rows[0].String(), "--shipment", next.Shipment, "--bag", bag, "--token", b.office.Token(who))
		}
	}
	var shipments []station.Shipment
	text := b.ok("stock", "shipments", "--json")
	if err := json.Unmarshal([]byte(text), &shipments); err != nil {
		b.t.Fatal(err)
	}
	if strings.Contains(text, string(next.Blanks["1"][1])) {
		b.t.Errorf("a count is shown before the manifest is open: %s", text)
	}
	b.ok("stock", "compare", next.Shipment, "--token", b.office.Token("C-01"))
	if out := b.ok(both("stock", "store", next.Shipment)...); out != "6 blanks taken into the safe" {
		b.t.Errorf("stored: %s", out)
	}
	if out := b.ok("stock", "quarantine"); out != "0 blanks in quarantine" {
		b.t.Errorf("quarantine: %s", out)
	}
	b.damaged(next, both)
}

// damaged: the same delivery cannot be received again.
func (b *bureau) damaged(next training.Delivery, both func(...string) []string) {
	b.t.Helper()
	b.refused("stage", both("stock", "arrive", next.Shipment, "--seal", "1=SL0")...)
	b.refused("unknown", both("stock", "arrive", "D-NONE", "--seal", "1=SL0")...)
	b.refused("no-blank", both("stock", "receive", string(next.Blanks["1"][0]))...)
}

func (b *bureau) statement() {
	b.t.Helper()
	dir := b.t.TempDir()
	pdf, table := filepath.Join(dir, "s.pdf"), filepath.Join(dir, "s.csv")
	today := station.DateOf(time.Now()).String()
	text := b.ok("stock", "statement", "--from", "2026-01-01", "--to", today, "--pdf", pdf, "--csv", table, "--json",
		"--language", "be")
	var s issuance.Statement
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		b.t.Fatal(err)
	}
	f := s.Total
	if s.Closing != len(b.held()) || f.Spoiled != 1 || f.Lost != 1 || f.Sent == 0 || f.Issued == 0 {
		b.t.Errorf("statement %+v", s)
	}
	if len(strings.Fields(s.Words)) != 6 {
		b.t.Errorf("words %q", s.Words)
	}
	rows := string(read(b.t, table))
	if !strings.Contains(rows, "total,,0,") || !strings.Contains(rows, s.Words) {
		b.t.Errorf("CSV:\n%s", rows)
	}
	paper, err := os.ReadFile(pdf)
	if err != nil || !strings.HasPrefix(string(paper), "%PDF-") {
		b.t.Errorf("PDF: %v", err)
	}
	for _, personal := range []string{"VANDROUNAIA", "Вандроўная", "ZORKA"} {
		if strings.Contains(text+rows, personal) {
			b.t.Errorf("the statement says %q", personal)
		}
	}
}

// TestStockUsage: wrong calls are told apart from refusals, and the help lists every verb.
func TestStockUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"count of what":          {"stock", "count", "UT4200001", "--token", "x"},
		"a bag without shipment": {"stock", "count", "UT4200001", "--token", "x", "--bag", "1"},
		"seal without its bag":   {"stock", "arrive", "D1", "--seal", "SL1", "--token", "x", "--witness", "y"},
		"no reason":              {"stock", "lost", "UT4200001", "--token", "x", "--witness", "y"},
		"audit of what":          {"audit"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := stationctl(t, args...)
			if status == 0 || name != "no reason" && status != 2 {
				t.Errorf("%d: %s", status, stderr)
			}
		})
	}
	out, _, status := stationctl(t, "stock", "--help")
	var listed []string
	for line := range strings.Lines(out) {
		if word := strings.Fields(line); len(word) > 0 {
			listed = append(listed, word[0])
		}
	}
	for _, verb := range []string{"receive", "count", "statement", "destroy", "send", "lost", "quarantine", "arrive",
		"compare", "store", "spoil", "shipments"} {
		if status != 0 || !slices.Contains(listed, verb) {
			t.Errorf("help does not list %s", verb)
		}
	}
}
