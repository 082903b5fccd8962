package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// replica opens the same ledger once more, as another process would.
func (h *headquarters) replica(t *testing.T) *headquarters {
	t.Helper()
	other := *h
	other.open(t)
	t.Cleanup(func() { _ = other.Ledger.Close() })
	return &other
}

// persist pushes until headquarters has time, as a station does, and returns the answer.
func (h *headquarters) persist(from wire.Peer, list ...journal.Signed) (wire.PushResponse, error) {
	for {
		a, err := h.push(from, list...)
		if !errors.Is(err, wire.TooFast) {
			return a, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// testReplicasRace lets four replicas take in the same entries, and different ones, at the same time.
// None may be lost or stand twice, and every receipt must hold in the one tree.
func testReplicasRace(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	const replicas, batches, each = 4, 6, 5
	shared := chain(t, h.one, "UTO-01", batches*each, nil)
	blob := []byte(strings.Repeat("sealed", 100_000))
	var wait sync.WaitGroup
	for n := range replicas {
		r := h
		if n > 0 {
			r = h.replica(t)
		}
		own, name := newKey(t), fmt.Sprintf("UTO-1%d", n)
		peer := wire.Peer{Name: name, Role: wire.RoleStation}
		if err := r.Register(context.Background(), ledger.Station{ID: name, Epoch: 1, Key: spki(t, own)}); err != nil {
			t.Fatal(err)
		}
		first := sign(t, own, withBlob(name, sealed(blob)))
		mine := append([]journal.Signed{first}, chain(t, own, name, batches*each-1, &first)...)
		wait.Go(func() { r.race(t, utopia1, shared, each) })
		wait.Go(func() {
			if err := r.put(peer, sealed(blob).Digest, blob); err != nil {
				t.Error(err)
			}
			r.race(t, peer, mine, each)
		})
	}
	wait.Wait()
	found := map[string]int{}
	for _, s := range everything(t, h.Ledger) {
		found[s.ID().String()]++
	}
	if want := (replicas + 1) * batches * each; len(found) != want || h.size(t) != int64(want) {
		t.Errorf("%d different entries, %d leaves, want %d", len(found), h.size(t), want)
	}
	for id, n := range found {
		if n != 1 {
			t.Errorf("entry %s stands %d times", id, n)
		}
	}
	h.mustHold(t)
}

// race pushes a chain in batches and verifies every receipt, each against the checkpoint before.
func (h *headquarters) race(t *testing.T, from wire.Peer, list []journal.Signed, each int) {
	var last journal.Checkpoint
	for at := 0; at < len(list); at += each {
		req := wire.PushRequest{From: last.Size}
		for _, s := range list[at : at+each] {
			req.Entries = append(req.Entries, s.Raw())
		}
		a, err := h.Ingest(context.Background(), from, req)
		if errors.Is(err, wire.TooFast) || errors.Is(err, wire.Gap) { // the batch before is another replica's still
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
			at -= each
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		now, err := journal.ParseCheckpoint(a.Checkpoint, h.verifier)
		if err != nil {
			t.Error(err)
			return
		}
		if err := journal.VerifyConsistency(last, now, a.Consistency); err != nil {
			t.Error(err)
		}
		for i, r := range a.Receipts {
			if err := journal.VerifyInclusion(list[at+i], r.Index, r.Proof, now.TreeHead); err != nil {
				t.Error(err)
			}
		}
		last = now
	}
}

// testReplicasFork: two replicas are handed two entries at one number at the same moment. One of them
// is taken in, and then the chain is frozen.
func testReplicasFork(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	other := h.replica(t)
	a := sign(t, h.one, entry("UTO-01", 1, 1, journal.Hash{}, "blank.taken"))
	b := sign(t, h.one, entry("UTO-01", 1, 1, journal.Hash{}, "blank.counted"))
	errs := make([]error, 2)
	var wait sync.WaitGroup
	wait.Go(func() { _, errs[0] = h.persist(utopia1, a) })
	wait.Go(func() { _, errs[1] = other.persist(utopia1, b) })
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("%v, %v", errs[0], errs[1])
	}
	detail(t, errors.Join(errs...), wire.Fork)
	if h.size(t) != 1 {
		t.Errorf("size %d", h.size(t))
	}
	_, err := other.push(utopia1, a)
	detail(t, err, wire.Frozen)
	h.mustHold(t)
}

// testReplicasBegin: many replicas begin one empty database at the same moment.
func testReplicasBegin(t *testing.T, on engine) {
	h := &headquarters{on: on, place: on.place(t), one: newKey(t), hq: newKey(t)}
	h.signer, h.verifier = checkpointKey(t)
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			l, err := ledger.Open(h.place, ledger.Options{Signer: h.signer, Verifier: h.verifier})
			if err != nil {
				t.Error(err)
				return
			}
			_ = l.Close()
		})
	}
	wait.Wait()
	h.open(t)
	defer h.Close()
	h.mustHold(t)
}
