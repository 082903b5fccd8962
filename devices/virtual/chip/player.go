package chip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"padarozhnik/devices/virtual/desk"
)

// Player lays whatever book is at the desk's reader place onto a virtual PC/SC reader, as long as
// it lies there. Faults happen to the first chip that it plays, once.
type Player struct {
	Desk   *desk.Desk
	Port   int // of the vpcd reader
	Rand   io.Reader
	Faults Faults
	Clock  *Clock // of every chip that it plays; nil takes no time
	Log    *slog.Logger
}

const (
	lookEvery  = 100 * time.Millisecond // at the desk
	retryEvery = 500 * time.Millisecond // where pcscd does not listen
)

// Run plays until ctx ends, and returns nil then. A book that cannot be played is an error of the
// desk, and ends it.
func (p *Player) Run(ctx context.Context) error {
	var lying string
	takeAway := func() error { return nil }
	defer func() { _ = takeAway() }() // the error of a chip that was played is told while it is played
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		now, err := p.Desk.At(desk.Reader)
		if err != nil {
			return err
		}
		if now != lying {
			if err := takeAway(); err != nil {
				return err
			}
			takeAway = func() error { return nil }
			if lying = now; now != "" {
				if takeAway, err = p.lay(ctx, now); err != nil {
					return err
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lay starts playing a book; the function that it returns ends that.
func (p *Player) lay(ctx context.Context, serial string) (takeAway func() error, err error) {
	c, err := Open(FileStore{Path: p.Desk.ChipPath(serial)}, p.Rand)
	if err != nil {
		return nil, fmt.Errorf("book %s: %w", serial, err)
	}
	c.SetClock(p.Clock)
	c.SetFaults(p.Faults)
	p.Faults = Faults{}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.play(ctx, serial, c) }()
	return func() error {
		cancel()
		return <-ended
	}, nil
}

// play keeps the chip on the reader, over restarts of pcscd, until ctx ends. A torn chip stays
// away: the book has to be taken up and laid down again.
func (p *Player) play(ctx context.Context, serial string, c *Chip) error {
	for {
		p.Log.Info("book laid on the reader", "serial", serial)
		err := c.ServeAt(ctx, p.Port)
		switch {
		case ctx.Err() != nil:
			p.Log.Info("book taken from the reader", "serial", serial)
			return nil
		case errors.Is(err, ErrTorn):
			p.Log.Warn("chip torn from the field", "serial", serial)
			<-ctx.Done()
			return nil
		}
		p.Log.Warn("reader does not answer", "port", p.Port, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryEvery):
		}
	}
}
