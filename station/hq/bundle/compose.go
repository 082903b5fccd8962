package bundle

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// Archive is what the ledger answers the vault: a client with the vault's certificate.
type Archive interface {
	Link(ctx context.Context, from int64, join func(journal.Checkpoint, []journal.Hash) error) (
		[]byte, journal.Checkpoint, error)
	PullChain(ctx context.Context, last journal.Checkpoint, chain string, after int64) ([]byte, journal.Page, error)
	GetBlob(ctx context.Context, b journal.Blob) ([]byte, error)
}

// Composed says what the answers to a station hold.
type Composed struct {
	Receipts   int
	Directives int
	Checkpoint journal.Checkpoint // the newest that they show
}

// linkTries bounds how often the links are asked for again because the tree grew in between.
const linkTries = 8

// errGrew: two links end at two checkpoints.
var errGrew = errors.New("the ledger grew while it was asked")

// Compose fills a bundle to a station with the ledger's answers. The Hello of w says from where on;
// known are the sizes of trees that the station may have seen last.
func Compose(ctx context.Context, w *Writer, from Archive, known []int64) (Composed, error) {
	c := composer{ctx: ctx, w: w, from: from}
	links, err := c.links(known)
	for try := 1; errors.Is(err, errGrew) && try < linkTries; try++ {
		links, err = c.links(known)
	}
	if err != nil {
		return Composed{}, err
	}
	for _, l := range links {
		if err := w.Add(KindLink, l); err != nil {
			return Composed{}, err
		}
	}
	h := w.letter.Hello
	receipts, err := c.chain(KindOwn, h.Station, h.Own)
	if err != nil {
		return Composed{}, err
	}
	directives, err := c.chain(KindPull, h.Station+journal.Directives, h.After)
	return Composed{receipts, directives, c.last}, err
}

// composer asks page after page; each is proven to contain the one before.
type composer struct {
	ctx  context.Context
	w    *Writer
	from Archive
	last journal.Checkpoint
}

// links asks for the proofs from every known tree to one and the same newest checkpoint.
func (c *composer) links(known []int64) ([][]byte, error) {
	c.last = journal.Checkpoint{}
	var out [][]byte
	for i, size := range append([]int64{0}, known...) {
		raw, now, err := c.from.Link(c.ctx, size, nil)
		if errors.Is(err, journal.ErrRolledBack) {
			continue // the station has seen more than the ledger holds: it will say so itself
		}
		if err != nil {
			return nil, err
		}
		if i > 0 && now.Size != c.last.Size {
			return nil, errGrew
		}
		c.last = now
		body, err := wire.Encode(Link{From: size, Answer: raw})
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

// chain appends all pages of one chain from a leaf on, each behind the blobs that it names.
func (c *composer) chain(k Kind, chain string, after int64) (int, error) {
	n := 0
	for {
		raw, page, err := c.from.PullChain(c.ctx, c.last, chain, after)
		if err != nil {
			return n, fmt.Errorf("chain %s: %w", chain, err)
		}
		if k == KindPull {
			if err := c.blobs(page); err != nil {
				return n, err
			}
		}
		if err := c.w.Add(k, raw); err != nil {
			return n, err
		}
		n += len(page.Entries)
		c.last, after = page.Checkpoint, page.Next
		if !page.More {
			return n, nil
		}
	}
}

func (c *composer) blobs(page journal.Page) error {
	for _, p := range page.Entries {
		b := p.Entry.Entry.Blob
		if b == nil {
			continue
		}
		data, err := c.from.GetBlob(c.ctx, *b)
		if err != nil {
			return err
		}
		if err := c.w.Add(KindBlob, data); err != nil {
			return err
		}
	}
	return nil
}
