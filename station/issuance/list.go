package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// noteList holds the newest list of revoked books, as the vault signed it.
const noteList = "revocations"

// keepList takes in the list that headquarters sends. Its file goes on to whoever wants it.
func (d *Desk) keepList(tx Tx, blob []byte) error {
	file, err := seal.Open(d.Key, event.PurposeList, blob)
	if err != nil {
		return err
	}
	return tx.PutNote(noteList, file)
}

// Revocations returns the newest list of revoked books that headquarters has sent, a file that anybody can
// carry and check by headquarters' printed key. It returns ErrUnknown where none has come.
func (d *Desk) Revocations(ctx context.Context) ([]byte, error) {
	return Revocations(ctx, d.Store)
}

// Revocations is Desk.Revocations where nobody has opened the desk.
func Revocations(ctx context.Context, store Store) ([]byte, error) {
	var file []byte
	err := store.View(ctx, func(tx Tx) (err error) {
		file, err = tx.Note(noteList)
		return err
	})
	if err == nil && file == nil {
		err = ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("revocations: %w", err)
	}
	return file, nil
}

// listedRow looks a serial up in the list that the station carries, which came in a directive of the vault.
func listedRow(tx Tx, serial station.Serial) (attest.Row, bool, error) {
	file, err := tx.Note(noteList)
	if err != nil || file == nil {
		return attest.Row{}, false, err
	}
	l, err := attest.ReadRevocations(file)
	if err != nil {
		return attest.Row{}, false, err
	}
	row, found := l.Find(serial)
	return row, found, nil
}

// maxDetail bounds what a holder tells of a lost book, in bytes.
const maxDetail = 8 << 10

// ReportBook records what a holder, or somebody else, says became of a book that was given away: lost,
// stolen, damaged, found. The detail goes to headquarters sealed and may name people; the entry does not.
// The book is invalid from now on, and stays so when it is found. Any office may report any book.
func (d *Desk) ReportBook(
	ctx context.Context, seat Seat, serial station.Serial, as station.Fate, by, detail string,
) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		if err := d.mayReport(seat, serial, by, detail); err != nil {
			return err
		}
		if err := d.markFate(tx, serial, as); err != nil {
			return err
		}
		blob, err := d.sealToVault(tx, event.PurposeReport, detail)
		if err != nil {
			return err
		}
		body := event.Reported{As: as, By: by}
		return d.record(tx, seat.Key, fact{event.BookReported, string(serial), body, blob})
	})
	if err != nil {
		return fmt.Errorf("report book %s: %w", serial, err)
	}
	return nil
}

func (d *Desk) mayReport(seat Seat, serial station.Serial, by, detail string) error {
	if err := seat.Officer.May(station.RoleEnrol, station.DateOf(d.Now())); err != nil {
		return err
	}
	if err := d.Charter.Profile.CheckSerial(serial); err != nil {
		return err
	}
	if by != "holder" && by != "police" && by != "other" {
		return fmt.Errorf("reported by: %w", station.ErrMalformed)
	}
	if len(strings.TrimSpace(detail)) < 3 {
		return station.ErrReason
	}
	if len(detail) > maxDetail {
		return fmt.Errorf("detail of %d bytes: %w", len(detail), station.ErrMalformed)
	}
	return nil
}

// markFate marks a book of this office. Another office's is not known here; one that is still in the safe
// cannot have been lost by its holder.
func (d *Desk) markFate(tx Tx, serial station.Serial, as station.Fate) error {
	if !slices.Contains(station.Fates(), as) {
		return fmt.Errorf("reported as: %w", station.ErrMalformed)
	}
	b, err := tx.Booklet(serial)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if b, err = b.Report(as); err != nil {
		return err
	}
	return tx.PutBooklet(b)
}
