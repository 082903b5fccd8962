// Package memory is a station's store without a disk, for tests that live through a hundred thousand
// histories. It keeps to the contract of issuance.Store: what a transaction did is there as a whole or not
// at all, and nobody sees half of it.
package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// ErrNumber: an entry with this number is there already.
var ErrNumber = errors.New("entry of this number exists")

// Store keeps everything in maps. Its zero value is empty and ready.
type Store struct {
	mu       sync.Mutex
	folders  map[station.CaseToken]issuance.Folder // guarded by mu
	booklets map[station.Serial]station.Booklet    // guarded by mu
	blobs    map[journal.Hash][]byte               // guarded by mu
	notes    map[string][]byte                     // guarded by mu
	entries  []issuance.Kept                       // guarded by mu
	places   map[journal.Hash]int                  // guarded by mu; of entries
	held     map[string]bool                       // guarded by mu
}

var _ issuance.Store = (*Store)(nil)

// Update implements issuance.Store.
func (s *Store) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	return s.run(ctx, fn, true)
}

// View implements issuance.Store.
func (s *Store) View(ctx context.Context, fn func(issuance.Tx) error) error {
	return s.run(ctx, fn, false)
}

func (s *Store) run(ctx context.Context, fn func(issuance.Tx) error, keep bool) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folders == nil {
		s.folders, s.booklets = map[station.CaseToken]issuance.Folder{}, map[station.Serial]station.Booklet{}
		s.blobs, s.notes, s.places = map[journal.Hash][]byte{}, map[string][]byte{}, map[journal.Hash]int{}
	}
	t := &transaction{store: s}
	done := false
	defer func() { // a panic is a crash: nothing is kept
		if !done || err != nil || !keep {
			t.rollback()
		}
	}()
	err = fn(t)
	done = true
	return err
}

// Hold implements issuance.Store: no other program sees this memory.
func (s *Store) Hold(name string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[name] {
		return nil, fmt.Errorf("hold %s: %w", name, issuance.ErrOtherProgram)
	}
	if s.held == nil {
		s.held = map[string]bool{}
	}
	s.held[name] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.held, name)
	}, nil
}

// Scrub implements issuance.Store: memory keeps no erased bytes that anybody could find.
func (s *Store) Scrub(context.Context) error { return nil }

// Wipe implements issuance.Store.
func (s *Store) Wipe(context.Context) error { return nil }

// Room implements issuance.Store.
func (s *Store) Room(context.Context) (issuance.Room, error) {
	return issuance.Room{Free: 1 << 40, Reserve: true}, nil
}

// transaction implements issuance.Tx. undo holds what takes its changes back, in their order.
type transaction struct {
	store *Store
	undo  []func()
}

func (t *transaction) rollback() {
	for _, back := range slices.Backward(t.undo) {
		back()
	}
}

// put sets a value of a map and remembers what was there.
func put[K comparable, V any](t *transaction, in map[K]V, key K, value V) {
	forget(t, in, key)
	in[key] = value
}

func forget[K comparable, V any](t *transaction, in map[K]V, key K) {
	had, ok := in[key]
	t.undo = append(t.undo, func() {
		delete(in, key)
		if ok {
			in[key] = had
		}
	})
	delete(in, key)
}

// Folder implements issuance.Folders.
func (t *transaction) Folder(token station.CaseToken) (issuance.Folder, error) {
	f, ok := t.store.folders[token]
	if !ok {
		return f, fmt.Errorf("case %s: %w", token, issuance.ErrUnknown)
	}
	f.Sealed, f.Order, f.Keys = slices.Clone(f.Sealed), slices.Clone(f.Order), slices.Clone(f.Keys)
	f.Case.Spoiled = slices.Clone(f.Case.Spoiled)
	return f, nil
}

// PutFolder implements issuance.Folders.
func (t *transaction) PutFolder(f issuance.Folder) error {
	f.Sealed, f.Order, f.Keys = slices.Clone(f.Sealed), slices.Clone(f.Order), slices.Clone(f.Keys)
	f.Case.Spoiled = slices.Clone(f.Case.Spoiled)
	put(t, t.store.folders, f.Case.Token, f)
	return nil
}

// Cases implements issuance.Folders.
func (t *transaction) Cases() ([]station.Case, error) {
	var out []station.Case
	for _, f := range t.store.folders {
		f.Case.Spoiled = slices.Clone(f.Case.Spoiled)
		out = append(out, f.Case)
	}
	slices.SortFunc(out, func(a, b station.Case) int {
		return cmp.Or(cmp.Compare(b.Opened, a.Opened), cmp.Compare(a.Token, b.Token))
	})
	return out, nil
}

// Booklet implements issuance.Booklets.
func (t *transaction) Booklet(serial station.Serial) (station.Booklet, error) {
	b, ok := t.store.booklets[serial]
	if !ok {
		return b, fmt.Errorf("booklet %s: %w", serial, issuance.ErrUnknown)
	}
	return b, nil
}

// PutBooklet implements issuance.Booklets.
func (t *transaction) PutBooklet(b station.Booklet) error {
	b.ChipID = slices.Clone(b.ChipID)
	put(t, t.store.booklets, b.Serial, b)
	return nil
}

// AllBooklets implements issuance.Booklets.
func (t *transaction) AllBooklets() ([]station.Booklet, error) {
	var out []station.Booklet
	for _, serial := range slices.Sorted(maps.Keys(t.store.booklets)) {
		out = append(out, t.store.booklets[serial])
	}
	return out, nil
}

// PutBlob implements issuance.Blobs.
func (t *transaction) PutBlob(digest journal.Hash, data []byte) error {
	put(t, t.store.blobs, digest, slices.Clone(data))
	return nil
}

// Blob implements issuance.Blobs.
func (t *transaction) Blob(digest journal.Hash) ([]byte, error) {
	b, ok := t.store.blobs[digest]
	if !ok {
		return nil, fmt.Errorf("blob: %w", issuance.ErrUnknown)
	}
	return slices.Clone(b), nil
}

// EraseBlob implements issuance.Blobs.
func (t *transaction) EraseBlob(digest journal.Hash) error {
	forget(t, t.store.blobs, digest)
	return nil
}

// Note implements issuance.Notes.
func (t *transaction) Note(name string) ([]byte, error) {
	return slices.Clone(t.store.notes[name]), nil
}

// PutNote implements issuance.Notes.
func (t *transaction) PutNote(name string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	put(t, t.store.notes, name, slices.Clone(value))
	return nil
}

// EraseNote implements issuance.Notes.
func (t *transaction) EraseNote(name string) error {
	forget(t, t.store.notes, name)
	return nil
}
