package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// A blob lies in pieces, each one row, so that neither a request nor an audit holds more than one.
const (
	maxPiece = 256 << 10
	// minPiece is the least that is worth a row of its own, but at the end of a blob.
	minPiece = 4 << 10
	// lastWrite bounds the storing of what had come when a connection broke.
	lastWrite = 15 * time.Second
)

// upload is a blob of one caller that has not come whole.
type upload struct {
	id         string
	size, held int64
}

// PutBlob takes in the bytes of a range of a blob and returns how many of the blob are held from its
// start. Every piece is durable before the next is read, so what was acknowledged, and most of what
// arrived before a connection broke, need not be sent again; one caller's pieces are never joined
// with another's. With the last byte the digest is checked over what is stored, and only then can an
// entry name the blob. A blob that is there already is taken in again and counted once.
//
// A range that covers the whole blob begins it anew. It returns a *wire.Error: Offset where the range
// does not begin at what is held, BlobMismatch where the bytes are not those of the digest (they are
// thrown away), TooLarge where the caller has too much lying here that no entry names.
func (l *Ledger) PutBlob(ctx context.Context, from wire.Peer, digest journal.Hash, span wire.Span,
	body io.Reader) (held int64, err error) {
	if span.Size > journal.MaxBlob {
		return 0, &wire.Error{Code: wire.TooLarge, Digest: digest}
	}
	if !span.Valid() || span.End < span.Size && span.Len() < minPiece {
		return 0, &wire.Error{Code: wire.BadRequest}
	}
	buffer := make([]byte, min(maxPiece, span.Len()))
	for at := span.Start; at < span.End; {
		n, readErr := io.ReadFull(body, buffer[:min(maxPiece, span.End-at)])
		if readErr != nil && n < minPiece {
			return held, unread(readErr)
		}
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
		held, err = l.putPiece(within, from, digest, span, at, buffer[:n])
		cancel()
		if err != nil {
			return held, err
		}
		if readErr != nil {
			return held, unread(readErr)
		}
		at += int64(n)
	}
	return held, nil
}

// putPiece stores one piece, and with the last one the blob.
func (l *Ledger) putPiece(ctx context.Context, from wire.Peer, digest journal.Hash, span wire.Span,
	at int64, data []byte) (held int64, err error) {
	var spoilt bool
	whole := span.Size == int64(len(data))
	if whole && sha256.Sum256(data) != digest { // before anybody has to wait for the transaction
		err := l.view(ctx, func(t *tx) error { return t.admit(from) })
		return 0, cmp.Or(err, error(&wire.Error{Code: wire.BlobMismatch, Digest: digest}))
	}
	err = l.update(ctx, func(t *tx) error {
		held, spoilt = 0, false
		if whole {
			held = span.Size
			return l.putWhole(t, from, digest, data)
		}
		if err := t.admit(from); err != nil {
			return err
		}
		u, err := l.upload(t, from, digest, span, at)
		if err != nil {
			return err
		}
		if u.held != at || u.size != span.Size {
			return &wire.Error{Code: wire.Offset, Digest: digest, Size: u.held}
		}
		held = at + int64(len(data))
		err = t.exec("INSERT INTO pieces (upload, start, data) VALUES (?, ?, ?)", u.id, at, data)
		if err != nil {
			return fmt.Errorf("store piece: %w", err)
		}
		if held < span.Size {
			return t.exec("UPDATE uploads SET held = ?, touched = ? WHERE id = ?", held, l.o.Clock().Unix(), u.id)
		}
		spoilt, err = t.finish(u, from, digest, at, data)
		return err
	})
	if err == nil && spoilt {
		return 0, &wire.Error{Code: wire.BlobMismatch, Digest: digest}
	}
	return held, err
}

// putWhole stores a blob that came in one piece, as nearly all do, in few statements. Its digest holds.
func (l *Ledger) putWhole(t *tx, from wire.Peer, digest journal.Hash, data []byte) error {
	var there, half int
	var pending int64
	err := t.admitWith(from, ", (SELECT count(*) FROM blobs WHERE digest = ?)"+
		", (SELECT count(*) FROM uploads WHERE party = ? AND digest = ?), "+selectPending,
		[]any{digest[:], from.Name, digest[:], from.Name, from.Name}, &there, &half, &pending)
	if err != nil {
		return err
	}
	if half > 0 {
		if pending, err = l.dropHalf(t, from, digest); err != nil {
			return err
		}
	}
	u := upload{id: rand.Text(), size: int64(len(data))}
	if there > 0 {
		return nil
	}
	if err := l.within(pending+u.size, digest); err != nil {
		return err
	}
	if err := t.exec("INSERT INTO pieces (upload, start, data) VALUES (?, 0, ?)", u.id, data); err != nil {
		return fmt.Errorf("store blob: %w", err)
	}
	return t.putBlobRow(u, from, digest)
}

// dropHalf forgets what had come of a blob before it came whole, and counts again what is pending.
func (l *Ledger) dropHalf(t *tx, from wire.Peer, digest journal.Hash) (pending int64, err error) {
	half, found, err := t.findUpload(from, digest, t.engine.forUpdate())
	if err != nil {
		return 0, err
	}
	if found {
		if err := t.drop(half.id); err != nil {
			return 0, err
		}
	}
	return t.pending(from)
}

// selectPending counts the bytes of a caller that no entry names, half-written ones too.
const selectPending = `(SELECT coalesce(sum(size), 0) FROM blobs WHERE party = ? AND named = 0)
	+ (SELECT coalesce(sum(size), 0) FROM uploads WHERE party = ?)`

func (t *tx) pending(from wire.Peer) (n int64, err error) {
	if err = t.row("SELECT "+selectPending, from.Name, from.Name).Scan(&n); err != nil {
		err = fmt.Errorf("pending blobs: %w", err)
	}
	return n, err
}

// quota refuses what would be too much of the caller's lying here that no entry names.
func (l *Ledger) quota(t *tx, from wire.Peer, digest journal.Hash, more int64) error {
	pending, err := t.pending(from)
	if err != nil {
		return err
	}
	return l.within(pending+more, digest)
}

func (l *Ledger) within(pending int64, digest journal.Hash) error {
	if pending > l.o.PendingBytes {
		return &wire.Error{Code: wire.TooLarge, Digest: digest}
	}
	return nil
}

func (t *tx) blobThere(digest journal.Hash) (bool, error) {
	var there int
	err := t.row("SELECT count(*) FROM blobs WHERE digest = ?", digest[:]).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("blob: %w", err)
	}
	return there > 0, nil
}

func (t *tx) putBlobRow(u upload, from wire.Peer, digest journal.Hash) error {
	err := t.exec("INSERT INTO blobs (digest, size, party, upload) VALUES (?, ?, ?, ?)",
		digest[:], u.size, from.Name, u.id)
	if err != nil {
		return fmt.Errorf("store blob: %w", err)
	}
	return nil
}

// upload finds the caller's half-written blob and locks it, or begins one. Nothing but the caller's
// own is ever found, so that nobody can probe for digests.
func (l *Ledger) upload(t *tx, from wire.Peer, digest journal.Hash, span wire.Span, at int64) (upload, error) {
	u, found, err := t.findUpload(from, digest, t.engine.forUpdate())
	if err != nil {
		return upload{}, err
	}
	anew := at == 0 && span.End == span.Size
	if found && !anew {
		return u, nil
	}
	if at > 0 {
		return upload{}, &wire.Error{Code: wire.Offset, Digest: digest}
	}
	if found {
		if err := t.drop(u.id); err != nil {
			return upload{}, err
		}
	}
	if err := l.expire(t); err != nil {
		return upload{}, err
	}
	if err := l.quota(t, from, digest, span.Size); err != nil {
		return upload{}, err
	}
	u = upload{id: rand.Text(), size: span.Size}
	err = t.exec("INSERT INTO uploads (id, party, digest, size, held, touched) VALUES (?, ?, ?, ?, ?, ?)",
		u.id, from.Name, digest[:], u.size, 0, l.o.Clock().Unix())
	if err != nil {
		return upload{}, fmt.Errorf("begin blob: %w", err)
	}
	return u, nil
}

func (t *tx) findUpload(from wire.Peer, digest journal.Hash, lock string) (u upload, found bool, err error) {
	err = t.row("SELECT id, size, held FROM uploads WHERE party = ? AND digest = ?"+lock, from.Name, digest[:]).
		Scan(&u.id, &u.size, &u.held)
	if errors.Is(err, sql.ErrNoRows) {
		return upload{}, false, nil
	}
	if err != nil {
		return upload{}, false, fmt.Errorf("half-written blob: %w", err)
	}
	return u, true, nil
}

// drop forgets a half-written blob.
func (t *tx) drop(id string) error {
	for _, q := range []string{"DELETE FROM pieces WHERE upload = ?", "DELETE FROM uploads WHERE id = ?"} {
		if err := t.exec(q, id); err != nil {
			return fmt.Errorf("drop half-written blob: %w", err)
		}
	}
	return nil
}

// expire drops the half-written blobs of everybody that nothing was added to for too long. A clock
// that jumps, either way, costs no more than that something is sent again.
func (l *Ledger) expire(t *tx) error {
	var old []string
	now, life := l.o.Clock(), l.o.HalfWritten
	err := t.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		old = append(old, id)
		return err
	}, "SELECT id FROM uploads WHERE touched < ? OR touched > ?", now.Add(-life).Unix(), now.Add(life).Unix())
	if err != nil {
		return fmt.Errorf("expired blobs: %w", err)
	}
	for _, id := range old {
		if err := t.drop(id); err != nil {
			return err
		}
	}
	return nil
}

// finish makes a blob of an upload whose last piece is data. The digest is that of what is stored:
// pieces of earlier transactions are read back. spoilt means that it differs, and that all is dropped.
func (t *tx) finish(u upload, from wire.Peer, digest journal.Hash, at int64, data []byte) (spoilt bool, err error) {
	h := sha256.New()
	if err := t.copyPieces(h, u.id, at); err != nil {
		return false, err
	}
	h.Write(data)
	if journal.Hash(h.Sum(nil)) != digest {
		return true, t.drop(u.id)
	}
	there, err := t.blobThere(digest)
	if err != nil {
		return false, err
	}
	if there {
		return false, t.drop(u.id)
	}
	if err := t.putBlobRow(u, from, digest); err != nil {
		return false, err
	}
	return false, t.exec("DELETE FROM uploads WHERE id = ?", u.id)
}

// Held tells how many bytes of a blob of the caller's are here, from its start. Of what others sent
// it tells nothing.
func (l *Ledger) Held(ctx context.Context, from wire.Peer, digest journal.Hash) (held int64, err error) {
	err = l.view(ctx, func(t *tx) error {
		if err := t.admit(from); err != nil {
			return err
		}
		u, found, err := t.findUpload(from, digest, "")
		if err != nil || found {
			held = u.held
			return err
		}
		err = t.row("SELECT size FROM blobs WHERE digest = ? AND party = ?", digest[:], from.Name).Scan(&held)
		if errors.Is(err, sql.ErrNoRows) {
			held, err = 0, nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("blob: %w", err)
	}
	return held, nil
}
