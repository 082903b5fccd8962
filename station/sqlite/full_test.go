package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

// smallDisk is a directory on a disk of its own: a tmpfs where the test may mount one, and otherwise
// the directory of a process whose files may not grow.
func smallDisk(t *testing.T, mib int) (dir string, mounted bool) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		return dir, false
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir, true
}

// fill puts cases into a store until it says that the disk is full, and returns those that it took.
func fill(ctx context.Context, s *sqlite.Store, most int) (kept []station.CaseToken, err error) {
	for i := range most {
		token := station.CaseToken(fmt.Sprintf("CASE-%04d", i))
		err := s.Update(ctx, func(tx issuance.Tx) error { return tx.PutFolder(folder(token, make([]byte, 500_000))) })
		if err != nil {
			return kept, err
		}
		kept = append(kept, token)
	}
	return kept, nil
}

// holds compares the cases of a store with those that it acknowledged.
func holds(ctx context.Context, s *sqlite.Store, kept []station.CaseToken) error {
	return s.View(ctx, func(tx issuance.Tx) error {
		cases, err := tx.Cases()
		if err == nil && len(cases) != len(kept) {
			err = fmt.Errorf("%d cases, %d were acknowledged", len(cases), len(kept))
		}
		for _, token := range kept {
			f, folderErr := tx.Folder(token)
			if folderErr == nil && len(f.Sealed) != 500_000 {
				folderErr = fmt.Errorf("case %s of %d bytes", token, len(f.Sealed))
			}
			err = errors.Join(err, folderErr)
		}
		return err
	})
}

// TestFullDisk fills a disk of 150 MB. Nothing that was acknowledged is lost, the reserve is given
// up, in its room the journal goes on, and it comes back when there is room again.
func TestFullDisk(t *testing.T) {
	dir, mounted := smallDisk(t, 150)
	if !mounted {
		limited(t)
		return
	}
	ctx, path := t.Context(), filepath.Join(dir, "station.db")
	s := open(t, path)
	if room, err := s.Room(ctx); err != nil || !room.Reserve || room.Free > 90<<20 {
		t.Fatalf("room %+v, %v", room, err)
	}
	kept, err := fill(ctx, s, 1000)
	if !errors.Is(err, issuance.ErrDiskFull) || len(kept) < 50 {
		t.Fatalf("after %d cases: %v", len(kept), err)
	}
	if room, err := s.Room(ctx); err != nil || room.Reserve || room.Free < 50<<20 {
		t.Errorf("the reserve was not given up: %+v, %v", room, err)
	}
	if err := holds(ctx, s, kept); err != nil {
		t.Error(err)
	}
	for i := range kept { // closing what is there, in the room of the reserve
		if err := s.Update(ctx, func(tx issuance.Tx) error { return tx.PutFolder(folder(kept[i], nil)) }); err != nil {
			t.Fatalf("closing case %d: %v", i, err)
		}
	}
	if err := s.Wipe(ctx); err != nil {
		t.Fatal(err)
	}
	if room, err := s.Room(ctx); err != nil || !room.Reserve {
		t.Errorf("the reserve did not come back: %+v, %v", room, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

const limitedIn = "PADAROZHNIK_LIMITED_IN"

// limited runs TestUnderLimit in a process whose files may not grow beyond 20 MB.
func limited(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestUnderLimit$", "-test.count", "1")
	cmd.Env = append(os.Environ(), limitedIn+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestUnderLimit is what a full disk looks like to a process without the right to mount one. On its
// own it starts itself again under the limit.
func TestUnderLimit(t *testing.T) {
	dir := os.Getenv(limitedIn)
	if dir == "" {
		limited(t)
		return
	}
	ctx, path := t.Context(), filepath.Join(dir, "station.db")
	s := open(t, path)
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 20 << 20, Max: syscall.RLIM_INFINITY & (1<<63 - 1)}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	kept, err := fill(ctx, s, 1000)
	if !errors.Is(err, issuance.ErrDiskFull) || len(kept) < 10 {
		t.Fatalf("after %d cases: %v", len(kept), err)
	}
	if err := holds(ctx, s, kept); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := holds(ctx, open(t, path), kept); err != nil {
		t.Error(err)
	}
}
