package issuance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// countedScans counts what is scanned.
type countedScans struct {
	devices.Scanner
	n int
}

// Scan implements devices.Scanner.
func (c *countedScans) Scan(ctx context.Context, s devices.ScanSettings, r devices.Report) (devices.Scan, error) {
	c.n++
	return c.Scanner.Scan(ctx, s, r)
}

// TestInspectionDoubtsItsScanner: an inspection by a scanner that was never calibrated says so and names the
// cure; where passports are issued it scans nothing before that. A calibration that has run out is said and
// stops nothing, and one that is in force leaves no doubt.
func TestInspectionDoubtsItsScanner(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	c := v.until(station.StageProducing)
	for v.stateOf(c.Serial) != station.StatePrinted {
		if _, err := v.next(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	inspector := v.seat(d, "I")
	if e, err := d.Examine(ctx, inspector, c.Token, nil); err != nil || !errors.Is(e.Doubt, issuance.ErrScannerNotCalibrated) {
		t.Errorf("specimens are inspected by a scanner that was never calibrated: %v, doubt %v", err, e.Doubt)
	}
	d.Charter.Profile.Mode = station.ModeIssue
	scans := &countedScans{Scanner: d.Scanner}
	d.Scanner = scans
	e, err := d.Inspect(ctx, inspector, c.Token, nil, d.Charter.Profile.Visual...)
	if !errors.Is(err, issuance.ErrScannerNotCalibrated) || issuance.Cure(err) != "scanner-not-calibrated" {
		t.Errorf("inspected where passports are issued: %v, %+v", err, e.Findings)
	}
	if scans.n != 0 {
		t.Error("the page was scanned before the doubt was said")
	}
	v.calibrateScanner(v.serve())
	v.close()
	inspector = v.seat(d, "I")
	if e, err := d.Examine(ctx, inspector, c.Token, nil); err != nil || e.Doubt != nil {
		t.Errorf("calibrated: %v, doubt %v", err, e.Doubt)
	}
	now := time.Now().Add(181 * 24 * time.Hour)
	v.clock = func() time.Time { return now }
	if doubt := d.ScannerDoubt(ctx); !errors.Is(doubt, issuance.ErrScannerExpired) ||
		issuance.Cure(doubt) != "scanner-calibration-expired" {
		t.Errorf("after half a year: %v", doubt)
	}
	if e, err := d.Examine(ctx, inspector, c.Token, nil); err != nil || !errors.Is(e.Doubt, issuance.ErrScannerExpired) {
		t.Errorf("examined after half a year: %v, doubt %v", err, e.Doubt)
	}
}
