package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// maxQuery is how many nodes are asked for in one statement.
const maxQuery = 256

// ReadHashes gives the tree's nodes by their place in the dense order of tlog: those that this
// transaction has read or made from memory, the others in one query.
func (t *tx) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []any
	for _, p := range indexes {
		if _, ok := t.nodes[p]; !ok {
			missing = append(missing, p)
		}
	}
	for part := range slices.Chunk(missing, maxQuery) {
		err := t.each(t.keepNode, "SELECT place, hash FROM hashes WHERE place IN "+places(len(part)), part...)
		if err != nil {
			return nil, fmt.Errorf("nodes: %w", err)
		}
	}
	return pick(t.nodes, indexes)
}

var errNoNode = errors.New("not in the tree")

func (t *tx) keepNode(rows *sql.Rows) error {
	var place int64
	var b []byte
	if err := rows.Scan(&place, &b); err != nil {
		return err
	}
	if len(b) != tlog.HashSize {
		return fmt.Errorf("node %d: %d bytes", place, len(b))
	}
	t.nodes[place] = tlog.Hash(b)
	return nil
}

// size is the number of leaves.
func (t *tx) size() (n int64, err error) {
	err = t.row("SELECT size FROM tree").Scan(&n)
	return n, err
}

// lockTree is size, and keeps everybody else from growing the tree until this transaction ends.
func (t *tx) lockTree() (n int64, err error) {
	err = t.row("SELECT size FROM tree WHERE one = 1" + t.engine.forUpdate()).Scan(&n)
	return n, err
}

// extend adds leaves behind the first size ones, whose tree is locked.
func (t *tx) extend(size int64, leaves []journal.Hash) error {
	var rows []any
	for i, leaf := range leaves {
		n := size + int64(i)
		hashes, err := tlog.StoredHashesForRecordHash(n, tlog.Hash(leaf), t)
		if err != nil {
			return fmt.Errorf("grow tree: %w", err)
		}
		first := tlog.StoredHashIndex(0, n)
		for j, h := range hashes {
			t.nodes[first+int64(j)] = h
			rows = append(rows, first+int64(j), h[:])
		}
	}
	if err := t.insert("hashes (place, hash)", 2, rows); err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	return t.exec("UPDATE tree SET size = ? WHERE one = 1", size+int64(len(leaves)))
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

// state is what every answer says of the tree: the newest checkpoint, and how much of it is safe in a
// second place. The proofs lead from what the caller has seen, and from what is safe, to it.
type state struct {
	checkpoint   journal.Checkpoint
	consistency  []journal.Hash
	durable      []byte
	durableProof []journal.Hash
	time         []byte
}

// head reads the state as it is stored.
func (l *Ledger) head(t *tx, from int64) (state, error) {
	raw, err := t.latest()
	if err != nil {
		return state{}, fmt.Errorf("newest checkpoint: %w", err)
	}
	c, err := journal.ParseCheckpoint(raw, l.o.Verifier)
	if err != nil {
		return state{}, err
	}
	return l.state(t, c, from)
}

// state puts the time, where there is a key to sign it, and proofs beside a checkpoint.
func (l *Ledger) state(t *tx, c journal.Checkpoint, from int64) (s state, err error) {
	s.checkpoint = c
	if l.o.Signer != nil {
		if s.time, err = journal.SignTime(c.TreeHead, l.o.Clock(), l.o.Signer); err != nil {
			return state{}, err
		}
	}
	if s.consistency, err = t.consistency(c.Size, from); err != nil {
		return state{}, err
	}
	var size int64
	err = t.row("SELECT size, note FROM durable ORDER BY size DESC LIMIT 1").Scan(&size, &s.durable)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("durable mark: %w", err)
	}
	s.durableProof, err = t.consistency(c.Size, size)
	return s, err
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
