package issuance

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"padarozhnik/station/journal/seal"
)

// ErrLocked: nobody is signed in with this token any more: the desk locked itself after a time
// without work, the token was pulled out, or its officer signed out.
var ErrLocked = errors.New("desk locked")

// Pluggable is a Key whose token can be pulled out. Present is quick; it tells whether the token is
// still there.
type Pluggable interface {
	Present() bool
}

// session is what a desk has in memory only: who is signed in, and the key of the day. Locking
// clears it. The station's own token is not part of it.
type session struct {
	mu      sync.Mutex
	keys    []Key           // guarded by mu; of the officers who are signed in
	day     *seal.Key       // guarded by mu; nil where it is not in memory
	dayID   string          // guarded by mu
	touched time.Duration   // guarded by mu; when a person last gave a sign, by Desk.Elapsed
	working int             // guarded by mu; verbs that use devices: nobody is idle meanwhile
	revoked map[string]bool // guarded by mu; key identifiers, as last read from the store
	service time.Duration   // guarded by mu; when service mode ends, by Desk.Elapsed; 0 outside of it

	turning sync.Mutex // held while this program opens or closes service mode, or looks whether another did
}

// enter signs a key in.
func (s *session) enter(key Key, now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched = now
	if !slices.Contains(s.keys, key) {
		s.keys = append(s.keys, key)
	}
}

// lock forgets every key; mu is held.
func (s *session) lock() {
	for _, k := range s.keys {
		closeKey(k)
	}
	s.keys, s.service = nil, 0
	s.forgetDay()
}

// closeKey takes a key from memory where it can be closed; one that cannot is forgotten all the same.
func closeKey(k Key) {
	if c, ok := k.(io.Closer); ok {
		_ = c.Close()
	}
}

// forgetDay destroys the day's key in memory; mu is held.
func (s *session) forgetDay() {
	if s.day != nil {
		s.day.Destroy()
	}
	s.day, s.dayID = nil, ""
}

// watch locks where nobody has worked for too long, or a token is gone; mu is held.
func (s *session) watch(now, idle time.Duration) {
	away := len(s.keys) > 0 && s.working == 0 && now-s.touched >= idle
	served := s.service != 0 && now >= s.service
	if away || served || slices.ContainsFunc(s.keys, gone) {
		s.lock()
	}
}

func gone(k Key) bool {
	p, ok := k.(Pluggable)
	return ok && !p.Present()
}

// awake returns ErrLocked unless the key is signed in and present at a desk that is not idle, and
// counts as a sign of a person.
func (d *Desk) awake(by Key) error {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	now := d.elapsed()
	s.watch(now, d.Charter.Profile.IdleTime())
	if !slices.ContainsFunc(s.keys, func(k Key) bool { return k.KeyID() == by.KeyID() }) {
		return ErrLocked
	}
	s.touched = now
	return nil
}

// atWork keeps the idle time from passing while a device works for the officer. The caller calls
// what it returns at the end.
func (d *Desk) atWork() (end func()) {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.working--
		s.touched = d.elapsed()
	}
}

// Touch says that a person is at the desk: a key was pressed, the mouse moved.
func (d *Desk) Touch() {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := d.elapsed(); now-s.touched < d.Charter.Profile.IdleTime() {
		s.touched = now
	}
}

// Lock forgets the keys of all officers and the day's key, as the idle time does. Everybody signs in
// again with their token.
func (d *Desk) Lock() {
	d.session.mu.Lock()
	defer d.session.mu.Unlock()
	d.session.lock()
}

// SignOut forgets one officer's key. The day's key stays while somebody is signed in.
func (d *Desk) SignOut(seat Seat) {
	s := &d.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(k Key) bool { return k == seat.Key })
	closeKey(seat.Key)
	if len(s.keys) == 0 {
		s.lock()
	}
}

// watchEvery is how often Watch looks.
const watchEvery = time.Second

// Watch locks the desk when the idle time has passed, a token is pulled, or another program of the office
// opens or closes service mode, and calls locked each time. It returns when ctx ends.
func (d *Desk) Watch(ctx context.Context, locked func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if d.watchOnce(ctx) && locked != nil {
			locked()
		}
	}
}

// watchOnce looks at the tokens, the idle time, and whether another program opened or closed service mode. A
// store that does not answer locks nobody: the verbs will say so.
func (d *Desk) watchOnce(ctx context.Context) (locked bool) {
	s := &d.session
	s.mu.Lock()
	before := len(s.keys)
	s.watch(d.elapsed(), d.Charter.Profile.IdleTime())
	s.mu.Unlock()
	if err := d.followService(ctx); err != nil && ctx.Err() == nil {
		d.Log.Warn("service mode not seen", "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return before > 0 && len(s.keys) == 0
}
