package sqlite

import (
	"errors"
	"fmt"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// behind selects entries after one of them; all for the zero place.
const behind = " place > coalesce((SELECT place FROM entries WHERE id = ?1), 0) ORDER BY place LIMIT ?2"

func identity(s *journal.Signed) []byte {
	if s == nil {
		return nil
	}
	id := s.ID()
	return id[:]
}

// UnreceiptedAfter implements issuance.Receipts.
func (t *transaction) UnreceiptedAfter(after *journal.Signed, limit int) ([]journal.Signed, error) {
	return t.entries("SELECT raw FROM entries WHERE receipt IS NULL AND"+behind, identity(after), limit)
}

// Walk implements issuance.Receipts.
func (t *transaction) Walk(after *journal.Signed, limit int) ([]issuance.Kept, error) {
	return t.kept("SELECT raw, receipt FROM entries WHERE"+behind, identity(after), limit)
}

// At implements issuance.Receipts.
func (t *transaction) At(epoch, sequence uint64) (*issuance.Kept, error) {
	found, err := t.kept("SELECT raw, receipt FROM entries WHERE epoch = ? AND number = ?", int64(epoch), int64(sequence))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// VoidReceipts implements issuance.Receipts.
func (t *transaction) VoidReceipts(epoch, sequence uint64) error {
	return t.exec("receipts", "UPDATE entries SET receipt = NULL WHERE epoch > ?1 OR epoch = ?1 AND number > ?2",
		int64(epoch), int64(sequence))
}

// Unsent implements issuance.Receipts.
func (t *transaction) Unsent() (int, error) {
	var n int
	err := t.tx.QueryRowContext(t.ctx, "SELECT count(*) FROM entries WHERE receipt IS NULL").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("entries: %w", err)
	}
	return n, nil
}

func (t *transaction) kept(query string, args ...any) (out []issuance.Kept, err error) {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var raw, receipt []byte
		if err := rows.Scan(&raw, &receipt); err != nil {
			return nil, fmt.Errorf("entries: %w", err)
		}
		var k issuance.Kept
		if k.Entry, err = journal.Parse(raw); err != nil {
			return nil, fmt.Errorf("entries: %w", err)
		}
		if receipt != nil {
			r, err := journal.ParseReceipt(receipt)
			if err != nil {
				return nil, fmt.Errorf("entries: %w", err)
			}
			k.Receipt = &r
		}
		out = append(out, k)
	}
	return out, rows.Err()
}
