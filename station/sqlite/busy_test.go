package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

// TestStoreOfAnotherProgram: a store that another program does not let go of is said to be so, with its cure, and
// opens as soon as it is free.
func TestStoreOfAnotherProgram(t *testing.T) {
	t.Parallel() // it waits for ten seconds
	path := filepath.Join(t.TempDir(), "station.db")
	if err := used(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_locking_mode=EXCLUSIVE")
	if err != nil {
		t.Fatal(err)
	}
	other, err := db.Conn(t.Context())
	if err == nil {
		_, err = other.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, issuance.ErrStoreBusy) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(other.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("when it is free: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
