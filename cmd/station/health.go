package main

import (
	"context"
	"errors"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// health asks each device of a desk how it is.
func health(ctx context.Context, d *issuance.Desk) []ui.Health {
	scanner := ui.Health{Kind: "scanner", Err: scannerHealth(ctx, d)}
	if scanner.Err == nil {
		scanner.Doubt = d.ScannerDoubt(ctx)
	}
	return []ui.Health{
		scanner,
		{Kind: "printer", Err: printerHealth(ctx, d)},
		{Kind: "encoder", Err: encoderHealth(ctx, d)},
	}
}

func scannerHealth(ctx context.Context, d *issuance.Desk) error {
	if d.Scanner == nil {
		return setup.ErrNoDevice
	}
	_, err := d.Scanner.Identify(ctx)
	return err
}

func printerHealth(ctx context.Context, d *issuance.Desk) error {
	if d.Printer == nil {
		return setup.ErrNoDevice
	}
	state, err := d.Printer.State(ctx)
	troubles := []error{err}
	for _, c := range state.Conditions {
		if !errors.Is(c, devices.ErrNoBooklet) { // an empty printer is how it should stand between booklets
			troubles = append(troubles, c)
		}
	}
	return errors.Join(troubles...)
}

func encoderHealth(ctx context.Context, d *issuance.Desk) error {
	if d.Encoder == nil {
		return setup.ErrNoDevice
	}
	_, err := d.Encoder.Identify(ctx)
	return err
}
