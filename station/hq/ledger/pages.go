package ledger

import (
	"database/sql"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// entryRow is an entry as it stands in its table.
type entryRow struct {
	leaf, epoch, sequence int64
	chain                 string
	id, blob, raw         []byte
}

// page reads up to limit entries from a leaf on.
func (t *tx) page(from int64, limit int) (page []entryRow, err error) {
	err = t.each(func(rows *sql.Rows) error {
		var r entryRow
		err := rows.Scan(&r.leaf, &r.chain, &r.epoch, &r.sequence, &r.id, &r.blob, &r.raw)
		page = append(page, r)
		return err
	}, "SELECT leaf, chain, epoch, sequence, id, blob, raw FROM entries WHERE leaf >= ? ORDER BY leaf LIMIT ?",
		from, limit)
	if err != nil {
		return nil, fmt.Errorf("entries from leaf %d: %w", from, err)
	}
	return page, nil
}

// notes reads the checkpoints of sizes above from up to to, with first that of from too.
func (t *tx) notes(from, to int64, first bool) (map[int64][]byte, error) {
	if first {
		from--
	}
	notes := map[int64][]byte{}
	err := t.each(func(rows *sql.Rows) error {
		var size int64
		var raw []byte
		err := rows.Scan(&size, &raw)
		notes[size] = raw
		return err
	}, "SELECT size, note FROM checkpoints WHERE size > ? AND size <= ?", from, to)
	if err != nil {
		return nil, fmt.Errorf("checkpoints up to size %d: %w", to, err)
	}
	return notes, nil
}

// nodesOf reads the nodes that the leaves from one to before another complete, in their order. A
// missing one ends them.
func (t *tx) nodesOf(from, to int64) (nodes []tlog.Hash, err error) {
	at, end := tlog.StoredHashIndex(0, from), tlog.StoredHashIndex(0, to)
	err = t.each(func(rows *sql.Rows) error {
		var place int64
		var b []byte
		if err := rows.Scan(&place, &b); err != nil {
			return err
		}
		if place == at && len(b) == tlog.HashSize {
			nodes, at = append(nodes, tlog.Hash(b)), at+1
		}
		return nil
	}, "SELECT place, hash FROM hashes WHERE place >= ? AND place < ? ORDER BY place", at, end)
	if err != nil {
		return nil, fmt.Errorf("nodes from leaf %d: %w", from, err)
	}
	return nodes, nil
}
