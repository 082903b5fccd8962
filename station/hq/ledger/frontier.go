package ledger

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/journal"
)

// frontier is a tree of which only the roots of its whole subtrees are kept, at most one for each
// bit of its size: enough to let it grow and to tell its root. It is rebuilt from leaves alone.
type frontier struct {
	size  int64
	nodes map[int64]tlog.Hash // by place
}

func newFrontier() *frontier { return &frontier{nodes: map[int64]tlog.Hash{}} }

// ReadHashes implements tlog.HashReader for what the frontier holds.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return pick(f.nodes, indexes)
}

// pick returns nodes by place.
func pick(nodes map[int64]tlog.Hash, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, p := range indexes {
		h, ok := nodes[p]
		if !ok {
			return nil, fmt.Errorf("node %d: %w", p, errNoNode)
		}
		out[i] = h
	}
	return out, nil
}

// add puts a leaf behind the others and returns the nodes that it completes, the leaf first.
func (f *frontier) add(leaf journal.Hash) ([]tlog.Hash, error) {
	n := f.size
	made, err := tlog.StoredHashesForRecordHash(n, tlog.Hash(leaf), f)
	if err != nil {
		return nil, err
	}
	top := len(made) - 1
	for level := range top {
		delete(f.nodes, tlog.StoredHashIndex(level, n>>level-1))
	}
	f.nodes[tlog.StoredHashIndex(top, n>>top)] = made[top]
	f.size++
	return made, nil
}

// head is the state of the tree.
func (f *frontier) head() (journal.TreeHead, error) {
	root, err := tlog.TreeHash(f.size, f)
	if err != nil {
		return journal.TreeHead{}, fmt.Errorf("root: %w", err)
	}
	return journal.TreeHead{Size: f.size, Root: journal.Hash(root)}, nil
}

// frontier reads that of the tree of a size.
func (t *tx) frontier(size int64) (*frontier, error) {
	f := newFrontier()
	f.size = size
	indexes := frontierOf(size)
	hashes, err := t.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, p := range indexes {
		f.nodes[p] = hashes[i]
	}
	return f, nil
}

// readFrontier reads all that is needed for new leaves behind size ones, their proofs among it, in one
// statement.
func (t *tx) readFrontier(size int64) error {
	_, err := t.ReadHashes(frontierOf(size))
	return err
}

// frontierOf lists the places of the roots of whole subtrees.
func frontierOf(size int64) (indexes []int64) {
	for low := int64(0); low < size; {
		level := bits.Len64(uint64(size-low)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, low>>level))
		low += 1 << level
	}
	return indexes
}
