package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// backup runs one and returns the size of its mark.
func (h *headquarters) backup(t *testing.T, dir string) int64 {
	t.Helper()
	d, err := h.Backup(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	now, err := h.Durable(context.Background())
	if err != nil || now.Size != d.Size {
		t.Fatalf("mark %d in the ledger, %d given: %v", now.Size, d.Size, err)
	}
	return d.Size
}

func restore(t *testing.T, h *headquarters, dir, place string) *headquarters {
	t.Helper()
	o := ledger.Options{Verifier: h.verifier}
	if _, err := ledger.Restore(context.Background(), dir, place, o, nil); err != nil {
		t.Fatal(err)
	}
	again := *h
	again.place = place
	again.open(t)
	t.Cleanup(func() { _ = again.Ledger.Close() })
	return &again
}

// testBackupDrill is the drill: a ledger that goes on, three runs, the machine burns, and the ledger
// comes back on the same database and on the other, with everything that the mark promised.
func testBackupDrill(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx, dir := context.Background(), t.TempDir()
	if size := h.backup(t, dir); size != 0 {
		t.Errorf("empty ledger: mark %d", size)
	}
	h.fill(t)
	if size := h.backup(t, dir); size != 10 {
		t.Errorf("mark %d", size)
	}
	files := names(t, dir)
	if size := h.backup(t, dir); size != 10 || len(names(t, dir)) != len(files) {
		t.Error("a run with nothing new added something")
	}
	big := bytes.Repeat([]byte("sealed "), 120_000)
	if err := h.put(utopia2, sealed(big).Digest, big); err != nil {
		t.Fatal(err)
	}
	h.must(t, utopia2, sign(t, h.two, withBlob("UTO-02", sealed(big))))
	fork := sign(t, h.two, entry("UTO-02", 1, 1, journal.Hash{}, "blank.taken"))
	_, err := h.push(utopia2, fork)
	detail(t, err, wire.Fork)
	if err := h.Revoke(ctx, "UTO-01"); err != nil {
		t.Fatal(err)
	}
	if size := h.backup(t, dir); size != 11 {
		t.Errorf("mark %d", size)
	}
	before := h.audit(t)
	h.must(t, vault, chain(t, h.hq, "UTO-02/hq", 1, nil)...) // after the last run: lost
	_ = h.Close()

	a, err := ledger.VerifyBackup(ctx, dir, h.verifier, nil)
	if err != nil || !a.OK() || a.Head != before.Head || a.Blobs != 2 || a.Checkpoints != before.Checkpoints {
		t.Errorf("audit of the backup: %+v, %v", a, err)
	}
	for _, to := range []engine{onSQLite, onPostgres} {
		back := restore(t, h, dir, to.place(t))
		back.mustHold(t)
		if got := back.audit(t); got.Head != before.Head || got.Blobs != 2 || got.Checkpoints != before.Checkpoints {
			t.Errorf("restored to %s: %+v, want %+v", to.name, got, before)
		}
		if d, err := back.Durable(ctx); err != nil || d.Size != 11 {
			t.Errorf("mark after restoring %d, %v", d.Size, err)
		}
		_, err = back.push(utopia1, chain(t, h.one, "UTO-01", 1, nil)...)
		detail(t, err, wire.Revoked)
		_, err = back.push(utopia2, fork)
		detail(t, err, wire.Frozen)
		forks, err := back.Evidence(ctx, "UTO-02")
		if err != nil || len(forks) != 1 || forks[0].Other.ID() != fork.ID() {
			t.Errorf("evidence %v, %v", forks, err)
		}
		if got, err := back.get(vault, sealed(big).Digest); err != nil || !bytes.Equal(got, big) {
			t.Errorf("blob: %v", err)
		}
		again := t.TempDir()
		if size := back.backup(t, again); size != 11 {
			t.Errorf("backup of the restored ledger: mark %d", size)
		}
		if size := back.backup(t, dir); size != 11 || len(names(t, dir)) != 9 {
			t.Errorf("the restored ledger does not go on with its backup: mark %d, %v", size, names(t, dir))
		}
		back.must(t, vault, chain(t, h.hq, "UTO-02/hq", 1, nil)...)
		back.mustHold(t)
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func testBackupRefuses(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx, dir := context.Background(), t.TempDir()
	h.fill(t)
	h.backup(t, dir)
	other := newHeadquarters(t, on)
	other.signer, other.verifier = h.signer, h.verifier
	_ = other.Close()
	other.place = on.place(t)
	other.open(t)
	if _, err := other.Backup(ctx, dir, nil); !errors.Is(err, journal.ErrRolledBack) {
		t.Errorf("a ledger that lost entries: %v", err)
	}
	if err := other.Register(ctx, other.first(t)); err != nil {
		t.Fatal(err)
	}
	other.must(t, utopia1, chain(t, other.one, "UTO-01", 12, nil)...)
	if _, err := other.Backup(ctx, dir, nil); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("a ledger of other entries: %v", err)
	}
	o := ledger.Options{Verifier: h.verifier}
	if _, err := ledger.Restore(ctx, dir, other.place, o, nil); !errors.Is(err, ledger.ErrNotEmpty) {
		t.Errorf("restore over a ledger: %v", err)
	}
	if _, err := ledger.Restore(ctx, t.TempDir(), on.place(t), o, nil); !errors.Is(err, ledger.ErrBackup) {
		t.Errorf("restore from nothing: %v", err)
	}
	_, stranger := checkpointKey(t)
	if _, err := ledger.VerifyBackup(ctx, dir, stranger, nil); !errors.Is(err, ledger.ErrBackup) {
		t.Errorf("another ledger's key: %v", err)
	}
	admin, err := ledger.Open(h.place, o)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Backup(ctx, t.TempDir(), nil); !errors.Is(err, ledger.ErrNoSigner) {
		t.Errorf("without the checkpoint key: %v", err)
	}
}

// testBackupDamage turns bytes all over the files of a backup. Neither audit nor restore may miss it,
// and no damaged ledger may open.
func testBackupDamage(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx, dir := context.Background(), t.TempDir()
	h.fill(t)
	h.backup(t, dir)
	h.must(t, vault, chain(t, h.hq, "UTO-02/hq", 3, nil)...)
	h.backup(t, dir)
	for _, name := range names(t, dir) {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 24 {
			bad := append([]byte(nil), whole...)
			at := i * (len(bad) - 1) / 23
			bad[at] ^= 1 << (i % 8)
			change := func(b []byte) {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			change(bad)
			// A registry before the last one counts for nothing.
			past := name == "000001.registry"
			if a, err := ledger.VerifyBackup(ctx, dir, h.verifier, nil); err == nil && a.OK() && !past {
				t.Errorf("%s, byte %d: the audit holds", name, at)
			}
			if i%8 == 0 && !past {
				place := t.TempDir()
				o := ledger.Options{Verifier: h.verifier}
				if _, err := ledger.Restore(ctx, dir, place, o, nil); err == nil {
					t.Errorf("%s, byte %d: restored", name, at)
				}
			}
			change(whole)
		}
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		a, err := ledger.VerifyBackup(ctx, dir, h.verifier, nil)
		if err == nil && a.OK() && name != "000001.registry" && name != "000002.manifest" { // without its newest manifest it is the whole backup of before
			t.Errorf("%s gone: the audit holds", name)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
}

// testRestoreGoesOn cuts a restore off after every page, and calls it again.
func testRestoreGoesOn(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	dir := t.TempDir()
	h.fill(t)
	var last *journal.Signed
	for range 8 {
		list := chain(t, h.two, "UTO-02", 100, last)
		h.must(t, utopia2, list...)
		last = &list[99]
	}
	h.backup(t, dir)
	place := on.place(t)
	o := ledger.Options{Verifier: h.verifier}
	for cuts := 0; ; cuts++ {
		ctx, cancel := context.WithCancel(context.Background())
		pages := 0
		_, err := ledger.Restore(ctx, dir, place, o, func(int64, int64) {
			if pages++; pages == cuts+1 {
				cancel()
			}
		})
		cancel()
		if err == nil {
			if cuts < 3 {
				t.Errorf("cut off %d times only", cuts)
			}
			break
		}
		if _, err := ledger.Open(place, o); !errors.Is(err, ledger.ErrRestoring) {
			t.Fatalf("half restored, and opens: %v", err)
		}
		if cuts > 20 {
			t.Fatal(err)
		}
	}
	back := *h
	back.place = place
	back.open(t)
	defer back.Close()
	back.mustHold(t)
	if back.size(t) != 810 {
		t.Errorf("size %d", back.size(t))
	}
}
