package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/mod/sumdb/note"
)

// Marks in the header of the database file.
const (
	applicationID = 0x50444c31 // "PDL1"
	schemaVersion = 1
)

// schema is that of version 1. Triggers keep a wrong statement of ours from touching what must
// never change; they are no defence against somebody who holds the file, the audit is.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE parties (
	name    TEXT PRIMARY KEY,
	role    TEXT NOT NULL CHECK (role IN ('station', 'vault')),
	epoch   INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE keys (
	party   TEXT NOT NULL REFERENCES parties (name),
	key_id  TEXT NOT NULL,
	spki    BLOB NOT NULL,
	roles   TEXT NOT NULL,
	epoch   INTEGER NOT NULL,
	since   INTEGER NOT NULL,
	until   INTEGER,
	PRIMARY KEY (party, key_id, since)
) STRICT;
CREATE TABLE chains (
	name     TEXT PRIMARY KEY,
	party    TEXT NOT NULL REFERENCES parties (name),
	head     INTEGER REFERENCES entries (leaf),
	frozen   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE blobs (
	digest BLOB PRIMARY KEY,
	size   INTEGER NOT NULL,
	party  TEXT NOT NULL REFERENCES parties (name),
	named  INTEGER NOT NULL DEFAULT 0,
	data   BLOB NOT NULL
) STRICT;
CREATE INDEX blobs_pending ON blobs (party) WHERE named = 0;
CREATE TABLE entries (
	leaf     INTEGER PRIMARY KEY,
	chain    TEXT NOT NULL REFERENCES chains (name),
	epoch    INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	id       BLOB NOT NULL,
	blob     BLOB REFERENCES blobs (digest),
	raw      BLOB NOT NULL,
	UNIQUE (chain, epoch, sequence)
) STRICT;
CREATE INDEX entries_for ON entries (chain, leaf);
CREATE INDEX entries_blob ON entries (blob) WHERE blob IS NOT NULL;
CREATE TABLE hashes (place INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
CREATE TABLE evidence (
	number INTEGER PRIMARY KEY,
	chain  TEXT NOT NULL REFERENCES chains (name),
	kept   BLOB NOT NULL,
	other  BLOB NOT NULL,
	found  INTEGER NOT NULL
) STRICT;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER entries_same BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER hashes_stay BEFORE DELETE ON hashes BEGIN SELECT RAISE(ABORT, 'hashes stay'); END;
CREATE TRIGGER hashes_same BEFORE UPDATE ON hashes BEGIN SELECT RAISE(ABORT, 'hashes stay'); END;
CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END;
CREATE TRIGGER checkpoints_same BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'checkpoints stay'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence stays'); END;
`

// pragmas are set on every connection and read back: a database that silently keeps another value
// would lose acknowledged entries on power loss.
var pragmas = []struct{ name, value, want string }{
	{"journal_mode", "WAL", "wal"},
	{"synchronous", "FULL", "2"},
	{"foreign_keys", "ON", "1"},
	{"secure_delete", "ON", "1"},
	{"trusted_schema", "OFF", "0"},
}

// connector opens connections with the pragmas set, without a registered driver name.
type connector struct {
	dsn string
	drv *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.drv.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.drv }

// openPool returns the pool of the one writer, or that of readers.
func openPool(path string, writer bool) *sql.DB {
	q := url.Values{"_busy_timeout": {"15000"}}
	if writer {
		q.Set("_txlock", "immediate")
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	db := sql.OpenDB(connector{dsn: dsn, drv: &sqlite3.SQLiteDriver{
		ConnectHook: func(c *sqlite3.SQLiteConn) error { return setPragmas(c, writer) },
	}})
	db.SetMaxOpenConns(4)
	if writer {
		db.SetMaxOpenConns(1)
	}
	return db
}

func setPragmas(c *sqlite3.SQLiteConn, writer bool) error {
	for _, p := range pragmas {
		if _, err := c.Exec("PRAGMA "+p.name+" = "+p.value, nil); err != nil {
			return fmt.Errorf("set %s: %w", p.name, err)
		}
		got, err := readPragma(c, p.name)
		if err != nil {
			return err
		}
		if got != p.want {
			return fmt.Errorf("%w: %s is %s, not %s", ErrForeign, p.name, got, p.want)
		}
	}
	if !writer {
		if _, err := c.Exec("PRAGMA query_only = ON", nil); err != nil {
			return fmt.Errorf("set query_only: %w", err)
		}
	}
	return nil
}

func readPragma(c *sqlite3.SQLiteConn, name string) (string, error) {
	rows, err := c.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return fmt.Sprint(row[0]), nil
}

// tx is one transaction with its context.
type tx struct {
	ctx context.Context
	sql *sql.Tx
}

func transact(ctx context.Context, db *sql.DB, f func(*tx) error) error {
	s, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer s.Rollback() // does nothing after a commit
	if err := f(&tx{ctx: ctx, sql: s}); err != nil {
		return err
	}
	if err := s.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.sql.ExecContext(t.ctx, query, args...)
	return err
}

func (t *tx) row(query string, args ...any) *sql.Row {
	return t.sql.QueryRowContext(t.ctx, query, args...)
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	return t.sql.QueryContext(t.ctx, query, args...)
}

// migrate lays the schema into an empty file and refuses every file but a ledger under this key.
func (t *tx) migrate(key note.Verifier) error {
	var app, version, tables int64
	err := errors.Join(
		t.row("PRAGMA application_id").Scan(&app),
		t.row("PRAGMA user_version").Scan(&version),
		t.row("SELECT count(*) FROM sqlite_schema").Scan(&tables))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash())
	if app == 0 && version == 0 && tables == 0 {
		return errors.Join(
			t.exec(schema),
			t.exec(fmt.Sprintf("PRAGMA application_id = %d", applicationID)),
			t.exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)),
			t.exec("INSERT INTO meta (name, value) VALUES ('checkpoint key', ?)", name))
	}
	if app != applicationID || version != schemaVersion {
		return ErrForeign
	}
	var kept string
	if err := t.row("SELECT value FROM meta WHERE name = 'checkpoint key'").Scan(&kept); err != nil {
		return err
	}
	if kept != name {
		return ErrWrongKey
	}
	return nil
}
