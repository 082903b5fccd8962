package issuance

import "context"

// LastCalibration is the newest calibration of a device that a store holds, without opening the desk: a device may
// be looked at by who has no token. ok is false where there is none.
func LastCalibration(ctx context.Context, s Store, kind DeviceKind, serial string) (c Calibration, ok bool, err error) {
	err = s.View(ctx, func(tx Tx) error {
		history, err := calibrations(tx, kind, serial)
		if err == nil && len(history) > 0 {
			c, ok = history[len(history)-1], true
		}
		return err
	})
	return c, ok, err
}
