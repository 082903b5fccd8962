package issuance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SaveReport writes a report into a directory, which it makes: report.json for another program, and
// report.txt for people. It returns the directory.
func SaveReport(dir string, r SignedReport) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return dir, err
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return dir, err
	}
	return dir, errors.Join(os.WriteFile(filepath.Join(dir, "report.json"), append(raw, '\n'), 0o600),
		os.WriteFile(filepath.Join(dir, "report.txt"), []byte(r.Report.Text()), 0o600))
}

// Sum is the sum of a report, as one line.
func (r RunReport) Sum() string {
	return fmt.Sprintf("%d orders = %d good + %d spoiled + %d skipped", r.Orders, r.Good, r.Spoiled, r.Skipped)
}

// Text is the report for people.
func (r RunReport) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Batch run %s of station %s\nSheet %s\n%s to %s UTC\n\n", r.Run, r.Station, r.Sheet,
		r.Begun.Format("2006-01-02 15:04"), r.Ended.Format("2006-01-02 15:04"))
	const form = "%-10s %-12s %-8s %-10s %-9s %-9s %s\n"
	fmt.Fprintf(&b, form, "booklet", "case", "outcome", "state", "operator", "inspector", "reason")
	for _, l := range r.Booklets {
		fmt.Fprintf(&b, form, l.Serial, l.Case, l.Outcome, l.State, l.Operator, l.Inspector, l.Reason)
	}
	fmt.Fprintf(&b, "\n%s\n", r.Sum())
	return b.String()
}
