package ledger_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/sqlite/synced"
)

const batch = 20 // entries of a push

// load is one push: the first entries name a sealed case each.
type load struct {
	blobs   [][]byte
	entries []journal.Signed
}

func newLoad(b *testing.B, key *ecdsa.PrivateKey, blobs, size int, last *journal.Signed) load {
	var l load
	for i := range batch {
		e := entry("UTO-01", 1, 1, journal.Hash{}, "blank.counted")
		if last != nil {
			e.Sequence, e.Previous = last.Entry.Sequence+1, last.ID()
		}
		if i < blobs {
			data := make([]byte, size)
			_, _ = rand.Read(data)
			named := sealed(data)
			e.Kind, e.Blob = "case.submitted", &named
			l.blobs = append(l.blobs, data)
		}
		s := sign(b, key, e)
		l.entries, last = append(l.entries, s), &s
	}
	return l
}

// BenchmarkIngest20 takes in twenty entries and a sealed case: signatures verified, log, tree, blob,
// checkpoint, receipts with proofs. Beside it the same bytes are put into two bare tables with the same
// durability, row by row, by the same driver: in two transactions, because a blob must be safe before
// an entry names it, and in one. "20x48K" gives each of the twenty entries a sealed case of its own, on
// both sides. The metrics are how fast the ledger is as a part of that: in all, and by the medians,
// because one sync of a shared disk may take as long as a hundred.
//
// Where a sync takes less than the twenty verifications (about 1 ms of one processor), the median shows
// those, whatever the ledger does: "of-bare-and-verified" measures against the bare tables together with
// nothing but the verifications, on all processors. Syncs are counted on both sides.
func BenchmarkIngest20(b *testing.B) {
	for _, on := range []engine{onSQLite, onPostgres} {
		for _, size := range []struct {
			name         string
			blobs, bytes int
		}{{"16K", 1, 16 << 10}, {"256K", 1, 256 << 10}, {"20x48K", batch, 48 << 10}} {
			b.Run(on.name+"/"+size.name, func(b *testing.B) { benchIngest(b, on, size.blobs, size.bytes) })
		}
	}
}

// ingest is what is compared.
type ingest struct {
	h    *headquarters
	bare func(blob []byte, entries []journal.Signed) error
}

func (i ingest) ours(l load) error {
	for n, blob := range l.blobs {
		if err := i.h.put(utopia1, l.entries[n].Entry.Blob.Digest, blob); err != nil {
			return err
		}
	}
	_, err := i.h.push(utopia1, l.entries...)
	return err
}

// two stores the blobs first, each in a transaction of its own, as many as we make.
func (i ingest) two(l load) error {
	for _, blob := range l.blobs {
		if err := i.bare(blob, nil); err != nil {
			return err
		}
	}
	return i.bare(nil, l.entries)
}

func (i ingest) one(l load) error { return i.bare(bytes.Join(l.blobs, nil), l.entries) }

func benchIngest(b *testing.B, on engine, blobs, size int) {
	i := ingest{h: newHeadquarters(b, on), bare: bareTables(b, on)}
	var last *journal.Signed
	next := func() load {
		l := newLoad(b, i.h.one, blobs, size, last)
		last = &l.entries[batch-1]
		return l
	}
	var ours, two, one, verified []time.Duration
	for b.Loop() {
		for range 10 {
			l := next()
			ours = append(ours, clocked(b, func() error { return i.ours(l) }))
			two = append(two, clocked(b, func() error { return i.two(l) }))
			one = append(one, clocked(b, func() error { return i.one(l) }))
			verified = append(verified, clocked(b, func() error { return verifyAll(l.entries, &i.h.one.PublicKey) }))
		}
	}
	b.Logf("medians: %.2f ms, bare %.2f ms, bare in one transaction %.2f ms, verifications alone %.2f ms",
		median(ours)/1e6, median(two)/1e6, median(one)/1e6, median(verified)/1e6)
	b.ReportMetric(total(two)/total(ours), "of-bare-speed")
	b.ReportMetric(total(one)/total(ours), "of-bare-speed-in-one")
	b.ReportMetric(median(two)/median(ours), "of-bare-median")
	b.ReportMetric(median(one)/median(ours), "of-bare-median-in-one")
	b.ReportMetric((median(two)+median(verified))/median(ours), "of-bare-and-verified")
	b.ReportMetric(0, "ns/op")
	i.countSyncs(b, next())
}

// countSyncs puts one load in on both sides, and counts.
func (i ingest) countSyncs(b *testing.B, l load) {
	for _, side := range []struct {
		name string
		put  func(load) error
	}{{"syncs/batch", i.ours}, {"bare-syncs/batch", i.two}} {
		n, err := synced.Count(b.TempDir(), func() error { return side.put(l) }, i.h.on.processes(b, i.h.place)...)
		if err != nil {
			b.Logf("%s not counted: %v", side.name, err)
			continue
		}
		b.ReportMetric(float64(n), side.name)
	}
}

// processes are those that sync for a database: none for this one.
func (e engine) processes(b *testing.B, place string) (pids []int) {
	if e.driver != "pgx" {
		return nil
	}
	db, err := sql.Open(e.driver, place)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// verifyAll checks signatures and nothing else, on all processors.
func verifyAll(entries []journal.Signed, key *ecdsa.PublicKey) error {
	errs := make([]error, len(entries))
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := w; i < len(entries); i += runtime.GOMAXPROCS(0) {
				errs[i] = entries[i].Verify(key)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
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

var entriesOfMemory = flag.Int("ledger-entries", 100_000, "entries of BenchmarkMemory")

// BenchmarkMemory fills a ledger and audits it, once, and compares what the heap holds after the last
// entries with what it held after the first tenth: flat is 1. It does so with 100 000 entries, which an
// office makes in its life; -ledger-entries 10000 makes it quick.
func BenchmarkMemory(b *testing.B) {
	for _, on := range []engine{onSQLite, onPostgres} {
		b.Run(on.name, func(b *testing.B) {
			h, done := newHeadquarters(b, on), false
			for b.Loop() {
				if !done {
					h.measureMemory(b, *entriesOfMemory)
				}
				done = true
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func (h *headquarters) measureMemory(b *testing.B, entries int) {
	b.Helper()
	var last *journal.Signed
	var early, late, peak float64
	for n := 0; n < entries; n += wire.MaxEntries {
		list := chain(b, h.one, "UTO-01", wire.MaxEntries, last)
		last = &list[len(list)-1]
		if _, err := h.push(utopia1, list...); err != nil {
			b.Fatal(err)
		}
		if late = heap(); early == 0 && n >= entries/10 {
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
	b.ReportMetric(late/early, "x-heap-of-first-tenth")
	b.ReportMetric(peak/early, "x-heap-in-audit")
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
