package ledger_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/ledger/cluster"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// testClockJumps: nothing that counts hangs on a clock. Ten years ahead and ten years back, entries
// are taken in, and half-written blobs cost no more than being sent again.
func testClockJumps(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	_ = h.Close()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	l, err := ledger.Open(h.place, ledger.Options{Signer: h.signer, Verifier: h.verifier,
		Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	h.Ledger = l
	list := chain(t, h.one, "UTO-01", 6, nil)
	data := []byte(strings.Repeat("sealed", 5000))
	for i, years := range []int{0, 10, -20, 10, 10, -10} {
		now = now.AddDate(years, 0, 0)
		h.must(t, utopia1, list[:i+1]...)
		span := wire.Span{End: 20_000, Size: int64(len(data))}
		if _, err := h.PutBlob(context.Background(), utopia1, sealed(data).Digest, span,
			strings.NewReader(string(data[:20_000]))); err != nil && !errors.Is(err, wire.Offset) {
			t.Errorf("%s: part of a blob: %v", now, err)
		}
	}
	if err := h.put(utopia1, sealed(data).Digest, data); err != nil {
		t.Error(err)
	}
	if h.backup(t, t.TempDir()) != 6 {
		t.Error("backup")
	}
	h.mustHold(t)
}

// testUploads: half-written blobs count, expire, and are never mixed with another caller's.
func testUploads(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	_ = h.Close()
	now := time.Now()
	l, err := ledger.Open(h.place, ledger.Options{Signer: h.signer, Verifier: h.verifier, PendingBytes: 100_000,
		Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	h.Ledger = l
	data := []byte(strings.Repeat("sealed", 10_000))
	begin := func(from wire.Peer, digest journal.Hash, data []byte) error {
		_, err := h.PutBlob(context.Background(), from, digest, wire.Span{End: 20_000, Size: int64(len(data))},
			strings.NewReader(string(data[:20_000])))
		return err
	}
	held := func(from wire.Peer, want int64) {
		t.Helper()
		if n, err := h.Held(context.Background(), from, sealed(data).Digest); err != nil || n != want {
			t.Errorf("%s: %d held, %v, want %d", from.Name, n, err, want)
		}
	}
	if err := begin(utopia1, sealed(data).Digest, data); err != nil {
		t.Fatal(err)
	}
	held(utopia1, 20_000)
	held(utopia2, 0)
	detail(t, begin(utopia1, journal.Hash{1}, data), wire.TooLarge) // 60 000 are reserved
	_, err = h.push(utopia1, sign(t, h.one, withBlob("UTO-01", sealed(data))))
	detail(t, err, wire.BlobMissing)
	// Another caller's wrong bytes under the same digest spoil nothing.
	wrong := []byte(strings.Repeat("spoilt", 10_000))
	detail(t, h.put(utopia2, sealed(data).Digest, wrong), wire.BlobMismatch)
	held(utopia2, 0)
	rest := wire.Span{Start: 20_000, End: 60_000, Size: 60_000}
	if _, err := h.PutBlob(context.Background(), utopia1, sealed(data).Digest, rest,
		strings.NewReader(string(data[20_000:]))); err != nil {
		t.Fatal(err)
	}
	held(utopia1, 60_000)
	held(utopia2, 0)
	h.must(t, utopia1, sign(t, h.one, withBlob("UTO-01", sealed(data))))
	// Wrong bytes in a later part: all is thrown away.
	other := []byte(strings.Repeat("others", 10_000))
	if err := begin(utopia1, sealed(other).Digest, other); err != nil {
		t.Fatal(err)
	}
	_, err = h.PutBlob(context.Background(), utopia1, sealed(other).Digest, rest, strings.NewReader(string(data[20_000:])))
	detail(t, err, wire.BlobMismatch)
	if err := begin(utopia1, sealed(other).Digest, other); err != nil {
		t.Errorf("after it was thrown away: %v", err)
	}
	now = now.Add(8 * 24 * time.Hour)
	if err := begin(utopia1, journal.Hash{1}, other); err != nil {
		t.Errorf("after the other expired: %v", err)
	}
	h.mustHold(t)
}

// testPasswordStaysSecret: an address with a password is in nobody's log.
func testPasswordStaysSecret(t *testing.T, on engine) {
	if on.driver != "pgx" {
		return
	}
	_, verifier := checkpointKey(t)
	for _, place := range []string{
		"postgres://ledger:hunter2@127.0.0.1:1/x?connect_timeout=1", "postgres://ledger:hunter2@127.0.0.1:port/x",
		"postgres://ledger:hunter2@[bad/x", "postgres://ledger:hunter2@127.0.0.1:1/x?sslmode=hunter2",
		"postgres://ledger:hunter2%zz@127.0.0.1:1/x", "postgres:///x?host=/nowhere&password=hunter2",
	} {
		_, err := ledger.Open(place, ledger.Options{Verifier: verifier})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

// testWeakDatabase: a server that acknowledges before it has written down is refused.
func testWeakDatabase(t *testing.T, on engine) {
	if on.driver != "pgx" {
		return
	}
	_, verifier := checkpointKey(t)
	place := on.place(t) + "&synchronous_commit=off"
	if _, err := ledger.Open(place, ledger.Options{Verifier: verifier}); !errors.Is(err, ledger.ErrDatabase) {
		t.Errorf("got %v", err)
	}
}

// testDiskFull: a full disk is a refusal of its own, costs nothing that was acknowledged, and when
// there is room again everything goes on.
func testDiskFull(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	h.fill(t)
	before := h.audit(t)
	_ = h.Close()
	room := func() {}
	if on.driver == "pgx" {
		room = cluster.LimitFiles(t, 18<<20) // more than a segment of its log has
	}
	h.open(t)
	if on.driver == "sqlite3" {
		if err := h.LimitPages(3000); err != nil { // 12 MB
			t.Fatal(err)
		}
		room = func() {
			if err := h.LimitPages(1 << 30); err != nil {
				t.Fatal(err)
			}
		}
	}
	data := make([]byte, 4<<20)
	var refusal error
	for i := 0; i < 8 && refusal == nil; i++ {
		_, _ = rand.Read(data)
		refusal = h.put(utopia1, sealed(data).Digest, data)
	}
	detail(t, refusal, wire.Full)
	h.mustHold(t)
	if a := h.audit(t); a.Head != before.Head {
		t.Errorf("%d leaves, %d before", a.Head.Size, before.Head.Size)
	}
	room()
	_ = h.Close()
	h.open(t)
	if err := h.put(utopia1, sealed(data).Digest, data); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	h.must(t, utopia2, sign(t, h.two, withBlob("UTO-02", sealed(data))))
	h.mustHold(t)
}

// testOlderFile brings a SQLite file of version 1, written by the program of then, up to date.
func testOlderFile(t *testing.T, on engine) {
	if on.driver != "sqlite3" {
		return
	}
	place := t.TempDir()
	packed, err := os.Open(filepath.Join("testdata", "version1.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place, "ledger.db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join("testdata", "version1.pub"))
	if err != nil {
		t.Fatal(err)
	}
	h := &headquarters{on: on, place: place}
	if h.verifier, err = note.NewVerifier(strings.TrimSpace(string(public))); err != nil {
		t.Fatal(err)
	}
	h.open(t)
	defer h.Close()
	h.mustHold(t)
	if a := h.audit(t); a.Head.Size != 4 || a.Blobs != 2 || a.Checkpoints != 3 {
		t.Errorf("%+v", a)
	}
	err = h.RegisterVault(context.Background(), ledger.Vault{Name: "vault", Keys: [][]byte{spki(t, newKey(t))}})
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("sealed "), 90_000)
	if got, err := h.get(vault, sealed(data).Digest); err != nil || !bytes.Equal(got, data) {
		t.Errorf("blob: %v", err)
	}
	if n, err := h.Held(context.Background(), utopia1, sealed(data).Digest); err != nil || n != int64(len(data)) {
		t.Errorf("%d held, %v", n, err)
	}
}
