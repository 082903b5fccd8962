package issuance

import (
	"context"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
)

// KindReader is the chip reader. It is tested, never calibrated.
const KindReader DeviceKind = "encoder"

// DeviceLine is one device of the office in a technician's list.
type DeviceLine struct {
	DeviceHealth
	Maker      string `json:"maker,omitempty"`
	Word       string `json:"word"`                 // DeviceHealth.Word; "silent" with Err
	Technician string `json:"technician,omitempty"` // pseudonyms of the last calibration
	Witness    string `json:"witness,omitempty"`
	Due        int64  `json:"due,omitempty"` // unix seconds; when the calibration runs out, 0 for never calibrated
	Err        error  `json:"-"`             // the device does not answer, and why
	Stop       error  `json:"-"`             // why nothing may be issued on it; nil where it may, as far as it answers
}

// Warns tells whether a technician should look at the device. Where specimens alone are made, one that was never
// calibrated is the office's own matter.
func (l DeviceLine) Warns() bool {
	return l.Err != nil || l.Stop != nil || l.Word != WordOK && l.Word != WordNever
}

// WordSilent is a device that does not answer.
const WordSilent = "silent"

// DeviceList asks every device of the office who it is and holds it against its last calibration: scanner,
// printer, reader. One that does not answer is listed with the reason, beside what is kept of the device
// that was accepted in its place.
func (d *Desk) DeviceList(ctx context.Context) ([]DeviceLine, error) {
	var out []DeviceLine
	for _, kind := range []DeviceKind{KindScanner, KindPrinter, KindReader} {
		id, silent := d.identify(ctx, kind)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line := DeviceLine{Err: silent}
		if silent != nil {
			kept, err := d.acceptedAs(ctx, kind)
			if err != nil {
				return nil, err
			}
			id = devices.Identity{Model: kept.Model, Serial: kept.Serial, Firmware: kept.Firmware}
		}
		h, last, err := d.health(ctx, kind, id)
		if err != nil {
			return nil, err
		}
		line.DeviceHealth, line.Maker, line.Word = h, id.Maker, h.Word()
		switch {
		case silent != nil:
			line.Word = WordSilent
		case kind == KindReader:
			line.Word = WordOK
		case h.FirmwareChanged:
			if err := d.alarmFirmware(ctx, kind, id.Firmware); err != nil {
				return nil, err
			}
		}
		if silent == nil && kind != KindReader {
			line.Stop = d.stop(h)
		}
		if last != nil {
			line.Technician, line.Witness = last.Technician, last.Witness
			line.Due = time.Unix(last.Time, 0).Add(renewAfter).Unix()
		}
		out = append(out, line)
	}
	return out, nil
}

// Stop is why nothing may be issued on the device of a kind by its calibration; nil where it may, or where the device
// does not answer.
func (d *Desk) Stop(ctx context.Context, kind DeviceKind) error {
	if calibratedKind(kind) != nil {
		return nil
	}
	id, err := d.identify(ctx, kind)
	if err != nil {
		return nil
	}
	h, _, err := d.health(ctx, kind, id)
	if err != nil {
		return err
	}
	return d.stop(h)
}

// stop is DeviceHealth.Stops; besides, an office that issues passports prints on calibrated printers only.
func (d *Desk) stop(h DeviceHealth) error {
	if err := h.Stops(); err != nil {
		return err
	}
	if h.Kind == KindPrinter && h.Calibrated == 0 && d.Charter.Profile.Mode == station.ModeIssue {
		return fmt.Errorf("%s %s: %w", h.Kind, h.Serial, ErrNotCalibrated)
	}
	return nil
}

func (d *Desk) acceptedAs(ctx context.Context, kind DeviceKind) (a accepted, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		a, err = device(tx, kind)
		return err
	})
	return a, err
}

// identify asks the device of a kind who it is, under the watchdog.
func (d *Desk) identify(ctx context.Context, kind DeviceKind) (devices.Identity, error) {
	switch {
	case kind == KindScanner && d.Scanner != nil:
		return within(ctx, deviceTime, d.Scanner.Identify)
	case kind == KindPrinter && d.Printer != nil:
		return within(ctx, deviceTime, d.Printer.Identify)
	case kind == KindReader && d.Encoder != nil:
		return within(ctx, deviceTime, d.Encoder.Identify)
	}
	return devices.Identity{}, devices.ErrUnreachable
}

// HistoryPoint is one calibration as a plot shows it: of a printer where it laid the page's middle, of a
// scanner what its scales make of the page's sides. Both are errors before the correction.
type HistoryPoint struct {
	Time     int64   `json:"time"` // unix seconds
	OK       bool    `json:"ok"`
	Cause    string  `json:"cause,omitempty"`
	XMM      float64 `json:"xMM"`
	YMM      float64 `json:"yMM"`
	TurnDeg  float64 `json:"turnDeg"`
	RestMM   float64 `json:"restMM"`   // that the correction leaves
	VerifyMM float64 `json:"verifyMM"` // the verification's worst mark; 0 for a scanner
}

// DriftPoint is where the print of one inspected page lay, since the last calibration.
type DriftPoint struct {
	XMM float64 `json:"xMM"`
	YMM float64 `json:"yMM"`
}

// History are the calibrations of the accepted device of a kind, oldest first, and how the pages that were
// inspected since the last of them lay.
func (d *Desk) History(ctx context.Context, kind DeviceKind) (points []HistoryPoint, drift []DriftPoint, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		a, err := device(tx, kind)
		if err != nil {
			return err
		}
		history, err := calibrations(tx, kind, a.Serial)
		if err != nil {
			return err
		}
		for _, c := range history {
			points = append(points, c.Point())
		}
		seen, err := shifts(tx, deviceName(kind, a.Serial))
		for _, s := range seen {
			drift = append(drift, DriftPoint{float64(s.X) / 1e3, float64(s.Y) / 1e3})
		}
		return err
	})
	return points, drift, err
}

// Point is the calibration as a plot shows it.
func (c Calibration) Point() HistoryPoint {
	p := HistoryPoint{Time: c.Time, OK: c.OK, Cause: c.Cause, VerifyMM: c.VerifyMM}
	p.XMM, p.YMM = c.axes()
	switch {
	case c.Printer != nil:
		p.TurnDeg, p.RestMM = c.Printer.TurnDeg, c.Printer.RestMM
	case c.Scanner != nil:
		p.RestMM = c.Scanner.RestMM
	}
	return p
}

// calibratedKind refuses what is never calibrated.
func calibratedKind(kind DeviceKind) error {
	if kind != KindScanner && kind != KindPrinter {
		return station.ErrMalformed
	}
	return nil
}
