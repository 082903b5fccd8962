package usb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"padarozhnik/devices"
)

// hang is a device with a call that was left behind.
type hang struct {
	bus, number int
	back        chan struct{} // closed when every call came back, and what they held is given back
}

// leave notes that calls of a device are left behind. last is done when they came back. Until then nobody tries to open
// the device again: each try would be one more call that hangs.
func (l *Link) leave(p Plugged, calls *sync.WaitGroup, last func()) {
	h := &hang{p.Bus, p.Number, make(chan struct{})}
	l.mu.Lock()
	l.hang = h
	l.mu.Unlock()
	go func() {
		defer close(h.back)
		calls.Wait()
		last()
	}()
}

// soon is how long a call that is about to come back is waited for.
const soon = 200 * time.Millisecond

// free returns an error wrapping devices.ErrHangs while a call of the device is left behind. One that was plugged in anew
// is another device.
func (l *Link) free(ctx context.Context, p Plugged) error {
	l.mu.Lock()
	h := l.hang
	l.mu.Unlock()
	if h == nil || h.bus != p.Bus || h.number != p.Number {
		return nil
	}
	patience := time.NewTimer(soon)
	defer patience.Stop()
	select {
	case <-h.back:
		return nil
	case <-patience.C:
	case <-ctx.Done():
	}
	return fmt.Errorf("an earlier call of %s: %w", l.address, devices.ErrHangs)
}
