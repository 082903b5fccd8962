package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// PutBlob stores sealed bytes under their SHA-256, durably. Storing them again does nothing. It
// returns a *wire.Error: BlobMismatch where digest is not that of data, TooLarge where data is too
// long or where the caller has too much lying here that no entry names.
func (l *Ledger) PutBlob(ctx context.Context, from wire.Peer, digest journal.Hash, data []byte) error {
	if len(data) == 0 || len(data) > journal.MaxBlob {
		return &wire.Error{Code: wire.TooLarge, Digest: digest}
	}
	if sha256.Sum256(data) != digest {
		return &wire.Error{Code: wire.BlobMismatch, Digest: digest}
	}
	return l.update(ctx, func(t *tx) error {
		if err := t.admit(from); err != nil {
			return err
		}
		var there, pending int64
		err := errors.Join(
			t.row("SELECT count(*) FROM blobs WHERE digest = ?", digest[:]).Scan(&there),
			t.row("SELECT coalesce(sum(size), 0) FROM blobs WHERE party = ? AND named = 0", from.Name).Scan(&pending))
		if err != nil {
			return fmt.Errorf("store blob: %w", err)
		}
		if there > 0 {
			return nil
		}
		if pending+int64(len(data)) > l.o.PendingBytes {
			return &wire.Error{Code: wire.TooLarge, Digest: digest}
		}
		err = t.exec("INSERT INTO blobs (digest, size, party, data) VALUES (?, ?, ?, ?)",
			digest[:], len(data), from.Name, data)
		if err != nil {
			return fmt.Errorf("store blob: %w", err)
		}
		return nil
	})
}

// GetBlob returns sealed bytes: any to the vault, and to a station those that its directives name.
// It returns wire.NotFound both for what is not there and for what is not for the caller, so that
// nobody can probe for digests.
func (l *Ledger) GetBlob(ctx context.Context, to wire.Peer, digest journal.Hash) (data []byte, err error) {
	err = l.view(ctx, func(t *tx) error {
		if err := t.admit(to); err != nil {
			return err
		}
		query, args := "SELECT data FROM blobs WHERE digest = ?", []any{digest[:]}
		if to.Role != wire.RoleVault {
			query += " AND EXISTS (SELECT 1 FROM entries e WHERE e.blob = digest AND e.chain = ?)"
			args = append(args, to.Name+journal.Directives)
		}
		err := t.row(query, args...).Scan(&data)
		if errors.Is(err, sql.ErrNoRows) {
			return &wire.Error{Code: wire.NotFound, Digest: digest}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return data, nil
}
