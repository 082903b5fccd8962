// Package pcsc reaches chips on PC/SC readers (pcsc-lite).
//
// A call into PC/SC cannot be cancelled, and one that hangs holds its context for as long as the
// service lets it. So every call here runs on a goroutine with a deadline, every connection has a
// context of its own, and a call that outlives its deadline makes its reader stuck: further work on
// that reader is refused with ErrStuck until the call has come back. No context is kept between
// calls, and so a service that died and was started again is simply there at the next call.
package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ebfe/scard"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
)

// ErrStuck is returned for a reader with a call that has not come back within its deadline. It
// also is devices.ErrUnreachable: taking the chip off, or unplugging the reader, ends it.
var ErrStuck = errors.New("reader is stuck")

// ErrDenied is returned where the service runs and does not let this user in (polkit). It also is
// devices.ErrServiceStopped. Cure: the administrator's rule for org.debian.pcsc-lite.
var ErrDenied = errors.New("service refuses this user")

// Deadlines of calls. A zero field stands for its default.
type Deadlines struct {
	Service  time.Duration // for a call that only the service answers; default 5 s
	Card     time.Duration // for powering and resetting a card; default 10 s
	Transmit time.Duration // for one command; default 30 s, because a chip may compute for long
	Grace    time.Duration // a command under way when the context ends has this long to finish; default 2 s
}

func (d Deadlines) orDefault() Deadlines {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&d.Service, 5 * time.Second},
		{&d.Card, 10 * time.Second},
		{&d.Transmit, 30 * time.Second},
		{&d.Grace, 2 * time.Second},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return d
}

// Service is the PC/SC service of this machine. It may be used by several goroutines at a time.
type Service struct {
	deadlines Deadlines

	mu    sync.Mutex
	stuck map[string]int // calls that have not come back, by reader; guarded by mu
}

// NewService returns the service; nothing is called yet.
func NewService(d Deadlines) *Service {
	return &Service{deadlines: d.orDefault(), stuck: map[string]int{}}
}

// call runs fn and waits for it until the deadline, or until a grace after the context's end. After
// that the reader counts as stuck until fn returns; late is then run with fn's result, to release
// what it got.
func (s *Service) call(ctx context.Context, reader string, limit time.Duration, fn func() error,
	late func(error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.isStuck(reader) {
		return fmt.Errorf("%w: %w", devices.ErrUnreachable, ErrStuck)
	}
	done := make(chan error, 1)
	go func() { done <- fn() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var ended error
	select {
	case err := <-done:
		return err
	case <-timer.C:
		ended = fmt.Errorf("%w: %w: no answer in %s", devices.ErrUnreachable, ErrStuck, limit)
	case <-ctx.Done():
		timer.Reset(s.deadlines.Grace)
		select {
		case err := <-done:
			return err
		case <-timer.C:
			ended = fmt.Errorf("%w: %w", ErrStuck, ctx.Err())
		}
	}
	s.mark(reader, 1)
	go func() { // ends when the service answers
		err := <-done
		late(err)
		s.mark(reader, -1)
	}()
	return ended
}

func (s *Service) isStuck(reader string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return reader != "" && s.stuck[reader] > 0
}

func (s *Service) mark(reader string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck[reader] += n
	if s.stuck[reader] == 0 {
		delete(s.stuck, reader)
	}
}

// within runs fn with a context of the service that lives for the call.
func (s *Service) within(ctx context.Context, reader string, limit time.Duration, fn func(*scard.Context) error) error {
	return s.call(ctx, reader, limit, func() error {
		c, err := establish()
		if err != nil {
			return err
		}
		defer release(c)
		return fn(c)
	}, func(error) {})
}

// Readers lists the connected readers. It returns devices.ErrServiceStopped where no service
// answers.
func (s *Service) Readers(ctx context.Context) ([]string, error) {
	answered := make(chan []string, 1)
	err := s.within(ctx, "", s.deadlines.Service, func(c *scard.Context) error {
		list, err := listReaders(c)
		answered <- list
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list readers: %w", err)
	}
	return <-answered, nil
}

// Keep holds an idle connection to the service until the returned function is called, so that a
// service that was started on demand does not end between two uses.
func (s *Service) Keep(ctx context.Context) (release func(), err error) {
	got := make(chan *scard.Context, 1)
	err = s.call(ctx, "", s.deadlines.Service, func() error {
		c, err := establish()
		got <- c
		return err
	}, func(err error) {
		if c := <-got; err == nil {
			_ = c.Release()
		}
	})
	if err != nil {
		return nil, fmt.Errorf("hold the service: %w", err)
	}
	c := <-got
	return sync.OnceFunc(func() { _ = c.Release() }), nil
}

// Reader is one reader by its name. It need not be connected.
func (s *Service) Reader(name string) *Reader { return &Reader{service: s, name: name} }

// Reader is an apdu.Reader.
type Reader struct {
	service *Service
	name    string
}

// Name is the reader's name in PC/SC.
func (r *Reader) Name() string { return r.name }

// Check tells whether the reader is connected.
func (r *Reader) Check(ctx context.Context) error {
	names, err := r.service.Readers(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(names, r.name) {
		return fmt.Errorf("%w %q", devices.ErrNoReader, r.name)
	}
	return nil
}

// Connect takes the chip on the reader for this process alone, inside a transaction. Errors wrap
// devices.ErrServiceStopped, ErrNoReader, ErrNoChip, ErrBusy, ErrForeignChip for a card that does
// not answer to power, or ErrUnreachable.
func (r *Reader) Connect(ctx context.Context) (apdu.Card, error) {
	type result struct {
		context *scard.Context
		card    *scard.Card
		atr     []byte
	}
	got := make(chan result, 1)
	err := r.service.call(ctx, r.name, r.service.deadlines.Card, func() error {
		c, err := establish()
		if err != nil {
			return err
		}
		card, err := connectCard(c, r.name)
		if err != nil {
			release(c)
			return err
		}
		got <- result{c, card, atrOf(card)}
		return nil
	}, func(err error) {
		if err == nil {
			g := <-got
			_ = letGo(g.card)
			release(g.context)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reader %q: %w", r.name, err)
	}
	g := <-got
	return &Card{service: r.service, reader: r.name, context: g.context, card: g.card, atr: g.atr}, nil
}

// atrOf is the answer to reset, nil where the service does not tell.
func atrOf(card *scard.Card) []byte {
	status, err := card.Status()
	if err != nil {
		return nil
	}
	return status.Atr
}

// WaitChip blocks until a chip lies on the reader, and WaitNoChip until none does. Both return
// with the context's error when it ends, and with devices.ErrNoReader or ErrServiceStopped.
func (r *Reader) WaitChip(ctx context.Context) error { return r.wait(ctx, true) }

// WaitNoChip is the opposite of WaitChip.
func (r *Reader) WaitNoChip(ctx context.Context) error { return r.wait(ctx, false) }

func (r *Reader) wait(ctx context.Context, present bool) error {
	err := r.service.session(ctx, r.name, func(c *scard.Context) error {
		states := []scard.ReaderState{{Reader: r.name, CurrentState: scard.StateUnaware}}
		for {
			if err := r.service.changed(ctx, c, states, longWait); err != nil {
				return err
			}
			now := states[0].EventState
			switch {
			case now&(scard.StateUnknown|scard.StateUnavailable|scard.StateIgnore) != 0:
				return devices.ErrNoReader
			case now != scard.StateUnaware && now&scard.StatePresent != 0 == present && now&scard.StateMute == 0:
				return nil
			}
			states[0].CurrentState = now &^ scard.StateChanged
		}
	})
	if err != nil {
		return fmt.Errorf("wait at reader %q: %w", r.name, err)
	}
	return nil
}
