package chip

import (
	"context"
	"errors"
	"sync"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
)

// Slot is a reader inside this process, without PC/SC: the driver's commands go to the chip that
// lies in it. It is an apdu.Reader.
type Slot struct {
	mu   sync.Mutex
	chip *Chip // guarded by mu
	used bool  // guarded by mu
	gone bool  // guarded by mu
}

// Name of the slot.
func (s *Slot) Name() string { return "virtual slot" }

// Check finds nothing wrong unless the slot was unplugged.
func (s *Slot) Check(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return devices.ErrNoReader
	}
	return ctx.Err()
}

// Unplug pulls the slot from the computer, or plugs it in again.
func (s *Slot) Unplug(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = gone
}

// WaitChip looks until a chip lies in the slot.
func (s *Slot) WaitChip(ctx context.Context) error {
	for {
		s.mu.Lock()
		there := s.chip != nil
		s.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Put lays a chip on the slot; nil takes it away.
func (s *Slot) Put(c *Chip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chip = c
}

// Connect powers the chip and holds it.
func (s *Slot) Connect(ctx context.Context) (apdu.Card, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return nil, devices.ErrNoReader
	case s.chip == nil:
		return nil, devices.ErrNoChip
	case s.used:
		return nil, devices.ErrBusy
	}
	s.used = true
	s.chip.Power()
	return &held{slot: s, chip: s.chip}, nil
}

// held is a chip in use.
type held struct {
	slot *Slot
	chip *Chip
}

func (h *held) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h.slot.mu.Lock()
	there := h.slot.chip == h.chip
	h.slot.mu.Unlock()
	if !there {
		return nil, devices.ErrChipRemoved
	}
	answer, err := h.chip.Transmit(command) // its faults may change what lies in the slot
	if gone := h.slot.Check(ctx); errors.Is(gone, devices.ErrNoReader) {
		return nil, gone
	}
	if errors.Is(err, ErrTorn) {
		return nil, devices.ErrChipRemoved
	}
	return answer, err
}

func (h *held) Reset(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.slot.mu.Lock()
	defer h.slot.mu.Unlock()
	if h.slot.chip != h.chip || h.chip.torn {
		return devices.ErrChipRemoved
	}
	h.chip.Power()
	return nil
}

func (h *held) ATR() []byte { return h.chip.ATR() }

func (h *held) Close() error {
	h.slot.mu.Lock()
	defer h.slot.mu.Unlock()
	h.slot.used = false
	return nil
}
