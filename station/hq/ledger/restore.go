package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"padarozhnik/station/journal"
)

// Lines of what a ledger knows of itself.
const (
	metaRestoring = "restoring" // while it is being restored: the digest of the newest manifest
	metaRestored  = "restored"  // when that came to its end, in seconds
)

// Conditions of restoring.
var (
	// ErrRestoring: a restore was cut off. The same restore again goes on with it.
	ErrRestoring = errors.New("ledger is only partly restored")
	// ErrNotEmpty: there is a ledger already where one should be restored.
	ErrNotEmpty = errors.New("a ledger is there already")
)

// Restore makes a ledger at a place (as for Open) from the directory of a backup. It may be cut off at
// any point and called again. At the end the restored ledger is verified from its raw entries; before
// that, Open refuses it. It needs no private key. What came after the newest run of the backup is
// gone: stations notice (journal.ErrRolledBack) and send theirs again.
func Restore(ctx context.Context, dir, place string, o Options, report func(done, total int64)) (*Audit, error) {
	a, err := restore(ctx, dir, place, o, report)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	return a, nil
}

func restore(ctx context.Context, dir, place string, o Options, report func(done, total int64)) (_ *Audit, err error) {
	l, err := open(place, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	runs, err := readManifests(dir, l.o.Verifier)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("%w: no manifest", ErrBackup)
	}
	last := runs[len(runs)-1]
	registry, err := last.registry(dir)
	if err != nil {
		return nil, err
	}
	if err := l.beginRestore(ctx, last, registry); err != nil {
		return nil, err
	}
	r := &restorer{ctx: ctx, ledger: l, total: last.Size, report: report}
	for _, m := range runs {
		if err := readSegmentFile(dir, m.Segment, r); err != nil {
			return nil, err
		}
	}
	if err := r.flush(); err != nil {
		return nil, err
	}
	return l.endRestore(ctx, last)
}

// beginRestore marks an empty ledger and writes the registry into it, or finds the mark of the same
// backup.
func (l *Ledger) beginRestore(ctx context.Context, m manifest, r registryCopy) error {
	return l.grow(ctx, func(t *tx) error {
		begun, err := t.meta(metaRestoring)
		if err != nil || begun == m.digest {
			return err
		}
		var there int
		err = t.row("SELECT (SELECT count(*) FROM parties) + (SELECT count(*) FROM checkpoints)").Scan(&there)
		if err != nil {
			return err
		}
		if begun != "" || there > 0 {
			return ErrNotEmpty
		}
		if err := t.exec("INSERT INTO meta (name, value) VALUES (?, ?)", metaRestoring, m.digest); err != nil {
			return err
		}
		return t.putRegistry(r)
	})
}

func (l *Ledger) endRestore(ctx context.Context, m manifest) (*Audit, error) {
	a, err := l.Verify(ctx, nil)
	if err != nil {
		return nil, err
	}
	if !a.OK() {
		return nil, fmt.Errorf("%d findings: %w", len(a.Findings), a.Findings[0].Err)
	}
	if a.Head.Size != m.Size || a.Head.Root.String() != m.Root {
		return nil, fmt.Errorf("%w: another root", ErrBackup)
	}
	d, err := m.mark(l.o.Verifier)
	if err != nil {
		return nil, err
	}
	if err := l.markDurable(ctx, d); err != nil {
		return nil, err
	}
	return a, l.update(ctx, func(t *tx) error {
		for _, name := range []string{metaRestoring, metaRestored} {
			if err := t.exec("DELETE FROM meta WHERE name = ?", name); err != nil {
				return err
			}
		}
		return t.exec("INSERT INTO meta (name, value) VALUES (?, ?)", metaRestored,
			strconv.FormatInt(l.o.Clock().Unix(), 10))
	})
}

// restored is when the ledger was restored, 0 for never. Every answer to a pull says so: the vault does
// not go on with numbers that it may have given away once.
func (t *tx) restored() (int64, error) {
	text, err := t.meta(metaRestored)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// restorer writes what a segment holds, passing over what an earlier attempt has written.
type restorer struct {
	ctx    context.Context
	ledger *Ledger
	report func(done, total int64)
	total  int64

	leaf   int64 // number of the next entry of the segment
	fresh  []journal.Signed
	notes  [][]byte // checkpoints among fresh
	header blobHeader
	upload string // "" where the blob is there already
}

func (r *restorer) blob(b blobHeader) error {
	r.header, r.upload = b, b.digest.String()
	return r.ledger.update(r.ctx, func(t *tx) error {
		var there int
		if err := t.row("SELECT count(*) FROM blobs WHERE digest = ?", b.digest[:]).Scan(&there); err != nil {
			return err
		}
		if there > 0 {
			r.upload = ""
			return nil
		}
		return t.exec("DELETE FROM pieces WHERE upload = ?", r.upload)
	})
}

func (r *restorer) piece(at int64, data []byte) error {
	if r.upload == "" {
		return r.ctx.Err()
	}
	return r.ledger.update(r.ctx, func(t *tx) error {
		return t.exec("INSERT INTO pieces (upload, start, data) VALUES (?, ?, ?)", r.upload, at, data)
	})
}

func (r *restorer) blobEnd() error {
	if r.upload == "" {
		return nil
	}
	return r.ledger.update(r.ctx, func(t *tx) error {
		return t.exec("INSERT INTO blobs (digest, size, party, upload) VALUES (?, ?, ?, ?)",
			r.header.digest[:], r.header.size, r.header.party, r.upload)
	})
}

func (r *restorer) entry(raw []byte) error {
	s, err := journal.Parse(raw)
	if err != nil {
		return err
	}
	r.fresh = append(r.fresh, s)
	r.leaf++
	return nil
}

func (r *restorer) checkpoint(raw []byte) error {
	r.notes = append(r.notes, append([]byte(nil), raw...))
	if len(r.fresh) >= pageLeaves || r.leaf == 0 {
		return r.flush()
	}
	return nil
}

// flush writes what was read since the last checkpoint that was written.
func (r *restorer) flush() error {
	first := r.leaf - int64(len(r.fresh))
	err := r.ledger.grow(r.ctx, func(t *tx) error {
		size, err := t.lockTree()
		if err != nil {
			return err
		}
		if err := r.writeFrom(t, first, size); err != nil {
			return err
		}
		for _, raw := range r.notes {
			if err := r.putNote(t, raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.fresh, r.notes = nil, nil
	if r.report != nil {
		r.report(r.leaf, r.total)
	}
	return nil
}

// writeFrom stores the entries, the first of which is leaf number first, that a ledger of that size
// does not have.
func (r *restorer) writeFrom(t *tx, first, size int64) error {
	known := min(max(0, size-first), int64(len(r.fresh)))
	in := &intake{tx: t, size: first + known, fresh: r.fresh[known:], chains: map[string]*chainState{}}
	if len(in.fresh) == 0 {
		return nil
	}
	if in.size != size {
		return fmt.Errorf("leaf %d: %w: missing", size, ErrBackup)
	}
	for i, s := range in.fresh {
		in.chains[s.Entry.Chain] = &chainState{leaf: in.size + int64(i), grew: true}
	}
	return in.write()
}

func (r *restorer) putNote(t *tx, raw []byte) error {
	c, err := journal.ParseCheckpoint(raw, r.ledger.o.Verifier)
	if err != nil {
		return err
	}
	var there int
	if err := t.row("SELECT count(*) FROM checkpoints WHERE size = ?", c.Size).Scan(&there); err != nil || there > 0 {
		return err
	}
	return t.exec("INSERT INTO checkpoints (size, note) VALUES (?, ?)", c.Size, raw)
}
