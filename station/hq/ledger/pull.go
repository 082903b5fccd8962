package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// maxPullBytes bounds the entries of one answer, in bytes.
const maxPullBytes = 2 << 20

// Pull returns entries from leaf number after on: for a station its directives, for the vault
// everything. The proofs are against the newest checkpoint, which is proven consistent with that
// of size known.
func (l *Ledger) Pull(ctx context.Context, to wire.Peer, after, known int64) (wire.PullResponse, error) {
	chain := ""
	if to.Role != wire.RoleVault {
		chain = to.Name + journal.Directives
	}
	return l.PullChain(ctx, to, chain, after, known)
}

// PullChain is Pull of one chain: a station may have its own two, the vault any, and all for "".
func (l *Ledger) PullChain(
	ctx context.Context, to wire.Peer, chain string, after, known int64,
) (answer wire.PullResponse, err error) {
	if after < 0 || known < 0 {
		return wire.PullResponse{}, &wire.Error{Code: wire.BadRequest}
	}
	if to.Role != wire.RoleVault && chain != to.Name && chain != to.Name+journal.Directives {
		return wire.PullResponse{}, &wire.Error{Code: wire.NotYours}
	}
	err = l.view(ctx, func(t *tx) error {
		if err := t.admit(to); err != nil {
			return err
		}
		s, err := l.head(t, known)
		if err != nil {
			return err
		}
		answer = wire.PullResponse{Checkpoint: s.checkpoint.Raw, Consistency: s.consistency,
			Durable: s.durable, DurableProof: s.durableProof, Time: s.time}
		if answer.Restored, err = t.restored(); err != nil {
			return err
		}
		return t.collect(&answer, chain, after, s.checkpoint.Size)
	})
	if err != nil {
		return wire.PullResponse{}, fmt.Errorf("pull: %w", err)
	}
	return answer, nil
}

// collect fills an answer with the entries of a chain, or of all, among the first size leaves.
func (t *tx) collect(answer *wire.PullResponse, chain string, after, size int64) error {
	query, args := "SELECT leaf, raw FROM entries WHERE leaf >= ? AND leaf < ?", []any{after, size}
	if chain != "" {
		query += " AND chain = ?"
		args = append(args, chain)
	}
	answer.Next = max(after, size)
	total := 0
	err := t.each(func(rows *sql.Rows) error {
		var leaf int64
		var raw []byte
		if err := rows.Scan(&leaf, &raw); err != nil || answer.More {
			return err
		}
		if total += len(raw); len(answer.Items) == wire.MaxEntries || total > maxPullBytes {
			answer.More, answer.Next = true, leaf
			return nil
		}
		answer.Items = append(answer.Items, wire.Item{Entry: raw, Inclusion: wire.Inclusion{Index: leaf}})
		return nil
	}, query+" ORDER BY leaf LIMIT ?", append(args, wire.MaxEntries+1)...)
	if err != nil {
		return err
	}
	for i, item := range answer.Items {
		if answer.Items[i].Inclusion, err = t.inclusion(size, item.Inclusion.Index); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoint returns the newest checkpoint, proven consistent with that of size known. Everybody
// with a certificate may see it, revoked or not: it tells nothing but that the tree grew.
func (l *Ledger) Checkpoint(ctx context.Context, known int64) (answer wire.CheckpointResponse, err error) {
	if known < 0 {
		return wire.CheckpointResponse{}, &wire.Error{Code: wire.BadRequest}
	}
	err = l.view(ctx, func(t *tx) error {
		s, err := l.head(t, known)
		answer = wire.CheckpointResponse{Checkpoint: s.checkpoint.Raw, Consistency: s.consistency,
			Durable: s.durable, DurableProof: s.durableProof, Time: s.time}
		return err
	})
	if err != nil {
		return wire.CheckpointResponse{}, fmt.Errorf("checkpoint: %w", err)
	}
	return answer, nil
}
