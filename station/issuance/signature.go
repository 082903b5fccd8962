package issuance

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/signature"
)

// ErrSignature: no signature could be lifted off the picture.
var ErrSignature = errors.New("signature not usable")

// ScanSignature lifts the applicant's signature off a card on the scanner and keeps it, cleaned, as ink on
// nothing.
func (d *Desk) ScanSignature(
	ctx context.Context, seat Seat, token station.CaseToken, region devices.Region, report devices.Report,
) ([]byte, error) {
	c, err := d.Case(ctx, token)
	if err == nil {
		err = c.Edit(seat.Officer, d.Now())
	}
	if err != nil {
		return nil, err
	}
	img, err := d.scanPicture(ctx, region, report)
	if err != nil {
		return nil, fmt.Errorf("scan signature: %w", err)
	}
	return d.TakeSignature(ctx, seat, token, img)
}

// CleanSignature lifts a signature off a picture and keeps nothing: a PNG, ink on nothing, for the officer to
// look at before TakeSignature keeps the same.
func CleanSignature(img image.Image) ([]byte, error) {
	ink, err := signature.Lift(img)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return ink, nil
}

// TakeSignature is ScanSignature from a picture. It returns the PNG that was kept.
func (d *Desk) TakeSignature(
	ctx context.Context, seat Seat, token station.CaseToken, img image.Image,
) ([]byte, error) {
	ink, err := CleanSignature(img)
	if err != nil {
		return nil, err
	}
	return ink, d.Amend(ctx, seat, token, "signature", func(a *station.Application) error {
		a.Signature, a.CannotSign = ink, ""
		return nil
	})
}

// CannotSign records why an applicant does not sign: an infant, an injured hand.
func (d *Desk) CannotSign(ctx context.Context, seat Seat, token station.CaseToken, reason string) error {
	if reason = strings.TrimSpace(reason); len(reason) < 3 {
		return fmt.Errorf("signature: %w", station.ErrReason)
	}
	return d.Amend(ctx, seat, token, "signature", func(a *station.Application) error {
		a.Signature, a.CannotSign = nil, reason
		return nil
	})
}

// SpellName chooses the Latin spelling of the applicant's name; card is how the host country's residence
// card has it, empty where there is none. See station.Application.Spell.
func (d *Desk) SpellName(
	ctx context.Context, seat Seat, token station.CaseToken, name, card station.LatinName, reason string,
) error {
	return d.Amend(ctx, seat, token, "name", func(a *station.Application) error { return a.Spell(name, card, reason) })
}
