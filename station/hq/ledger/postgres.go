package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrDatabase: the address of a database is not one, or its server does not keep what it
// acknowledges.
var ErrDatabase = errors.New("not a database that a ledger can live in")

// maxConnections of one replica. PostgreSQL's own limit is 100 by default, for all of them.
const maxConnections = 12

// connectWithin bounds a connection attempt where the address says nothing else.
const connectWithin = 15 * time.Second

// Conditions of PostgreSQL (its manual, appendix A), and of engines that speak its protocol.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505" // another transaction was first; trying again finds its row
	duplicateTable       = "42P07" // two replicas lay the schema at the same time
	diskFull             = "53100"
)

// postgres keeps a ledger in a PostgreSQL database, which any number of replicas share.
type postgres struct{ config *pgx.ConnConfig }

// newPostgres reads an address. Its errors repeat nothing of it, because it may hold a password.
func newPostgres(address string) (postgres, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil || !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return postgres{}, fmt.Errorf("%w: want postgres://USER@HOST:PORT/NAME", ErrDatabase)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWithin
	}
	return postgres{config: config}, nil
}

func (p postgres) open() (write, read *sql.DB) {
	db := stdlib.OpenDB(*p.config, stdlib.OptionAfterConnect(checkDurability))
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, db
}

// checkDurability refuses a server that acknowledges before it has written down. An engine that does
// not know these switches has them on.
func checkDurability(ctx context.Context, c *pgx.Conn) error {
	var off string
	err := c.QueryRow(ctx, `SELECT name FROM pg_settings
		WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' LIMIT 1`).Scan(&off)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return fmt.Errorf("%w: its setting %s is off", ErrDatabase, off)
}

// query numbers the places.
func (postgres) query(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(q, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		q = after
	}
}

func (postgres) forUpdate() string { return " FOR UPDATE" }

func (postgres) found(t *tx) (int, error) {
	var all, ours int
	err := t.row(`SELECT count(*), coalesce(sum(CASE WHEN table_name IN ('meta', 'entries') THEN 1 ELSE 0 END), 0)
		FROM information_schema.tables WHERE table_schema = current_schema()`).Scan(&all, &ours)
	switch {
	case err != nil:
		return 0, err
	case all == 0:
		return 0, nil
	case ours != 2:
		return 0, ErrForeign
	}
	text, err := t.meta("schema")
	if err != nil {
		return 0, err
	}
	if text != strconv.Itoa(schemaVersion) {
		return 0, ErrForeign
	}
	return schemaVersion, nil
}

func (postgres) lay(t *tx, _ int) error {
	for _, statement := range strings.Split(toPostgreSQL.Replace(tables), ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := t.exec(statement); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
	}
	return t.exec("INSERT INTO meta (name, value) VALUES ('schema', ?)", strconv.Itoa(schemaVersion))
}

func (postgres) unhurried(ctx context.Context) context.Context { return ctx }

func (postgres) conflict(err error) bool {
	switch condition(err) {
	case serializationFailure, deadlockDetected, uniqueViolation, duplicateTable:
		return true
	}
	return false
}

func (postgres) full(err error) bool { return condition(err) == diskFull }

func condition(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
