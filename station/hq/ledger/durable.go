package ledger

import (
	"context"
	"fmt"

	"padarozhnik/station/journal"
)

// markDurable keeps a mark, from which on every answer carries it.
func (l *Ledger) markDurable(ctx context.Context, d journal.Durable) error {
	return l.update(ctx, func(t *tx) error {
		var there int
		if err := t.row("SELECT count(*) FROM durable WHERE size = ?", d.Size).Scan(&there); err != nil || there > 0 {
			return err
		}
		return t.exec("INSERT INTO durable (size, note) VALUES (?, ?)", d.Size, d.Raw)
	})
}

// Durable is the newest mark, zero before the first backup.
func (l *Ledger) Durable(ctx context.Context) (journal.Durable, error) {
	var s state
	err := l.view(ctx, func(t *tx) (err error) {
		s, err = l.head(t, 0)
		return err
	})
	if err != nil || s.durable == nil {
		return journal.Durable{}, err
	}
	d, err := journal.ParseDurable(s.durable, l.o.Verifier)
	if err != nil {
		return d, fmt.Errorf("durable mark: %w", err)
	}
	return d, nil
}
