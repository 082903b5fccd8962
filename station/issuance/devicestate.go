package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Conditions of calibrated devices that a person can cure.
var (
	// ErrOutOfTolerance: the last calibration found the device out of tolerance; it issues nothing.
	ErrOutOfTolerance = errors.New("device is out of tolerance")
	// ErrSwapped: another device stands in the place of the accepted one.
	ErrSwapped = errors.New("another device than the accepted one")
	// ErrNotCalibrated: an office that issues passports prints on calibrated printers only.
	ErrNotCalibrated = errors.New("device was never calibrated")
	// ErrNotVoid: the page belongs to a booklet that may still become a passport.
	ErrNotVoid = errors.New("page is not void")
)

// When a calibration is to be renewed.
const (
	renewAfter  = 180 * 24 * time.Hour
	driftMM     = 0.30 // of the middle of the last pages that inspection measured
	driftPages  = 5    // that a drift is told by
	driftMemory = 20
)

// accepted is a device that the office has accepted in its place. Alarmed is the firmware whose change
// was entered already.
type accepted struct {
	Model    string `cbor:"1,keyasint"`
	Serial   string `cbor:"2,keyasint"`
	Firmware string `cbor:"3,keyasint"`
	Time     int64  `cbor:"4,keyasint"`
	Alarmed  string `cbor:"5,keyasint,omitempty"`
}

const (
	noteDevice = "device/" // followed by a kind
	noteDrift  = "drift/"  // followed by a device's name: shifts of pages, micrometres
)

func device(tx Tx, kind DeviceKind) (accepted, error) {
	raw, err := tx.Note(noteDevice + string(kind))
	if err != nil || raw == nil {
		return accepted{}, err
	}
	var a accepted
	return a, journal.Decode(raw, &a)
}

func putDevice(tx Tx, kind DeviceKind, a accepted) error {
	raw, err := journal.Encode(a)
	if err != nil {
		return err
	}
	return tx.PutNote(noteDevice+string(kind), raw)
}

// DeviceHealth is how a device stands to its calibration. Each field that is true has a sentence.
type DeviceHealth struct {
	Kind            DeviceKind `json:"kind"`
	Model           string     `json:"model"`
	Serial          string     `json:"serial"`
	Firmware        string     `json:"firmware"`
	Calibrated      int64      `json:"calibrated,omitempty"` // unix seconds; 0 for never
	OutOfTolerance  bool       `json:"outOfTolerance"`
	Swapped         bool       `json:"swapped"`
	FirmwareChanged bool       `json:"firmwareChanged"`
	Expired         bool       `json:"expired"`
	Drifting        bool       `json:"drifting"`
	DriftXMM        float64    `json:"driftXMM"`
	DriftYMM        float64    `json:"driftYMM"`
}

// Stops is why nothing may be issued on the device; nil where it may.
func (h DeviceHealth) Stops() error {
	switch {
	case h.Swapped:
		return fmt.Errorf("%s %s: %w", h.Kind, h.Serial, ErrSwapped)
	case h.OutOfTolerance:
		return fmt.Errorf("%s %s: %w", h.Kind, h.Serial, ErrOutOfTolerance)
	}
	return nil
}

// Warns tells whether a technician should look at the device.
func (h DeviceHealth) Warns() bool {
	return h.Stops() != nil || h.FirmwareChanged || h.Expired || h.Drifting || h.Calibrated == 0
}

// Health asks the device of a kind who it is and holds that against its calibration. A firmware that
// changed is entered in the journal, once.
func (d *Desk) Health(ctx context.Context, kind DeviceKind) (DeviceHealth, error) {
	id, err := d.identify(ctx, kind)
	if err != nil {
		return DeviceHealth{Kind: kind}, fmt.Errorf("%s: %w", kind, err)
	}
	h, _, err := d.health(ctx, kind, id)
	if err == nil && h.FirmwareChanged {
		err = d.alarmFirmware(ctx, kind, id.Firmware)
	}
	return h, err
}

func (d *Desk) health(ctx context.Context, kind DeviceKind, id devices.Identity) (DeviceHealth, *Calibration, error) {
	h := DeviceHealth{Kind: kind, Model: id.Model, Serial: id.Serial, Firmware: id.Firmware}
	var last *Calibration
	err := d.Store.View(ctx, func(tx Tx) error {
		a, err := device(tx, kind)
		if err != nil || a == (accepted{}) {
			return err
		}
		h.Swapped = a.Serial != id.Serial || a.Model != id.Model
		h.FirmwareChanged = !h.Swapped && a.Firmware != id.Firmware
		history, err := calibrations(tx, kind, id.Serial)
		if err != nil || len(history) == 0 {
			return err
		}
		last = &history[len(history)-1]
		h.Calibrated, h.OutOfTolerance = last.Time, !last.OK
		now, err := d.surely(tx)
		if err != nil {
			return err
		}
		h.Expired = now.Sub(time.Unix(last.Time, 0)) > renewAfter
		return h.drift(tx)
	})
	return h, last, err
}

// calibrated is the checklist's line about calibrations. A device that does not answer has a line of its
// own; one that was never calibrated is an office's own matter where it issues specimens only.
func (d *Desk) calibrated(ctx context.Context) Check {
	const word = "calibration"
	detail := "in order"
	for _, kind := range []DeviceKind{KindScanner, KindPrinter} {
		if kind == KindScanner && d.Scanner == nil || kind == KindPrinter && d.Printer == nil {
			continue
		}
		h, err := d.Health(ctx, kind)
		switch {
		case errors.Is(err, devices.ErrHangs):
			return Check{word, false, string(kind) + " hangs"}
		case err != nil:
			continue
		case h.Calibrated == 0 && !h.Swapped && d.Charter.Profile.Mode != station.ModeIssue:
			detail = string(kind) + " never calibrated"
		case h.Warns():
			return Check{word, false, string(kind) + ": " + h.Word()}
		}
	}
	return Check{word, true, detail}
}

// Word is the most serious thing that is wrong with the device, "ok" for nothing.
func (h DeviceHealth) Word() string {
	switch {
	case h.Swapped:
		return "swapped"
	case h.OutOfTolerance:
		return "out-of-tolerance"
	case h.FirmwareChanged:
		return "firmware-changed"
	case h.Calibrated == 0:
		return WordNever
	case h.Expired:
		return "expired"
	case h.Drifting:
		return "drifting"
	}
	return WordOK
}

// Words of a device of which nothing is wrong, and of one that nobody has calibrated yet.
const (
	WordOK    = "ok"
	WordNever = "never-calibrated"
)

// alarmFirmware enters that a device's firmware is not what was accepted.
func (d *Desk) alarmFirmware(ctx context.Context, kind DeviceKind, now string) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		a, err := device(tx, kind)
		if err != nil || a.Alarmed == now || a.Firmware == now {
			return err
		}
		body := event.Firmware{Before: a.Firmware, Now: now}
		a.Alarmed = now
		if err := putDevice(tx, kind, a); err != nil {
			return err
		}
		d.Log.Warn("firmware changed", "device", string(kind))
		return d.record(tx, d.Key, fact{kind: event.FirmwareChanged, subject: deviceName(kind, a.Serial), body: body})
	})
}

// LeastNote is how long a note about a device is at least, in bytes.
const LeastNote = 4

// AcceptDevice accepts the device that stands there now in the place of the one before, or with the
// firmware that it has now, by the note of a technician that a second person countersigns. A device
// that was never calibrated here begins without a correction.
func (d *Desk) AcceptDevice(ctx context.Context, tech, witness Seat, kind DeviceKind, note string) error {
	if err := d.serving(ctx, tech); err != nil {
		return fmt.Errorf("accept %s: %w", kind, err)
	}
	if err := errors.Join(calibratedKind(kind), d.two(tech, witness)); err != nil {
		return fmt.Errorf("accept %s: %w", kind, err)
	}
	if len(note) < LeastNote || len(note) > 500 {
		return fmt.Errorf("accept %s: %w", kind, station.ErrReason)
	}
	id, err := d.identify(ctx, kind)
	if err != nil {
		return fmt.Errorf("accept %s: %w", kind, err)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		before, err := device(tx, kind)
		if err != nil {
			return err
		}
		subject := deviceName(kind, id.Serial)
		body := event.Accepted{Model: id.Model, Serial: id.Serial, Firmware: id.Firmware, Instead: before.Serial, Note: note}
		if err := d.record(tx, tech.Key, fact{kind: event.AcceptanceProposed, subject: subject, body: body}); err != nil {
			return err
		}
		if body.Proposed, err = lastID(tx); err != nil {
			return err
		}
		if err := d.record(tx, witness.Key, fact{kind: event.DeviceAccepted, subject: subject, body: body}); err != nil {
			return err
		}
		return putDevice(tx, kind, accepted{Model: id.Model, Serial: id.Serial, Firmware: id.Firmware, Time: d.Now().Unix()})
	})
	if err != nil {
		return fmt.Errorf("accept %s: %w", kind, err)
	}
	return nil
}

// placement is how the printer that stands there now has to be told to lay ink. It refuses a printer that
// may not issue.
func (d *Desk) placement(ctx context.Context) (printing.Placement, error) {
	id, err := within(ctx, deviceTime, d.Printer.Identify)
	if err != nil {
		return printing.Placement{}, err
	}
	h, last, err := d.health(ctx, KindPrinter, id)
	if err != nil {
		return printing.Placement{}, err
	}
	if err := h.Stops(); err != nil {
		return printing.Placement{}, err
	}
	if h.FirmwareChanged {
		if err := d.alarmFirmware(ctx, KindPrinter, id.Firmware); err != nil {
			return printing.Placement{}, err
		}
	}
	if last == nil {
		if d.Charter.Profile.Mode == station.ModeIssue {
			return printing.Placement{}, fmt.Errorf("printer %s: %w", id.Serial, ErrNotCalibrated)
		}
		return printing.Placement{}, nil
	}
	return calibration.Placement(last.Printer.Error.Inverse()), nil
}
