package issuance

import (
	"context"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ReconciliationError says that a day's stock does not add up, and which figure is wrong. Serials names
// the booklets of which the signed entries and the stock say different things; where there are none, it
// is the count. It wraps ErrStockCount.
type ReconciliationError struct {
	Figures station.Figures
	Counted int
	Figure  string
	Serials []station.Serial
}

// Error gives the equation and the figure.
func (e *ReconciliationError) Error() string {
	f := e.Figures
	const equation = "opening %d + received %d - issued %d - spoiled %d - sent %d - lost %d = %d, counted %d; wrong: %s"
	text := fmt.Sprintf(equation,
		f.Opening, f.Received, f.Issued, f.Spoiled, f.Sent, f.Lost, f.Closing(), e.Counted, e.Figure)
	if len(e.Serials) > 0 {
		text += fmt.Sprintf(" %v", station.Ranges(e.Serials))
	}
	return text + ": " + ErrStockCount.Error()
}

// Unwrap returns ErrStockCount.
func (e *ReconciliationError) Unwrap() error { return ErrStockCount }

// book follows the signed entries of a station and keeps the stock's figures along with them.
type book struct {
	*foundation
	figures station.Figures
}

func newBook() *book {
	b := &book{foundation: newFoundation(event.Past{})}
	b.moved = func(_ station.Serial, from, to station.State) { b.figures.Move(from, to) }
	return b
}

// begin starts a period: what the safe holds now is its opening.
func (b *book) begin() { b.figures = station.Figures{Opening: b.figures.Closing()} }

// replay follows all entries. at is called before each of them.
func (b *book) replay(entries []journal.Signed, at func(journal.Entry)) error {
	for _, s := range entries {
		if at != nil {
			at(s.Entry)
		}
		if err := b.take(s.Entry); err != nil {
			return fmt.Errorf("entry %d/%d: %w", s.Entry.Epoch, s.Entry.Sequence, err)
		}
	}
	return nil
}

// reconcile adds a day up from its entries, holds the stock against them, and compares with what was
// counted.
func reconcile(tx Tx, day Day, counted int) (station.Figures, error) {
	entries, err := tx.Entries("")
	if err != nil {
		return station.Figures{}, err
	}
	b := newBook()
	err = b.replay(entries, func(e journal.Entry) {
		var body event.Day
		if e.Kind == event.DayOpened && journal.Decode(e.Body, &body) == nil && body.Day == day.ID {
			b.begin()
		}
	})
	if err != nil {
		return b.figures, err
	}
	figure, serials, err := b.differs(tx)
	if err != nil {
		return b.figures, err
	}
	if figure == "" && counted != b.figures.Closing() {
		figure = station.FigureCounted
	}
	if figure != "" {
		return b.figures, &ReconciliationError{b.figures, counted, figure, serials}
	}
	return b.figures, nil
}

// differs compares the states of all booklets as the entries tell them with those of the stock. It returns
// the figure in which the first of them is counted wrong, and every booklet that differs.
func (b *book) differs(tx Tx) (figure string, serials []station.Serial, err error) {
	books, err := tx.AllBooklets()
	if err != nil {
		return "", nil, err
	}
	stock := map[station.Serial]station.State{}
	for _, have := range books {
		stock[have.Serial] = have.State
		told := station.State("")
		if known := b.books[have.Serial]; known != nil {
			told = known.State
		}
		if told == have.State || told == "" && !have.State.InSafe() && !have.Terminal() {
			continue
		}
		if figure == "" {
			if figure = station.FigureOf(told); told.InSafe() {
				figure = station.FigureOf(have.State)
			}
		}
		serials = append(serials, have.Serial)
	}
	for serial, known := range b.books {
		if _, ok := stock[serial]; !ok {
			serials = append(serials, serial)
			if figure == "" {
				figure = station.FigureOf(known.State)
			}
		}
	}
	slices.Sort(serials)
	return figure, serials, nil
}

// Reconcile adds up the open day as its entries tell it, without ending it.
func (d *Desk) Reconcile(ctx context.Context, counted int) (station.Figures, error) {
	var out station.Figures
	err := d.Store.View(ctx, func(tx Tx) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		out, err = reconcile(tx, day, counted)
		return err
	})
	return out, err
}
