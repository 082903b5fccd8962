package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

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
	entries := make([]journal.Signed, len(req.Entries))
	for i, raw := range req.Entries {
		s, err := journal.Parse(raw)
		if err != nil {
			return wire.PushResponse{}, &wire.Error{Code: wire.BadEntry}
		}
		entries[i] = s
	}
	var answer wire.PushResponse
	err := l.update(ctx, func(t *tx) (err error) {
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

// take is one push inside its transaction.
func (l *Ledger) take(t *tx, from wire.Peer, entries []journal.Signed, known int64) (wire.PushResponse, error) {
	if err := t.admit(from); err != nil {
		return wire.PushResponse{}, err
	}
	size, err := t.size()
	if err != nil {
		return wire.PushResponse{}, err
	}
	before := size
	leaves := make([]int64, len(entries))
	for i, s := range entries {
		if leaves[i], err = t.accept(from, s, size); err != nil {
			return wire.PushResponse{}, err
		}
		size = max(size, leaves[i]+1)
	}
	if size > before {
		if _, err := l.sign(t, size); err != nil {
			return wire.PushResponse{}, err
		}
	}
	checkpoint, proof, err := l.head(t, known)
	if err != nil {
		return wire.PushResponse{}, err
	}
	answer := wire.PushResponse{Checkpoint: checkpoint.Raw, Consistency: proof}
	for _, leaf := range leaves {
		in, err := t.inclusion(checkpoint.Size, leaf)
		if err != nil {
			return wire.PushResponse{}, err
		}
		answer.Receipts = append(answer.Receipts, in)
	}
	return answer, nil
}

// admit tells whether a party may call at all.
func (t *tx) admit(p wire.Peer) error {
	var role string
	var revoked bool
	err := t.row("SELECT role, revoked FROM parties WHERE name = ?", p.Name).Scan(&role, &revoked)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && role != string(p.Role):
		return &wire.Error{Code: wire.UnknownStation}
	case err != nil:
		return fmt.Errorf("caller: %w", err)
	case revoked:
		return &wire.Error{Code: wire.Revoked}
	}
	return nil
}

// chainState is where a chain stands.
type chainState struct {
	epoch uint64 // of the station now
	head  *journal.Signed
}

// accept stores one entry behind the head of its chain and returns its leaf number, or finds it
// stored already. size is the number of leaves now.
func (t *tx) accept(from wire.Peer, s journal.Signed, size int64) (int64, error) {
	state, err := t.enter(from, s.Entry.Chain)
	if err != nil {
		return 0, err
	}
	if leaf, found, err := t.stored(s, size); err != nil || found {
		return leaf, err
	}
	if err := t.verify(s, size); err != nil {
		return 0, err
	}
	_, directives, _ := journal.SplitChain(s.Entry.Chain)
	if !directives && s.Entry.Epoch != state.epoch {
		return 0, &wire.Error{Code: wire.WrongEpoch, Chain: s.Entry.Chain, Epoch: state.epoch, Expected: 1}
	}
	err = journal.Follows(state.head, s)
	var gap *journal.GapError
	if errors.As(err, &gap) {
		return 0, &wire.Error{Code: wire.Gap, Chain: gap.Chain, Epoch: gap.WantEpoch, Expected: gap.Want}
	}
	if err != nil {
		return 0, err
	}
	if err := t.requireBlob(s.Entry); err != nil {
		return 0, err
	}
	return size, t.store(size, s)
}

// enter checks that the caller owns the chain and that it is open, and returns where it stands. The
// vault may hand in what a station signed: it carries the bundles of stations without a network.
func (t *tx) enter(from wire.Peer, chain string) (chainState, error) {
	station, directives, err := journal.SplitChain(chain)
	if err != nil {
		return chainState{}, &wire.Error{Code: wire.BadEntry}
	}
	own := from.Role == wire.RoleStation && !directives && from.Name == station
	if !own && from.Role != wire.RoleVault {
		return chainState{}, &wire.Error{Code: wire.NotYours, Chain: chain}
	}
	var state chainState
	var frozen, revoked bool
	var raw []byte
	err = t.row(`SELECT p.epoch, p.revoked, c.frozen, e.raw FROM chains c
		JOIN parties p ON p.name = c.party LEFT JOIN entries e ON e.leaf = c.head
		WHERE c.name = ?`, chain).Scan(&state.epoch, &revoked, &frozen, &raw)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chainState{}, &wire.Error{Code: wire.UnknownStation, Chain: chain}
	case err != nil:
		return chainState{}, fmt.Errorf("chain %s: %w", chain, err)
	case revoked:
		return chainState{}, &wire.Error{Code: wire.Revoked, Chain: chain}
	case frozen:
		return chainState{}, &wire.Error{Code: wire.Frozen, Chain: chain}
	case raw == nil:
		return state, nil
	}
	head, err := journal.Parse(raw)
	if err != nil {
		return chainState{}, fmt.Errorf("head of chain %s: %w", chain, err)
	}
	state.head = &head
	return state, nil
}

// stored looks for an entry at the same number. The same payload in an envelope that holds is
// that entry; another payload that holds, by the keys of then or of now, is a *journal.ForkError.
func (t *tx) stored(s journal.Signed, size int64) (leaf int64, found bool, err error) {
	e := s.Entry
	var raw []byte
	err = t.row("SELECT leaf, raw FROM entries WHERE chain = ? AND epoch = ? AND sequence = ?",
		e.Chain, int64(e.Epoch), int64(e.Sequence)).Scan(&leaf, &raw)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("chain %s: %w", e.Chain, err)
	}
	kept, err := journal.Parse(raw)
	if err != nil {
		return 0, false, fmt.Errorf("leaf %d: %w", leaf, err)
	}
	err = t.verify(s, leaf)
	if kept.ID() == s.ID() {
		return leaf, err == nil, err
	}
	if errors.Is(err, wire.UnknownKey) {
		err = t.verify(s, size)
	}
	if err != nil {
		return 0, false, err
	}
	return 0, false, &journal.ForkError{Kept: kept, Other: s}
}

// verify checks the signature under the keys that were valid for a leaf.
func (t *tx) verify(s journal.Signed, leaf int64) error {
	key, err := t.keyAt(s.Entry, leaf)
	if errors.Is(err, journal.ErrUnknownKey) {
		return &wire.Error{Code: wire.UnknownKey, Chain: s.Entry.Chain}
	}
	if err != nil {
		return err
	}
	if err := s.Verify(key); err != nil {
		return &wire.Error{Code: wire.BadEntry, Chain: s.Entry.Chain}
	}
	return nil
}

// requireBlob refuses an entry whose blob is not stored, and marks the blob as named.
func (t *tx) requireBlob(e journal.Entry) error {
	if e.Blob == nil {
		return nil
	}
	var size int64
	err := t.row("SELECT size FROM blobs WHERE digest = ?", e.Blob.Digest[:]).Scan(&size)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return &wire.Error{Code: wire.BlobMissing, Chain: e.Chain, Digest: e.Blob.Digest}
	case err != nil:
		return fmt.Errorf("blob: %w", err)
	case size != e.Blob.Size:
		return &wire.Error{Code: wire.BlobMismatch, Chain: e.Chain, Digest: e.Blob.Digest}
	}
	return t.exec("UPDATE blobs SET named = 1 WHERE digest = ? AND named = 0", e.Blob.Digest[:])
}

func (t *tx) store(leaf int64, s journal.Signed) error {
	e, id := s.Entry, s.ID()
	var blob []byte
	if e.Blob != nil {
		blob = e.Blob.Digest[:]
	}
	err := t.exec("INSERT INTO entries (leaf, chain, epoch, sequence, id, blob, raw) VALUES (?, ?, ?, ?, ?, ?, ?)",
		leaf, e.Chain, int64(e.Epoch), int64(e.Sequence), id[:], blob, s.Raw())
	if err != nil {
		return fmt.Errorf("store leaf %d: %w", leaf, err)
	}
	if err := t.exec("UPDATE chains SET head = ? WHERE name = ?", leaf, e.Chain); err != nil {
		return fmt.Errorf("store leaf %d: %w", leaf, err)
	}
	return t.grow(leaf, s)
}

// freeze closes a chain after a fork and keeps what proves it, in a transaction of its own. It
// returns the refusal.
func (l *Ledger) freeze(ctx context.Context, f *journal.ForkError) error {
	e := f.Other.Entry
	err := l.update(ctx, func(t *tx) error {
		return errors.Join(
			t.exec("UPDATE chains SET frozen = 1 WHERE name = ?", e.Chain),
			t.exec("INSERT INTO evidence (chain, kept, other, found) VALUES (?, ?, ?, ?)",
				e.Chain, f.Kept.Raw(), f.Other.Raw(), l.o.Clock().Unix()))
	})
	if err != nil {
		return fmt.Errorf("freeze chain %s: %w", e.Chain, err)
	}
	l.o.Log.Error("fork found, chain frozen", "chain", e.Chain, "epoch", e.Epoch, "sequence", e.Sequence)
	return &wire.Error{Code: wire.Fork, Chain: e.Chain, Epoch: e.Epoch, Expected: e.Sequence}
}

// Evidence returns the forks that were found in a chain, oldest first.
func (l *Ledger) Evidence(ctx context.Context, chain string) (forks []*journal.ForkError, err error) {
	err = l.view(ctx, func(t *tx) error {
		rows, err := t.rows("SELECT kept, other FROM evidence WHERE chain = ? ORDER BY number", chain)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kept, other []byte
			if err := rows.Scan(&kept, &other); err != nil {
				return err
			}
			k, keptErr := journal.Parse(kept)
			o, otherErr := journal.Parse(other)
			if err := errors.Join(keptErr, otherErr); err != nil {
				return err
			}
			forks = append(forks, &journal.ForkError{Kept: k, Other: o})
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", chain, err)
	}
	return forks, nil
}
