package issuance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// Order opens a production order for an officer who works on it.
func (d *Desk) Order(ctx context.Context, seat Seat, token station.CaseToken) (station.Order, error) {
	var o station.Order
	err := d.Store.View(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := d.admitKey(tx, seat.Key); err != nil {
			return err
		}
		if err := dayOpen(tx); err != nil {
			return err
		}
		if f.Order == nil {
			return errors.Join(noOrder(tx, token), unsigned(f))
		}
		if err := d.open(tx, token, f.Keys, f.Order, seat.Key, &o); err != nil {
			return err
		}
		return errors.Join(d.checkSigner(tx, o), stoppedHere(tx, f.Case))
	})
	if err != nil {
		return station.Order{}, fmt.Errorf("order of case %s: %w", token, err)
	}
	return o, nil
}

// Personalise makes the booklet of an order: it takes the blank, writes and proves the chip, and
// prints the page. Each step is recorded before the next begins, and Personalise goes on from the
// step that was recorded last. It returns ErrInDoubt where ink may have been laid and nobody saw
// the end: Examine and Resolve then let a person decide.
func (d *Desk) Personalise(ctx context.Context, seat Seat, token station.CaseToken, report devices.Report) error {
	for {
		c, err := d.Case(ctx, token)
		if err != nil {
			return err
		}
		book, err := d.booklet(ctx, c.Serial)
		if err != nil {
			return err
		}
		if book.State == station.StatePrinted {
			return nil
		}
		if err := d.Produce(ctx, seat, token, report); err != nil {
			return err
		}
	}
}

// Produce does the next step on a booklet: take, encode or print.
func (d *Desk) Produce(ctx context.Context, seat Seat, token station.CaseToken, report devices.Report) error {
	o, err := d.Order(ctx, seat, token)
	if err != nil {
		return err
	}
	defer Destroy(&o)
	defer d.atWork()()
	c, err := d.Case(ctx, token)
	if err != nil {
		return err
	}
	if _, err := c.Produce(seat.Officer, d.Now()); err != nil {
		return err
	}
	if err := d.Store.View(ctx, d.mayIssue); err != nil {
		return err
	}
	if err := d.printerStops(ctx); err != nil {
		return err
	}
	book, err := d.booklet(ctx, o.Serial)
	if err != nil {
		return err
	}
	if err := d.agedNow(ctx, seat, o, book); err != nil {
		return fmt.Errorf("booklet %s: %w", o.Serial, err)
	}
	steps := map[station.State]func(context.Context, Seat, station.Order, devices.Report) error{
		station.StateReserved: d.take,
		station.StateTaken:    d.encode,
		station.StateEncoded:  d.print,
		station.StateInking:   d.doubt,
	}
	step, ok := steps[book.State]
	if !ok || book.Case != token {
		return fmt.Errorf("booklet %s is %s: %w", o.Serial, book.State, station.ErrStage)
	}
	if err := step(ctx, seat, o, report); err != nil {
		return fmt.Errorf("booklet %s: %w", o.Serial, err)
	}
	return nil
}

// doubt is what can be done with a booklet that may carry ink: nothing without a person.
func (d *Desk) doubt(context.Context, Seat, station.Order, devices.Report) error { return ErrInDoubt }

func (d *Desk) booklet(ctx context.Context, serial station.Serial) (station.Booklet, error) {
	var b station.Booklet
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		b, err = tx.Booklet(serial)
		return err
	})
	return b, err
}

// advance moves a booklet and its case in one transaction with the entry that says so.
func (d *Desk) advance(
	ctx context.Context, by Key, o station.Order, to station.State, ev fact, change func(*station.Case) error,
) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		book, err := tx.Booklet(o.Serial)
		if err != nil {
			return err
		}
		if book, err = book.Advance(to); err != nil {
			return err
		}
		f, err := tx.Folder(o.Case)
		if err != nil {
			return err
		}
		if change != nil {
			if err := change(&f.Case); err != nil {
				return err
			}
			if err := tx.PutFolder(f); err != nil {
				return err
			}
		}
		if err := tx.PutBooklet(book); err != nil {
			return err
		}
		ev.subject = string(o.Serial)
		return d.record(tx, by, ev)
	})
}

// take reads the blank's number from its page and its chip, and records that this order has it.
func (d *Desk) take(ctx context.Context, seat Seat, o station.Order, _ devices.Report) error {
	if err := d.Charter.Profile.CheckSerial(o.Serial); err != nil {
		return err
	}
	if err := d.mayTake(ctx); err != nil {
		return err
	}
	if err := d.checkSerial(ctx, o.Serial); err != nil {
		return err
	}
	chip, err := d.lookAtChip(ctx, o.Serial)
	if err != nil {
		return err
	}
	book, err := d.booklet(ctx, o.Serial)
	if err != nil {
		return err
	}
	if chip.Life == devices.LifeLocked {
		return devices.ErrLockedChip
	}
	if !bytes.Equal(chip.ChipID, book.ChipID) || !bytes.Equal(chip.ChipID, o.ChipID) {
		return devices.ErrWrongBlank
	}
	if chip.Life != devices.LifeBlank {
		return fmt.Errorf("%w: %w", devices.ErrBegunForAnother, devices.ErrWrongBlank)
	}
	ev := fact{kind: event.BlankTaken, body: event.Bound{Case: o.Case}}
	return d.advance(ctx, seat.Key, o, station.StateTaken, ev, func(c *station.Case) (err error) {
		*c, err = c.Produce(seat.Officer, d.Now())
		return err
	})
}

// lookAtChip is chipOf for a caller that does not hold the reader.
func (d *Desk) lookAtChip(ctx context.Context, serial station.Serial) (state devices.ChipState, err error) {
	err = d.places.with(ctx, SpotReader, func() (err error) {
		state, err = d.chipOf(ctx, serial)
		return err
	})
	return state, err
}

// chipTime is how long the desk waits until a booklet that was put on the reader is noticed.
const chipTime = 15 * time.Second

// chipOf has the booklet put on the reader and looks at its chip without opening it.
func (d *Desk) chipOf(ctx context.Context, serial station.Serial) (devices.ChipState, error) {
	if err := d.put(ctx, serial, SpotReader); err != nil {
		return devices.ChipState{}, err
	}
	within, cancel := context.WithTimeout(ctx, cmp.Or(d.ChipTime, chipTime))
	defer cancel()
	for {
		err := d.Encoder.Wait(within)
		if ctx.Err() == nil && within.Err() != nil {
			return devices.ChipState{}, devices.ErrNoChip
		}
		if err != nil {
			return devices.ChipState{}, err
		}
		state, err := d.Encoder.Chip(ctx)
		if !errors.Is(err, devices.ErrNoChip) && !errors.Is(err, devices.ErrChipRemoved) {
			return state, err
		}
	}
}

// checkSerial has the booklet put on the scanner and reads the number from its page.
func (d *Desk) checkSerial(ctx context.Context, serial station.Serial) error {
	return d.places.with(ctx, SpotScanner, func() error {
		if err := d.put(ctx, serial, SpotScanner); err != nil {
			return err
		}
		read, err := d.readSerial(ctx)
		if err != nil {
			return err
		}
		if read != serial {
			return fmt.Errorf("bar code: %w", station.ErrNotOurs)
		}
		return nil
	})
}

// serialDPI is enough for a bar code that is well printed and lies well. It takes a third of the time of
// a picture that is good for the machine readable zone.
const serialDPI = 200

// readSerial takes a quick picture of the page on the scanner, and a good one where no number is found
// in it or the scanner does not take quick ones.
func (d *Desk) readSerial(ctx context.Context) (station.Serial, error) {
	quick := devices.ScanSettings{DPI: serialDPI, Color: devices.Gray, Region: bookRegion()}
	s, err := d.Scanner.Scan(ctx, quick, nil)
	if err == nil {
		img, err := decodePicture(s.Data)
		if err != nil {
			return "", err
		}
		if read, err := printing.ReadSerial(img); err == nil {
			return station.Serial(read), nil
		}
	} else if !errors.Is(err, devices.ErrUnsupported) {
		return "", err
	}
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

// encode writes the chip. Every try is counted before it begins.
func (d *Desk) encode(ctx context.Context, seat Seat, o station.Order, report devices.Report) error {
	release, err := d.places.hold(ctx, SpotReader)
	if err != nil {
		return err
	}
	defer release()
	if _, err := d.chipOf(ctx, o.Serial); err != nil {
		return err
	}
	if err := d.countTry(ctx, o.Serial); err != nil {
		return err
	}
	order := ChipOrder(o)
	defer EraseChip(order)
	proof, err := d.Encoder.Personalise(ctx, order, d.Trust, d.Now(), report)
	if err != nil {
		return err
	}
	sod := sha256.Sum256(o.File("EF.SOD"))
	body := event.Encoded{SOD: sod[:], Resumed: proof.Resumed}
	for _, v := range proof.Verdicts {
		if !v.OK {
			return fmt.Errorf("%s: %w", v.Mechanism, devices.ErrNotAuthentic)
		}
		body.Verdicts = append(body.Verdicts, v.Mechanism)
	}
	return d.advance(ctx, seat.Key, o, station.StateEncoded, fact{kind: event.BookletEncoded, body: body}, nil)
}

func (d *Desk) countTry(ctx context.Context, serial station.Serial) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		b, err := tx.Booklet(serial)
		if err != nil {
			return err
		}
		if b.Tries >= d.Charter.Profile.ChipTries {
			return fmt.Errorf("%d tries: %w", b.Tries, ErrTries)
		}
		b.Tries++
		return tx.PutBooklet(b)
	})
}

// print reads the number again, records that ink may now fall, and prints.
func (d *Desk) print(ctx context.Context, seat Seat, o station.Order, report devices.Report) error {
	page, err := d.page(o)
	if err != nil {
		return err
	}
	place, err := d.placement(ctx)
	if err != nil {
		return err
	}
	ink, err := d.lockUp(ctx, page, place)
	if err != nil {
		return err
	}
	if err := d.checkSerial(ctx, o.Serial); err != nil {
		return err
	}
	release, err := d.places.hold(ctx, SpotPrinter)
	if err != nil {
		return err
	}
	defer release()
	if err := d.put(ctx, o.Serial, SpotPrinter); err != nil {
		return err
	}
	if state, err := d.Printer.State(ctx); err != nil {
		return err
	} else if len(state.Conditions) > 0 {
		return errors.Join(state.Conditions...)
	}
	if ink, err = d.onLoaded(ctx, o.Serial, page, ink, place); err != nil {
		return err
	}
	started := fact{kind: event.PrintStarted, body: event.Bound{Case: o.Case}}
	prints := func(c *station.Case) (err error) { // who prints does not inspect
		*c, err = c.Produce(seat.Officer, d.Now())
		return err
	}
	if err := d.advance(ctx, seat.Key, o, station.StateInking, started, prints); err != nil {
		return err
	}
	sheet := devices.Sheet{Image: ink, DPI: d.DPI, Title: string(o.Serial)}
	if err := d.Printer.Print(ctx, sheet, report); err != nil {
		return d.afterPrint(ctx, seat, o, err)
	}
	done := fact{kind: event.BookletPrinted, body: event.Bound{Case: o.Case}}
	return d.advance(ctx, seat.Key, o, station.StatePrinted, done, nil)
}

// afterPrint goes back to "encoded" where the printer says that no ink was laid, and leaves the
// booklet "inking" where nobody can know.
func (d *Desk) afterPrint(ctx context.Context, seat Seat, o station.Order, cause error) error {
	if errors.Is(cause, devices.ErrPrintInDoubt) {
		return fmt.Errorf("%w: %w", ErrInDoubt, cause)
	}
	back := fact{kind: event.PrintRefused, body: event.Bound{Case: o.Case}}
	saved := d.advance(context.WithoutCancel(ctx), seat.Key, o, station.StateEncoded, back, nil)
	return errors.Join(cause, saved)
}
