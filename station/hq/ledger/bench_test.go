package ledger_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

const batch = 20 // entries of a push, one of which names a sealed case

// load is one push.
type load struct {
	blob    []byte
	entries []journal.Signed
}

func newLoad(b *testing.B, key *ecdsa.PrivateKey, size int, last *journal.Signed) load {
	l := load{blob: make([]byte, size)}
	_, _ = rand.Read(l.blob)
	named := sealed(l.blob)
	for i := range batch {
		e := entry("UTO-01", 1, 1, journal.Hash{}, "blank.counted")
		if last != nil {
			e.Sequence, e.Previous = last.Entry.Sequence+1, last.ID()
		}
		if i == 0 {
			e.Kind, e.Blob = "case.submitted", &named
		}
		s := sign(b, key, e)
		l.entries, last = append(l.entries, s), &s
	}
	return l
}

// BenchmarkIngest20 takes in twenty entries and a sealed case: signatures verified, log, tree, blob,
// checkpoint, receipts with proofs. Beside it the same bytes are put into two bare tables with the same
// durability, row by row, by the same driver: in two transactions, because a blob must be safe before
// an entry names it, and in one. The metrics are how fast the ledger is as a part of that: in all, and by
// the medians, because one sync of a shared disk may take as long as a hundred. Where a sync takes less
// than the twenty verifications (about 0.7 ms of one processor), the median shows those.
func BenchmarkIngest20(b *testing.B) {
	for _, on := range []engine{onSQLite, onPostgres} {
		for _, size := range []struct {
			name  string
			bytes int
		}{{"16K", 16 << 10}, {"256K", 256 << 10}} {
			b.Run(on.name+"/"+size.name, func(b *testing.B) { benchIngest(b, on, size.bytes) })
		}
	}
}

func benchIngest(b *testing.B, on engine, size int) {
	h := newHeadquarters(b, on)
	bare := bareTables(b, on)
	var last *journal.Signed
	var ours, two, one []time.Duration
	for b.Loop() {
		for range 10 {
			l := newLoad(b, h.one, size, last)
			last = &l.entries[batch-1]
			ours = append(ours, clocked(b, func() error {
				if err := h.put(utopia1, sealed(l.blob).Digest, l.blob); err != nil {
					return err
				}
				_, err := h.push(utopia1, l.entries...)
				return err
			}))
			two = append(two, clocked(b, func() error { return errors.Join(bare(l.blob, nil), bare(nil, l.entries)) }))
			one = append(one, clocked(b, func() error { return bare(l.blob, l.entries) }))
		}
	}
	b.Logf("medians: %.2f ms, bare %.2f ms, bare in one transaction %.2f ms", median(ours)/1e6, median(two)/1e6, median(one)/1e6)
	b.ReportMetric(total(two)/total(ours), "of-bare-speed")
	b.ReportMetric(total(one)/total(ours), "of-bare-speed-in-one")
	b.ReportMetric(median(two)/median(ours), "of-bare-median")
	b.ReportMetric(median(one)/median(ours), "of-bare-median-in-one")
	b.ReportMetric(0, "ns/op")
}

func clocked(b *testing.B, f func() error) time.Duration {
	began := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func total(d []time.Duration) (sum float64) {
	for _, one := range d {
		sum += float64(one)
	}
	return sum
}

func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2])
}

// bareTables returns what stores a blob, or entries, or both, in one transaction and with no more than
// an INSERT for each.
func bareTables(b *testing.B, on engine) func([]byte, []journal.Signed) error {
	place := on.place(b)
	if on.driver == "pgx" {
		return barePostgres(b, place)
	}
	db, err := sql.Open("sqlite3", "file:"+on.source(place)+"?_journal_mode=WAL&_synchronous=FULL&_secure_delete=true")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE e (raw BLOB NOT NULL); CREATE TABLE b (data BLOB NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return func(blob []byte, entries []journal.Signed) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if blob != nil {
			_, err = tx.Exec("INSERT INTO b (data) VALUES (?)", blob)
		}
		for i := 0; i < len(entries) && err == nil; i++ {
			_, err = tx.Exec("INSERT INTO e (raw) VALUES (?)", entries[i].Raw())
		}
		return errors.Join(err, tx.Commit())
	}
}

func barePostgres(b *testing.B, place string) func([]byte, []journal.Signed) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, place)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close(ctx) })
	if _, err := c.Exec(ctx, "CREATE TABLE e (raw BYTEA NOT NULL); CREATE TABLE b (data BYTEA NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return func(blob []byte, entries []journal.Signed) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		if blob != nil {
			_, err = tx.Exec(ctx, "INSERT INTO b (data) VALUES ($1)", blob)
		}
		for i := 0; i < len(entries) && err == nil; i++ {
			_, err = tx.Exec(ctx, "INSERT INTO e (raw) VALUES ($1)", entries[i].Raw())
		}
		return errors.Join(err, tx.Commit(ctx))
	}
}

var entriesOfMemory = flag.Int("ledger-entries", 20_000, "entries of BenchmarkMemory")

// BenchmarkMemory fills a ledger and audits it, and compares what the heap holds after the last
// entries with what it held after the first tenth: flat is 1. It does so with 20 000 entries, a fifth
// of what an office makes in its life, because signing them takes most of the time;
// -ledger-entries 100000 makes it whole.
func BenchmarkMemory(b *testing.B) {
	for _, on := range []engine{onSQLite, onPostgres} {
		b.Run(on.name, func(b *testing.B) {
			h := newHeadquarters(b, on)
			var last *journal.Signed
			var early, late, peak float64
			for b.Loop() {
				for n := 0; n < *entriesOfMemory; n += wire.MaxEntries {
					list := chain(b, h.one, "UTO-01", wire.MaxEntries, last)
					last = &list[len(list)-1]
					if _, err := h.push(utopia1, list...); err != nil {
						b.Fatal(err)
					}
					if late = heap(); early == 0 && n >= *entriesOfMemory/10 {
						early = late
					}
				}
				_, err := h.Verify(context.Background(), func(done, _ int64) {
					if done%(8*wire.MaxEntries) == 0 {
						peak = max(peak, heap())
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(late/early, "x-heap-of-first-tenth")
			b.ReportMetric(peak/early, "x-heap-in-audit")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
