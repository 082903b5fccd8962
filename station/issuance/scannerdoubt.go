package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station"
)

// Conditions of the scanner that pages are inspected by.
var (
	// ErrScannerNotCalibrated: the scanner was never calibrated, and may refuse good pages. It also is
	// ErrNotCalibrated.
	ErrScannerNotCalibrated = fmt.Errorf("scanner: %w", ErrNotCalibrated)
	// ErrScannerExpired: the scanner's calibration has run out.
	ErrScannerExpired = errors.New("calibration of the scanner has run out")
)

// ScannerDoubt is why an inspection by the scanner that stands there is not to be relied upon, with its
// cure; nil where it is.
func (d *Desk) ScannerDoubt(ctx context.Context) error {
	h, err := d.Health(ctx, KindScanner)
	switch {
	case err != nil:
		return err
	case h.Stops() != nil:
		return h.Stops()
	case h.Calibrated == 0:
		return ErrScannerNotCalibrated
	case h.Expired:
		return ErrScannerExpired
	}
	return nil
}

// doubtStops tells whether nothing may be inspected for a doubt. A calibration that has run out is said and
// stops nothing; nor does one that was never made where specimens only are issued.
func (d *Desk) doubtStops(doubt error) bool {
	switch {
	case doubt == nil, errors.Is(doubt, ErrScannerExpired):
		return false
	case errors.Is(doubt, ErrScannerNotCalibrated):
		return d.Charter.Profile.Mode == station.ModeIssue
	}
	return true
}
