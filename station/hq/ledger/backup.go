package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"padarozhnik/station/journal"
)

// Backup brings a directory up to date with the ledger while the server goes on: it adds one segment
// with what is new, and changes nothing that is there. The form knows nothing of the database, so a
// ledger may be restored into another one. Sealed blobs that no entry names yet are not part of it,
// and the ledger's private keys never are.
//
// What was written is read back from the disk and must give the root that the ledger has signed. Only
// then the manifest is signed and the durable mark set, which answers to stations carry from then on.
// It returns that mark; where nothing is new, the one that stands. A directory that holds what this
// ledger does not is journal.ErrRolledBack or ErrRewritten: it is what the ledger must be restored
// from, and it is left as it is. report, which may be nil, hears how many leaves are done.
func (l *Ledger) Backup(ctx context.Context, dir string, report func(done, total int64)) (journal.Durable, error) {
	d, err := l.backup(ctx, dir, report)
	if err != nil {
		return journal.Durable{}, fmt.Errorf("backup: %w", err)
	}
	return d, nil
}

func (l *Ledger) backup(ctx context.Context, dir string, report func(done, total int64)) (journal.Durable, error) {
	if l.o.Signer == nil {
		return journal.Durable{}, ErrNoSigner
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return journal.Durable{}, err
	}
	defer unlock()
	runs, err := readManifests(dir, l.o.Verifier)
	if err != nil {
		return journal.Durable{}, err
	}
	r := &run{ledger: l, dir: dir, report: report}
	if len(runs) > 0 {
		r.last = runs[len(runs)-1]
	}
	if err := r.begin(ctx); err != nil {
		return journal.Durable{}, err
	}
	m := r.last
	if r.last.Run == 0 || r.head.Size > r.last.Size || mark(r.last.Registry.Name, r.registry) != r.last.Registry {
		if m, err = r.do(ctx); err != nil {
			return journal.Durable{}, err
		}
	}
	d, err := m.mark(l.o.Verifier)
	if err != nil {
		return d, err
	}
	return d, l.markDurable(ctx, d)
}

// run is one run of a backup.
type run struct {
	ledger   *Ledger
	dir      string
	report   func(done, total int64)
	last     manifest
	head     journal.TreeHead
	before   *frontier // of the tree of the run before
	registry []byte
}

// begin fixes the state that is backed up. Everything below its size can be read at leisure, because
// it never changes.
func (r *run) begin(ctx context.Context) error {
	return r.ledger.view(ctx, func(t *tx) error {
		s, err := r.ledger.head(t, 0)
		if err != nil {
			return err
		}
		r.head = s.checkpoint.TreeHead
		if r.head.Size < r.last.Size {
			return fmt.Errorf("%s holds %d leaves, the ledger %d: %w", r.dir, r.last.Size, r.head.Size,
				journal.ErrRolledBack)
		}
		if r.before, err = t.frontier(r.last.Size); err != nil {
			return err
		}
		root, err := tlog.TreeHash(r.last.Size, r.before)
		if err != nil {
			return err
		}
		if r.last.Run > 0 && journal.Hash(root).String() != r.last.Root {
			return fmt.Errorf("%s: %w", r.dir, journal.ErrRewritten)
		}
		registry, err := t.registry()
		if err != nil {
			return err
		}
		r.registry, err = json.MarshalIndent(registry, "", " ")
		return err
	})
}

func (r *run) do(ctx context.Context) (manifest, error) {
	m := manifest{Run: r.last.Run + 1, Previous: r.last.digest, From: r.last.Size, Size: r.head.Size,
		Root: r.head.Root.String(), Written: r.ledger.o.Clock().UTC().Format(time.RFC3339)}
	m.Registry = mark(runFile(m.Run, "registry"), r.registry)
	var err error
	if m.Segment, err = r.write(ctx, runFile(m.Run, "segment")); err != nil {
		return m, err
	}
	if err := writeFile(r.dir, m.Registry.Name, r.registry); err != nil {
		return m, err
	}
	if err := r.readBack(m); err != nil {
		return m, fmt.Errorf("read back: %w", err)
	}
	d, err := journal.SignDurable(r.head, r.ledger.o.Signer)
	if err != nil {
		return m, err
	}
	m.Durable = string(d.Raw)
	raw, err := m.sign(r.ledger.o.Signer)
	if err != nil {
		return m, err
	}
	return m, writeFile(r.dir, runFile(m.Run, "manifest"), raw)
}

// write writes the segment under a name that does not count yet and renames it when it is on disk.
func (r *run) write(ctx context.Context, name string) (fileMark, error) {
	part := filepath.Join(r.dir, name+".part")
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fileMark{}, err
	}
	w := newSegmentWriter(f)
	err = r.copy(ctx, w)
	if err = errors.Join(err, w.to.Flush(), f.Sync(), f.Close()); err != nil {
		return fileMark{}, errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, filepath.Join(r.dir, name)); err != nil {
		return fileMark{}, err
	}
	return fileMark{Name: name, Bytes: w.bytes, SHA256: journal.Hash(w.sum.Sum(nil)).String()}, syncDir(r.dir)
}

// copy writes the records of all leaves from the last run on, page by page.
func (r *run) copy(ctx context.Context, w *segmentWriter) error {
	at := r.last.Size
	for first := r.last.Run == 0; at < r.head.Size || first; first = false {
		var next int64
		begun := false
		err := r.ledger.snapshot(ctx, func(t *tx) (err error) {
			if begun { // what is written is written
				return errors.New("database was in the way")
			}
			begun = true
			next, err = t.copyPage(w, at, min(at+pageLeaves, r.head.Size), first)
			return err
		})
		if err != nil {
			return err
		}
		at = next
		if r.report != nil {
			r.report(at, r.head.Size)
		}
	}
	return nil
}

// copyPage writes the records of leaves from one to before another, and returns where it ended.
func (t *tx) copyPage(w *segmentWriter, from, to int64, first bool) (int64, error) {
	rows, err := t.page(from, int(to-from))
	if err != nil {
		return from, err
	}
	notes, err := t.notes(from, to, first)
	if err != nil {
		return from, err
	}
	if n, ok := notes[from]; ok {
		if err := w.record(recordCheckpoint, n); err != nil {
			return from, err
		}
	}
	for _, r := range rows {
		if r.leaf != from {
			return from, fmt.Errorf("leaf %d: %w: missing", from, ErrTampered)
		}
		if r.blob != nil {
			if err := t.copyBlob(w, r); err != nil {
				return from, err
			}
		}
		if err := w.record(recordEntry, r.raw); err != nil {
			return from, err
		}
		from++
		if n, ok := notes[from]; ok {
			if err := w.record(recordCheckpoint, n); err != nil {
				return from, err
			}
		}
	}
	if from < to {
		return from, fmt.Errorf("leaf %d: %w: missing", from, ErrTampered)
	}
	return from, nil
}

// copyBlob writes a blob before the first entry that names it.
func (t *tx) copyBlob(w *segmentWriter, r entryRow) error {
	var first int64
	if err := t.row("SELECT min(leaf) FROM entries WHERE blob = ?", r.blob).Scan(&first); err != nil || first < r.leaf {
		return err
	}
	b := blobHeader{digest: journal.Hash(r.blob)}
	var upload string
	err := t.row("SELECT size, party, upload FROM blobs WHERE digest = ?", r.blob).Scan(&b.size, &b.party, &upload)
	if err != nil {
		return fmt.Errorf("blob %s: %w", b.digest, err)
	}
	if err := w.record(recordBlob, b.marshal()); err != nil {
		return err
	}
	return t.copyPieces(w, upload, b.size)
}

// lockDir makes the directory of a backup and lets one process write into it.
func lockDir(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another backup is being written to %s", dir), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// writeFile makes a file durably: whole or not at all.
func writeFile(dir, name string, data []byte) error {
	part := filepath.Join(dir, name+".part")
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
