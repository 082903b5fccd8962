package issuance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// DeviceKind is a machine that is calibrated.
type DeviceKind string

// Kinds of devices that are calibrated.
const (
	KindScanner DeviceKind = "scanner"
	KindPrinter DeviceKind = "printer"
)

// ErrNotMeasured: a record that no measurement stands behind.
var ErrNotMeasured = errors.New("calibration without a measurement")

// Calibration is what a technician found out about one device. It is in force once a second person has
// countersigned it.
type Calibration struct {
	Kind       DeviceKind           `cbor:"1,keyasint" json:"kind"`
	Maker      string               `cbor:"2,keyasint" json:"maker"`
	Model      string               `cbor:"3,keyasint" json:"model"`
	Serial     string               `cbor:"4,keyasint" json:"serial"`
	Firmware   string               `cbor:"5,keyasint" json:"firmware"`
	Technician string               `cbor:"6,keyasint" json:"technician"` // pseudonym
	Witness    string               `cbor:"7,keyasint" json:"witness"`
	Time       int64                `cbor:"8,keyasint" json:"time"` // unix seconds, as the entry claims
	OK         bool                 `cbor:"9,keyasint" json:"ok"`
	Cause      string               `cbor:"10,keyasint,omitempty" json:"cause,omitempty"` // a word, where not OK
	Printer    *calibration.Printer `cbor:"11,keyasint,omitempty" json:"printer,omitempty"`
	Scanner    *calibration.Scanner `cbor:"12,keyasint,omitempty" json:"scanner,omitempty"`
	VerifyMM   float64              `cbor:"13,keyasint,omitempty" json:"verifyMM,omitempty"` // the verification's worst mark
}

// name is a device as entries and notes name it: kind and serial, in the letters that they allow.
func (c Calibration) name() string { return deviceName(c.Kind, c.Serial) }

func deviceName(kind DeviceKind, serial string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '_'
	}, serial)
	return string(kind) + "/" + safe[:min(len(safe), 60)]
}

// Causes for which a device is out of tolerance.
const (
	CauseOutOfReach     = "out-of-reach"
	CauseUnsteady       = "unsteady"
	CauseOutOfTolerance = "out-of-tolerance"
	CauseGrey           = "grey"
)

// cause is the word for why a measurement may not be used; "" for an error that says nothing of the device.
func cause(err error) string {
	for _, c := range []struct {
		err  error
		word string
	}{
		{calibration.ErrOutOfReach, CauseOutOfReach}, {calibration.ErrUnsteady, CauseUnsteady},
		{calibration.ErrOutOfTolerance, CauseOutOfTolerance}, {calibration.ErrGrey, CauseGrey},
	} {
		if errors.Is(err, c.err) {
			return c.word
		}
	}
	return ""
}

// calibrationDPI is the resolution of scans for calibration: marks are found to micrometres in it.
const calibrationDPI = 300

// VerifyLimitMM is how far a mark of the verification print may lie off, after the correction.
const VerifyLimitMM = calibration.VerifyMM

// MeasureScanner scans the card that lies on the glass and measures the scanner by it. A scanner that is
// out of order is measured too: the calibration says so, and is signed like a good one.
func (d *Desk) MeasureScanner(ctx context.Context, tech Seat) (Calibration, error) {
	p, err := d.BeginCalibration(ctx, tech, KindScanner)
	if err != nil {
		return Calibration{}, err
	}
	if err := p.Do(ctx, "", nil); err != nil {
		return Calibration{}, err
	}
	return p.Result()
}

func newCalibration(kind DeviceKind, id devices.Identity, tech Seat) Calibration {
	return Calibration{Kind: kind, Maker: id.Maker, Model: id.Model, Serial: id.Serial, Firmware: id.Firmware,
		Technician: tech.Officer.Pseudonym}
}

// SignCalibration puts a calibration in force: the technician proposes it, a second person countersigns.
// The device becomes the accepted one of its kind.
func (d *Desk) SignCalibration(ctx context.Context, tech, witness Seat, c Calibration) (Calibration, error) {
	if c.Printer == nil && c.Scanner == nil {
		return c, fmt.Errorf("sign calibration: %w", ErrNotMeasured)
	}
	if err := d.serving(ctx, tech); err != nil {
		return c, fmt.Errorf("sign calibration: %w", err)
	}
	if err := d.two(tech, witness); err != nil {
		return c, fmt.Errorf("sign calibration: %w", err)
	}
	c.Technician, c.Witness = tech.Officer.Pseudonym, witness.Officer.Pseudonym
	err := d.Store.Update(ctx, func(tx Tx) error {
		last, err := tx.Last()
		if err != nil {
			return err
		}
		if c.Time, err = d.claim(tx, last); err != nil {
			return err
		}
		body, err := c.body()
		if err != nil {
			return err
		}
		if err := d.record(tx, tech.Key, fact{kind: event.CalibrationBegun, subject: c.name(), body: body}); err != nil {
			return err
		}
		if body.Proposed, err = lastID(tx); err != nil {
			return err
		}
		if err := d.record(tx, witness.Key, fact{kind: event.DeviceCalibrated, subject: c.name(), body: body}); err != nil {
			return err
		}
		if err := putDevice(tx, c.Kind, accepted{Model: c.Model, Serial: c.Serial, Firmware: c.Firmware, Time: c.Time}); err != nil {
			return err
		}
		return addCalibration(tx, c)
	})
	if err != nil {
		return c, fmt.Errorf("sign calibration: %w", err)
	}
	return c, nil
}

// body is what the journal says of a calibration.
func (c Calibration) body() (event.Calibrated, error) {
	raw, err := journal.Encode(c)
	if err != nil {
		return event.Calibrated{}, err
	}
	sum := sha256.Sum256(raw)
	body := event.Calibrated{Model: c.Model, Serial: c.Serial, Firmware: c.Firmware, OK: c.OK, Cause: c.Cause, Record: sum[:]}
	whole := func(v float64) int { return int(math.Round(v)) }
	if p := c.Printer; p != nil {
		body.OffsetX, body.OffsetY, body.Turn = whole(1e3*p.OffsetXMM), whole(1e3*p.OffsetYMM), whole(1e3*p.TurnDeg)
		body.ScaleX, body.ScaleY, body.Rest = whole(1e6*(p.ScaleX-1)), whole(1e6*(p.ScaleY-1)), whole(1e3*p.RestMM)
	}
	if s := c.Scanner; s != nil {
		body.ScaleX, body.ScaleY = whole(1e6*(s.Geometry.ScaleX-1)), whole(1e6*(s.Geometry.ScaleY-1))
		body.Rest = whole(1e3 * s.RestMM)
	}
	return body, nil
}

// maxHistory is how many calibrations of one device are kept.
const maxHistory = 24

// noteCalibration is followed by a device's name: its calibrations, oldest first.
const noteCalibration = "calibration/"

func addCalibration(tx Tx, c Calibration) error {
	history, err := calibrations(tx, c.Kind, c.Serial)
	if err != nil {
		return err
	}
	history = append(history, c)
	raw, err := journal.Encode(history[max(0, len(history)-maxHistory):])
	if err != nil {
		return err
	}
	if err := tx.EraseNote(noteDrift + c.name()); err != nil {
		return err
	}
	return tx.PutNote(noteCalibration+c.name(), raw)
}

func calibrations(tx Tx, kind DeviceKind, serial string) ([]Calibration, error) {
	raw, err := tx.Note(noteCalibration + deviceName(kind, serial))
	if err != nil || raw == nil {
		return nil, err
	}
	var out []Calibration
	return out, journal.Decode(raw, &out)
}

// Calibrations lists the calibrations of the accepted device of a kind, oldest first.
func (d *Desk) Calibrations(ctx context.Context, kind DeviceKind) ([]Calibration, error) {
	var out []Calibration
	err := d.Store.View(ctx, func(tx Tx) error {
		a, err := device(tx, kind)
		if err != nil {
			return err
		}
		out, err = calibrations(tx, kind, a.Serial)
		return err
	})
	return out, err
}

// geometry is what is known of the scanner that is in use; the zero value where nothing is.
func (d *Desk) geometry(ctx context.Context) (measure.Geometry, error) {
	history, err := d.Calibrations(ctx, KindScanner)
	if err != nil || len(history) == 0 || !history[len(history)-1].OK {
		return measure.Geometry{}, err
	}
	return history[len(history)-1].Scanner.Geometry, nil
}
