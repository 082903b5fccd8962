package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

// TestWhatIsRefused: a file that is not what it should be is not worked on, each with its condition.
func TestWhatIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(path string) error
		want error
	}{
		"text": {func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600)
		}, sqlite.ErrForeign},
		"another program's database": {func(path string) error {
			return execute(path, "CREATE TABLE people (name TEXT); PRAGMA application_id = 7")
		}, sqlite.ErrForeign},
		"a database without a mark": {func(path string) error {
			return execute(path, "CREATE TABLE people (name TEXT)")
		}, sqlite.ErrForeign},
		"a later version": {func(path string) error {
			return errors.Join(used(path), execute(path, "PRAGMA user_version = 99"))
		}, sqlite.ErrVersion},
		"an earlier version": {func(path string) error {
			return errors.Join(used(path), execute(path, "PRAGMA user_version = 0"))
		}, sqlite.ErrVersion},
		"a page overwritten": {func(path string) error { return errors.Join(used(path), scribble(path)) }, sqlite.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "station.db")
			if err := tc.make(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, tc.want) || issuance.Cure(err) == "other" {
				t.Errorf("got %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || tc.want == sqlite.ErrForeign && !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// used makes a store with something in it.
func used(path string) error {
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return err
	}
	err = s.Update(context.Background(), func(tx issuance.Tx) error {
		return errors.Join(tx.PutNote("a", make([]byte, 40_000)), tx.PutFolder(folder("A", make([]byte, 90_000))))
	})
	return errors.Join(err, s.Close())
}

// scribble destroys the inner page of the first table.
func scribble(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(bytes.Repeat([]byte{0xA5}, 8192), 4096)
	return errors.Join(err, f.Close())
}

// TestSettingsAreReadBack from the connection that is used, not from a hope.
func TestSettingsAreReadBack(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "station.db"))
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "foreign_keys": "1", "trusted_schema": "0",
		"cell_size_check": "1", "temp_store": "2",
	} {
		if got, err := s.Pragma(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %s, want %s: %v", name, got, want, err)
		}
	}
}
