package chip

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds"
)

// rooms remembers how much one READ BINARY may ask of kinds of chips that give less than they
// announce. A kind is told by its answer to reset. It may be used by several goroutines.
type rooms struct {
	mu     sync.Mutex
	byKind map[string]int // guarded by mu
}

func (r *rooms) of(kind string) (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.byKind[kind]
	return n, ok
}

// remember keeps a room for a kind; 0 forgets it.
func (r *rooms) remember(kind string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n == 0 {
		delete(r.byKind, kind)
		return
	}
	if r.byKind == nil {
		r.byKind = map[string]int{}
	}
	r.byKind[kind] = n
}

// leastRoom is what no chip may refuse: a block of the smallest frame.
const leastRoom = 15

// roomOf is how much data fits a response of so many bytes: status 2, DO 8E 10, DO 99 4, head of DO
// 87 5, padding to whole blocks of 16.
func roomOf(response int) int { return (response-21)/16*16 - 1 }

// room is how many bytes one READ BINARY asks for.
func (l *link) room(odd bool) int {
	n := secureRoom
	if l.response > 0 {
		n = roomOf(l.response)
	}
	if known, ok := l.rooms.of(string(l.card.ATR())); ok {
		n = min(n, known)
	}
	if odd {
		n = max(n-4, 1) // DO 53 around the data
	}
	return n
}

// tooMuch tells an answer that means "ask for less": a status about lengths or without a diagnosis,
// a protected answer that was cut, or nothing where a short command would have given something.
func (l *link) tooMuch(asked int, data []byte, err error) bool {
	if asked <= leastRoom {
		return false
	}
	if err == nil {
		return len(data) == 0 && asked > secureRoom
	}
	if errors.Is(err, sm.ErrMalformed) || errors.Is(err, sm.ErrMissing) {
		return asked > secureRoom
	}
	s, ok := apdu.StatusOf(err)
	return ok && (s == apdu.WrongLength || s == apdu.Unspecified || s>>8 == 0x6C || s == 0x6281)
}

// askLess remembers the next smaller buffer that chips are built with.
func (l *link) askLess(asked int) {
	response := 64
	for roomOf(2*response) < asked {
		response *= 2
	}
	l.rooms.remember(string(l.card.ATR()), max(roomOf(response), leastRoom))
}

// recover opens the session again that a refused command may have ended, by the protocol that opened
// it, and makes the file current in whose middle the reading goes on.
func (l *link) recover(ctx context.Context, name string, offset int) error {
	if l.ch.Session == nil || !l.ch.Session.Ended() {
		return nil
	}
	if l.reopen == nil {
		return fmt.Errorf("%s at %d: %w", name, offset, sm.ErrEnded)
	}
	if err := l.reopen(ctx); err != nil {
		return fmt.Errorf("%s at %d: open again: %w", name, offset, err)
	}
	if offset == 0 {
		return nil
	}
	if err := l.enter(ctx, lds.InMasterFile(name)); err != nil {
		return fmt.Errorf("%s at %d: open again: %w", name, offset, err)
	}
	_, err := l.selectFile(ctx, name)
	return err
}
