package issuance_test

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

// cramped is a store whose disk has as much room as a test says.
type cramped struct {
	issuance.Store
	room issuance.Room
}

func (c cramped) Room(context.Context) (issuance.Room, error) { return c.room, nil }

func TestNothingBeginsInTheReserve(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	store := d.Store
	for name, tc := range map[string]struct {
		room     issuance.Room
		enrols   error
		warnings error
	}{
		"room":           {issuance.Room{Free: 1 << 30, Reserve: true}, nil, nil},
		"little":         {issuance.Room{Free: 200 << 20, Reserve: true}, nil, issuance.ErrNearlyFull},
		"reserve in use": {issuance.Room{Free: 60 << 20}, issuance.ErrDiskFull, issuance.ErrDiskFull},
	} {
		d.Store = cramped{store, tc.room}
		if err := d.Warning(t.Context()); !errors.Is(err, tc.warnings) || tc.warnings == nil && err != nil {
			t.Errorf("%s: warning %v", name, err)
		}
		if _, err := d.Enrol(t.Context(), o.seat(d, "E")); !errors.Is(err, tc.enrols) || tc.enrols == nil && err != nil {
			t.Errorf("%s: enrol %v", name, err)
		}
	}
}

// TestFullDiskStillEnds fills the disk of a station with drafts. What was acknowledged is there, new
// cases are refused, and each of them can be ended in the room of the reserve.
func TestFullDiskStillEnds(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=150m"); err != nil {
		t.Log("no right to mount a small disk; package sqlite tests the same under RLIMIT_FSIZE:", err)
		return
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := makeTortured(ctx, dir, 1); err != nil {
		t.Fatal(err)
	}
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Store.(*sqlite.Store).Close() })
	picture := func(a *station.Application) error { a.Portrait = make([]byte, 800_000); return nil }
	var kept []station.CaseToken
	for err == nil && len(kept) < 1000 {
		var token station.CaseToken
		if token, err = d.Enrol(ctx, seats["E"]); err == nil {
			kept = append(kept, token)
			err = d.Amend(ctx, seats["E"], token, "portrait", picture)
		}
	}
	if !errors.Is(err, issuance.ErrDiskFull) || issuance.Cure(err) != "disk-full" || len(kept) < 20 {
		t.Fatalf("after %d cases: %v", len(kept), err)
	}
	for i, token := range kept {
		a, err := d.Application(ctx, seats["E"], token)
		if err != nil || i < len(kept)-1 && len(a.Portrait) != 800_000 {
			t.Fatalf("case %d of %d: %d bytes, %v", i, len(kept), len(a.Portrait), err)
		}
	}
	if _, err := d.Enrol(ctx, seats["E"]); !errors.Is(err, issuance.ErrDiskFull) {
		t.Errorf("a new case in the reserve: %v", err)
	}
	for i, token := range kept {
		if err := d.Withdraw(ctx, seats["E"], token); err != nil {
			t.Fatalf("ending case %d of %d: %v", i, len(kept), err)
		}
	}
	if _, err := d.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
}
