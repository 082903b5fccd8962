package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// ReadHashes gives the tree's nodes by their place in the dense order of tlog.
func (t *tx) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		var b []byte
		if err := t.row("SELECT hash FROM hashes WHERE place = ?", p).Scan(&b); err != nil {
			return nil, fmt.Errorf("node %d: %w", p, err)
		}
		if len(b) != tlog.HashSize {
			return nil, fmt.Errorf("node %d: %d bytes", p, len(b))
		}
		out[i] = tlog.Hash(b)
	}
	return out, nil
}

// size is the number of leaves.
func (t *tx) size() (int64, error) {
	var n int64
	err := t.row("SELECT coalesce(max(leaf) + 1, 0) FROM entries").Scan(&n)
	return n, err
}

// grow adds the leaf of an entry that was stored as number n.
func (t *tx) grow(n int64, s journal.Signed) error {
	hashes, err := tlog.StoredHashesForRecordHash(n, tlog.Hash(s.Leaf()), t)
	if err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	first := tlog.StoredHashIndex(0, n)
	for i, h := range hashes {
		if err := t.exec("INSERT INTO hashes (place, hash) VALUES (?, ?)", first+int64(i), h[:]); err != nil {
			return fmt.Errorf("grow tree: %w", err)
		}
	}
	return nil
}

// sign makes and keeps the checkpoint of a size.
func (l *Ledger) sign(t *tx, size int64) (journal.Checkpoint, error) {
	if l.o.Signer == nil {
		return journal.Checkpoint{}, ErrNoSigner
	}
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		return journal.Checkpoint{}, fmt.Errorf("root: %w", err)
	}
	c, err := journal.SignCheckpoint(journal.TreeHead{Size: size, Root: journal.Hash(root)}, l.o.Signer)
	if err != nil {
		return journal.Checkpoint{}, err
	}
	return c, t.exec("INSERT INTO checkpoints (size, note) VALUES (?, ?)", size, c.Raw)
}

// latest is the newest signed checkpoint; sql.ErrNoRows before the first.
func (t *tx) latest() (raw []byte, err error) {
	err = t.row("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&raw)
	return raw, err
}

// head is the newest checkpoint, parsed, with its proof against size from.
func (l *Ledger) head(t *tx, from int64) (journal.Checkpoint, []journal.Hash, error) {
	raw, err := t.latest()
	if err != nil {
		return journal.Checkpoint{}, nil, fmt.Errorf("newest checkpoint: %w", err)
	}
	c, err := journal.ParseCheckpoint(raw, l.o.Verifier)
	if err != nil {
		return journal.Checkpoint{}, nil, err
	}
	proof, err := t.consistency(c.Size, from)
	return c, proof, err
}

// consistency proves that the tree of size contains that of from.
func (t *tx) consistency(size, from int64) ([]journal.Hash, error) {
	if from > size {
		return nil, &wire.Error{Code: wire.Behind, Size: size}
	}
	if from <= 0 || from == size {
		return nil, nil
	}
	p, err := tlog.ProveTree(size, from, t)
	if err != nil {
		return nil, fmt.Errorf("prove consistency: %w", err)
	}
	return plainHashes(p), nil
}

// inclusion proves a leaf in the tree of a size.
func (t *tx) inclusion(size, leaf int64) (wire.Inclusion, error) {
	p, err := tlog.ProveRecord(size, leaf, t)
	if err != nil {
		return wire.Inclusion{}, fmt.Errorf("prove leaf %d: %w", leaf, err)
	}
	return wire.Inclusion{Index: leaf, Proof: plainHashes(p)}, nil
}

func plainHashes(in []tlog.Hash) []journal.Hash {
	out := make([]journal.Hash, len(in))
	for i, h := range in {
		out[i] = journal.Hash(h)
	}
	return out
}
