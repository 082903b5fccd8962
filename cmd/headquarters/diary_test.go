package main

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/station/hq/vault"
)

// allow has two officers write two entries into the vault's diary.
func (b *bureau) allow(reason string) {
	t := b.t
	t.Helper()
	keys, err := b.store()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	d, err := b.openDiary(keys)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	two := [2]crypto.Signer{b.tokens["anna"], b.tokens["boris"]}
	if err := d.Allow(vault.Reading{Openings: 3, Reason: reason}, two); err != nil {
		t.Fatal(err)
	}
}

func (b *bureau) readFile(path string) []byte {
	b.t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// TestBackupTakesTheDiary is the drill: ledger and diary are backed up, a day goes by, both burn, and both
// come back. A diary that is newer than its copy stays, one that is another is refused, and nothing that is
// in a copy is ever changed.
func TestBackupTakesTheDiary(t *testing.T) {
	b := newBureau(t)
	dir, diary := filepath.Join(b.top, "second place"), b.path("vault", fileDiary)
	copied := filepath.Join(dir, diaryBackup)
	if out := b.must(b.backupCommand(), dir); !strings.Contains(out, "no diary") {
		t.Errorf("a vault that has written nothing: %s", out)
	}
	b.allow("backlog")
	if out := b.must(b.backupCommand(), dir); !strings.Contains(out, "2 entries of the vault's diary") {
		t.Errorf("backup: %s", out)
	}
	first := b.readFile(copied)
	b.allow("illness")
	b.must(b.vaultCommand(), "backup", dir)
	second := b.readFile(copied)
	if !bytes.Equal(second, b.readFile(diary)) || !bytes.HasPrefix(second, first) || len(second) == len(first) {
		t.Error("the copy is not the diary, or does not go on from the one before")
	}
	if err := errors.Join(b.ledger.Close(), os.RemoveAll(b.path("ledger", "ledger.db")), os.Remove(diary)); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(b.path("ledger", "ledger.db"+suffix))
	}
	if out := b.must(b.restoreCommand(), dir); !strings.Contains(out, "4 entries of the vault's diary") {
		t.Errorf("restore: %s", out)
	}
	b.allow("move") // the diary holds, and goes on
	if _, err := b.run(b.vaultCommand(), "restore", dir); !errors.Is(err, vault.ErrDiaryBehind) {
		t.Errorf("a newer diary was given up for its copy: %v", err)
	}
	b.must(b.vaultCommand(), "backup", dir)
	b.damage(copied, diary, dir)
}

// TestBackupTakesTheAllocations: what the bags of each shipment hold is known to these files alone. They are
// backed up with the ledger and with the vault, come back where they are gone, and neither side is ever
// written over by another.
func TestBackupTakesTheAllocations(t *testing.T) {
	b := newBureau(t)
	b.issued()
	dir, here := filepath.Join(b.top, "second place"), b.path("allocations", "UTO-01-UT4200001.json")
	copied := filepath.Join(dir, "allocations", filepath.Base(here))
	if out := b.must(b.backupCommand(), dir); !strings.Contains(out, "1 allocations of blanks") {
		t.Errorf("backup: %s", out)
	}
	whole := b.readFile(here)
	if !bytes.Equal(b.readFile(copied), whole) {
		t.Error("the copy is not the allocation")
	}
	if err := os.RemoveAll(filepath.Dir(here)); err != nil {
		t.Fatal(err)
	}
	b.must(b.vaultCommand(), "restore", dir)
	if !bytes.Equal(b.readFile(here), whole) {
		t.Error("the allocation did not come back")
	}
	other := bytes.Replace(whole, []byte("reference"), []byte("reverence"), 1)
	for path, verb := range map[string]string{here: "backup", copied: "restore"} {
		put(t, path, other)
		if _, err := b.run(b.vaultCommand(), verb, dir); !errors.Is(err, errAllocation) {
			t.Errorf("%s of an allocation that was changed: %v", verb, err)
		}
		if !bytes.Equal(b.readFile(path), other) {
			t.Errorf("%s wrote over it", verb)
		}
		put(t, path, whole)
	}
	put(t, here, whole[:len(whole)-9])
	if _, err := b.run(b.vaultCommand(), "backup", dir); err == nil || !bytes.Equal(b.readFile(copied), whole) {
		t.Errorf("a torn allocation: %v", err)
	}
}

// damage tries copies and diaries that do not belong together.
func (b *bureau) damage(copied, diary, dir string) {
	t := b.t
	t.Helper()
	whole := b.readFile(copied)
	for name, content := range map[string][]byte{
		"another bit": append([]byte{whole[0], whole[1], whole[2], whole[3], whole[4] ^ 1}, whole[5:]...),
		"cut short":   whole[:len(whole)-1], "nothing": {},
	} {
		if err := os.WriteFile(diary, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.run(b.vaultCommand(), "backup", dir); err == nil {
			t.Errorf("%s was copied", name)
		}
		if !bytes.Equal(b.readFile(copied), whole) {
			t.Fatalf("%s changed the copy", name)
		}
		// A diary that ends early goes on from its copy; a damaged one is evidence, and is not written over.
		if _, err := b.run(b.vaultCommand(), "restore", dir); (err == nil) != (name != "another bit") {
			t.Errorf("restored over %s: %v", name, err)
		}
	}
	if err := os.Remove(diary); err != nil {
		t.Fatal(err)
	}
	b.must(b.vaultCommand(), "restore", dir)
	if !bytes.Equal(b.readFile(diary), whole) {
		t.Error("the diary did not come back")
	}
	if err := os.WriteFile(copied, whole[:len(whole)-7], 0o600); err != nil { // a backup that was cut off
		t.Fatal(err)
	}
	b.must(b.vaultCommand(), "backup", dir)
	if !bytes.Equal(b.readFile(copied), whole) {
		t.Error("a copy that was cut off was not completed")
	}
}
