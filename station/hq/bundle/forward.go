package bundle

import (
	"context"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// Ledger takes in what a station would push over the wire: a client with the vault's certificate.
type Ledger interface {
	PutBlob(ctx context.Context, b journal.Blob, data []byte) error
	Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
		[]journal.Receipt, journal.Checkpoint, error)
}

// Outbox is a bundle to headquarters while it is written. It has the methods of the wire that bring
// something there.
type Outbox struct{ *Writer }

// PutBlob appends sealed bytes, before the entry that names them.
func (o Outbox) PutBlob(_ context.Context, b journal.Blob, data []byte) error {
	if int64(len(data)) != b.Size {
		return fmt.Errorf("blob: %w", wire.BlobMismatch)
	}
	return o.Add(KindBlob, data)
}

// Push appends entries as the message that would carry them over the network. last is the newest
// checkpoint that the station has verified.
func (o Outbox) Push(_ context.Context, last journal.Checkpoint, entries []journal.Signed) error {
	req := wire.PushRequest{From: last.Size}
	for _, s := range entries {
		req.Entries = append(req.Entries, s.Raw())
	}
	body, err := wire.Encode(req)
	if err != nil {
		return err
	}
	return o.Add(KindPush, body)
}

// Forwarded says what a bundle brought.
type Forwarded struct {
	Entries int
	Blobs   int
	Until   journal.Entry // the newest entry
}

// Forward hands everything of a station's bundle to the ledger, in order, and returns how far it
// came. What the ledger holds already it counts as brought. An entry that is not of the station's
// own chain is journal.ErrNotForUs.
func (b *Bundle) Forward(ctx context.Context, to Ledger) (Forwarded, error) {
	var out Forwarded
	for _, p := range b.Parts {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		body, err := b.Body(p)
		if err != nil {
			return out, err
		}
		if p.Kind == KindBlob {
			if err := to.PutBlob(ctx, journal.Blob{Digest: p.Digest, Size: p.Size}, body); err != nil {
				return out, err
			}
			out.Blobs++
			continue
		}
		entries, err := b.entries(body)
		if err != nil {
			return out, err
		}
		if _, _, err := to.Push(ctx, journal.Checkpoint{}, entries); err != nil {
			return out, err
		}
		out.Entries += len(entries)
		out.Until = entries[len(entries)-1].Entry
	}
	return out, nil
}

// entries reads one push.
func (b *Bundle) entries(body []byte) ([]journal.Signed, error) {
	req, err := wire.DecodePushRequest(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", journal.ErrDamaged, err)
	}
	out := make([]journal.Signed, len(req.Entries))
	for i, raw := range req.Entries {
		if out[i], err = journal.Parse(raw); err != nil {
			return nil, fmt.Errorf("%w: %w", journal.ErrDamaged, err)
		}
		if out[i].Entry.Chain != b.Hello.Station {
			return nil, fmt.Errorf("entry of chain %s: %w", out[i].Entry.Chain, journal.ErrNotForUs)
		}
	}
	return out, nil
}
