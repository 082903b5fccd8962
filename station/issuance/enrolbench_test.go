package issuance_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/sqlite/synced"
)

// bare opens SQLite as the store does, WAL and FULL, with one table and nothing of ours.
func bare(b *testing.B, dir string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "bare.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE cases (token TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// BenchmarkEnrol saves an application of 50 kB: it is sealed, the entry signed, both committed and
// synced. Beside each one a bare SQLite commits as many bytes, in turn on the same disk. The metric
// "of-bare" is the rate of ours in parts of the bare one's, by the medians. Syncs are counted on both sides.
func BenchmarkEnrol(b *testing.B) {
	ctx, dir := b.Context(), b.TempDir()
	if err := makeTortured(ctx, dir, 1); err != nil {
		b.Fatal(err)
	}
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Store.(*sqlite.Store).Close() })
	db := bare(b, dir)
	picture := func(a *station.Application) error { a.Portrait = make([]byte, 50_000); return nil }
	var ours, theirs []time.Duration
	for i := 0; b.Loop(); i++ {
		for range 50 {
			token, err := d.Enrol(ctx, seats["E"])
			if err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			if err := d.Amend(ctx, seats["E"], token, "portrait", picture); err != nil {
				b.Fatal(err)
			}
			ours = append(ours, time.Since(began))
			theirs = append(theirs, insertBare(b, d, db, token))
		}
	}
	mine, other := median(ours), median(theirs)
	b.ReportMetric(float64(other)/float64(mine), "of-bare")
	b.ReportMetric(float64(mine.Microseconds()), "us/case")
	b.ReportMetric(float64(other.Microseconds()), "us/bare")
	countSyncs(b, d, seats["E"], db, picture)
}

// countSyncs saves one more case on both sides, and counts how often each makes sure of its bytes.
func countSyncs(b *testing.B, d *issuance.Desk, seat issuance.Seat, db *sql.DB, picture func(*station.Application) error) {
	b.Helper()
	token, err := d.Enrol(b.Context(), seat)
	if err != nil {
		b.Fatal(err)
	}
	ours, err := synced.Count(b.TempDir(), func() error { return d.Amend(b.Context(), seat, token, "portrait", picture) })
	if err != nil {
		b.Logf("syncs are not counted: %v", err)
		return
	}
	theirs, err := synced.Count(b.TempDir(), func() error { insertBare(b, d, db, token); return nil })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(ours), "syncs/case")
	b.ReportMetric(float64(theirs), "syncs/bare")
}

// insertBare commits the bytes that the desk has just sealed.
func insertBare(b *testing.B, d *issuance.Desk, db *sql.DB, token station.CaseToken) time.Duration {
	b.Helper()
	var f issuance.Folder
	err := d.Store.View(b.Context(), func(tx issuance.Tx) (err error) {
		f, err = tx.Folder(token)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO cases (token, sealed) VALUES (?, ?)", fmt.Sprint(token), f.Sealed); err != nil {
		b.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
