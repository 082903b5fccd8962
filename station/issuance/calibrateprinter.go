package issuance

import (
	"context"
	"errors"
	"fmt"
	"image"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/station"
)

// ErrPageSpent: a print of a calibration was broken off; its page may carry ink and is of no more use.
var ErrPageSpent = errors.New("page of the calibration may carry ink")

// Voids says which void page is used for a print of a calibration, and is told what was found on the scan
// of the one before. It may wait for a person.
type Voids interface {
	Next(ctx context.Context, step calibration.Step, found *image.RGBA) (station.Serial, error)
}

// sameScan is how often a page is laid on the glass again where its target was not found.
const sameScan = 3

// MeasurePrinter goes through the calibration of a printer: it prints the target on three void pages, scans
// them, and proves the correction on a fourth. The scanner must have been calibrated before. A printer that
// is out of order, or does not pass the verification, is measured too: the calibration says so, and once it
// is signed nothing is issued on it.
func (d *Desk) MeasurePrinter(ctx context.Context, tech Seat, voids Voids, report devices.Report) (Calibration, error) {
	p, err := d.BeginCalibration(ctx, tech, KindPrinter)
	if err != nil {
		return Calibration{}, err
	}
	var page station.Serial
	for step := p.State().Step(); step.Name != StepSign; step = p.State().Step() {
		report.At(step.Name, int64(step.Print), calibration.PrintsWanted+1)
		if step.Name == StepPrint {
			if page, err = voids.Next(ctx, p.session.Next(), p.session.Sight.Ways); err != nil {
				return Calibration{}, fmt.Errorf("calibrate the printer: %w", err)
			}
		}
		if err := p.Do(ctx, page, report); err != nil {
			return Calibration{}, err
		}
	}
	return p.Result()
}

// printTarget looks whether the page is void, before ink, and prints the sheet of the session on it.
func (d *Desk) printTarget(
	ctx context.Context, s *calibration.PrinterSession, serial station.Serial, report devices.Report,
) error {
	if err := d.void(ctx, serial); err != nil {
		return err
	}
	img, err := d.scanLaid(ctx, serial, report)
	if err != nil {
		return err
	}
	// A plain card has no bar code; a page that has one must be void by its own number.
	if read, err := printing.ReadSerial(img); err == nil {
		if err := d.void(ctx, station.Serial(read)); err != nil {
			return err
		}
	}
	sheet := devices.Sheet{Image: s.Sheet(d.DPI), DPI: d.DPI, Title: "calibration"}
	err = d.places.with(ctx, SpotPrinter, func() error {
		if err := d.put(ctx, serial, SpotPrinter); err != nil {
			return err
		}
		return d.Printer.Print(ctx, sheet, report)
	})
	if errors.Is(err, devices.ErrPrintInDoubt) {
		err = fmt.Errorf("%w: %w", ErrPageSpent, err)
	}
	if err != nil {
		return err
	}
	return s.Printed()
}

// scanTarget scans the page that was printed and hands it to the session.
func (d *Desk) scanTarget(
	ctx context.Context, s *calibration.PrinterSession, serial station.Serial, report devices.Report,
) error {
	for try := 1; ; try++ {
		img, err := d.scanLaid(ctx, serial, report)
		if err != nil {
			return err
		}
		err = s.Take(img, bookDPI)
		if err == nil || s.Err() != nil || try == sameScan || !errors.Is(err, calibration.ErrNoTarget) {
			return err
		}
	}
}

// scanLaid has a page laid on the glass and scans it.
func (d *Desk) scanLaid(ctx context.Context, serial station.Serial, report devices.Report) (img image.Image, err error) {
	err = d.places.with(ctx, SpotScanner, func() error {
		if err := d.put(ctx, serial, SpotScanner); err != nil {
			return err
		}
		img, err = d.scanPage(ctx, bookSettings(), report)
		return err
	})
	return img, err
}

// scanPage scans what lies on the glass.
func (d *Desk) scanPage(ctx context.Context, set devices.ScanSettings, report devices.Report) (image.Image, error) {
	s, err := d.Scanner.Scan(ctx, set, report)
	if err != nil {
		return nil, err
	}
	return decodePicture(s.Data)
}

// void tells whether a page may be printed on for a calibration: the page of a booklet that was spoiled,
// or a page that is no booklet's of this profile.
func (d *Desk) void(ctx context.Context, serial station.Serial) error {
	known, err := d.booklet(ctx, serial)
	switch {
	case errors.Is(err, ErrUnknown) && d.Charter.Profile.CheckSerial(serial) != nil:
		return nil
	case err == nil && known.State == station.StateSpoiled:
		return nil
	case err != nil && !errors.Is(err, ErrUnknown):
		return err
	}
	return fmt.Errorf("booklet %s: %w", serial, ErrNotVoid)
}

// printerStops returns why nothing may be issued on the printer, as far as it answers: a blank is not
// taken for a printer that could not print it. One that is silent is found out when its turn comes.
func (d *Desk) printerStops(ctx context.Context) error {
	_, err := d.placement(ctx)
	for _, stop := range []error{ErrOutOfTolerance, ErrSwapped, ErrNotCalibrated} {
		if errors.Is(err, stop) {
			return err
		}
	}
	return nil
}
