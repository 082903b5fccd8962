package ledger

import (
	"context"
	"fmt"
)

// EndKeys ends keys at the present tree size, whichever party has them: nothing that they sign is taken
// from here on. What they signed before stays valid. It returns how many were in use; ending a key
// twice is no error.
func (l *Ledger) EndKeys(ctx context.Context, ids []string) (ended int, err error) {
	err = l.grow(ctx, func(t *tx) error {
		ended = 0
		size, err := t.lockTree() // so that no entry comes in between
		if err != nil {
			return err
		}
		for _, id := range ids {
			var n int
			if err := t.row("SELECT count(*) FROM keys WHERE key_id = ? AND until IS NULL", id).Scan(&n); err != nil {
				return err
			}
			if err := t.exec("UPDATE keys SET until = ? WHERE key_id = ? AND until IS NULL", size, id); err != nil {
				return err
			}
			ended += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("end keys: %w", err)
	}
	return ended, nil
}
