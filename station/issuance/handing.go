package issuance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/lds"
)

// Presentation is what the officer at the counter shows to who collects a book: its data, and the picture
// that its chip holds, to be compared with the face before them. It is personal and is forgotten when the
// hand-over ends.
type Presentation struct {
	Serial    station.Serial
	Applicant station.Applicant
	Issue     station.Date
	Expiry    station.Date
	Picture   []byte // of the chip, JPEG or JPEG 2000; nil where the chip gave none
	Proxies   []station.Proxy
	Findings  []Finding // of the chip
}

// Chip tells whether the chip was read, is authentic and holds the order.
func (p Presentation) Chip() bool { return Examination{Findings: p.Findings}.OK() }

// Present opens a finished book's data for the officer who hands it over and reads its chip at the desk.
// A chip that cannot be read is a finding: the book is not handed over, and WasteFinished makes it
// unusable. Looking counts against the officer's quota.
func (d *Desk) Present(
	ctx context.Context, seat Seat, token station.CaseToken, report devices.Report,
) (Presentation, error) {
	var out Presentation
	o, err := d.collected(ctx, seat, token)
	if err != nil {
		return out, fmt.Errorf("present case %s: %w", token, err)
	}
	defer Destroy(&o)
	defer d.atWork()()
	out = Presentation{
		Serial: o.Serial, Applicant: o.Applicant, Issue: o.Issue, Expiry: o.Expiry, Proxies: slices.Clone(o.Proxies),
	}
	e := Examination{Serial: o.Serial}
	switch err := d.examineChip(ctx, o, &e, report); {
	case deadChip(err):
		e.add("chip access", false, "the chip does not answer as one of ours does")
	case err != nil:
		return out, fmt.Errorf("present case %s: %w", token, err)
	}
	out.Findings = e.Findings
	for _, f := range e.ChipFiles {
		if f.Name == "DG2" {
			if dg2, err := lds.ParseDG2(f.Data); err == nil && len(dg2.Faces) > 0 {
				out.Picture = slices.Clone(dg2.Faces[0].Image)
			}
		}
	}
	return out, nil
}

// deadChip tells whether a chip is to blame for an error, and not the reader, what else lies on it, or a
// person who stopped the work.
func deadChip(err error) bool {
	if err == nil {
		return false
	}
	for _, other := range []error{
		devices.ErrServiceStopped, devices.ErrNoReader, devices.ErrUnreachable, devices.ErrTwoChips, devices.ErrBankCard,
		devices.ErrBusy, devices.ErrCancelled, context.Canceled,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

// collected opens the order of a finished book for an officer of the counter, as an event that is counted.
func (d *Desk) collected(ctx context.Context, seat Seat, token station.CaseToken) (station.Order, error) {
	var o station.Order
	err := d.counted(ctx, seat, act{actView, token}, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MayHandOver(seat.Officer, d.Now()); err != nil {
			return err
		}
		if f.Order == nil {
			return noOrder(tx, token)
		}
		if err := d.open(tx, token, f.Keys, f.Order, seat.Key, &o); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{
			kind: event.CasePresented, subject: string(token), body: event.Bound{Case: token},
		})
	})
	return o, err
}

// HandOver gives a passed booklet to its holder, or to a proxy whom the holder registered in person when
// they enrolled. A station on new hardware has no order of a book that the old one had finished: there the
// officer's word stands for the chip, and no proxy is known.
func (d *Desk) HandOver(ctx context.Context, seat Seat, token station.CaseToken, h station.Handing) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := f.Case.MayHandOver(seat.Officer, d.Now()); err != nil {
			return err
		}
		var o station.Order
		if f.Order != nil {
			if err := d.open(tx, token, f.Keys, f.Order, seat.Key, &o); err != nil {
				return err
			}
			defer Destroy(&o)
		}
		if f.Case, err = f.Case.HandOver(seat.Officer, h, o.Proxies, d.Now()); err != nil {
			return err
		}
		if err := errors.Join(d.mayIssue(tx), stoppedHere(tx, f.Case)); err != nil {
			return err
		}
		book, err := tx.Booklet(f.Case.Serial)
		if err != nil {
			return err
		}
		if book, err = book.Advance(station.StateHanded); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		body := event.Handed{Case: token, Proxy: h.Proxy != "", Old: h.Old}
		if file := o.File("EF.SOD"); file != nil {
			sod := sha256.Sum256(file)
			body.SOD = sod[:]
		}
		return d.record(tx, seat.Key, fact{kind: event.CaseHanded, subject: string(book.Serial), body: body})
	})
	if err != nil {
		return fmt.Errorf("hand over case %s: %w", token, err)
	}
	return nil
}

// finish records that a booklet passed. What only the chip's making needed is destroyed: from here on the
// order holds what the counter shows, and is open to its officers as well.
func (d *Desk) finish(ctx context.Context, seat Seat, o station.Order, body event.Inspected) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		book, err := tx.Booklet(o.Serial)
		if err != nil {
			return err
		}
		if book, err = book.Advance(station.StatePassed); err != nil {
			return err
		}
		f, err := tx.Folder(o.Case)
		if err != nil {
			return err
		}
		if f.Case, err = f.Case.Pass(seat.Officer, d.Now()); err != nil {
			return err
		}
		slip := o
		slip.Secrets = station.ChipSecrets{CAN: o.Secrets.CAN}
		readers := slices.Concat(d.Charter.WithRole(station.RoleEnrol), d.Charter.WithRole(station.RoleInspect))
		if f.Order, f.Keys, err = d.lock(o.Case, slip, readers); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{kind: event.BookletPassed, subject: string(o.Serial), body: body})
	})
}
