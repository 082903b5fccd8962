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

	// Durable is the size that a second machine holds; stations keep their sealed cases until it
	// covers them. nil where there is no second machine.
	Durable func() int64

	PerMinute    int   // requests of one caller, 600 by default
	Concurrent   int   // requests in work at a time, 32 by default
	PendingBytes int64 // of one caller's blobs that no entry names yet, 512 MiB by default
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
	return o
}

// Ledger is an open ledger directory. Its methods may be called by several goroutines.
type Ledger struct {
	write *sql.DB // one connection, transactions begin immediate
	read  *sql.DB // query_only
	o     Options
}

// Open opens the ledger in dir, and makes it if there is none. It returns ErrForeign for a file
// that is not a ledger, ErrWrongKey for another ledger's checkpoint key, and refuses a database
// that does not take the pragmas which durability rests on.
func Open(dir string, o Options) (*Ledger, error) {
	if o.Verifier == nil {
		return nil, fmt.Errorf("open ledger: %w: no public half", ErrWrongKey)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	path := filepath.Join(dir, "ledger.db")
	l := &Ledger{write: openPool(path, true), read: openPool(path, false), o: o.orDefault()}
	if err := l.start(context.Background()); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return l, nil
}

// Close ends all connections. The server must have stopped before.
func (l *Ledger) Close() error { return errors.Join(l.read.Close(), l.write.Close()) }

// start lays the schema where there is none, and the first checkpoint where there is a key.
func (l *Ledger) start(ctx context.Context) error {
	return l.update(ctx, func(t *tx) error {
		if err := t.migrate(l.o.Verifier); err != nil {
			return err
		}
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
		size, err := t.size()
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
	return transact(ctx, l.write, f)
}

// view runs f on one unchanging state of the ledger.
func (l *Ledger) view(ctx context.Context, f func(*tx) error) error {
	return transact(ctx, l.read, f)
}
