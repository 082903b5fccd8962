package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"padarozhnik/station/hq/wire"
)

// Limits of a Backoff that says nothing else.
const (
	firstWait   = 5 * time.Second
	longestWait = 15 * time.Minute
)

// Backoff repeats work that may fail because the network does. After a failure it waits a random
// time between nothing and a bound that doubles with each failure up to Longest ("full jitter"), so
// that offices which lost headquarters together do not come back together. After a success it waits
// a random time between half of Every and Every, so that the rhythm of an office is no signature.
// The zero value but for Every is ready; a Backoff is used by one goroutine.
type Backoff struct {
	Every   time.Duration // between successes; at most Longest
	First   time.Duration // bound after the first failure, 5 seconds by default
	Longest time.Duration // 15 minutes by default

	// Random returns a number in [0, n); math/rand's by default.
	Random func(n int64) int64
	// After is the clock; time.After by default.
	After func(d time.Duration) <-chan time.Time

	failures int
}

// Run works until ctx ends, and returns its error. A value in now makes it work at once and begin
// anew with the waits. What work returns decides the next wait and is otherwise the caller's affair;
// where headquarters asked for patience, the wait is at least that long.
func (b *Backoff) Run(ctx context.Context, now <-chan struct{}, work func(context.Context) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-now:
			b.failures = 0
		case <-b.after(b.Wait(work(ctx))):
		}
	}
}

// Wait is how long to wait after work ended with err.
func (b *Backoff) Wait(err error) time.Duration {
	longest := orDefault(b.Longest, longestWait)
	if err == nil {
		b.failures = 0
		every := min(orDefault(b.Every, longest), longest)
		return every/2 + b.random(every/2)
	}
	bound := longest
	if first := orDefault(b.First, firstWait); b.failures < 20 && first<<b.failures < longest {
		bound = first << b.failures
	}
	b.failures++
	wait := b.random(bound)
	var refused *wire.Error
	if errors.As(err, &refused) && refused.Code == wire.TooFast {
		wait = max(wait, refused.Wait())
	}
	return wait
}

func (b *Backoff) random(bound time.Duration) time.Duration {
	pick := b.Random
	if pick == nil {
		pick = rand.Int64N
	}
	return time.Duration(pick(max(int64(bound), 1)))
}

func (b *Backoff) after(d time.Duration) <-chan time.Time {
	if b.After == nil {
		return time.After(d)
	}
	return b.After(d)
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
