package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/ledger/cluster"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// onBoth runs a test with a place on each database.
func onBoth(t *testing.T, run func(t *testing.T, place func() string)) {
	t.Run("SQLite", func(t *testing.T) { run(t, t.TempDir) })
	t.Run("PostgreSQL", func(t *testing.T) { run(t, func() string { return cluster.Database(t) }) })
}

// badLine breaks every connection after a number of bytes in one direction.
type badLine struct {
	net.Conn
	sends, receives *atomic.Int64
}

var errBroken = errors.New("line broke")

func (b badLine) Write(p []byte) (int, error) {
	if b.sends.Add(-int64(len(p))) < 0 {
		return 0, errors.Join(errBroken, b.Close())
	}
	return b.Conn.Write(p)
}

func (b badLine) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.receives.Add(-int64(n)) < 0 {
		return 0, errors.Join(errBroken, b.Close())
	}
	return n, err
}

// counted dials lines that carry sends bytes up and receives bytes down each, and adds up what was
// sent.
func counted(sends, receives int64, total *atomic.Int64) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		up, down := &atomic.Int64{}, &atomic.Int64{}
		up.Store(sends)
		down.Store(receives)
		return tally{badLine{c, up, down}, total}, nil
	}
}

type tally struct {
	net.Conn
	total *atomic.Int64
}

func (c tally) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.total.Add(int64(n))
	return n, err
}

func (c tally) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.total.Add(int64(n))
	return n, err
}

func randomBlob(size int) ([]byte, journal.Blob) {
	data := make([]byte, size)
	_, _ = rand.Read(data)
	return data, journal.Blob{Digest: sha256.Sum256(data), Size: int64(size)}
}

// TestBlobOverALineThatBreaks sends and fetches two megabytes over connections that carry no more than
// 150 kB each. Both must end, and without beginning again every time.
func TestBlobOverALineThatBreaks(t *testing.T) {
	onBoth(t, func(t *testing.T, place func() string) {
		h := serveAt(t, place(), ledger.Options{PerMinute: 10_000})
		ctx := context.Background()
		data, b := randomBlob(2 << 20)
		const carries = 150_000
		o := h.options(t, h.issuer, utopia1)
		var up atomic.Int64
		o.Dial = counted(carries, 1<<40, &up)
		again(t, func() error { return dial(t, o).PutBlob(ctx, b, data) })
		if up.Load() > 2*b.Size {
			t.Errorf("%d bytes travelled for %d", up.Load(), b.Size)
		}
		list := chain(t, h.one, "UTO-01", 1, nil)
		orders := chain(t, h.hq, "UTO-01/hq", 1, func(e *journal.Entry) { e.Blob = &b })
		for _, c := range []struct {
			who  wire.Peer
			list []journal.Signed
		}{{utopia1, list}, {vault, orders}} {
			if _, _, err := h.client(t, c.who).Push(ctx, journal.Checkpoint{}, c.list); err != nil {
				t.Fatal(err)
			}
		}
		var down atomic.Int64
		o.Dial = counted(1<<40, carries, &down)
		c := dial(t, o)
		var got []byte
		again(t, func() (err error) {
			got, err = c.GetBlob(ctx, b)
			return err
		})
		if !bytes.Equal(got, data) || down.Load() > 2*b.Size {
			t.Errorf("%d bytes travelled for %d", down.Load(), b.Size)
		}
	})
}

// again repeats what an unreachable headquarters cuts off.
func again(t *testing.T, f func() error) {
	t.Helper()
	for range 60 {
		err := f()
		if err == nil {
			return
		}
		if !errors.Is(err, journal.ErrUnreachable) && !errors.Is(err, wire.TooFast) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // in which headquarters writes down what had come
	}
	t.Fatal("does not end")
}

func TestBlobParts(t *testing.T) {
	onBoth(t, func(t *testing.T, place func() string) {
		h := serveAt(t, place(), ledger.Options{})
		o := h.options(t, h.issuer, utopia1)
		config := wire.ClientTLS(o.Certificate, o.Root, "127.0.0.1", time.Now)
		bare := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		defer bare.CloseIdleConnections()
		data, b := randomBlob(300_000)
		do := func(method, span string, body []byte) (*http.Response, []byte) {
			t.Helper()
			req, err := http.NewRequest(method, h.url+wire.PathBlob+b.Digest.String(), bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if span != "" {
				req.Header.Set(map[string]string{"PUT": "Content-Range", "GET": "Range"}[method], span)
			}
			resp, err := bare.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return resp, got
		}
		held := func(want string) {
			t.Helper()
			if resp, _ := do("HEAD", "", nil); resp.Header.Get(wire.HeaderHeld) != want {
				t.Errorf("held %s, want %s", resp.Header.Get(wire.HeaderHeld), want)
			}
		}
		held("0")
		if resp, _ := do("PUT", "bytes 0-99999/300000", data[:100_000]); resp.StatusCode != 200 {
			t.Errorf("first part: %s", resp.Status)
		}
		held("100000")
		resp, body := do("PUT", "bytes 200000-299999/300000", data[200_000:])
		if e := wire.DecodeError(body); e.Code != wire.Offset || e.Size != 100_000 {
			t.Errorf("part that does not follow: %s, %v", resp.Status, e)
		}
		for span, part := range map[string][]byte{
			"bytes 100000-199999/300001": data[100_000:200_000], "bytes 100000-100009/300000": data[100_000:100_010],
			"bytes 100000-199999/*": data[100_000:200_000], "bytes 100000-": data[100_000:], "lines 1-2/3": data[:2],
			"bytes 100000-199999/300000": data[100_000:150_000],
		} {
			if resp, _ := do("PUT", span, part); resp.StatusCode == 200 {
				t.Errorf("%s taken", span)
			}
		}
		held("100000")
		if resp, _ := do("PUT", "bytes 100000-299999/300000", data[100_000:]); resp.Header.Get(wire.HeaderHeld) != "300000" {
			t.Errorf("last part: %s", resp.Status)
		}
		held("300000")
		orders := chain(t, h.hq, "UTO-01/hq", 1, func(e *journal.Entry) { e.Blob = &b })
		if _, _, err := h.client(t, vault).Push(context.Background(), journal.Checkpoint{}, orders); err != nil {
			t.Fatal(err)
		}
		resp, body = do("GET", "bytes=262000-262999", nil)
		if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(body, data[262_000:263_000]) {
			t.Errorf("part: %s, %d bytes", resp.Status, len(body))
		}
		if resp, body = do("GET", "", nil); resp.StatusCode != 200 || !bytes.Equal(body, data) {
			t.Errorf("whole: %s", resp.Status)
		}
	})
}

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// TestDurableIsVerified: only a mark that the ledger's key signed, for a tree that the checkpoint
// contains, reaches the caller.
func TestDurableIsVerified(t *testing.T) {
	onBoth(t, func(t *testing.T, place func() string) {
		h := serveAt(t, place(), ledger.Options{})
		ctx := context.Background()
		c := h.client(t, utopia1)
		list := chain(t, h.one, "UTO-01", 5, nil)
		_, seen, err := c.Push(ctx, journal.Checkpoint{}, list[:3])
		if err != nil || seen.Durable.Covers(0) {
			t.Fatalf("before a backup: durable %d, %v", seen.Durable.Size, err)
		}
		if _, err := h.Backup(ctx, t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
		receipts, seen, err := c.Push(ctx, seen, list)
		if err != nil || !seen.Durable.Covers(receipts[2].Index) || seen.Durable.Covers(receipts[3].Index) {
			t.Fatalf("push: durable %d, %v", seen.Durable.Size, err)
		}
		if d, err := journal.ParseDurable(seen.Durable.Raw, h.verifier); err != nil || d.Size != 3 {
			t.Errorf("mark: %v", err)
		}
		page, err := h.client(t, vault).Pull(ctx, journal.Checkpoint{}, 0)
		if err != nil || page.Checkpoint.Durable.Size != 3 {
			t.Errorf("pull: durable %d, %v", page.Checkpoint.Durable.Size, err)
		}
		if now, err := c.Checkpoint(ctx, seen); err != nil || now.Durable.Size != 3 {
			t.Errorf("checkpoint: durable %d, %v", now.Durable.Size, err)
		}
	})
}

// TestLostHistoryIsNoticed: whatever happens to headquarters' database, a station that has seen more
// says so.
func TestLostHistoryIsNoticed(t *testing.T) {
	onBoth(t, func(t *testing.T, place func() string) {
		h := serveAt(t, place(), ledger.Options{})
		ctx := context.Background()
		c := h.client(t, utopia1)
		list := chain(t, h.one, "UTO-01", 6, nil)
		if _, _, err := c.Push(ctx, journal.Checkpoint{}, list[:3]); err != nil {
			t.Fatal(err)
		}
		backup := t.TempDir()
		if _, err := h.Backup(ctx, backup, nil); err != nil {
			t.Fatal(err)
		}
		_, seen, err := c.Push(ctx, journal.Checkpoint{}, list)
		if err != nil {
			t.Fatal(err)
		}
		older := place()
		if _, err := ledger.Restore(ctx, backup, older, ledger.Options{Verifier: h.verifier}, nil); err != nil {
			t.Fatal(err)
		}
		for name, prepare := range map[string]func(){
			"an older backup": func() { h.open(t, older, ledger.Options{}) },
			"empty": func() {
				h.open(t, place(), ledger.Options{})
				h.register(t)
			},
			"rebuilt and signed again": func() {
				h.open(t, place(), ledger.Options{})
				h.register(t)
				other := chain(t, h.one, "UTO-01", 8, func(e *journal.Entry) { e.Kind = "blank.destroyed" })
				h.listen(t)
				if _, _, err := h.client(t, utopia1).Push(ctx, journal.Checkpoint{}, other); err != nil {
					t.Fatal(err)
				}
			},
		} {
			prepare()
			h.listen(t)
			want := map[string]error{"rebuilt and signed again": journal.ErrRewritten}[name]
			if want == nil {
				want = journal.ErrRolledBack
			}
			c := h.client(t, utopia1)
			if _, err := c.Checkpoint(ctx, seen); !errors.Is(err, want) {
				t.Errorf("%s: checkpoint: %v", name, err)
			}
			if _, _, err := c.Push(ctx, seen, list[:4]); name != "rebuilt and signed again" && !errors.Is(err, want) {
				t.Errorf("%s: push: %v", name, err)
			}
			if _, err := c.Pull(ctx, seen, 0); !errors.Is(err, want) {
				t.Errorf("%s: pull: %v", name, err)
			}
		}
		// Stations send theirs again, and the restored ledger is whole.
		h.open(t, older, ledger.Options{})
		h.listen(t)
		_, now, err := h.client(t, utopia1).Push(ctx, journal.Checkpoint{}, list)
		if err != nil || now.Size != 6 || now.Durable.Size != 3 {
			t.Errorf("sent again: %d leaves, durable %d, %v", now.Size, now.Durable.Size, err)
		}
	})
}
