package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// noteShort stands while the last count of the safe by two officers differed from the record.
const noteShort = "short"

// short notes how the newest count of the safe came out: one that differs keeps blanks from being taken,
// one that agrees lifts that.
func short(tx Tx, differs bool) error {
	if differs {
		return tx.PutNote(noteShort, []byte{1})
	}
	return tx.EraseNote(noteShort)
}

// mayTake refuses to take a blank from a safe whose count differs from the record, and on a closed day.
func (d *Desk) mayTake(ctx context.Context) error {
	return d.Store.View(ctx, func(tx Tx) error {
		if err := dayOpen(tx); err != nil {
			return err
		}
		return counted(tx)
	})
}

// counted returns ErrStockCount while a count differs.
func counted(tx Tx) error {
	if note, err := tx.Note(noteShort); err != nil || note != nil {
		return errors.Join(err, ErrStockCount)
	}
	return nil
}

// ReadSerial reads the number of the blank that lies on the scanner.
func (d *Desk) ReadSerial(ctx context.Context) (station.Serial, error) {
	img, err := d.scanBook(ctx, nil)
	if err != nil {
		return "", err
	}
	read, err := printing.ReadSerial(img)
	if err != nil {
		return "", fmt.Errorf("bar code: %w: %w", devices.ErrWrongBlank, err)
	}
	return station.Serial(read), nil
}

// Safe lists what the safe should hold, by the record: blanks, and booklets in work.
func (d *Desk) Safe(ctx context.Context) ([]station.Serial, error) {
	var out []station.Serial
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		out, err = safe(tx)
		return err
	})
	return out, err
}

func safe(tx Tx) ([]station.Serial, error) {
	books, err := tx.AllBooklets()
	if err != nil {
		return nil, err
	}
	var out []station.Serial
	for _, b := range books {
		if b.State.InSafe() {
			out = append(out, b.Serial)
		}
	}
	return out, nil
}

// SafeError says how a count of the safe differs from the record. Missing and Extra are known where
// serials were read. It wraps ErrStockCount.
type SafeError struct {
	Counted, Expected int
	Missing, Extra    []station.Serial
}

// Error names both figures, and the serials where they are known.
func (e *SafeError) Error() string {
	text := fmt.Sprintf("counted %d, expected %d", e.Counted, e.Expected)
	if len(e.Missing)+len(e.Extra) > 0 {
		text += fmt.Sprintf(", missing %v, extra %v", station.Ranges(e.Missing), station.Ranges(e.Extra))
	}
	return text + ": " + ErrStockCount.Error()
}

// Unwrap returns ErrStockCount.
func (e *SafeError) Unwrap() error { return ErrStockCount }

// SurpriseCount records a count of the safe that two custodians make at any time: every serial that they
// found. A difference is recorded, told to headquarters and returned as a *SafeError; no blank is taken
// from then on until a count agrees.
func (d *Desk) SurpriseCount(ctx context.Context, first, second Seat, found []station.Serial) error {
	err := d.custodians(first, second)
	if err == nil {
		found, err = station.Counted(found)
	}
	if err != nil {
		return fmt.Errorf("surprise count: %w", err)
	}
	var diff *SafeError
	err = d.Store.Update(ctx, func(tx Tx) error {
		expected, err := safe(tx)
		if err != nil {
			return err
		}
		diff = &SafeError{
			Counted: len(found), Expected: len(expected),
			Missing: station.Without(expected, found), Extra: station.Without(found, expected),
		}
		differs := len(diff.Missing)+len(diff.Extra) > 0
		body := event.Checked{
			Counted: diff.Counted, Expected: diff.Expected,
			Missing: station.Ranges(diff.Missing), Extra: station.Ranges(diff.Extra),
		}
		if err := short(tx, differs); err != nil {
			return err
		}
		if !differs {
			diff = nil
		}
		return d.sign(tx, first, second, pair{
			proposed: event.StockCheckProposed, done: event.StockChecked,
			body: func(id []byte) any { body.Proposed = id; return body },
		})
	})
	if err == nil && diff != nil {
		err = diff
	}
	if err != nil {
		return fmt.Errorf("surprise count: %w", err)
	}
	return nil
}
