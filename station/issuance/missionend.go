package issuance

import (
	"context"
	"crypto/sha256"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// madeHere is an order that the office's own signer signed.
type madeHere struct {
	Serial station.Serial `cbor:"1,keyasint"`
	Signer []byte         `cbor:"2,keyasint"` // SHA-256 of the certificate
}

func (o madeHere) put(tx Tx, token station.CaseToken) error {
	raw, err := journal.Encode(o)
	if err != nil {
		return err
	}
	return tx.PutNote(noteHere+string(token), raw)
}

// madeHereFor returns the order that was signed here for the present blank of a case, the zero value
// where there is none.
func madeHereFor(tx Tx, c station.Case) (madeHere, error) {
	var o madeHere
	raw, err := tx.Note(noteHere + string(c.Token))
	if err != nil || raw == nil {
		return o, err
	}
	if err := journal.Decode(raw, &o); err != nil || o.Serial != c.Serial {
		return madeHere{}, err
	}
	return o, nil
}

// PassOn gives a case whose order was to be made here back to headquarters: the signer's use is over, it
// was revoked, or nobody has its PIN. The draft is destroyed.
func (d *Desk) PassOn(ctx context.Context, seat Seat, token station.CaseToken) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MaySign(seat.Officer, d.Now()); err != nil {
			return err
		}
		if f.Sealed == nil {
			return ErrNoSigner
		}
		return d.passOn(tx, seat.Key, f)
	})
	if err != nil {
		return fmt.Errorf("pass on case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}

func (d *Desk) passOn(tx Tx, by Key, f Folder) error {
	if err := d.shred(tx, by, &f, event.CausePassedOn); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	body := event.PassedOn{Serial: f.Case.Serial}
	return d.record(tx, by, fact{kind: event.OrderPassedOn, subject: string(f.Case.Token), body: body})
}

// endSigner does what follows from a notice that revokes signers, if one of them is the office's own:
// drafts are passed on, and booklets that it signed and nobody has yet are spoiled, because no border
// will believe them. Their cases wait for another blank, and headquarters makes the order.
func (d *Desk) endSigner(tx Tx, signers [][]byte) error {
	s, _ := d.Charter.Mission()
	own := sha256.Sum256(s.Certificate)
	ended := revocations{Signers: signers}
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		o, err := madeHereFor(tx, f.Case)
		if err != nil {
			return err
		}
		switch {
		case unsigned(f) != nil && ended.signed(own[:]):
			err = d.passOn(tx, d.Key, f)
		case o.Signer != nil && ended.signed(o.Signer):
			err = d.spoilSigned(tx, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spoilSigned takes a booklet away whose signature was revoked.
func (d *Desk) spoilSigned(tx Tx, f Folder) error {
	lost, err := f.Case.LoseBlank()
	if err != nil {
		return nil // handed over: the revocation list ends the book
	}
	f.Case = lost
	book, err := tx.Booklet(f.Case.Serial)
	if err != nil {
		return err
	}
	if book, err = book.Advance(station.StateSpoiled); err != nil {
		return err
	}
	if err := tx.PutBooklet(book); err != nil {
		return err
	}
	if err := d.shred(tx, d.Key, &f, event.CauseRevoked); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	body := event.Resolved{Case: f.Case.Token, As: station.StateSpoiled, Reason: event.CauseRevoked}
	return d.record(tx, d.Key, fact{kind: event.BookletSpoiled, subject: string(book.Serial), body: body})
}
