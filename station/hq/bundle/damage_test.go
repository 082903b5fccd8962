package bundle_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/journal"
)

// opens tells with which error a file of these bytes opens.
func (p *post) opens(t testing.TB, raw []byte) error {
	t.Helper()
	path := filepath.Join(p.dir, "changed")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(path, bundle.ToHeadquarters, p.vault, p.signedBy)
	if err == nil {
		_ = b.Close()
	}
	return err
}

// TestEverySingleBit flips bits of the envelope: all of the head, and a sample of the rest.
func TestEverySingleBit(t *testing.T) {
	p := newPost(t)
	path, _ := p.write(t, "a", 9, 100_000)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(9, 9))
	var bits []int
	for i := range bundle.HeadSize * 8 {
		bits = append(bits, i)
	}
	for range 300 {
		bits = append(bits, random.IntN(len(raw)*8))
	}
	for _, bit := range bits {
		raw[bit/8] ^= 1 << (bit % 8)
		err := p.opens(t, raw)
		raw[bit/8] ^= 1 << (bit % 8)
		want := journal.ErrDamaged
		if bit/8 < 8 || bit/8 == 8 {
			want = journal.ErrForeignFile // magic and version
		}
		if !errors.Is(err, want) {
			t.Fatalf("bit %d: %v, want %v", bit, err, want)
		}
	}
	if err := p.opens(t, raw); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// TestHalfWritten cuts a file off everywhere that matters, and anywhere.
func TestHalfWritten(t *testing.T) {
	p := newPost(t)
	path, _ := p.write(t, "a", 9, 300_000)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const chunk = bundle.ChunkSize + bundle.TagSize
	first := bundle.HeadSize + bundle.KeySize
	cuts := []int{8, 9, bundle.HeadSize - 1, bundle.HeadSize, first - 1, first, first + 1}
	for at := first + chunk; at < len(raw); at += chunk {
		cuts = append(cuts, at-1, at, at+1)
	}
	random := rand.New(rand.NewPCG(9, 9))
	for range 40 {
		cuts = append(cuts, 8+random.IntN(len(raw)-8))
	}
	for _, at := range cuts {
		if err := p.opens(t, raw[:at]); !errors.Is(err, journal.ErrIncomplete) {
			t.Errorf("cut at %d of %d: %v", at, len(raw), err)
		}
	}
	for name, changed := range map[string][]byte{
		"a byte more":           append(bytes.Clone(raw), 0),
		"a chunk more":          append(bytes.Clone(raw), raw[len(raw)-chunk:]...),
		"a chunk twice":         slices.Concat(raw[:first+chunk], raw[first:first+chunk], raw[first+2*chunk:]),
		"zeros in the place":    append(bytes.Clone(raw[:first+chunk]), make([]byte, len(raw)-first-chunk)...),
		"another file's chunks": append(bytes.Clone(raw[:first]), p.other(t)[first:]...),
	} {
		if err := p.opens(t, changed); !errors.Is(err, journal.ErrDamaged) && !errors.Is(err, journal.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// other is a second bundle of the same station.
func (p *post) other(t testing.TB) []byte {
	t.Helper()
	path, _ := p.write(t, "other", 9, 300_000)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestForeignFiles: whatever else lies on a stick is told apart without opening more than its start.
func TestForeignFiles(t *testing.T) {
	p := newPost(t)
	whole, _ := p.write(t, "whole", 1)
	paths := map[string]string{}
	for name, content := range map[string][]byte{
		"an empty file": nil, "a picture": []byte("\xff\xd8\xff\xe0 JFIF"), "text": bytes.Repeat([]byte("list "), 50_000),
	} {
		paths[name] = filepath.Join(p.dir, name)
		if err := os.WriteFile(paths[name], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	paths["a link"], paths["a pipe"], paths["a directory"] = filepath.Join(p.dir, "l"), filepath.Join(p.dir, "p"), p.dir
	if err := errors.Join(os.Symlink(whole, paths["a link"]), unix.Mkfifo(paths["a pipe"], 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, path := range paths {
		if _, err := bundle.Open(path, bundle.ToHeadquarters, p.vault, p.signedBy); !errors.Is(err, journal.ErrForeignFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := bundle.Open(whole, bundle.ToStation, p.vault, p.signedBy); !errors.Is(err, journal.ErrForeignFile) {
		t.Errorf("our own letter to headquarters: %v", err)
	}
}

// FuzzScan gives the parser plaintexts that only a holder of the keys could make.
func FuzzScan(f *testing.F) {
	p := newPost(f)
	path, _ := p.write(f, "a", 2, 100)
	b, err := bundle.Open(path, bundle.ToHeadquarters, p.vault, p.signedBy)
	if err != nil {
		f.Fatal(err)
	}
	plain, err := b.Plaintext()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain, byte(bundle.ToHeadquarters))
	f.Add(plain[:4000], byte(bundle.ToHeadquarters))
	f.Add([]byte{1, 0, 0, 0, 1}, byte(bundle.ToStation))
	f.Fuzz(func(t *testing.T, plain []byte, d byte) {
		parts, _, err := bundle.Scan(plain, bundle.Direction(d))
		if err != nil && !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("an error without a condition: %v", err)
		}
		total := 0
		for _, part := range parts {
			total += int(part.Size)
		}
		if total > len(plain) {
			t.Errorf("%d bytes of parts in %d", total, len(plain))
		}
	})
}

// FuzzOpen gives whole files to the reader.
func FuzzOpen(f *testing.F) {
	p := newPost(f)
	path, _ := p.write(f, "a", 2)
	raw, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:bundle.HeadSize+bundle.KeySize])
	f.Add([]byte("\x89PBN\r\n\x1a\n\x01H\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := p.opens(t, raw)
		for _, known := range []error{journal.ErrForeignFile, journal.ErrIncomplete, journal.ErrDamaged,
			journal.ErrNotForUs, journal.ErrSignature} {
			if err == nil || errors.Is(err, known) {
				return
			}
		}
		t.Errorf("an error without a condition: %v", err)
	})
}
