package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/hq/wire"
)

// engine is in what the two databases differ. Everything else, and every rule of the ledger, is the
// same plain SQL for both.
type engine interface {
	// open returns the pool of writers and that of readers, which may be one.
	open() (write, read *sql.DB)
	// query puts a statement whose places are written "?" into the engine's spelling.
	query(string) string
	// forUpdate is what a SELECT ends with that locks its row until the transaction ends.
	forUpdate() string
	// found is the version of the schema that is there, 0 for an empty database. It returns
	// ErrForeign for a database of something else.
	found(t *tx) (int, error)
	// lay makes the tables; from is what found returned.
	lay(t *tx, from int) error
	// unhurried is the context for the statements of one that may end. SQLite's driver starts a goroutine
	// for each statement that can be cancelled; ours are short, so there it is asked between them instead.
	unhurried(context.Context) context.Context
	// conflict tells an error after which the same transaction is worth trying again.
	conflict(error) bool
	// full tells an error that means that the disk holds no more.
	full(error) bool
}

// Bounds of trying a transaction again that another one was in the way of.
const (
	maxTries    = 60
	maxTrying   = 30 * time.Second
	firstPause  = 2 * time.Millisecond
	longestWait = 200 * time.Millisecond
)

// tx is one transaction with its context, and with the nodes of the tree that it has read or made.
type tx struct {
	ctx    context.Context
	sql    *sql.Tx
	engine engine
	nodes  map[int64]tlog.Hash
	keys   []validKey
}

// transact runs f in one transaction. Where another transaction is in the way, f is run
// again in a new one, after a pause of random length, so f must begin from nothing each time. A
// caller that has waited too long is told to come back.
func transact(ctx context.Context, db *sql.DB, e engine, o *sql.TxOptions, f func(*tx) error) error {
	began := time.Now()
	for try := 1; ; try++ {
		err := attempt(ctx, db, e, o, f)
		switch {
		case err == nil:
			return nil
		case e.full(err):
			return fmt.Errorf("%w: %w", &wire.Error{Code: wire.Full}, err)
		case !e.conflict(err):
			return err
		case try == maxTries || time.Since(began) > maxTrying:
			return fmt.Errorf("%w: %w", &wire.Error{Code: wire.TooFast, RetryAfter: 2}, err)
		}
		longest := min(firstPause<<min(try, 10), longestWait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(longest)):
		}
	}
}

func attempt(ctx context.Context, db *sql.DB, e engine, o *sql.TxOptions, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := db.BeginTx(e.unhurried(ctx), o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer s.Rollback() // does nothing after a commit
	if err := f(&tx{ctx: ctx, sql: s, engine: e, nodes: map[int64]tlog.Hash{}}); err != nil {
		return err
	}
	if err := s.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (t *tx) exec(query string, args ...any) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	_, err := t.sql.ExecContext(t.engine.unhurried(t.ctx), t.engine.query(query), args...)
	return err
}

func (t *tx) row(query string, args ...any) *sql.Row {
	return t.sql.QueryRowContext(t.engine.unhurried(t.ctx), t.engine.query(query), args...)
}

// each runs scan on every row. No other statement may run before it returns: a connection to
// PostgreSQL answers one at a time.
func (t *tx) each(scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.sql.QueryContext(t.engine.unhurried(t.ctx), t.engine.query(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := errors.Join(t.ctx.Err(), scan(rows)); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// places is n question marks in parentheses, for IN and VALUES.
func places(n int) string { return "(" + strings.Repeat("?, ", n-1) + "?)" }

// insert adds rows of columns values each to a table, in one statement. No rows is no statement.
func (t *tx) insert(into string, columns int, values []any) error {
	if len(values) == 0 {
		return nil
	}
	rows := strings.Repeat(places(columns)+", ", len(values)/columns)
	return t.exec("INSERT INTO "+into+" VALUES "+strings.TrimSuffix(rows, ", "), values...)
}

// migrate lays the schema into an empty database, brings an older one up to date, and refuses every
// one but a ledger under this key.
func (t *tx) migrate(key note.Verifier) error {
	version, err := t.engine.found(t)
	if err != nil {
		return err
	}
	if version < schemaVersion {
		if err := t.engine.lay(t, version); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("%s+%08x", key.Name(), key.KeyHash())
	if version == 0 {
		return t.exec("INSERT INTO meta (name, value) VALUES ('checkpoint key', ?)", name)
	}
	kept, err := t.meta("checkpoint key")
	if err != nil {
		return err
	}
	if kept != name {
		return ErrWrongKey
	}
	return nil
}

// meta is one line of what the ledger knows of itself, "" where there is none.
func (t *tx) meta(name string) (value string, err error) {
	err = t.row("SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
