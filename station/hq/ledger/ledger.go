// Package ledger is headquarters' side that faces the internet. It takes in signed entries and
// sealed blobs, puts every entry into one Merkle tree, and answers with receipts. It holds no key
// that opens anything: whoever takes this machine gets ciphertext, hashes and station names.
//
// # Life of an entry
//
// A push is one transaction. Each entry is parsed, its chain must belong to the caller, and its
// signature must hold under a key registered for that chain. Its place decides the rest:
//
//   - next in its chain, naming the head: stored, and its leaf hash added to the tree
//   - already stored with the same payload: the receipt is given again
//   - stored with another payload, or naming another predecessor: a fork. The chain is frozen,
//     both entries are kept as evidence, and nothing else of the push is
//   - beyond the next number: refused with the number that is expected
//
// An entry that names a blob is refused until the blob is there. At the end the new root is
// signed, the transaction committed and synced, and only then the answer leaves.
//
// # Keys over time
//
// A key is registered from one tree size to another. An entry is judged by the keys of its own
// leaf number, so the audit can check years later what was checked on arrival.
//
// # Where it lives
//
// By default a ledger is one SQLite file in a directory. Given the address of a PostgreSQL database
// it lives there, and any number of servers are replicas of one another behind any load balancer:
// entries, tree, checkpoints and blobs are all in the database, and a replica keeps nothing. The
// rules are the same code on both. Every transaction is serializable and tried again where another
// was in the way; no more than standard SQL, FOR UPDATE and partial indexes is asked of the engine.
// Limits on requests are counted by each replica for itself, limits on pending bytes for all.
//
// Several processes may have one ledger open: administration works while the server runs.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/journal"
)

// Conditions of a ledger's own files and keys.
var (
	// ErrForeign: the file is not a ledger, or one of another version.
	ErrForeign = errors.New("not a ledger of this version")
	// ErrNoSigner: the ledger was opened without its checkpoint key, for administration.
	ErrNoSigner = errors.New("checkpoint key not loaded")
	// ErrWrongKey: the checkpoint key is not the one that this ledger began with.
	ErrWrongKey = errors.New("not this ledger's checkpoint key")
)

// Options of a ledger. Zero limits mean the default.
type Options struct {
	Signer   note.Signer      // checkpoint key; nil for administration alone
	Verifier note.Verifier    // its public half; required
	Clock    func() time.Time // time.Now by default
	Log      *slog.Logger     // discards by default

	PerMinute    int   // requests of one caller at this replica, 600 by default
	Concurrent   int   // requests in work at a time at this replica, 32 by default
	PendingBytes int64 // of one caller's blobs that no entry names yet, half-written ones too, 512 MiB by default
	// HalfWritten is how long a blob that did not come whole is kept for the rest, a week by default.
	HalfWritten time.Duration
}

func (o Options) orDefault() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.PerMinute == 0 {
		o.PerMinute = 600
	}
	if o.Concurrent == 0 {
		o.Concurrent = 32
	}
	if o.PendingBytes == 0 {
		o.PendingBytes = 512 << 20
	}
	if o.HalfWritten == 0 {
		o.HalfWritten = 7 * 24 * time.Hour
	}
	return o
}

// Ledger is an open ledger. Its methods may be called by several goroutines.
type Ledger struct {
	engine engine
	write  *sql.DB
	read   *sql.DB
	turn   chan struct{} // held by the one that lets the tree grow here
	known  *knownKeys
	o      Options
}

// Open opens the ledger at a place, and makes it if there is none. The place is a directory, or the
// address of a PostgreSQL database (postgres://...), whose password appears in no error and no log.
// It returns ErrForeign for what is not a ledger, ErrWrongKey for another ledger's checkpoint key,
// ErrRestoring where a restore was cut off, and refuses a database that does not take, or does not
// have, the settings which durability rests on.
func Open(place string, o Options) (*Ledger, error) {
	l, err := open(place, o)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	err = l.view(context.Background(), func(t *tx) error {
		cut, err := t.meta(metaRestoring)
		if err == nil && cut != "" {
			err = ErrRestoring
		}
		return err
	})
	if err == nil {
		err = l.start(context.Background())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), l.Close())
	}
	return l, nil
}

// open connects and lays the schema.
func open(place string, o Options) (*Ledger, error) {
	if o.Verifier == nil {
		return nil, fmt.Errorf("%w: no public half", ErrWrongKey)
	}
	l := &Ledger{turn: make(chan struct{}, 1), known: newKnownKeys(), o: o.orDefault()}
	if strings.Contains(place, "://") {
		p, err := newPostgres(place)
		if err != nil {
			return nil, err
		}
		l.engine = p
	} else {
		if err := os.MkdirAll(place, 0o700); err != nil {
			return nil, err
		}
		l.engine = sqlite{path: filepath.Join(place, "ledger.db")}
	}
	l.write, l.read = l.engine.open()
	err := l.update(context.Background(), func(t *tx) error { return t.migrate(l.o.Verifier) })
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close ends all connections. The server must have stopped before.
func (l *Ledger) Close() error { return errors.Join(l.read.Close(), l.write.Close()) }

// start signs the first checkpoint where there is a key and none was signed yet.
func (l *Ledger) start(ctx context.Context) error {
	if l.o.Signer == nil {
		return nil
	}
	probe, err := journal.SignCheckpoint(journal.TreeHead{}, l.o.Signer)
	if err != nil {
		return err
	}
	if _, err := journal.ParseCheckpoint(probe.Raw, l.o.Verifier); err != nil {
		return fmt.Errorf("%w: %w", ErrWrongKey, err)
	}
	return l.grow(ctx, func(t *tx) error {
		size, err := t.lockTree()
		if err != nil || size > 0 {
			return err
		}
		if _, err := t.latest(); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = l.sign(t, 0)
		return err
	})
}

// update runs f in one durable transaction.
func (l *Ledger) update(ctx context.Context, f func(*tx) error) error {
	return transact(ctx, l.write, l.engine, &sql.TxOptions{Isolation: sql.LevelSerializable}, f)
}

// grow is update for what locks the tree. Those of one process take turns, so that only processes
// can be in each other's way.
func (l *Ledger) grow(ctx context.Context, f func(*tx) error) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.update(ctx, f)
}

// view runs f on one unchanging state of the ledger.
func (l *Ledger) view(ctx context.Context, f func(*tx) error) error {
	return transact(ctx, l.read, l.engine, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true}, f)
}

// snapshot is view for long readers of what never changes, or only grows behind the locked tree: as
// good, and it neither waits for writers nor makes one try again.
func (l *Ledger) snapshot(ctx context.Context, f func(*tx) error) error {
	return transact(ctx, l.read, l.engine, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}
