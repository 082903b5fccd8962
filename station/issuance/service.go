package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Conditions of service mode.
var (
	// ErrService: the desk is in service mode; no case is reachable.
	ErrService = errors.New("desk is in service mode")
	// ErrNoService: devices are calibrated in service mode only.
	ErrNoService = errors.New("desk is not in service mode")
	// ErrServiceTaken: another technician has the desk in service mode.
	ErrServiceTaken = errors.New("another technician has the desk in service mode")
)

// serviceTime is how long service mode lasts. A technician who needs longer opens it again.
const serviceTime = 10 * time.Minute

// clockSlack is by how much the clock may be set while service mode is open. Past it the note is of another
// day, or of before the machine was restarted.
const clockSlack = 5 * time.Minute

// noteService tells every program of the office that service mode is open.
const noteService = "service"

// serviceNote says who opened service mode, and when. From and Until are by Desk.Elapsed, which programs of
// one machine share and nobody sets.
type serviceNote struct {
	Technician string        `cbor:"1,keyasint"` // pseudonym
	Key        string        `cbor:"2,keyasint"` // identifier of their token's key
	Since      int64         `cbor:"3,keyasint"` // unix seconds
	From       time.Duration `cbor:"4,keyasint"`
	Until      time.Duration `cbor:"5,keyasint"`
}

// ServiceState is service mode as every program of the office sees it. The zero value is outside of it.
type ServiceState struct {
	Open       bool          `json:"open"`
	Technician string        `json:"technician,omitempty"` // pseudonym
	Since      time.Time     `json:"since,omitzero"`
	Until      time.Time     `json:"until,omitzero"`
	Left       time.Duration `json:"left,omitempty"`
}

// service reads who has the desk in service mode; nil for nobody.
func (d *Desk) service(tx Tx) (*serviceNote, error) {
	raw, err := tx.Note(noteService)
	if err != nil || raw == nil {
		return nil, err
	}
	var n serviceNote
	if err := journal.Decode(raw, &n); err != nil {
		return nil, err
	}
	now, age := d.elapsed(), d.Now().Sub(time.Unix(n.Since, 0))
	if now < n.From || now >= n.Until || age < -clockSlack || age > serviceTime+clockSlack {
		return nil, nil
	}
	return &n, nil
}

// Service tells whether the desk is in service mode, by whom and since when.
func (d *Desk) Service(ctx context.Context) (ServiceState, error) {
	var n *serviceNote
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		n, err = d.service(tx)
		return err
	})
	if err != nil || n == nil {
		return ServiceState{}, err
	}
	since := time.Unix(n.Since, 0)
	return ServiceState{Open: true, Technician: n.Technician, Since: since, Until: since.Add(serviceTime),
		Left: max(0, n.Until-d.elapsed())}, nil
}

// OpenService begins service mode: every officer is signed out, the day's key leaves memory, and until
// the mode ends no case can be listed, opened or worked on by anybody, in any program of the office. The
// technician alone stays signed in; a witness may sign in to countersign. It closes itself after ten
// minutes. A technician who has it open in another program goes on in this one.
func (d *Desk) OpenService(ctx context.Context, tech Seat) error {
	if err := d.technician(tech); err != nil {
		return fmt.Errorf("open service mode: %w", err)
	}
	d.session.turning.Lock()
	defer d.session.turning.Unlock()
	var n *serviceNote
	err := d.Store.Update(ctx, func(tx Tx) (err error) {
		if n, err = d.service(tx); err != nil {
			return err
		}
		if n != nil && n.Key != tech.Key.KeyID() {
			return ErrServiceTaken
		}
		if n != nil {
			return nil
		}
		from := d.elapsed()
		n = &serviceNote{Technician: tech.Officer.Pseudonym, Key: tech.Key.KeyID(), Since: d.Now().Unix(), From: from,
			Until: from + serviceTime}
		raw, err := journal.Encode(*n)
		if err != nil {
			return err
		}
		if err := tx.PutNote(noteService, raw); err != nil {
			return err
		}
		return d.record(tx, tech.Key, fact{kind: event.ServiceOpened})
	})
	if err != nil {
		return fmt.Errorf("open service mode: %w", err)
	}
	d.session.serve(n.Until, tech.Key)
	return nil
}

// serve signs everybody out but one, until service mode ends.
func (s *session) serve(until time.Duration, stays Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k != stays {
			closeKey(k)
		}
	}
	s.keys = []Key{stays}
	s.forgetDay()
	s.service = until
}

// CloseService ends service mode in every program of the office. Everybody signs in again.
func (d *Desk) CloseService(ctx context.Context, tech Seat) error {
	if err := d.technician(tech); err != nil {
		return fmt.Errorf("close service mode: %w", err)
	}
	d.session.turning.Lock()
	defer d.session.turning.Unlock()
	err := d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.EraseNote(noteService); err != nil {
			return err
		}
		return d.record(tx, tech.Key, fact{kind: event.ServiceClosed})
	})
	if err != nil {
		return fmt.Errorf("close service mode: %w", err)
	}
	d.Lock()
	return nil
}

// ServiceLeft is how long service mode goes on, 0 outside of it, as this program last saw it. Service asks
// the store.
func (d *Desk) ServiceLeft() time.Duration {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service == 0 {
		return 0
	}
	return max(0, s.service-d.elapsed())
}

// followService locks this program when another one opened or closed service mode.
func (d *Desk) followService(ctx context.Context) error {
	s := &d.session
	if !s.turning.TryLock() {
		return nil
	}
	defer s.turning.Unlock()
	return d.Store.View(ctx, func(tx Tx) error {
		n, err := d.service(tx)
		if err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if open := n != nil; open != (s.service != 0) {
			s.lock()
		}
		if n != nil {
			s.service = n.Until
		}
		return nil
	})
}

// technician allows what a signed-in technician may do.
func (d *Desk) technician(seat Seat) error {
	if err := d.awake(seat.Key); err != nil {
		return err
	}
	return seat.Officer.May(station.RoleTechnician, station.DateOf(d.Now()))
}

// serving allows what a technician does in the service mode that they opened.
func (d *Desk) serving(ctx context.Context, tech Seat) error {
	if err := d.technician(tech); err != nil {
		return err
	}
	return d.Store.View(ctx, func(tx Tx) error {
		n, err := d.service(tx)
		switch {
		case err != nil:
			return err
		case n == nil:
			return ErrNoService
		case n.Key != tech.Key.KeyID():
			return ErrServiceTaken
		}
		return nil
	})
}

// noService allows what is done with cases.
func (d *Desk) noService(tx Tx) error {
	n, err := d.service(tx)
	if err == nil && n != nil {
		return ErrService
	}
	return err
}
