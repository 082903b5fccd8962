package setup

import (
	"context"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station/pki"
)

// errAbsent is what a device answers that the configuration does not name.
var errAbsent = fmt.Errorf("%w: %w", ErrNoDevice, devices.ErrUnreachable)

// errNoCamera is the same of a camera.
var errNoCamera = fmt.Errorf("%w: %w", ErrNoDevice, devices.ErrNoCamera)

// absent stands where no scanner, camera, printer or encoder is configured.
type absent struct{}

func (absent) Identify(context.Context) (devices.Identity, error) {
	return devices.Identity{}, errAbsent
}

func (absent) Scan(context.Context, devices.ScanSettings, devices.Report) (devices.Scan, error) {
	return devices.Scan{}, errAbsent
}

func (absent) Modes(context.Context) ([]devices.CameraMode, error) { return nil, errNoCamera }

func (absent) Still(context.Context, devices.Report) (devices.Frame, error) {
	return devices.Frame{}, errNoCamera
}

func (absent) Live(context.Context, func(devices.Frame)) error { return errNoCamera }

func (absent) State(context.Context) (devices.PrinterState, error) {
	return devices.PrinterState{}, errAbsent
}

func (absent) Print(context.Context, devices.Sheet, devices.Report) error { return errAbsent }

func (absent) Wait(context.Context) error { return errAbsent }

func (absent) Chip(context.Context) (devices.ChipState, error) {
	return devices.ChipState{}, errAbsent
}

func (absent) Personalise(context.Context, devices.ChipOrder, *pki.TrustStore, time.Time, devices.Report) (
	devices.ChipProof, error) {
	return devices.ChipProof{}, errAbsent
}

func (absent) Inspect(context.Context, devices.Password, *pki.TrustStore, time.Time, devices.Report) (
	devices.ChipReading, error) {
	return devices.ChipReading{}, errAbsent
}
