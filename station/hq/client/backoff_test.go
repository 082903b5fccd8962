package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// TestWaitsGrowAndAreBounded looks at the widest and at the narrowest wait that chance allows.
func TestWaitsGrowAndAreBounded(t *testing.T) {
	widest := client.Backoff{Random: func(n int64) int64 { return n - 1 }}
	narrowest := client.Backoff{Random: func(int64) int64 { return 0 }}
	bound := 5 * time.Second
	for range 40 {
		if w := widest.Wait(journal.ErrUnreachable); w != bound-1 {
			t.Fatalf("waits up to %v, want %v", w, bound)
		}
		if w := narrowest.Wait(journal.ErrUnreachable); w != 0 {
			t.Fatalf("waits at least %v: not full jitter", w)
		}
		bound = min(2*bound, 15*time.Minute)
	}
	widest.Wait(nil)
	if w := widest.Wait(journal.ErrUnreachable); w >= 5*time.Second {
		t.Errorf("after a success the first wait is %v", w)
	}
}

func TestWaitsAreSpread(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := client.Backoff{Random: random.Int64N}
	for range 20 {
		b.Wait(journal.ErrUnreachable)
	}
	var quarters [4]int
	for range 1000 {
		quarters[b.Wait(journal.ErrUnreachable)*4/(15*time.Minute)]++
	}
	for i, n := range quarters {
		if n < 150 {
			t.Errorf("quarter %d of the longest wait is hit %d times of 1000", i, n)
		}
	}
}

func TestHeadquartersAsksForPatience(t *testing.T) {
	b := client.Backoff{Random: func(int64) int64 { return 0 }}
	err := fmt.Errorf("push: %w", &wire.Error{Code: wire.TooFast, RetryAfter: 77})
	if w := b.Wait(err); w != 77*time.Second {
		t.Errorf("waits %v", w)
	}
}

// clock gives out channels that the test fires.
type clock struct {
	waits chan time.Duration
	fire  chan time.Time
}

func (c clock) after(d time.Duration) <-chan time.Time {
	c.waits <- d
	return c.fire
}

// TestSyncNow: a value in now works at once and forgets the failures; a cancel ends everything.
func TestSyncNow(t *testing.T) {
	c := clock{make(chan time.Duration), make(chan time.Time)}
	b := &client.Backoff{Every: time.Minute, Random: func(n int64) int64 { return n - 1 }, After: c.after}
	ctx, cancel := context.WithCancel(t.Context())
	now, done := make(chan struct{}), make(chan error, 1)
	answers := []error{journal.ErrUnreachable, journal.ErrUnreachable, journal.ErrUnreachable, nil, nil}
	rounds := 0
	go func() {
		done <- b.Run(ctx, now, func(context.Context) error {
			rounds++
			return answers[rounds-1]
		})
	}()
	want := func(d time.Duration) {
		t.Helper()
		if got := <-c.waits; got != d {
			t.Errorf("waits %v, want %v", got, d)
		}
	}
	want(5*time.Second - 1)
	c.fire <- time.Time{}
	want(10*time.Second - 1)
	now <- struct{}{}
	want(5*time.Second - 1)
	c.fire <- time.Time{}
	want(time.Minute - 1)
	now <- struct{}{}
	want(time.Minute - 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || rounds != 5 {
		t.Errorf("%d rounds, %v", rounds, err)
	}
}
