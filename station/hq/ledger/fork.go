package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// freeze closes a chain after a fork and keeps what proves it, in a transaction of its own. It
// returns the refusal.
func (l *Ledger) freeze(ctx context.Context, f *journal.ForkError) error {
	e := f.Other.Entry
	err := l.update(ctx, func(t *tx) error {
		if err := t.exec("UPDATE chains SET frozen = 1 WHERE name = ?", e.Chain); err != nil {
			return err
		}
		return t.exec(`INSERT INTO evidence (number, chain, kept, other, found)
			SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM evidence`,
			e.Chain, f.Kept.Raw(), f.Other.Raw(), l.o.Clock().Unix())
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
		forks = nil
		return t.each(func(rows *sql.Rows) error {
			var kept, other []byte
			if err := rows.Scan(&kept, &other); err != nil {
				return err
			}
			k, keptErr := journal.Parse(kept)
			o, otherErr := journal.Parse(other)
			forks = append(forks, &journal.ForkError{Kept: k, Other: o})
			return errors.Join(keptErr, otherErr)
		}, "SELECT kept, other FROM evidence WHERE chain = ? ORDER BY number", chain)
	})
	if err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", chain, err)
	}
	return forks, nil
}
