package readers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/virtual/readers"
)

func needReaders(t *testing.T, err error) {
	t.Helper()
	if readers.CannotRun(err) {
		t.Fatalf("no virtual readers, run make deps: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestLeasesDiffer(t *testing.T) {
	m := readers.New()
	one, freeOne, err := m.Lease(t.Context())
	needReaders(t, err)
	defer freeOne()
	two, freeTwo, err := m.Lease(t.Context())
	needReaders(t, err)
	defer freeTwo()
	if one.ReaderName == two.ReaderName || one.Port == two.Port {
		t.Errorf("leases %+v and %+v", one, two)
	}
	for _, l := range []*readers.Lease{one, two} {
		if err := pcsc.NewService(pcsc.Deadlines{}).Reader(l.ReaderName).Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestExclusiveWaitsForLeases(t *testing.T) {
	m := readers.New()
	_, free, err := m.Lease(t.Context())
	needReaders(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := m.Exclusive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside a lease: %v", err)
	}
	free()
}

func TestStopAndStart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	e, free, err := readers.New().Exclusive(ctx)
	needReaders(t, err)
	defer free()
	service := pcsc.NewService(pcsc.Deadlines{})
	for range 2 {
		if err := e.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := service.Readers(ctx); !errors.Is(err, devices.ErrServiceStopped) {
			t.Errorf("stopped service: %v", err)
		}
		if err := e.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := service.Reader(e.ReaderName).Check(ctx); err != nil {
			t.Error(err)
		}
	}
}

// TestFewReadersAreNotLeftBehind: whoever leases a reader finds all eight, whether the test that had few
// let go of them or was killed.
func TestFewReadersAreNotLeftBehind(t *testing.T) {
	m := readers.New()
	for _, killed := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		e, free, err := m.Exclusive(ctx)
		needReaders(t, err)
		service := pcsc.NewService(pcsc.Deadlines{})
		err = e.Stop(ctx)
		if err == nil {
			err = e.StartFew(ctx)
		}
		if names, listed := service.Readers(ctx); err != nil || listed != nil || len(names) != 2 {
			t.Errorf("few: %d readers, %v, %v", len(names), err, listed)
		}
		if killed {
			e.Forget()
		}
		free()
		_, release, err := m.Lease(ctx)
		needReaders(t, err)
		if names, err := service.Readers(ctx); err != nil || len(names) != 8 {
			t.Errorf("killed %v: the next lease finds %d readers, %v", killed, len(names), err)
		}
		release()
	}
}

// TestLeaseWaits: a lease beside a test that has the machine for itself waits for it.
func TestLeaseWaits(t *testing.T) {
	m := readers.New()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	e, free, err := m.Exclusive(ctx)
	needReaders(t, err)
	leased := make(chan error, 1)
	go func() {
		_, release, err := m.Lease(ctx)
		if err == nil {
			release()
		}
		leased <- err
	}()
	if err := e.Stop(ctx); err != nil {
		t.Error(err)
	}
	select {
	case err := <-leased:
		t.Errorf("did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	free()
	if err := <-leased; err != nil {
		t.Errorf("behind it: %v", err)
	}
}
