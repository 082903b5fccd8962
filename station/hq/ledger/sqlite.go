package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"
)

// applicationID marks the header of the database file.
const applicationID = 0x50444c31 // "PDL1"

// sqlite keeps a ledger in one file, for a headquarters on one machine.
type sqlite struct{ path string }

func (s sqlite) open() (write, read *sql.DB) { return openPool(s.path, true), openPool(s.path, false) }
func (sqlite) query(q string) string         { return q }
func (sqlite) forUpdate() string             { return "" } // a writing transaction is alone

func (sqlite) found(t *tx) (int, error) {
	var app, version, tables int
	err := errors.Join(
		t.row("PRAGMA application_id").Scan(&app),
		t.row("PRAGMA user_version").Scan(&version),
		t.row("SELECT count(*) FROM sqlite_schema").Scan(&tables))
	switch {
	case err != nil:
		return 0, err
	case app == 0 && version == 0 && tables == 0:
		return 0, nil
	case app != applicationID || version < 1 || version > schemaVersion:
		return 0, ErrForeign
	}
	return version, nil
}

func (sqlite) lay(t *tx, from int) error {
	schema := tables + triggers
	if from == 1 {
		schema = fromVersion1
	}
	return errors.Join(
		t.exec(schema),
		t.exec(fmt.Sprintf("PRAGMA application_id = %d", applicationID)),
		t.exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)))
}

func (sqlite) unhurried(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (sqlite) conflict(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}

func (sqlite) full(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrFull ||
		e.Code == sqlite3.ErrIoErr && (e.SystemErrno == unix.ENOSPC || e.SystemErrno == unix.EFBIG ||
			e.SystemErrno == unix.EDQUOT))
}

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
	q := url.Values{"_busy_timeout": {"15000"}, "_stmt_cache_size": {"64"}}
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
