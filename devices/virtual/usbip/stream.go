package usbip

import (
	"context"
	"sync"
)

// backlog is how many bytes a device keeps for a host that does not ask.
const backlog = 256 << 10

// outbox is what a function has for its host. Its zero value is empty.
type outbox struct {
	mu      sync.Mutex
	data    []byte
	more    func() []byte // guarded by mu; makes data without an end, for a hostile answer
	changed chan struct{} // guarded by mu; closed at the next change
}

// wait returns what is closed at the next change. The caller holds mu.
func (o *outbox) wait() chan struct{} {
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

func (o *outbox) poke() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}

// put adds bytes, and blocks while the host has not taken enough of what lies there.
func (o *outbox) put(ctx context.Context, b []byte) error {
	for {
		o.mu.Lock()
		if len(o.data) < backlog {
			o.data = append(o.data, b...)
			o.poke()
			o.mu.Unlock()
			return nil
		}
		changed := o.wait()
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// await blocks until something lies there.
func (o *outbox) await(ctx context.Context) error {
	for {
		o.mu.Lock()
		if len(o.data) == 0 && o.more != nil {
			o.data = o.more()
		}
		if len(o.data) > 0 {
			o.mu.Unlock()
			return nil
		}
		changed := o.wait()
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take gives at most so many bytes.
func (o *outbox) take(most int) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(most, len(o.data))
	b := append([]byte(nil), o.data[:n]...)
	o.data = o.data[n:]
	o.poke()
	return b
}

// empty forgets what lies there.
func (o *outbox) empty() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data, o.more = nil, nil
	o.poke()
}

// size is how much lies there.
func (o *outbox) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.data)
}
