package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"padarozhnik/station/journal"
)

// readSegmentFile reads a segment from the disk itself, as far as the system lets us: what it holds in
// memory is dropped before. The digest must be that of the mark.
func readSegmentFile(dir string, m fileMark, to reading) error {
	f, err := os.Open(filepath.Join(dir, m.Name))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBackup, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != m.Bytes {
		return fmt.Errorf("%w: length of %s", ErrBackup, m.Name)
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	digest, err := readSegment(f, to)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBackup, m.Name, err)
	}
	if digest.String() != m.SHA256 {
		return fmt.Errorf("%w: %s differs from its manifest", ErrBackup, m.Name)
	}
	return nil
}

// readBack proves the run: the leaves on disk must lead to the root that is signed.
func (r *run) readBack(m manifest) error {
	registry, err := m.registry(r.dir)
	if err != nil {
		return err
	}
	if len(registry.Parties) == 0 && m.Size > 0 {
		return fmt.Errorf("%w: empty registry", ErrBackup)
	}
	proof := &rootProof{tree: r.before}
	if err := readSegmentFile(r.dir, m.Segment, proof); err != nil {
		return err
	}
	head, err := proof.tree.head()
	if err != nil {
		return err
	}
	if head != r.head {
		return fmt.Errorf("%w: another root", ErrBackup)
	}
	return nil
}

// rootProof lets a tree grow by what a segment holds.
type rootProof struct{ tree *frontier }

func (*rootProof) blob(blobHeader) error     { return nil }
func (*rootProof) piece(int64, []byte) error { return nil }
func (*rootProof) blobEnd() error            { return nil }
func (*rootProof) checkpoint([]byte) error   { return nil }

func (p *rootProof) entry(raw []byte) error {
	s, err := journal.Parse(raw)
	if err != nil {
		return err
	}
	_, err = p.tree.add(s.Leaf())
	return err
}

// VerifyBackup is Ledger.Verify for the directory of a backup, with the ledger's public key alone. Its
// memory grows by the digest of each blob.
func VerifyBackup(ctx context.Context, dir string, v note.Verifier, report func(done, total int64)) (*Audit, error) {
	a := &Audit{}
	err := verifyBackup(ctx, dir, v, a, report)
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil {
		return a, fmt.Errorf("audit %s: %w", dir, err)
	}
	return a, nil
}

func verifyBackup(ctx context.Context, dir string, v note.Verifier, a *Audit, report func(done, total int64)) error {
	runs, err := readManifests(dir, v)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return fmt.Errorf("%w: no manifest", ErrBackup)
	}
	last := runs[len(runs)-1]
	registry, err := last.registry(dir)
	if err != nil {
		return err
	}
	keys, err := registry.validKeys()
	if err != nil {
		return err
	}
	b := &backupAudit{ctx: ctx, checker: newChecker(v, keys, a), blobs: map[journal.Hash]bool{}, report: report,
		total: last.Size}
	for _, m := range runs {
		err := readSegmentFile(dir, m.Segment, b)
		switch {
		case errors.Is(err, errEnough):
			return err
		case errors.Is(err, ErrBackup) && ctx.Err() == nil:
			return b.broken(-1, err)
		case err != nil:
			return err
		}
		head, err := b.tree.head()
		if err != nil {
			return err
		}
		a.Head = head
		if head.Size != m.Size || head.Root.String() != m.Root {
			return b.broken(-1, fmt.Errorf("run %d: another root was signed", m.Run))
		}
	}
	return nil
}

// backupAudit hands a segment to the checker.
type backupAudit struct {
	ctx context.Context
	*checker
	open   journal.Hash
	blobs  map[journal.Hash]bool
	report func(done, total int64)
	total  int64
}

func (b *backupAudit) blob(h blobHeader) error {
	b.open = h.digest
	return nil
}

func (b *backupAudit) piece(int64, []byte) error { return b.ctx.Err() }

func (b *backupAudit) blobEnd() error {
	b.blobs[b.open] = true
	b.audit.Blobs++
	return nil
}

func (b *backupAudit) entry(raw []byte) error {
	s, _, err := b.checker.entry(raw)
	if err != nil {
		return err
	}
	if n := s.Entry.Blob; n != nil && !b.blobs[n.Digest] {
		if err := b.find(b.tree.size-1, errors.New("its blob is missing")); err != nil {
			return err
		}
	}
	if b.report != nil && (b.tree.size%pageLeaves == 0 || b.tree.size == b.total) {
		b.report(b.tree.size, b.total)
	}
	return b.ctx.Err()
}
