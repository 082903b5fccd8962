package setup

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/issuance"
)

// Renew puts a charter in force that came by a stick, and keeps it in the configuration's file. It
// does nothing for the one in force, and returns issuance.ErrCharter for an older one, another
// station's, or one that headquarters' root did not sign. What the desk takes from a charter at its
// start (anchors, keys) changes with the next.
func (o *Office) Renew(ctx context.Context, raw []byte) (renewed bool, err error) {
	root, err := certificate(o.Config.Root)
	if err != nil {
		return false, err
	}
	key, ok := root.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return false, fmt.Errorf("root: %w", issuance.ErrCharter)
	}
	c, err := charter.Parse(raw, key)
	now := o.Desk.Charter
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %w", issuance.ErrCharter, err)
	case c.Station != now.Station || c.StationID != now.StationID:
		return false, fmt.Errorf("charter of station %s: %w", c.Station, issuance.ErrCharter)
	case c.Version < now.Version:
		return false, fmt.Errorf("charter version %d after %d: %w", c.Version, now.Version, issuance.ErrCharter)
	case c.Version == now.Version:
		return false, nil
	}
	if err := replace(o.Config.Charter, raw); err != nil {
		return false, fmt.Errorf("charter: %w", err)
	}
	o.Desk.Charter = c
	return true, o.Desk.Adopt(ctx)
}

// replace puts new bytes in place of a file's, whole or not at all.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
