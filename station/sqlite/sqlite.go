// Package sqlite keeps a station's state in one SQLite file.
//
// The file is opened in WAL mode with synchronous=FULL, so that a transaction that was
// acknowledged is on the disk even if the power goes; the driver's own default is weaker. Each
// setting is read back, and the store refuses to work without it. Deleted bytes are overwritten
// (secure_delete) and Scrub empties the write-ahead log; Wipe overwrites the log as well. A transaction
// that erases says so in the file, until the scrub after it is done: one that a crash prevented is made
// up for when the store is opened next.
//
// Beside the database lies a reserve, a file of zeros. When the disk is full the store gives it up,
// so that what must be ended can be ended.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"padarozhnik/station/issuance"
)

// Conditions of the store, as the workflow names them.
var (
	// ErrForeign: the file is not a station's store.
	ErrForeign = issuance.ErrForeignStore
	// ErrVersion: the store was written by another version of the program.
	ErrVersion = issuance.ErrStoreVersion
	// ErrDamaged: the file is damaged.
	ErrDamaged = issuance.ErrStoreDamaged
	// ErrSettings: the database did not accept the settings that make it safe.
	ErrSettings = issuance.ErrStoreSettings
)

//go:embed schema.sql
var schema string

// Store is an open station's store. Its methods may be called from several goroutines; they take
// turns.
type Store struct {
	db   *sql.DB
	path string
}

var _ issuance.Store = (*Store)(nil)

// Open opens the store at path, or makes it. It returns ErrForeign for a file that is something
// else, ErrVersion for one of another version, ErrDamaged where a check of the file fails, ErrSettings
// where the database is not as safe as it must be, and issuance.ErrStoreBusy where another program keeps
// it for more than ten seconds.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("open store: %w", translate(err))
	}
	query := url.Values{"_txlock": {"immediate"}, "_busy_timeout": {"10000"}, "_stmt_cache_size": {"64"}}
	db := sql.OpenDB(&connector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()})
	db.SetMaxOpenConns(1)
	s := &Store{db: db, path: path}
	if err := s.prepare(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open store: %w", translate(err))
	}
	s.scrubLate(ctx)
	if _, err := s.Room(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// touch makes the file before SQLite does, so that only its owner can read it, and puts its name on
// the disk: SQLite does not sync the directory of a database that it makes.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil // SQLite itself says if it cannot be opened
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close scrubs and closes the file: SQLite gives the blocks of the log back when the last program
// closes it. A log that another program uses, or a disk without room for it, is left to them.
func (s *Store) Close() error {
	_ = s.scrub(context.Background()) // the file closes whatever becomes of it
	return s.db.Close()
}

// Update implements issuance.Store.
func (s *Store) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	err := s.run(ctx, fn, (*sql.Tx).Commit)
	if errors.Is(err, issuance.ErrDiskFull) {
		return errors.Join(err, s.giveUpReserve())
	}
	return err
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
	t := &transaction{ctx: ctx, tx: tx}
	if err := fn(t); err != nil {
		return translate(err)
	}
	if t.erased {
		if err := t.PutNote(noteUnscrubbed, []byte{1}); err != nil {
			return translate(err)
		}
	}
	if err := end(tx); err != nil {
		return fmt.Errorf("store: %w", translate(err))
	}
	return nil
}

// translate names the conditions that a person can cure.
func translate(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", issuance.ErrDiskFull, err)
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", issuance.ErrDiskFull, err)
	case sqlite3.ErrIoErr:
		if noRoom(e.SystemErrno) {
			return fmt.Errorf("%w: %w", issuance.ErrDiskFull, err)
		}
	case sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("%w: %w", issuance.ErrStoreBusy, err)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func noRoom(e syscall.Errno) bool {
	return e == syscall.ENOSPC || e == syscall.EDQUOT || e == syscall.EFBIG
}
