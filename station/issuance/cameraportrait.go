package issuance

import (
	"context"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/portrait"
)

// cameraLimit is how long a camera may take for one picture: to start, to settle, and to fall silent.
const cameraLimit = 20 * time.Second

// CameraPortrait takes the portrait with the desk's camera. It returns the checks as TakePortraitOf does, and
// ErrNoCamera, ErrCameraInUse (a live view that has not ended is one user) and the other conditions of cameras.
func (d *Desk) CameraPortrait(
	ctx context.Context, seat Seat, token station.CaseToken, s Sitting, report devices.Report,
) (portrait.Finding, error) {
	if d.Camera == nil {
		return portrait.Finding{}, fmt.Errorf("camera portrait: %w", devices.ErrNoCamera)
	}
	if _, _, err := d.sitterOf(ctx, seat, token); err != nil { // before anybody sits still for it
		return portrait.Finding{}, err
	}
	frame, err := within(ctx, cameraLimit, func(ctx context.Context) (devices.Frame, error) {
		return d.Camera.Still(ctx, report)
	})
	if err != nil {
		return portrait.Finding{}, fmt.Errorf("camera portrait: %w", err)
	}
	s.From = FromCamera
	return d.TakePortraitOf(ctx, seat, token, frame.Image, s)
}
