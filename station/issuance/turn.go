package issuance

import (
	"context"
	"sync"
)

// turn lets one enter at a time, and a waiting one give up with its context. Its zero value is free.
type turn struct {
	once sync.Once
	free chan struct{}
}

// enter waits for the turn. leave must be called once when err is nil.
func (t *turn) enter(ctx context.Context) (leave func(), err error) {
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
