package issuance

import (
	"context"
	"crypto/ecdsa"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// VerifyJournal follows the station's chain from its first entry and returns how many it holds.
// Every entry must be signed by the station or by an officer of the charter.
func (d *Desk) VerifyJournal(ctx context.Context) (int, error) {
	var entries []journal.Signed
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		entries, err = tx.Entries("")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("verify journal: %w", err)
	}
	v := journal.NewVerifier(d.Charter.Station, d.keyOf, nil)
	for _, s := range entries {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := v.Next(s); err != nil {
			return 0, fmt.Errorf("verify journal: %w", err)
		}
	}
	return len(entries), nil
}

// keyOf finds who may sign on this station's chain.
func (d *Desk) keyOf(e journal.Entry) (*ecdsa.PublicKey, error) {
	if e.Actor == d.Key.KeyID() {
		if pub, ok := d.Key.Public().(*ecdsa.PublicKey); ok {
			return pub, nil
		}
	}
	spki := d.Charter.SignedOnce(e.Actor)
	if spki == nil {
		return nil, journal.ErrUnknownKey
	}
	return journal.ParseKey(spki)
}

// Stock lists every booklet by serial.
func (d *Desk) Stock(ctx context.Context) ([]station.Booklet, error) {
	var books []station.Booklet
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		books, err = tx.AllBooklets()
		return err
	})
	return books, err
}

// Journal returns the entries about a case and its booklets, oldest first; all of them for "".
func (d *Desk) Journal(ctx context.Context, subject string) ([]journal.Signed, error) {
	var entries []journal.Signed
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		entries, err = tx.Entries(subject)
		return err
	})
	return entries, err
}
