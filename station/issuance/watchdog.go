package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
)

// ErrHangs: the driver of a device does not come back, not even after its deadline.
var ErrHangs = errors.New("driver does not come back")

// grace is how long a driver may take to give up after its deadline.
const grace = 2 * time.Second

// watched calls a device under a deadline. A driver that heeds it answers in time; one that hangs is left
// behind after a grace, and the caller lives: it gets ErrHangs, and the call ends whenever it ends.
func watched[T any](ctx context.Context, limit time.Duration, call func(context.Context) (T, error)) (T, error) {
	return watchedFor(ctx, limit, grace, call)
}

func watchedFor[T any](
	ctx context.Context, limit, grace time.Duration, call func(context.Context) (T, error),
) (T, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() { // ends when the driver does
		defer cancel()
		v, err := call(within)
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-within.Done():
	}
	last := time.NewTimer(grace)
	defer last.Stop()
	select {
	case a := <-done:
		return a.value, a.err
	case <-last.C:
	}
	var none T
	if ctx.Err() != nil {
		return none, fmt.Errorf("%w: %w", ErrHangs, ctx.Err())
	}
	return none, fmt.Errorf("%w: %w", ErrHangs, devices.ErrUnreachable)
}
