package setup

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
	"padarozhnik/station/issuance"
)

// Renew puts a charter in force that came by a stick with the trust list that it names (nil for
// none), and keeps both in the configuration's files. It does nothing for the one in force, and
// returns issuance.ErrCharter for an older one, another station's, or one that headquarters' root did
// not sign, and issuance.ErrTrustList where the list is another. What the desk takes from a charter at
// its start (anchors, keys) changes with the next.
//
// A program that dies in between leaves the old charter with the old list, or the new one with its
// list under a name that takeNext finds.
func (o *Office) Renew(ctx context.Context, raw, trust []byte) (renewed bool, err error) {
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
	if err := o.Desk.Suits(c); err != nil {
		return false, err
	}
	if err := o.lay(c, raw, trust, key); err != nil {
		return false, err
	}
	o.Desk.Charter = c
	return true, o.Desk.Adopt(ctx)
}

// lay writes trust list and charter. The charter's file is what decides.
func (o *Office) lay(c station.Charter, raw, trust []byte, root *ecdsa.PublicKey) error {
	if c.Trust != nil {
		if _, err := charter.Accompany(c, trust, root); err != nil {
			return fmt.Errorf("%w: %w", issuance.ErrTrustList, err)
		}
		if err := replace(next(o.Config.Trust), trust); err != nil {
			return fmt.Errorf("trust list: %w", err)
		}
	}
	if err := replace(o.Config.Charter, raw); err != nil {
		return fmt.Errorf("charter: %w", err)
	}
	if c.Trust == nil {
		return nil
	}
	return os.Rename(next(o.Config.Trust), o.Config.Trust)
}

// next is the file in which a trust list waits for its charter.
func next(path string) string { return path + ".next" }

// takeNext gives a trust list its name that a killed Renew left waiting, if it is the one that the
// charter in force names.
func takeNext(path string, c station.Charter, root *ecdsa.PublicKey) ([]byte, error) {
	raw, err := readBounded(next(path), charter.MaxTrust)
	if err != nil {
		return nil, err
	}
	if _, err := charter.Accompany(c, raw, root); err != nil {
		return nil, err
	}
	return raw, os.Rename(next(path), path)
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
