package sqlite

import (
	"fmt"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

func (t *transaction) entries(query string, args ...any) ([]journal.Signed, error) {
	raw, err := t.blobs("entries", query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]journal.Signed, len(raw))
	for i, b := range raw {
		if out[i], err = journal.Parse(b); err != nil {
			return nil, fmt.Errorf("entries: %w", err)
		}
	}
	return out, nil
}

// Last implements issuance.Chain.
func (t *transaction) Last() (*journal.Signed, error) {
	found, err := t.entries("SELECT raw FROM entries ORDER BY place DESC LIMIT 1")
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Append implements issuance.Chain. A second entry at one number is refused by the table.
func (t *transaction) Append(s journal.Signed) error {
	id := s.ID()
	return t.exec("entry", "INSERT INTO entries (id, epoch, number, subject, raw) VALUES (?, ?, ?, ?, ?)",
		id[:], s.Entry.Epoch, s.Entry.Sequence, s.Entry.Subject, s.Raw())
}

// Unreceipted implements issuance.Chain.
func (t *transaction) Unreceipted(limit int) ([]journal.Signed, error) {
	return t.entries("SELECT raw FROM entries WHERE receipt IS NULL ORDER BY place LIMIT ?", limit)
}

// Entries implements issuance.Chain.
func (t *transaction) Entries(subject string) ([]journal.Signed, error) {
	return t.entries("SELECT raw FROM entries WHERE ?1 = '' OR subject = ?1 ORDER BY place", subject)
}

// PutReceipt implements issuance.Chain.
func (t *transaction) PutReceipt(id journal.Hash, r journal.Receipt) error {
	raw, err := r.Marshal()
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	res, err := t.tx.ExecContext(t.ctx, "UPDATE entries SET receipt = ? WHERE id = ?", raw, id[:])
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("receipt: %w", issuance.ErrUnknown)
	}
	return nil
}

// Waiting implements issuance.Chain.
func (t *transaction) Waiting(subject string) (int, error) {
	var n int
	err := t.tx.QueryRowContext(t.ctx,
		"SELECT count(*) FROM entries WHERE receipt IS NULL AND subject = ?", subject).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("entries: %w", err)
	}
	return n, nil
}
