package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// pageLeaves is how many entries are read at a time where all are.
const pageLeaves = 256

// Verify recomputes the whole ledger from its raw entries: every signature under the key of its
// time, every chain, every leaf and node of the tree, every signed checkpoint, every blob's digest.
// It works on one unchanging state while the server goes on, and its memory does not grow with the
// ledger. report, which may be nil, hears how many leaves are done. The error is of reading alone;
// what is wrong stands in Findings.
func (l *Ledger) Verify(ctx context.Context, report func(done, total int64)) (*Audit, error) {
	var a *Audit
	err := l.snapshot(ctx, func(t *tx) error {
		a = &Audit{}
		var keys []validKey
		if err := t.readKeys(&keys, selectKeys); err != nil {
			return err
		}
		w := &auditor{tx: t, checker: newChecker(l.o.Verifier, keys, a)}
		for _, check := range []func() error{
			func() error { return w.leaves(report) }, w.root, w.heads, w.blobsThere, w.blobs,
		} {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil {
		return a, fmt.Errorf("audit: %w", err)
	}
	return a, nil
}

// auditor holds the tables against what the checker makes of the raw entries.
type auditor struct {
	*tx
	*checker
	newest int64 // size of the newest checkpoint that was seen
}

// leaves walks over all entries in order and rebuilds the tree beside the stored one.
func (w *auditor) leaves(report func(done, total int64)) error {
	total, err := w.size()
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		from := w.tree.size
		rows, err := w.page(from, pageLeaves)
		if err != nil {
			return err
		}
		signed, err := w.notes(from, from+int64(len(rows)), first)
		if err != nil {
			return err
		}
		if err := w.signedHere(signed); err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		stored, err := w.nodesOf(from, from+int64(len(rows)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.leaf(r, &stored); err != nil {
				return err
			}
			if err := w.signedHere(signed); err != nil {
				return err
			}
		}
		if report != nil {
			report(w.tree.size, max(total, w.tree.size))
		}
	}
}

// signedHere checks the checkpoint of the present size, where there is one.
func (w *auditor) signedHere(signed map[int64][]byte) error {
	raw, ok := signed[w.tree.size]
	if !ok {
		return nil
	}
	delete(signed, w.tree.size)
	w.newest = w.tree.size
	return w.checkpoint(raw)
}

// leaf checks one row against its raw bytes, its chain and the tree; stored are the nodes that are
// kept from this leaf on.
func (w *auditor) leaf(r entryRow, stored *[]tlog.Hash) error {
	if r.leaf != w.tree.size {
		// Everything behind a missing leaf stands elsewhere in the tree than it should.
		return w.broken(w.tree.size, errors.New("leaf missing"))
	}
	s, made, err := w.entry(r.raw)
	if err != nil {
		return err
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
	for _, h := range made {
		if len(*stored) == 0 || (*stored)[0] != h {
			// All nodes above would differ too.
			return w.broken(r.leaf, errors.New("node of the tree differs"))
		}
		*stored = (*stored)[1:]
	}
	return nil
}

// root checks what is said of the whole tree.
func (w *auditor) root() error {
	head, err := w.tree.head()
	if err != nil {
		return err
	}
	w.audit.Head = head
	var nodes, beyond int64
	if err := w.row("SELECT count(*) FROM hashes").Scan(&nodes); err != nil {
		return err
	}
	if want := tlog.StoredHashCount(head.Size); nodes != want {
		if err := w.find(-1, fmt.Errorf("%d nodes stored, %d belong to the tree", nodes, want)); err != nil {
			return err
		}
	}
	size, err := w.size()
	if err != nil {
		return err
	}
	if size != head.Size {
		if err := w.find(-1, fmt.Errorf("the tree is said to have %d leaves and has %d", size, head.Size)); err != nil {
			return err
		}
	}
	if err := w.row("SELECT count(*) FROM checkpoints WHERE size > ?", head.Size).Scan(&beyond); err != nil {
		return err
	}
	if beyond > 0 || w.newest != head.Size {
		return w.find(-1, fmt.Errorf("the newest checkpoint is not of size %d", head.Size))
	}
	return nil
}

// heads checks that every chain ends where its row says.
func (w *auditor) heads() error {
	return w.each(func(rows *sql.Rows) error {
		var name string
		var id []byte
		if err := rows.Scan(&name, &id); err != nil {
			return err
		}
		if !bytes.Equal(id, w.last(name)) {
			return w.find(-1, fmt.Errorf("chain %s: head is not its newest entry", name))
		}
		return nil
	}, "SELECT c.name, e.id FROM chains c LEFT JOIN entries e ON e.leaf = c.head")
}

// blobsThere looks for blobs that entries name and nobody has.
func (w *auditor) blobsThere() error {
	var missing int64
	err := w.row("SELECT count(*) FROM entries e WHERE e.blob IS NOT NULL" +
		" AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = e.blob)").Scan(&missing)
	if err != nil || missing == 0 {
		return err
	}
	return w.find(-1, fmt.Errorf("%d blobs missing", missing))
}

// blobRow is a blob as it stands in its table.
type blobRow struct {
	digest []byte
	size   int64
	upload string
}

// blobs recomputes digests.
func (w *auditor) blobs() error {
	for after := []byte{}; ; {
		var page []blobRow
		err := w.each(func(rows *sql.Rows) error {
			var b blobRow
			err := rows.Scan(&b.digest, &b.size, &b.upload)
			page = append(page, b)
			return err
		}, "SELECT digest, size, upload FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?", after, pageLeaves)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, b := range page {
			w.audit.Blobs++
			h := sha256.New()
			err := w.copyPieces(h, b.upload, b.size)
			if err == nil && bytes.Equal(h.Sum(nil), b.digest) {
				continue
			}
			if err != nil && w.ctx.Err() != nil {
				return err
			}
			if err := w.find(-1, fmt.Errorf("blob %x differs from its digest", b.digest)); err != nil {
				return err
			}
		}
		after = page[len(page)-1].digest
	}
}
