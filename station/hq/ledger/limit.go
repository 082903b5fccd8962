package ledger

import (
	"sync"
	"time"

	"padarozhnik/station/hq/wire"
)

// maxInFlight is how many requests of one caller may be in work at a time.
const maxInFlight = 8

// limiter gives every caller a bucket of requests that refills over a minute.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu      sync.Mutex
	callers map[wire.Peer]*bucket // guarded by mu; bounded by the certificates that root issued
}

type bucket struct {
	left     float64
	at       time.Time
	inFlight int
}

func newLimiter(perMinute int, now func() time.Time) *limiter {
	return &limiter{perMinute: perMinute, now: now, callers: map[wire.Peer]*bucket{}}
}

// enter takes one request out of the caller's bucket, or says how long to wait. leave must follow
// an enter that was granted.
func (l *limiter) enter(p wire.Peer) (wait time.Duration, granted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, rate := l.now(), float64(l.perMinute)/time.Minute.Seconds()
	b := l.callers[p]
	if b == nil {
		b = &bucket{left: float64(l.perMinute), at: now}
		l.callers[p] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.left = min(b.left+passed*rate, float64(l.perMinute))
	}
	b.at = now
	if b.inFlight >= maxInFlight {
		return time.Second, false
	}
	if b.left < 1 {
		return max(time.Second, time.Duration((1-b.left)/rate*float64(time.Second))), false
	}
	b.left--
	b.inFlight++
	return 0, true
}

func (l *limiter) leave(p wire.Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.callers[p].inFlight--
}
