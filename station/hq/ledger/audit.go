package ledger

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/journal"
)

// ErrTampered is wrapped by every finding of an audit.
var ErrTampered = errors.New("ledger does not hold together")

// maxFindings ends an audit early; what is broken that often is broken.
const maxFindings = 100

// Finding is one thing that an audit found wrong. Leaf is -1 where it is not about one entry.
type Finding struct {
	Leaf int64
	Err  error
}

// Audit is the result of a full verification.
type Audit struct {
	Head        journal.TreeHead // recomputed from the raw entries
	Chains      int
	Blobs       int64
	Checkpoints int64
	Findings    []Finding
}

// OK tells whether nothing was found.
func (a *Audit) OK() bool { return len(a.Findings) == 0 }

// Verify recomputes the whole ledger from its raw entries: every signature under the key of its
// time, every chain, every leaf and node of the tree, every signed checkpoint, every blob's digest.
// It works on one unchanging state while the server goes on, and its memory does not grow with the
// ledger. report, which may be nil, hears how many leaves are done. The error is of reading alone;
// what is wrong stands in Findings.
func (l *Ledger) Verify(ctx context.Context, report func(done, total int64)) (*Audit, error) {
	a := &Audit{}
	err := l.view(ctx, func(t *tx) error {
		w := &auditor{tx: t, ledger: l, audit: a, chains: map[string]*journal.Verifier{}}
		if err := w.entries(report); err != nil {
			return err
		}
		return errors.Join(w.heads(), w.checkpoints(), w.blobs())
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil {
		return a, fmt.Errorf("audit: %w", err)
	}
	return a, nil
}

var errEnough = errors.New("enough findings")

type auditor struct {
	*tx
	ledger *Ledger
	audit  *Audit
	chains map[string]*journal.Verifier
	leaf   int64 // in work
}

func (w *auditor) find(leaf int64, err error) error {
	w.audit.Findings = append(w.audit.Findings, Finding{Leaf: leaf, Err: fmt.Errorf("%w: %w", ErrTampered, err)})
	if len(w.audit.Findings) >= maxFindings {
		return errEnough
	}
	return nil
}

// entries walks over all leaves in order and rebuilds the tree beside the stored one.
func (w *auditor) entries(report func(done, total int64)) error {
	total, err := w.size()
	if err != nil {
		return err
	}
	rows, err := w.rows("SELECT leaf, chain, epoch, sequence, id, blob, raw FROM entries ORDER BY leaf")
	if err != nil {
		return err
	}
	defer rows.Close()
	var n int64
	for ; rows.Next(); n++ {
		var r entryRow
		if err := rows.Scan(&r.leaf, &r.chain, &r.epoch, &r.sequence, &r.id, &r.blob, &r.raw); err != nil {
			return err
		}
		if r.leaf != n {
			// Everything behind a missing leaf stands elsewhere in the tree than it should.
			return errors.Join(w.find(n, errors.New("leaf missing")), errEnough)
		}
		if err := w.entry(r); err != nil {
			return err
		}
		if report != nil {
			report(n+1, total)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	root, err := tlog.TreeHash(n, w)
	if err != nil {
		return errors.Join(w.find(-1, err), errEnough)
	}
	w.audit.Head = journal.TreeHead{Size: n, Root: journal.Hash(root)}
	w.audit.Chains = len(w.chains)
	var nodes int64
	if err := w.row("SELECT count(*) FROM hashes").Scan(&nodes); err != nil {
		return err
	}
	if want := tlog.StoredHashCount(n); nodes != want {
		return w.find(-1, fmt.Errorf("%d nodes stored, %d belong to the tree", nodes, want))
	}
	return nil
}

// entryRow is an entry as it stands in its table.
type entryRow struct {
	leaf, epoch, sequence int64
	chain                 string
	id, blob, raw         []byte
}

// entry checks one row against its raw bytes, its chain and the tree.
func (w *auditor) entry(r entryRow) error {
	s, err := journal.Parse(r.raw)
	if err != nil {
		return errors.Join(w.find(r.leaf, err), errEnough)
	}
	e, id := s.Entry, s.ID()
	var named []byte
	if e.Blob != nil {
		named = e.Blob.Digest[:]
	}
	if e.Chain != r.chain || int64(e.Epoch) != r.epoch || int64(e.Sequence) != r.sequence ||
		!bytes.Equal(id[:], r.id) || !bytes.Equal(named, r.blob) {
		if err := w.find(r.leaf, errors.New("columns differ from the signed entry")); err != nil {
			return err
		}
	}
	w.leaf = r.leaf
	v := w.chains[e.Chain]
	if v == nil {
		v = journal.NewVerifier(e.Chain, w.key, nil)
		w.chains[e.Chain] = v
	}
	if err := v.Next(s); err != nil {
		if err := w.find(r.leaf, err); err != nil {
			return err
		}
		// The chain goes on from here, so that one bad entry is one finding.
		w.chains[e.Chain] = journal.NewVerifier(e.Chain, w.key, &s)
	}
	return w.nodes(s)
}

// key is the journal.KeyLookup for the leaf in work.
func (w *auditor) key(e journal.Entry) (*ecdsa.PublicKey, error) { return w.keyAt(e, w.leaf) }

// nodes compares what a leaf adds to the tree with what is stored. Earlier nodes have been
// compared before, so reading them from the table is as good as recomputing them.
func (w *auditor) nodes(s journal.Signed) error {
	want, err := tlog.StoredHashesForRecordHash(w.leaf, tlog.Hash(s.Leaf()), w)
	if err != nil {
		return errors.Join(w.find(w.leaf, err), errEnough)
	}
	first := tlog.StoredHashIndex(0, w.leaf)
	for i, h := range want {
		got, err := w.ReadHashes([]int64{first + int64(i)})
		if err != nil || got[0] != h {
			// All nodes above would differ too.
			return errors.Join(w.find(w.leaf, errors.New("node of the tree differs")), errEnough)
		}
	}
	return nil
}

// heads checks that every chain ends where its row says.
func (w *auditor) heads() error {
	rows, err := w.rows("SELECT c.name, e.id FROM chains c LEFT JOIN entries e ON e.leaf = c.head")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var id []byte
		if err := rows.Scan(&name, &id); err != nil {
			return err
		}
		var want []byte
		if v := w.chains[name]; v != nil {
			if last, ok := v.Last(); ok {
				h := last.ID()
				want = h[:]
			}
		}
		if !bytes.Equal(id, want) {
			if err := w.find(-1, fmt.Errorf("chain %s: head is not its newest entry", name)); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// checkpoints checks every signed root against the tree.
func (w *auditor) checkpoints() error {
	rows, err := w.rows("SELECT size, note FROM checkpoints ORDER BY size")
	if err != nil {
		return err
	}
	defer rows.Close()
	last := int64(-1)
	for rows.Next() {
		var size int64
		var raw []byte
		if err := rows.Scan(&size, &raw); err != nil {
			return err
		}
		last = size
		w.audit.Checkpoints++
		if err := w.checkpoint(size, raw); err != nil {
			if err := w.find(-1, fmt.Errorf("checkpoint of size %d: %w", size, err)); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if last != w.audit.Head.Size {
		return w.find(-1, fmt.Errorf("newest checkpoint has size %d, the tree %d", last, w.audit.Head.Size))
	}
	return nil
}

func (w *auditor) checkpoint(size int64, raw []byte) error {
	c, err := journal.ParseCheckpoint(raw, w.ledger.o.Verifier)
	if err != nil {
		return err
	}
	if c.Size != size || size > w.audit.Head.Size {
		return errors.New("another size was signed")
	}
	root, err := tlog.TreeHash(size, w)
	if err != nil {
		return err
	}
	if c.Root != journal.Hash(root) {
		return errors.New("another root was signed")
	}
	return nil
}

// blobs recomputes digests, and looks for those that entries name and nobody has.
func (w *auditor) blobs() error {
	var missing int64
	err := w.row("SELECT count(*) FROM entries e WHERE e.blob IS NOT NULL" +
		" AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = e.blob)").Scan(&missing)
	if err != nil {
		return err
	}
	if missing > 0 {
		if err := w.find(-1, fmt.Errorf("%d blobs missing", missing)); err != nil {
			return err
		}
	}
	rows, err := w.rows("SELECT digest, size, data FROM blobs")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var digest, data []byte
		var size int64
		if err := rows.Scan(&digest, &size, &data); err != nil {
			return err
		}
		w.audit.Blobs++
		sum := sha256.Sum256(data)
		if !bytes.Equal(sum[:], digest) || int64(len(data)) != size {
			if err := w.find(-1, fmt.Errorf("blob %x differs from its digest", digest)); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}
