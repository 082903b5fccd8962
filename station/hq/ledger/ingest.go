package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// candidate is an entry of a push. Held means that its signature has been checked under the key that
// it names as its actor; whether that key may sign here is another question.
type candidate struct {
	journal.Signed
	held bool
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
	entries, err := l.parse(req.Entries)
	if err != nil {
		return wire.PushResponse{}, err
	}
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

// parse reads entries, and checks those signatures whose keys are known, on all processors and
// before anybody has to wait for the transaction.
func (l *Ledger) parse(raw [][]byte) ([]candidate, error) {
	entries := make([]candidate, len(raw))
	var next, bad atomic.Int64
	var workers sync.WaitGroup
	for range min(len(raw), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(raw)) && bad.Load() == 0; i = next.Add(1) - 1 {
				s, err := journal.Parse(raw[i])
				if err != nil {
					bad.Add(1)
					return
				}
				key := l.known.get(s.Entry.Actor)
				entries[i] = candidate{Signed: s, held: key != nil && s.Verify(key) == nil}
			}
		})
	}
	workers.Wait()
	if bad.Load() > 0 {
		return nil, &wire.Error{Code: wire.BadEntry}
	}
	return entries, nil
}

// take is one push inside its transaction.
func (l *Ledger) take(t *tx, from wire.Peer, entries []candidate, known int64) (wire.PushResponse, error) {
	if err := t.admit(from); err != nil {
		return wire.PushResponse{}, err
	}
	size, err := t.lockTree()
	if err != nil {
		return wire.PushResponse{}, err
	}
	in := &intake{tx: t, from: from, size: size, chains: map[string]*chainState{}}
	if err := in.findBlobs(entries); err != nil {
		return wire.PushResponse{}, err
	}
	leaves := make([]int64, len(entries))
	for i, c := range entries {
		if leaves[i], err = in.accept(c); err != nil {
			return wire.PushResponse{}, err
		}
	}
	l.known.add(t.keys)
	s, err := l.settle(in, known)
	if err != nil {
		return wire.PushResponse{}, err
	}
	answer := wire.PushResponse{Checkpoint: s.checkpoint.Raw, Consistency: s.consistency,
		Durable: s.durable, DurableProof: s.durableProof}
	for _, leaf := range leaves {
		r, err := t.inclusion(s.checkpoint.Size, leaf)
		if err != nil {
			return wire.PushResponse{}, err
		}
		answer.Receipts = append(answer.Receipts, r)
	}
	return answer, nil
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
	return in.state(c, known)
}
