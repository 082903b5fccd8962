package issuance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of destroyed books
	_ "image/png"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ErrPicture: a picture of the destroyed books is missing, or cannot be read.
var ErrPicture = errors.New("no picture of the destroyed books")

// toHeadquarters is where blanks go that go back.
const toHeadquarters = "headquarters"

// handling is one act of two custodians on some blanks.
type handling struct {
	verb           string
	proposed, done string
	from, to       station.State // from "": any that may become the other
	body           event.Moved
	picture        []byte // sealed to headquarters
}

// handle carries it out: both sign, and every blank moves or none does.
func (d *Desk) handle(ctx context.Context, first, second Seat, serials []station.Serial, h handling) error {
	err := d.custodians(first, second)
	if err == nil {
		serials, err = station.Counted(serials)
	}
	if err == nil && len(serials) == 0 {
		err = station.ErrNoBlank
	}
	if err == nil {
		h.body.Blanks = station.Ranges(serials)
		err = d.Store.Update(ctx, func(tx Tx) error { return d.handleIn(tx, first, second, serials, h) })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.verb, err)
	}
	return nil
}

func (d *Desk) handleIn(tx Tx, first, second Seat, serials []station.Serial, h handling) error {
	var blob *journal.Blob
	if h.picture != nil {
		var err error
		if blob, err = d.sealToVault(tx, event.PurposePicture, h.picture); err != nil {
			return err
		}
	}
	if err := d.sign(tx, first, second, pair{
		proposed: h.proposed, done: h.done, blob: blob,
		body: func(id []byte) any { h.body.Proposed = id; return h.body },
	}); err != nil {
		return err
	}
	for _, s := range serials {
		b, err := tx.Booklet(s)
		if err != nil {
			return err
		}
		if h.from != "" && b.State != h.from {
			return fmt.Errorf("blank %s is %s: %w", s, b.State, station.ErrStage)
		}
		if b, err = b.Advance(h.to); err != nil {
			return err
		}
		if err := tx.PutBooklet(b); err != nil {
			return err
		}
		if err := d.bereave(tx, b); err != nil {
			return err
		}
	}
	return nil
}

// bereave takes the booklet from the case that had it. The case waits for another blank, as after a
// spoiled booklet, and its order is destroyed.
func (d *Desk) bereave(tx Tx, b station.Booklet) error {
	if b.Case == "" || b.State != station.StateLost {
		return nil
	}
	f, err := tx.Folder(b.Case)
	if err != nil || f.Case.Serial != b.Serial {
		return err
	}
	if f.Case, err = f.Case.LoseBlank(); err != nil {
		return nil // the case ended before: only the blank is left
	}
	if err := d.shred(tx, d.Key, &f, event.CauseLost); err != nil {
		return err
	}
	body := event.Resolved{Case: b.Case, As: station.StateLost, Reason: event.CauseLost}
	if err := d.record(tx, d.Key, fact{kind: event.BookletSpoiled, subject: string(b.Serial), body: body}); err != nil {
		return err
	}
	return tx.PutFolder(f)
}

func stockReason(reason string) error {
	if len(strings.TrimSpace(reason)) < 3 {
		return station.ErrReason
	}
	return nil
}

// SendStock sends blanks from the safe on to another station, or back to "headquarters", in a bag with a
// seal. They are in transit from then on; the other office gets its manifest from headquarters.
func (d *Desk) SendStock(ctx context.Context, first, second Seat, serials []station.Serial, to, seal string) error {
	if to != toHeadquarters {
		if err := journal.CheckStation(to); err != nil || to == d.Charter.Station {
			return fmt.Errorf("send stock: to %q: %w", to, station.ErrMalformed)
		}
	}
	if strings.TrimSpace(seal) == "" {
		return fmt.Errorf("send stock: without a seal: %w", station.ErrSeal)
	}
	return d.handle(ctx, first, second, serials, handling{
		verb: "send stock", proposed: event.StockSendProposed, done: event.StockSent, to: station.StateInTransit,
		body: event.Moved{To: to, Seal: seal},
	})
}

// DeclareLost records that blanks or booklets cannot be found. They never become valid again; a case that
// had one waits for another.
func (d *Desk) DeclareLost(ctx context.Context, first, second Seat, serials []station.Serial, reason string) error {
	if err := stockReason(reason); err != nil {
		return fmt.Errorf("declare lost: %w", err)
	}
	return d.handle(ctx, first, second, serials, handling{
		verb: "declare lost", proposed: event.StockLossProposed, done: event.StockLost, to: station.StateLost,
		body: event.Moved{Reason: reason},
	})
}

// SpoilBlanks takes blanks out of use that were damaged before they were used for anybody. A booklet that
// a case has is spoiled by Resolve.
func (d *Desk) SpoilBlanks(ctx context.Context, first, second Seat, serials []station.Serial, reason string) error {
	if err := stockReason(reason); err != nil {
		return fmt.Errorf("spoil blanks: %w", err)
	}
	return d.handle(ctx, first, second, serials, handling{
		verb: "spoil blanks", proposed: event.StockSpoilProposed, done: event.StockSpoiled,
		from: station.StateAvailable, to: station.StateSpoiled, body: event.Moved{Reason: reason},
	})
}

// MaxPicture bounds the picture of destroyed books, in bytes; maxSide in pixels.
const (
	MaxPicture = 6 << 20
	maxSide    = 20000
)

// DestroyBooks records that spoiled books, and lost or revoked ones that were found, were destroyed before
// the eyes of two custodians, who took a picture (JPEG or PNG) of what is left. The picture goes to
// headquarters sealed; the entry holds its hash.
func (d *Desk) DestroyBooks(
	ctx context.Context, first, second Seat, serials []station.Serial, picture []byte, method string,
) error {
	if err := stockReason(method); err != nil {
		return fmt.Errorf("destroy books: how: %w", err)
	}
	if err := checkPicture(picture); err != nil {
		return fmt.Errorf("destroy books: %w", err)
	}
	sum := sha256.Sum256(picture)
	return d.handle(ctx, first, second, serials, handling{
		verb: "destroy books", proposed: event.StockDestroyProposed, done: event.StockDestroyed,
		to: station.StateDestroyed, picture: picture,
		body: event.Moved{Reason: method, Picture: sum[:]},
	})
}

func checkPicture(picture []byte) error {
	if len(picture) == 0 || len(picture) > MaxPicture {
		return fmt.Errorf("%d bytes, %d at most: %w", len(picture), MaxPicture, ErrPicture)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPicture, err)
	}
	if c.Width < 64 || c.Height < 64 || c.Width > maxSide || c.Height > maxSide {
		return fmt.Errorf("%d x %d pixels: %w", c.Width, c.Height, ErrPicture)
	}
	return nil
}
