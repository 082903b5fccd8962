package issuance

import "context"

// Limits of the room on the disk, in bytes.
const (
	roomToBegin = 128 << 20 // without a reserve, nothing is begun below this
	roomToWarn  = 256 << 20
)

// mayBegin refuses to begin something new in the room that is kept for ending things.
func (r Room) mayBegin() error {
	if !r.Reserve && r.Free < roomToBegin {
		return ErrDiskFull
	}
	return nil
}

// warning is ErrDiskFull or ErrNearlyFull, or nil.
func (r Room) warning() error {
	if err := r.mayBegin(); err != nil {
		return err
	}
	if r.Free < roomToWarn {
		return ErrNearlyFull
	}
	return nil
}

// Warning returns what a person should know before it stops the work: ErrNearlyFull, ErrDiskFull, or
// nil.
func (d *Desk) Warning(ctx context.Context) error {
	room, err := d.Store.Room(ctx)
	if err != nil {
		return err
	}
	return room.warning()
}
