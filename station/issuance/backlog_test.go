package issuance_test

import (
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// backlog is what one office writes in a lifetime, or all offices in a year. make bench brings a part.
var backlog = flag.Int("backlog", 20_000, "entries of BenchmarkBacklog; 500000 for the whole")

// metered counts the bytes of a connection, in both directions.
type metered struct {
	net.Conn
	bytes *atomic.Int64
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.bytes.Add(int64(n))
	return n, err
}

func (m metered) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.bytes.Add(int64(n))
	return n, err
}

// weighed looks at the heap of both ends, which are in one process here, as the pushes go by.
type weighed struct {
	issuance.Headquarters
	pushed, all int
	early, peak float64
}

func (w *weighed) Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	receipts, now, err := w.Headquarters.Push(ctx, last, entries)
	before := w.pushed * 20 / w.all
	if w.pushed += len(entries); w.pushed*20/w.all > before {
		used := heapNow()
		if w.early == 0 && w.pushed >= w.all/10 {
			w.early = used
		}
		w.peak = max(w.peak, used)
	}
	return receipts, now, err
}

func heapNow() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkBacklog brings very many entries to headquarters over TLS in one exchange and keeps the receipts,
// as after a loss of headquarters or a year without a network. It states the time, the bytes on the wire
// and on both disks, and how much more memory both ends together use at the end than after a tenth: flat
// is 1. The whole is 500 000 entries (-backlog 500000).
func BenchmarkBacklog(b *testing.B) {
	n, done := *backlog, false
	for b.Loop() {
		if done {
			continue
		}
		done = true
		var wire atomic.Int64
		o := meteredOffice(b, &wire)
		d := o.rawDesk()
		raw := o.fill(d, n)
		w := &weighed{Headquarters: d.Headquarters, all: n}
		d.Headquarters = w
		began := time.Now()
		r := must(d.Sync(context.Background()))(b)
		took := time.Since(began)
		if r.Sent != n || o.leaves() != int64(n) {
			b.Fatalf("%d entries sent, %d arrived", r.Sent, o.leaves())
		}
		per := func(bytes int64) float64 { return float64(bytes) / float64(n) }
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(took.Microseconds())/float64(n), "us/entry")
		b.ReportMetric(per(int64(raw)), "B/entry")
		b.ReportMetric(per(wire.Load()), "wire-B/entry")
		b.ReportMetric(per(diskUse(b, o.dir, "station.db")), "station-disk-B/entry")
		b.ReportMetric(per(diskUse(b, filepath.Join(o.dir, "ledger"), "ledger.db")), "ledger-disk-B/entry")
		b.ReportMetric(w.peak/w.early, "x-heap-of-first-tenth")
	}
	b.ReportMetric(0, "ns/op")
}

func meteredOffice(b *testing.B, bytes *atomic.Int64) *office {
	return bareOffice(b, func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return metered{c, bytes}, err
	})
}

// diskUse is how much a database takes, with its log and without a reserve.
func diskUse(b *testing.B, dir, name string) (bytes int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), name) && !strings.HasSuffix(e.Name(), "reserve") {
			bytes += info.Size()
		}
	}
	return bytes
}
