// Package sqlite keeps a station's state in one SQLite file.
//
// The file is opened in WAL mode with synchronous=FULL, so that a transaction that was
// acknowledged is on the disk even if the power goes; the driver's own default is weaker. Each
// setting is read back, and the store refuses to work without it. Deleted bytes are overwritten
// (secure_delete) and Scrub empties the write-ahead log.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"padarozhnik/station/issuance"
)

// Conditions of the store.
var (
	// ErrForeign: the file is not a station's store, or is of another version.
	ErrForeign = errors.New("not a store of this program")
	// ErrSettings: the database did not accept the settings that make it safe.
	ErrSettings = errors.New("database refuses its safety settings")
)

//go:embed schema.sql
var schema string

// applicationID marks the file as ours ("PADA"); version is that of schema.sql.
const (
	applicationID = 0x50414441
	version       = 1
)

// Store is an open station's store. Its methods may be called from several goroutines; they take
// turns.
type Store struct{ db *sql.DB }

var _ issuance.Store = (*Store)(nil)

// Open opens the store at path, or makes it. It returns ErrForeign for a file that is something
// else and ErrSettings where the database is not as safe as it must be.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	query := url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_secure_delete": {"on"},
		"_foreign_keys": {"on"}, "_txlock": {"immediate"}, "_busy_timeout": {"10000"},
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db}
	if err := s.prepare(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open store: %w", translate(err))
	}
	return s, nil
}

// touch makes the file before SQLite does, so that only its owner can read it.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) prepare(ctx context.Context) error {
	id, err := s.pragma(ctx, "application_id")
	if err != nil {
		return err
	}
	var tables int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if id == "0" && tables == 0 {
		if err := s.create(ctx); err != nil {
			return err
		}
	}
	return s.verify(ctx)
}

func (s *Store) create(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	marks := fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;", applicationID, version)
	if _, err := tx.ExecContext(ctx, schema+marks); err != nil {
		return err
	}
	return tx.Commit()
}

// verify reads every setting back.
func (s *Store) verify(ctx context.Context) error {
	for _, want := range []struct {
		name, value string
		err         error
	}{
		{"application_id", fmt.Sprint(applicationID), ErrForeign},
		{"user_version", fmt.Sprint(version), ErrForeign},
		{"journal_mode", "wal", ErrSettings},
		{"synchronous", "2", ErrSettings},
		{"secure_delete", "1", ErrSettings},
		{"foreign_keys", "1", ErrSettings},
		{"quick_check", "ok", ErrForeign},
	} {
		got, err := s.pragma(ctx, want.name)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, want.value) {
			return fmt.Errorf("%s is %s: %w", want.name, got, want.err)
		}
	}
	return nil
}

func (s *Store) pragma(ctx context.Context, name string) (string, error) {
	var value string
	err := s.db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Update implements issuance.Store.
func (s *Store) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	return s.run(ctx, fn, (*sql.Tx).Commit)
}

// View implements issuance.Store.
func (s *Store) View(ctx context.Context, fn func(issuance.Tx) error) error {
	return s.run(ctx, fn, (*sql.Tx).Rollback)
}

func (s *Store) run(ctx context.Context, fn func(issuance.Tx) error, end func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", translate(err))
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(&transaction{ctx: ctx, tx: tx}); err != nil {
		return translate(err)
	}
	if err := end(tx); err != nil {
		return fmt.Errorf("store: %w", translate(err))
	}
	return nil
}

// Scrub implements issuance.Store: the write-ahead log is written back and emptied.
func (s *Store) Scrub(ctx context.Context) error {
	var busy, frames, done int
	err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done)
	if err != nil {
		return fmt.Errorf("scrub: %w", translate(err))
	}
	if busy != 0 {
		return fmt.Errorf("scrub: log in use")
	}
	return nil
}

// translate names the conditions that a person can cure.
func translate(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", issuance.ErrDiskFull, err)
	case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return err
}
