package ledger

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// candidate is an entry of a push. Where its actor's key is known its signature is checked while the
// transaction goes on; whether that key may sign here is another question.
type candidate struct {
	journal.Signed
	checked chan struct{} // closed when held is known; nil where nobody checks yet
	held    bool
}

// holds tells whether the signature holds under a key, which is the one that the entry names. It waits
// for the one who checks.
func (c *candidate) holds(key *ecdsa.PublicKey) bool {
	if c.checked == nil {
		return c.Verify(key) == nil
	}
	<-c.checked
	return c.held
}

// Ingest takes entries in from a caller that has been authenticated, or from a bundle on its
// behalf. Either all entries are stored, durably, and acknowledged, or none is. A refusal is a
// *wire.Error. A fork freezes the chain and keeps both entries before it is returned.
func (l *Ledger) Ingest(ctx context.Context, from wire.Peer, req wire.PushRequest) (wire.PushResponse, error) {
	if l.o.Signer == nil {
		return wire.PushResponse{}, fmt.Errorf("ingest: %w", ErrNoSigner)
	}
	if len(req.Entries) == 0 || len(req.Entries) > wire.MaxEntries || req.From < 0 {
		return wire.PushResponse{}, &wire.Error{Code: wire.BadRequest}
	}
	entries, err := parse(req.Entries)
	if err != nil {
		return wire.PushResponse{}, err
	}
	defer l.check(entries)()
	var answer wire.PushResponse
	err = l.grow(ctx, func(t *tx) (err error) {
		answer, err = l.take(t, from, entries, req.From)
		return err
	})
	var fork *journal.ForkError
	if errors.As(err, &fork) {
		return wire.PushResponse{}, l.freeze(ctx, fork)
	}
	if err != nil {
		return wire.PushResponse{}, err
	}
	return answer, nil
}

// parse reads entries, on all processors.
func parse(raw [][]byte) ([]*candidate, error) {
	entries := make([]*candidate, len(raw))
	var bad atomic.Bool
	spread(len(raw), func(i int) bool {
		s, err := journal.Parse(raw[i])
		if err != nil {
			bad.Store(true)
		}
		entries[i] = &candidate{Signed: s}
		return !bad.Load()
	}).Wait()
	if bad.Load() {
		return nil, &wire.Error{Code: wire.BadEntry}
	}
	return entries, nil
}

// check begins to check those signatures whose keys are known, on all processors, so that the
// transaction waits for them no longer than it must: it writes in the meantime and is committed when
// all are known to hold. The caller ends it by calling end, whatever became of the transaction.
func (l *Ledger) check(entries []*candidate) (end func()) {
	type job struct {
		*candidate
		key *ecdsa.PublicKey
	}
	var jobs []job
	for _, c := range entries {
		if key := l.known.get(c.Entry.Actor); key != nil {
			c.checked = make(chan struct{})
			jobs = append(jobs, job{c, key})
		}
	}
	var stop atomic.Bool
	workers := spread(len(jobs), func(i int) bool {
		jobs[i].held = !stop.Load() && jobs[i].Verify(jobs[i].key) == nil
		close(jobs[i].checked)
		return true
	})
	return func() {
		stop.Store(true)
		workers.Wait()
	}
}

// spread calls f for every number below n, on all processors, until one call returns false.
func spread(n int, f func(i int) bool) *sync.WaitGroup {
	var next atomic.Int64
	workers := &sync.WaitGroup{}
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && f(i); i = int(next.Add(1)) - 1 {
			}
		})
	}
	return workers
}

// take is one push inside its transaction.
func (l *Ledger) take(t *tx, from wire.Peer, entries []*candidate, known int64) (wire.PushResponse, error) {
	if err := t.admit(from); err != nil {
		return wire.PushResponse{}, err
	}
	size, err := t.lockTree()
	if err != nil {
		return wire.PushResponse{}, err
	}
	in := &intake{tx: t, from: from, size: size, chains: map[string]*chainState{}}
	if err := errors.Join(in.findBlobs(entries), t.readFrontier(size)); err != nil {
		return wire.PushResponse{}, err
	}
	leaves := make([]int64, len(entries))
	for i, c := range entries {
		if leaves[i], err = in.accept(c); err != nil {
			// A bad signature speaks before everything that the entry says.
			return wire.PushResponse{}, cmp.Or(in.prove(), err)
		}
	}
	l.known.add(t.keys)
	s, err := l.settle(in, known)
	if err != nil {
		return wire.PushResponse{}, err
	}
	answer := wire.PushResponse{Checkpoint: s.checkpoint.Raw, Consistency: s.consistency,
		Durable: s.durable, DurableProof: s.durableProof, Time: s.time}
	for _, leaf := range leaves {
		r, err := t.inclusion(s.checkpoint.Size, leaf)
		if err != nil {
			return wire.PushResponse{}, err
		}
		answer.Receipts = append(answer.Receipts, r)
	}
	return answer, in.prove()
}

// settle writes what was accepted and signs the new root, or finds the one that stands.
func (l *Ledger) settle(in *intake, known int64) (state, error) {
	if len(in.fresh) == 0 {
		return l.head(in.tx, known)
	}
	if err := in.write(); err != nil {
		return state{}, err
	}
	c, err := l.sign(in.tx, in.size+int64(len(in.fresh)))
	if err != nil {
		return state{}, err
	}
	return l.state(in.tx, c, known)
}
