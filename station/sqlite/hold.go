package sqlite

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"padarozhnik/station/issuance"
)

// Hold implements issuance.Store by a lock on a file beside the database: the system takes it away from a
// program that ends, killed or not. The file itself stays, and is empty.
func (s *Store) Hold(name string) (release func(), err error) {
	f, err := os.OpenFile(s.path+"."+name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hold %s: %w", name, translate(err))
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = issuance.ErrOtherProgram
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("hold %s: %w", name, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
