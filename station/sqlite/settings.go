package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// applicationID marks the file as ours ("PADA"); version is that of schema.sql.
const (
	applicationID = 0x50414441
	version       = 1
)

// setting is one PRAGMA with the value that it must have afterwards.
type setting struct{ name, set, want string }

// settings make a connection safe. The journal's mode comes with the first of them that writes;
// temp_store keeps what SQLite sorts and vacuums out of the file system.
func settings() []setting {
	return []setting{
		{"trusted_schema", "OFF", "0"},
		{"cell_size_check", "ON", "1"},
		{"temp_store", "MEMORY", "2"},
		{"foreign_keys", "ON", "1"},
		{"secure_delete", "ON", "1"},
		{"journal_mode", "WAL", "wal"},
		{"synchronous", "FULL", "2"},
	}
}

// connector opens connections with their settings. No connection is used without them.
type connector struct{ dsn string }

// Connect implements driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.dsn) }

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver {
	return &sqlite3.SQLiteDriver{ConnectHook: func(conn *sqlite3.SQLiteConn) error {
		if err := refuseForeign(conn); err != nil {
			return err
		}
		for _, s := range settings() {
			if _, err := conn.Exec("PRAGMA "+s.name+" = "+s.set, nil); err != nil {
				return err
			}
		}
		return nil
	}}
}

// refuseForeign looks at the mark of the file before anything is changed in it.
func refuseForeign(conn *sqlite3.SQLiteConn) error {
	rows, err := conn.Query("SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id", nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := make([]driver.Value, 2)
	if err := rows.Next(found); err != nil {
		return err
	}
	id, tables := found[0], found[1]
	if id != int64(applicationID) && (id != int64(0) || tables != int64(0)) {
		return fmt.Errorf("application_id is %v: %w", id, ErrForeign)
	}
	return nil
}

// prepare makes a new store, or proves that the file is one of ours, whole, and safely set.
func (s *Store) prepare(ctx context.Context) error {
	var tables int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
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

// verify reads every mark and setting back, and checks the structure of the file: a log that was
// left by a program that died has been taken in by now.
func (s *Store) verify(ctx context.Context) error {
	marks := []struct {
		name, want string
		err        error
	}{
		{"application_id", fmt.Sprint(applicationID), ErrForeign},
		{"user_version", fmt.Sprint(version), ErrVersion},
		{"quick_check(1)", "ok", ErrDamaged},
	}
	for _, have := range settings() {
		marks = append(marks, struct {
			name, want string
			err        error
		}{have.name, have.want, ErrSettings})
	}
	for _, m := range marks {
		got, err := s.pragma(ctx, m.name)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, m.want) {
			return fmt.Errorf("%s is %s: %w", m.name, got, m.err)
		}
	}
	return nil
}

func (s *Store) pragma(ctx context.Context, name string) (string, error) {
	var value string
	err := s.db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}
