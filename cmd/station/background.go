package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/journal"
)

// rhythm is how often an office looks for word from headquarters by itself.
const rhythm = 10 * time.Minute

// background exchanges with headquarters until ctx ends, with growing waits where the network fails.
// The channel is closed when the last exchange has ended. An office that works by stick has none.
func background(ctx context.Context, office *setup.Office, log *slog.Logger) <-chan struct{} {
	ended := make(chan struct{})
	if office.Config.Headquarters.URL == "" {
		close(ended)
		return ended
	}
	b := &client.Backoff{Every: rhythm}
	go func() {
		defer close(ended)
		_ = b.Run(ctx, nil, func(ctx context.Context) error { return exchange(ctx, office, log) })
	}()
	return ended
}

func exchange(ctx context.Context, office *setup.Office, log *slog.Logger) error {
	_, err := office.Desk.Sync(ctx)
	if err == nil {
		_, err = office.Desk.Close(ctx)
	}
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, journal.ErrUnreachable):
		log.Info("headquarters unreachable, trying again")
	default:
		log.Warn("no exchange with headquarters", "err", err)
	}
	return err
}
