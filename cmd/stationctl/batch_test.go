package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// batchWithFailures makes the booklet of an order in a run, from its sheet to its report, with what goes
// wrong on the way. The printer has stopped before, and is well again.
func (b *bureau) batchWithFailures(token string) {
	t := b.t
	t.Helper()
	operator, inspector := b.office.Token("O-01"), b.office.Token("I-01")
	dir := t.TempDir()
	sheet := filepath.Join(dir, "sheet.json")
	b.refused("no-run", "batch", "status")
	b.refused("role", "batch", "sheet", "--token", b.office.Token("E-01"))
	b.ok("batch", "sheet", "--token", b.office.Token("C-01"), "--out", sheet)
	raw := read(t, sheet)
	forged := filepath.Join(dir, "forged.json")
	later := strings.Replace(string(raw), `"made": 1`, `"made": 2`, 1)
	if err := os.WriteFile(forged, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	b.refused("run-sheet", "batch", "run", forged, "--token", operator)

	b.fault("printer", "cover-open")
	b.refused("cover-open", "batch", "run", sheet, "--token", operator)
	status := b.batchStatus()
	if status.State != station.RunPaused || status.Word != "cover-open" || status.Rows[0].State != station.StateEncoded {
		t.Errorf("after the cover: %s %s, %s", status.State, status.Word, status.Rows[0].State)
	}
	b.refused("run-unfinished", "batch", "report", "--token", operator, "--out", dir)
	b.fault("printer", "")
	told := b.ok("batch", "run", "--token", operator)
	if !strings.Contains(told, "1 orders: 0 good, 0 spoiled, 0 skipped; 1 to inspect, 0 to make, 0 need a person") ||
		!strings.Contains(told, "Put booklet "+string(status.Rows[0].Serial)+" into the printer") {
		t.Errorf("the run says:\n%s", told)
	}
	b.refused("stage", "batch", "skip", string(status.Rows[0].Serial), "--reason", "too late", "--token", operator)
	b.refused("role", "batch", "inspect", "--token", operator)
	b.ok("batch", "inspect", "--token", inspector)
	b.ok("batch", "report", "--token", operator, "--out", dir)
	var r issuance.SignedReport
	if err := json.Unmarshal(read(t, dir, "report.json"), &r); err != nil {
		t.Fatal(err)
	}
	if r.Report.Good != 1 || r.Report.Orders != 1 || string(r.Report.Booklets[0].Case) != token || len(r.Entry) == 0 {
		t.Errorf("report: %+v", r.Report)
	}
	if text := string(read(t, dir, "report.txt")); !strings.Contains(text, "1 orders = 1 good + 0 spoiled + 0 skipped") ||
		strings.Contains(text, "VANDROUNAIA") {
		t.Errorf("report.txt:\n%s", text)
	}
}

func (b *bureau) batchStatus() issuance.RunStatus {
	b.t.Helper()
	var s issuance.RunStatus
	if err := json.Unmarshal([]byte(b.ok("batch", "status", "--json")), &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}
