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
