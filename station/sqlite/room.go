package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"padarozhnik/station/issuance"
)

// reserveSize is what is kept for closing and sending when the disk is full; with less than
// reserveFloor left besides it no reserve is made.
const (
	reserveSize  = 64 << 20
	reserveFloor = reserveSize
)

func (s *Store) reserve() string { return s.path + ".reserve" }

// Room implements issuance.Store. It makes the reserve where there is none and the disk has room for
// it again.
func (s *Store) Room(context.Context) (issuance.Room, error) {
	kept, err := os.Stat(s.reserve())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return issuance.Room{}, fmt.Errorf("room: %w", err)
	}
	free, err := freeBytes(filepath.Dir(s.path))
	if err != nil {
		return issuance.Room{}, fmt.Errorf("room: %w", err)
	}
	whole := kept != nil && kept.Size() == reserveSize
	if !whole && free >= reserveSize+reserveFloor {
		if s.makeReserve() != nil { // a store without its reserve works, and says so
			return issuance.Room{Free: free}, s.giveUpReserve()
		}
		whole, free = true, free-reserveSize
	}
	return issuance.Room{Free: free, Reserve: whole}, nil
}

func freeBytes(dir string) (int64, error) {
	var at unix.Statfs_t
	if err := unix.Statfs(dir, &at); err != nil {
		return 0, err
	}
	return int64(at.Bavail) * at.Bsize, nil
}

// makeReserve takes the blocks of the reserve from the disk: a file with a hole would keep nothing.
func (s *Store) makeReserve() error {
	f, err := os.OpenFile(s.reserve(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, reserveSize)
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = writeZeros(f)
	}
	return errors.Join(err, f.Close())
}

func writeZeros(f *os.File) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < reserveSize; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, at); err != nil {
			return err
		}
	}
	return f.Sync()
}

func (s *Store) giveUpReserve() error {
	if err := os.Remove(s.reserve()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reserve: %w", err)
	}
	return nil
}
