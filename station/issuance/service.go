package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// Conditions of service mode.
var (
	// ErrService: the desk is in service mode; no case is reachable.
	ErrService = errors.New("desk is in service mode")
	// ErrNoService: devices are calibrated in service mode only.
	ErrNoService = errors.New("desk is not in service mode")
)

// serviceTime is how long service mode lasts. A technician who needs longer opens it again.
const serviceTime = 10 * time.Minute

// OpenService begins service mode: every officer is signed out, the day's key leaves memory, and until
// the mode ends no case can be listed, opened or worked on by anybody. The technician alone stays signed
// in; a witness may sign in to countersign. It closes itself after ten minutes.
func (d *Desk) OpenService(ctx context.Context, tech Seat) error {
	if err := d.technician(tech); err != nil {
		return fmt.Errorf("open service mode: %w", err)
	}
	s := &d.session
	s.mu.Lock()
	for _, k := range s.keys {
		if k != tech.Key {
			closeKey(k)
		}
	}
	s.keys = []Key{tech.Key}
	s.forgetDay()
	s.service = d.elapsed() + serviceTime
	s.mu.Unlock()
	err := d.Store.Update(ctx, func(tx Tx) error { return d.record(tx, tech.Key, fact{kind: event.ServiceOpened}) })
	if err != nil {
		d.leaveService()
		return fmt.Errorf("open service mode: %w", err)
	}
	return nil
}

// CloseService ends service mode. Everybody signs in again.
func (d *Desk) CloseService(ctx context.Context, tech Seat) error {
	if err := d.technician(tech); err != nil {
		return fmt.Errorf("close service mode: %w", err)
	}
	err := d.Store.Update(ctx, func(tx Tx) error { return d.record(tx, tech.Key, fact{kind: event.ServiceClosed}) })
	d.leaveService()
	if err != nil {
		return fmt.Errorf("close service mode: %w", err)
	}
	return nil
}

// ServiceLeft is how long service mode goes on, 0 outside of it.
func (d *Desk) ServiceLeft() time.Duration {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service == 0 {
		return 0
	}
	return max(0, s.service-d.elapsed())
}

func (d *Desk) leaveService() {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.service = 0
	s.lock()
}

// technician allows what a signed-in technician may do.
func (d *Desk) technician(seat Seat) error {
	if err := d.awake(seat.Key); err != nil {
		return err
	}
	return seat.Officer.May(station.RoleTechnician, station.DateOf(d.Now()))
}

// serving allows what a technician does in service mode.
func (d *Desk) serving(tech Seat) error {
	if err := d.technician(tech); err != nil {
		return err
	}
	if !d.inService() {
		return ErrNoService
	}
	return nil
}

// inService tells whether no case is reachable now.
func (d *Desk) inService() bool { return d.ServiceLeft() > 0 }
