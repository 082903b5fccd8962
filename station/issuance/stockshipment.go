package issuance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// Names of notes about deliveries.
const (
	noteShipments = "shipments" // every one that has been announced, without its manifest
	noteManifest  = "manifest/" // followed by a shipment: the sealed manifest, until it is opened
)

// shipmentRecord is a delivery with the digest of its manifest.
type shipmentRecord struct {
	Shipment station.Shipment `cbor:"1,keyasint"`
	Manifest journal.Hash     `cbor:"2,keyasint"`
	Blanks   []station.Range  `cbor:"3,keyasint,omitempty"` // once the manifest is open
}

// rows lists the blanks of a manifest.
func rows(m event.Manifest) []station.Range {
	var out []station.Serial
	for _, b := range m.Blanks {
		out = append(out, b.Serial)
	}
	return station.Ranges(out)
}

// received lists the blanks of the shipment that wait to be taken into the safe.
func (r shipmentRecord) received(tx Tx) ([]station.Serial, error) {
	books, err := tx.AllBooklets()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(inState(books, station.StateReceived), func(s station.Serial) bool {
		return !(event.Revoked{Blanks: r.Blanks}).HasBlank(s)
	}), nil
}

func shipmentsIn(tx Tx) ([]shipmentRecord, error) {
	var out []shipmentRecord
	raw, err := tx.Note(noteShipments)
	if err != nil || raw == nil {
		return nil, err
	}
	return out, journal.Decode(raw, &out)
}

func shipmentIn(tx Tx, id string) (shipmentRecord, error) {
	all, err := shipmentsIn(tx)
	if err != nil {
		return shipmentRecord{}, err
	}
	for _, r := range all {
		if r.Shipment.ID == id {
			return r, nil
		}
	}
	return shipmentRecord{}, fmt.Errorf("shipment %s: %w", id, ErrUnknown)
}

func putShipment(tx Tx, r shipmentRecord) error {
	all, err := shipmentsIn(tx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(had shipmentRecord) bool { return had.Shipment.ID == r.Shipment.ID })
	if i < 0 {
		all = append(all, r)
	} else {
		all[i] = r
	}
	raw, err := journal.Encode(all)
	if err != nil {
		return err
	}
	return tx.PutNote(noteShipments, raw)
}

// Shipments lists the deliveries that headquarters has announced, oldest first: how far each has come,
// and which bags are in quarantine. What a bag holds is not known before its blanks are counted.
func (d *Desk) Shipments(ctx context.Context) ([]station.Shipment, error) {
	var out []station.Shipment
	err := d.Store.View(ctx, func(tx Tx) error {
		all, err := shipmentsIn(tx)
		for _, r := range all {
			out = append(out, r.Shipment)
		}
		return err
	})
	return out, err
}

// sameBags tells whether two records are of one delivery: bags of the same names under the same seals.
func (r shipmentRecord) sameBags(other shipmentRecord) bool {
	return slices.EqualFunc(r.Shipment.Bags, other.Shipment.Bags, func(a, b station.Bag) bool {
		return a.Name == b.Name && a.Seal == b.Seal
	})
}

// announce keeps a delivery that headquarters has sent on its way. Its manifest stays sealed.
func (d *Desk) announce(tx Tx, s journal.Signed, blob []byte) error {
	var body event.Allocated
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	if err := station.CheckShipment(body.Shipment); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	r := shipmentRecord{Manifest: body.Manifest}
	r.Shipment = station.Shipment{ID: body.Shipment, Stage: station.ShipmentAnnounced}
	for _, b := range body.Bags {
		r.Shipment.Bags = append(r.Shipment.Bags, station.Bag{Name: b.Name, Seal: b.Seal})
	}
	had, err := shipmentIn(tx, body.Shipment)
	if err == nil && had.sameBags(r) {
		return nil // headquarters lost that it had said so
	}
	if !errors.Is(err, ErrUnknown) {
		return errors.Join(err, fmt.Errorf("shipment %s announced twice: %w", body.Shipment, ErrHeadquarters))
	}
	if err := tx.PutNote(noteManifest+body.Shipment, blob); err != nil {
		return err
	}
	return putShipment(tx, r)
}

// openManifest opens the sealed manifest of a shipment, which ends its time as a secret, and brings its
// blanks into the stock: each is in transit from here on, or revoked where a notice has named it.
func (d *Desk) openManifest(tx Tx, r shipmentRecord) (event.Manifest, error) {
	var m event.Manifest
	blob, err := tx.Note(noteManifest + r.Shipment.ID)
	if err != nil {
		return m, err
	}
	plain, err := seal.Open(d.Key, event.PurposeStock, blob)
	if err != nil {
		return m, err
	}
	if sha256.Sum256(plain) != r.Manifest {
		return m, fmt.Errorf("manifest of shipment %s: %w", r.Shipment.ID, ErrHeadquarters)
	}
	if err := journal.Decode(plain, &m); err != nil {
		return m, err
	}
	known, err := d.revoked(tx)
	if err != nil {
		return m, err
	}
	for _, b := range m.Blanks {
		if err := d.expect(tx, b, event.Revoked{Blanks: known.Blanks}); err != nil {
			return m, err
		}
	}
	return m, tx.EraseNote(noteManifest + r.Shipment.ID)
}

// expect enters one blank of a manifest. One that was sent on from here may come back, and one may have
// lain in the bag of another delivery.
func (d *Desk) expect(tx Tx, b event.Blank, known event.Revoked) error {
	if err := d.Charter.Profile.CheckSerial(b.Serial); err != nil {
		return err
	}
	book, err := tx.Booklet(b.Serial)
	strayed := book.State == station.StateQuarantined && len(book.ChipID) == 0
	switch {
	case errors.Is(err, ErrUnknown):
		book = station.Booklet{Serial: b.Serial, State: station.StateInTransit}
	case err != nil:
		return err
	case book.State != station.StateInTransit && !strayed:
		return fmt.Errorf("blank %s allocated twice: %w", b.Serial, ErrHeadquarters)
	}
	book.ChipID = b.ChipID
	if !known.HasBlank(b.Serial) {
		return tx.PutBooklet(book)
	}
	if book, err = book.Advance(station.StateRevoked); err != nil {
		return err
	}
	if err := tx.PutBooklet(book); err != nil {
		return err
	}
	return d.record(tx, d.Key, fact{kind: event.BlankRevoked, subject: string(b.Serial)})
}

// compared enters and records how one bag compares with its manifest. It returns the blanks that are
// good: counted, and not revoked.
func (d *Desk) compared(tx Tx, r shipmentRecord, o station.Outcome, joint bool) ([]station.Serial, error) {
	to := station.StateReceived
	if o.Why != "" {
		to = station.StateQuarantined
	}
	var good []station.Serial
	for _, s := range o.Blanks {
		b, err := tx.Booklet(s)
		if err != nil {
			return nil, err
		}
		if b.State == station.StateRevoked || b.State == to {
			continue
		}
		if b, err = b.Advance(to); err != nil {
			return nil, err
		}
		if err := tx.PutBooklet(b); err != nil {
			return nil, err
		}
		if to == station.StateReceived {
			good = append(good, s)
		}
	}
	if err := quarantineExtra(tx, o.Extra); err != nil {
		return nil, err
	}
	if len(o.Missing) == len(o.Blanks) {
		o.Missing = nil // all of them: the entry names the bag's blanks once
	}
	body := event.Compared{
		Bag: o.Bag, Manifest: r.Manifest[:], Why: o.Why, Joint: joint, Blanks: station.Ranges(o.Blanks),
		Missing: station.Ranges(o.Missing), Extra: station.Ranges(o.Extra),
	}
	return good, d.record(tx, d.Key, fact{kind: event.StockCompared, subject: r.Shipment.ID, body: body})
}

// quarantineExtra enters blanks that lay in a bag and stand in no manifest of it. One that is known here
// under another state stays what it is: two books of one number are for headquarters to explain.
func quarantineExtra(tx Tx, extra []station.Serial) error {
	for _, s := range extra {
		if _, err := tx.Booklet(s); !errors.Is(err, ErrUnknown) {
			if err != nil {
				return err
			}
			continue
		}
		if err := tx.PutBooklet(station.Booklet{Serial: s, State: station.StateQuarantined}); err != nil {
			return err
		}
	}
	return nil
}

// resolved carries out headquarters' decision on a bag in quarantine. What is released waits to be taken
// into the safe by two custodians.
func (d *Desk) resolved(tx Tx, s journal.Signed) error {
	var r event.Resolution
	if err := journal.Decode(s.Entry.Body, &r); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	done := event.Resolution{Shipment: r.Shipment, Bag: r.Bag, Reason: r.Reason}
	for _, part := range []struct {
		rows []station.Range
		to   station.State
		done *[]station.Range
	}{{r.Released, station.StateReceived, &done.Released}, {r.Lost, station.StateLost, &done.Lost}} {
		serials, err := station.Listed(part.rows)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrHeadquarters, err)
		}
		moved, err := settle(tx, serials, part.to)
		if err != nil {
			return err
		}
		*part.done = station.Ranges(moved)
	}
	return d.record(tx, d.Key, fact{kind: event.StockSettled, subject: r.Shipment, body: done})
}

// settle moves what is still in quarantine. What two custodians have declared lost meanwhile stays lost.
// A blank without a chip in any manifest is not released: it is not this office's.
func settle(tx Tx, serials []station.Serial, to station.State) (moved []station.Serial, err error) {
	for _, s := range serials {
		b, err := tx.Booklet(s)
		if errors.Is(err, ErrUnknown) || err == nil && b.State != station.StateQuarantined {
			continue
		}
		if err != nil {
			return nil, err
		}
		if to == station.StateReceived && len(b.ChipID) == 0 {
			continue
		}
		if b, err = b.Advance(to); err != nil {
			return nil, err
		}
		if err := tx.PutBooklet(b); err != nil {
			return nil, err
		}
		moved = append(moved, s)
	}
	return moved, nil
}
