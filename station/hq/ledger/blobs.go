package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// piece returns the bytes of an upload from an offset to the end of the piece that holds it.
func (t *tx) piece(upload string, at int64) ([]byte, error) {
	var start int64
	var data []byte
	err := t.row("SELECT start, data FROM pieces WHERE upload = ? AND start <= ? ORDER BY start DESC LIMIT 1",
		upload, at).Scan(&start, &data)
	if err == nil && at-start >= int64(len(data)) {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, fmt.Errorf("piece at %d: %w", at, err)
	}
	return data[at-start:], nil
}

// copyPieces writes the first size bytes of an upload.
func (t *tx) copyPieces(w io.Writer, upload string, size int64) error {
	for at := int64(0); at < size; {
		data, err := t.piece(upload, at)
		if err != nil {
			return err
		}
		if at += int64(len(data)); at > size {
			return errors.New("more bytes than the blob has")
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

// Blob is sealed bytes that lie in the ledger. It reads them piece by piece and holds one at a time,
// each in a transaction of its own: a slow reader keeps nobody waiting, and a blob never changes. It
// is used by one goroutine.
type Blob struct {
	ctx    context.Context
	ledger *Ledger
	upload string
	size   int64
	at     int64
	piece  []byte // bytes from at on
}

// OpenBlob finds sealed bytes: any for the vault, and for a station those that its directives name.
// It returns wire.NotFound both for what is not there and for what is not for the caller, so that
// nobody can probe for digests. ctx is for reading, too.
func (l *Ledger) OpenBlob(ctx context.Context, to wire.Peer, digest journal.Hash) (*Blob, error) {
	b := &Blob{ctx: ctx, ledger: l}
	err := l.view(ctx, func(t *tx) error {
		if err := t.admit(to); err != nil {
			return err
		}
		query, args := "SELECT upload, size FROM blobs WHERE digest = ?", []any{digest[:]}
		if to.Role != wire.RoleVault {
			query += " AND EXISTS (SELECT 1 FROM entries e WHERE e.blob = digest AND e.chain = ?)"
			args = append(args, to.Name+journal.Directives)
		}
		err := t.row(query, args...).Scan(&b.upload, &b.size)
		if errors.Is(err, sql.ErrNoRows) {
			return &wire.Error{Code: wire.NotFound, Digest: digest}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return b, nil
}

// Size is the number of bytes.
func (b *Blob) Size() int64 { return b.size }

// Read implements io.Reader.
func (b *Blob) Read(p []byte) (int, error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	if len(b.piece) == 0 {
		err := b.ledger.snapshot(b.ctx, func(t *tx) (err error) {
			b.piece, err = t.piece(b.upload, b.at)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("blob: %w", err)
		}
	}
	n := copy(p, b.piece)
	b.piece = b.piece[n:]
	b.at += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (b *Blob) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, errors.New("blob: before the start")
	}
	if offset != b.at {
		b.at, b.piece = offset, nil
	}
	return offset, nil
}
