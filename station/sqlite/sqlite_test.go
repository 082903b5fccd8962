package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func folder(token station.CaseToken, sealed []byte) issuance.Folder {
	return issuance.Folder{Case: station.Case{Token: token, Stage: station.StageDraft, Enrolled: "e"}, Sealed: sealed}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "station.db")
	s := open(t, path)
	boom := errors.New("boom")
	err := s.Update(t.Context(), func(tx issuance.Tx) error {
		if err := tx.PutFolder(folder("A", nil)); err != nil {
			return err
		}
		if err := tx.PutBooklet(station.Booklet{Serial: "UT0000001", State: station.StateTaken}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx issuance.Tx) error {
		if _, err := tx.Folder("A"); !errors.Is(err, issuance.ErrUnknown) {
			t.Errorf("folder: %v", err)
		}
		if _, err := tx.Booklet("UT0000001"); !errors.Is(err, issuance.ErrUnknown) {
			t.Errorf("booklet: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestViewChangesNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "station.db"))
	err := s.View(t.Context(), func(tx issuance.Tx) error { return tx.PutNote("x", []byte("y")) })
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx issuance.Tx) error {
		if v, err := tx.Note("x"); err != nil || v != nil {
			t.Errorf("a view left %q, %v", v, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStateSurvivesTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "station.db")
	s := open(t, path)
	if err := s.Update(t.Context(), func(tx issuance.Tx) error { return tx.PutFolder(folder("A", []byte{1, 2})) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := open(t, path).View(t.Context(), func(tx issuance.Tx) error {
		f, err := tx.Folder("A")
		if err == nil && (f.Case.Stage != station.StageDraft || !bytes.Equal(f.Sealed, []byte{1, 2})) {
			t.Errorf("found %+v", f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func execute(path, statement string) error {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}

// TestScrubLeavesNothing: what was erased is in no file any more.
func TestScrubLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "station.db"))
	planted := bytes.Repeat([]byte("planted secret "), 400)
	for _, sealed := range [][]byte{planted, nil} {
		if err := s.Update(t.Context(), func(tx issuance.Tx) error { return tx.PutFolder(folder("A", sealed)) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, planted[:15]) {
			t.Errorf("%s still holds it", filepath.Base(path))
		}
	}
}
