package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ebfe/scard"

	"padarozhnik/devices"
)

// Change is what an Event reports.
type Change string

// Changes.
const (
	ReaderCame  Change = "reader came"
	ReaderGone  Change = "reader gone"
	ChipCame    Change = "chip came"
	ChipGone    Change = "chip gone"
	ServiceGone Change = "service gone"
	ServiceCame Change = "service came"
)

// Event is one change at the readers of this machine. ATR is the answer to reset of a chip that
// came.
type Event struct {
	Change Change
	Reader string // empty for the service
	ATR    []byte
}

const (
	// plugAndPlay is the name under which the service reports that readers came or went.
	plugAndPlay = `\\?PnP?\Notification`
	// longWait bounds one wait of a watch: a reader that comes between listing and waiting is noticed
	// by the end of it at the latest.
	longWait = 30 * time.Second
	// cancelEvery is how often a wait is cancelled until it ends: a cancel that comes before the wait
	// has begun is lost.
	cancelEvery = 20 * time.Millisecond
	// serviceEvery is how often a service that is gone is looked for: nothing can report it then.
	serviceEvery = 500 * time.Millisecond
)

// Watch reports every change at the readers, first the readers and chips that are there, until ctx
// ends, and returns the context's error. It waits for the service to report, and outlives the
// service: while that is gone it reports its readers gone too, and goes on when it is back. report
// is called from this goroutine.
func (s *Service) Watch(ctx context.Context, report func(Event)) error {
	w := &watch{service: s, report: report, known: map[string]*seen{}}
	gone := false
	for {
		err := s.session(ctx, "", func(c *scard.Context) error {
			if gone {
				report(Event{Change: ServiceCame})
				gone = false
			}
			return w.follow(ctx, c)
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, devices.ErrServiceStopped):
			return fmt.Errorf("watch readers: %w", err)
		case !gone:
			gone = true
			w.forget(nil)
			report(Event{Change: ServiceGone})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(serviceEvery):
		}
	}
}

// watch is what one Watch has reported.
type watch struct {
	service *Service
	report  func(Event)
	known   map[string]*seen
}

// seen is a reader that was reported.
type seen struct {
	state scard.StateFlag // as the service told it last
	chip  bool
	atr   []byte
}

// follow waits for changes in one context of the service until an error ends it.
func (w *watch) follow(ctx context.Context, c *scard.Context) error {
	for {
		var names []string
		err := w.service.call(ctx, "", w.service.deadlines.Service, func() (err error) {
			names, err = listReaders(c)
			return err
		}, func(error) {})
		if err != nil {
			return err
		}
		w.arrive(names)
		states := []scard.ReaderState{{Reader: plugAndPlay}}
		for _, name := range slices.Sorted(maps.Keys(w.known)) {
			states = append(states, scard.ReaderState{Reader: name, CurrentState: w.known[name].state})
		}
		if err := w.service.changed(ctx, c, states, longWait); err != nil {
			if errors.Is(err, devices.ErrNoReader) {
				continue // one went between listing and waiting
			}
			return err
		}
		for _, state := range states[1:] {
			w.at(state)
		}
	}
}

// arrive reports readers that are new in a list, and those that are no longer there.
func (w *watch) arrive(names []string) {
	w.forget(names)
	for _, name := range names {
		if w.known[name] == nil {
			w.known[name] = &seen{state: scard.StateUnaware}
			w.report(Event{Change: ReaderCame, Reader: name})
		}
	}
}

// forget reports every reader gone that is not in a list.
func (w *watch) forget(names []string) {
	for _, name := range slices.Sorted(maps.Keys(w.known)) {
		if !slices.Contains(names, name) {
			w.chip(name, false, nil)
			delete(w.known, name)
			w.report(Event{Change: ReaderGone, Reader: name})
		}
	}
}

// at takes a reader's new state. Its upper half counts chips, and so one that was exchanged for
// another between two looks is seen.
func (w *watch) at(state scard.ReaderState) {
	k := w.known[state.Reader]
	if k == nil || state.EventState&scard.StateChanged == 0 {
		return
	}
	now := state.EventState &^ scard.StateChanged
	exchanged := k.state != scard.StateUnaware && now>>16 != k.state>>16
	k.state = now
	present := now&scard.StatePresent != 0 && now&scard.StateMute == 0
	if present && k.chip && exchanged && !bytes.Equal(k.atr, state.Atr) {
		w.chip(state.Reader, false, nil)
	}
	w.chip(state.Reader, present, state.Atr)
}

func (w *watch) chip(reader string, present bool, atr []byte) {
	k := w.known[reader]
	if k.chip == present {
		return
	}
	k.chip, k.atr = present, bytes.Clone(atr)
	if present {
		w.report(Event{Change: ChipCame, Reader: reader, ATR: k.atr})
		return
	}
	w.report(Event{Change: ChipGone, Reader: reader})
}

// session runs fn on this goroutine with a context of the service.
func (s *Service) session(ctx context.Context, reader string, fn func(*scard.Context) error) error {
	got := make(chan *scard.Context, 1)
	err := s.call(ctx, reader, s.deadlines.Service, func() error {
		c, err := establish()
		got <- c
		return err
	}, func(err error) {
		if c := <-got; err == nil {
			release(c)
		}
	})
	if err != nil {
		return err
	}
	c := <-got
	err = fn(c)
	letGo := func() error { release(c); return nil }
	return errors.Join(err, s.call(context.WithoutCancel(ctx), "", s.deadlines.Service, letGo, func(error) {}))
}

// changed waits until one of the states differs from what is known of it, at most for a while, and
// puts the new ones in their places. The context's end cancels the wait.
func (s *Service) changed(ctx context.Context, c *scard.Context, states []scard.ReaderState, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	mine := slices.Clone(states)
	done := make(chan error, 1)
	go func() { done <- statusChange(c, mine, d) }() // ends with an event, the time, or a cancel
	select {
	case err := <-done:
		copy(states, mine)
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(s.deadlines.Service)
	defer limit.Stop()
	for {
		go cancel(c) // a service that hangs does not even take that
		select {
		case <-done:
			return ctx.Err()
		case <-limit.C:
			return fmt.Errorf("%w: %w", ErrStuck, ctx.Err())
		case <-time.After(cancelEvery):
		}
	}
}

// Place is one connected reader and what lies on it. ATR is nil where nothing does, or a card that
// does not answer to power.
type Place struct {
	Reader  string
	Present bool
	ATR     []byte
}

// Look tells every connected reader and what lies on it now.
func (s *Service) Look(ctx context.Context) ([]Place, error) {
	names, err := s.Readers(ctx)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	states := make([]scard.ReaderState, len(names))
	for i, name := range names {
		states[i].Reader = name
	}
	err = s.session(ctx, "", func(c *scard.Context) error { return s.changed(ctx, c, states, 0) })
	if err != nil {
		return nil, fmt.Errorf("look at readers: %w", err)
	}
	out := make([]Place, len(states))
	for i, state := range states {
		out[i] = Place{Reader: state.Reader, Present: state.EventState&scard.StatePresent != 0}
		if len(state.Atr) > 0 {
			out[i].ATR = bytes.Clone(state.Atr)
		}
	}
	return out, nil
}

// Only names the one reader with a chip on it. It returns devices.ErrTwoChips where there are
// several, and ErrNoChip or ErrNoReader where there is none.
func (s *Service) Only(ctx context.Context) (string, error) {
	places, err := s.Look(ctx)
	switch {
	case err != nil:
		return "", err
	case len(places) == 0:
		return "", fmt.Errorf("choose a reader: %w", devices.ErrNoReader)
	}
	var with []string
	for _, p := range places {
		if p.Present {
			with = append(with, p.Reader)
		}
	}
	switch len(with) {
	case 0:
		return "", fmt.Errorf("choose a reader: %w on any of %d", devices.ErrNoChip, len(places))
	case 1:
		return with[0], nil
	}
	return "", fmt.Errorf("%w: %s", devices.ErrTwoChips, strings.Join(with, "; "))
}
