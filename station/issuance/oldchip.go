package issuance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/station"
)

// ErrNoZone: the draft holds no zone of an old passport, or another one than the chip was opened with.
var ErrNoZone = errors.New("no zone of the old passport")

// ReadOldChip opens the old passport's chip with the zone that the draft holds, reads what may be read
// without a terminal's certificate (never fingerprints), judges it, and keeps the verdict as evidence. A
// chip that is silent or not authentic lowers the evidence and stops nothing: the verdict says so and is
// kept. An error says that the reader needs a person, or that the draft holds no zone yet.
func (d *Desk) ReadOldChip(
	ctx context.Context, seat Seat, token station.CaseToken, report devices.Report,
) (station.OldChip, error) {
	zone, err := d.oldZone(ctx, seat, token)
	if err != nil {
		return station.OldChip{}, err
	}
	hash, err := station.ZoneHash(zone)
	if err != nil {
		return station.OldChip{}, fmt.Errorf("old chip: %w: %w", ErrDoubtful, err)
	}
	defer d.atWork()()
	trust := cmp.Or(d.Documents, d.Trust)
	r, err := d.Encoder.Inspect(ctx, devices.Password{MRZHash: hash}, trust, d.Now(), report)
	verdict := station.OldChip{}
	switch {
	case err == nil:
		verdict = JudgeOldChip(r, zone[:], trust, d.Now())
	case silent(err):
		verdict = station.OldChip{Level: station.ChipSilent, Checks: []station.ChipCheck{
			silence(err)}}
	default:
		return verdict, fmt.Errorf("old chip: %w", err)
	}
	return verdict, d.takeOldChip(ctx, seat, token, zone, verdict)
}

// WaiveOldChip records why an old passport's chip was not read: the book has none, or it is dead.
func (d *Desk) WaiveOldChip(ctx context.Context, seat Seat, token station.CaseToken, reason string) error {
	if len(strings.TrimSpace(reason)) < 3 {
		return fmt.Errorf("old chip: %w", station.ErrReason)
	}
	zone, err := d.oldZone(ctx, seat, token)
	if err != nil {
		return err
	}
	return d.takeOldChip(ctx, seat, token, zone, station.OldChip{Level: station.ChipSilent, Reason: reason})
}

// oldZone is the zone of the old passport in a draft that the officer may change.
func (d *Desk) oldZone(ctx context.Context, seat Seat, token station.CaseToken) ([2]string, error) {
	c, err := d.Case(ctx, token)
	if err == nil {
		err = c.Edit(seat.Officer, d.Now())
	}
	if err != nil {
		return [2]string{}, err
	}
	a, err := d.Application(ctx, seat, token)
	if err == nil && a.OldPassport == nil {
		err = fmt.Errorf("old chip: %w", ErrNoZone)
	}
	if err != nil {
		return [2]string{}, err
	}
	return a.OldPassport.MRZ, nil
}

// takeOldChip saves a verdict, unless the zone was changed since the chip was opened with it.
func (d *Desk) takeOldChip(
	ctx context.Context, seat Seat, token station.CaseToken, zone [2]string, verdict station.OldChip,
) error {
	return d.Amend(ctx, seat, token, "old-chip", func(a *station.Application) error {
		if a.OldPassport == nil || a.OldPassport.MRZ != zone {
			return fmt.Errorf("old chip: %w", ErrNoZone)
		}
		return a.TakeChip(verdict)
	})
}

// silent tells errors that say something of the chip from those that say something of the desk.
func silent(err error) bool {
	return slices.ContainsFunc([]error{
		devices.ErrWrongPassword, devices.ErrForeignChip, devices.ErrUnsupported, devices.ErrProtocol,
	}, func(known error) bool { return errors.Is(err, known) }) && !errors.Is(err, devices.ErrBankCard)
}

func silence(err error) station.ChipCheck {
	switch {
	case errors.Is(err, devices.ErrWrongPassword):
		return station.ChipCheck{What: checkAnswers, Reason: "does not open with the zone of the page", Why: station.ChipOtherZone}
	case errors.Is(err, devices.ErrForeignChip):
		return station.ChipCheck{What: checkAnswers, Reason: "no passport chip", Why: station.ChipNoPassport}
	case errors.Is(err, devices.ErrUnsupported):
		return station.ChipCheck{What: checkAnswers, Reason: "opens by no protocol that we know", Why: station.ChipNoProtocol}
	}
	return station.ChipCheck{What: checkAnswers, Reason: "answers out of protocol", Why: station.ChipGarbled}
}
