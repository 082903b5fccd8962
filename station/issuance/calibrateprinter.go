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

// Voids says which void page is used for a print of a calibration, and is told what was found on the scan
// of the one before. It may wait for a person.
type Voids interface {
	Next(ctx context.Context, step calibration.Step, found *image.RGBA) (station.Serial, error)
}

// sameScan is how often a page is laid on the glass again where its target was not found.
const sameScan = 3

// MeasurePrinter prints the target on three void pages, scans them, and proves the correction on a fourth.
// The scanner must have been calibrated before. A printer that is out of order, or does not pass the
// verification, is measured too: the calibration says so, and once it is signed nothing is issued on it.
func (d *Desk) MeasurePrinter(ctx context.Context, tech Seat, voids Voids, report devices.Report) (Calibration, error) {
	if err := d.serving(tech); err != nil {
		return Calibration{}, fmt.Errorf("measure the printer: %w", err)
	}
	defer d.atWork()()
	id, err := watched(ctx, deviceTime, d.Printer.Identify)
	if err != nil {
		return Calibration{}, fmt.Errorf("measure the printer: %w", err)
	}
	g, err := d.geometry(ctx)
	if err != nil {
		return Calibration{}, fmt.Errorf("measure the printer: %w", err)
	}
	if g.ScaleX == 0 {
		return Calibration{}, fmt.Errorf("measure the printer: scanner: %w", ErrNotCalibrated)
	}
	session := &calibration.PrinterSession{Geometry: g}
	if err := d.lead(ctx, session, voids, report); err != nil {
		return Calibration{}, fmt.Errorf("measure the printer: %w", err)
	}
	c := newCalibration(KindPrinter, id, tech)
	c.Printer, c.OK, c.Cause, c.VerifyMM = &session.Result, session.Err() == nil, cause(session.Err()), session.Proof.WorstMM
	return c, nil
}

// lead goes through a session until it ends. What ends it with a reason that the calibration tells is no
// error here.
func (d *Desk) lead(ctx context.Context, s *calibration.PrinterSession, voids Voids, report devices.Report) error {
	var serial station.Serial
	for {
		step := s.Next()
		report.At(string(step.Action), int64(step.Number), int64(step.Of))
		switch step.Action {
		case calibration.ActionDone:
			return nil
		case calibration.ActionPrint:
			var err error
			if serial, err = voids.Next(ctx, step, s.Picture); err != nil {
				return err
			}
			if err := d.printTarget(ctx, s, serial); err != nil {
				return err
			}
		case calibration.ActionScan:
			if err := d.scanTarget(ctx, s, serial); err != nil && s.Err() == nil {
				return err
			}
		}
	}
}

// printTarget looks whether the page is void, before ink, and prints the sheet of the session on it.
func (d *Desk) printTarget(ctx context.Context, s *calibration.PrinterSession, serial station.Serial) error {
	if err := d.void(ctx, serial); err != nil {
		return err
	}
	if err := d.Hand.Put(ctx, serial, SpotScanner); err != nil {
		return err
	}
	img, err := d.scanWatched(ctx)
	if err != nil {
		return err
	}
	// A plain card has no bar code; a page that has one must be void by its own number.
	if read, err := printing.ReadSerial(img); err == nil {
		if err := d.void(ctx, station.Serial(read)); err != nil {
			return err
		}
	}
	if err := d.Hand.Put(ctx, serial, SpotPrinter); err != nil {
		return err
	}
	sheet := devices.Sheet{Image: s.Sheet(d.DPI), DPI: d.DPI, Title: "calibration"}
	_, err = watched(ctx, printTime, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.Printer.Print(ctx, sheet, nil)
	})
	if err != nil {
		return err
	}
	return s.Printed()
}

// scanTarget scans the page that was printed and hands it to the session.
func (d *Desk) scanTarget(ctx context.Context, s *calibration.PrinterSession, serial station.Serial) error {
	for try := 1; ; try++ {
		if err := d.Hand.Put(ctx, serial, SpotScanner); err != nil {
			return err
		}
		img, err := d.scanWatched(ctx)
		if err != nil {
			return err
		}
		err = s.Take(img, bookDPI)
		if err == nil || s.Err() != nil || try == sameScan || !errors.Is(err, calibration.ErrNoTarget) {
			return err
		}
	}
}

func (d *Desk) scanWatched(ctx context.Context) (image.Image, error) {
	return watched(ctx, scanTime, func(ctx context.Context) (image.Image, error) { return d.scanBook(ctx, nil) })
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
