package issuance

import (
	"context"
	"time"
)

// within asks a device something that is answered soon, or not at all. Scanner and printer stand under a
// watchdog, so the call ends though their driver does not.
func within[T any](ctx context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return ask(ctx)
}
