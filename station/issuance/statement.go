package issuance

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Statement is what the stock of an office went through between two days, both included, by its signed
// entries alone. It names no holder, no case and no officer's name.
type Statement struct {
	Station   string          `json:"station"`
	Training  bool            `json:"training,omitempty"`
	From      station.Date    `json:"from"`
	To        station.Date    `json:"to"`
	Total     station.Figures `json:"total"`
	Closing   int             `json:"closing"`
	Days      []DayFigures    `json:"days"` // those on which anything moved
	Movements []Movement      `json:"movements"`
	Stock     []StateBlanks   `json:"stock"` // at the end of the last day
	Head      string          `json:"head"`  // of the journal when the statement was made, hexadecimal
	Entry     string          `json:"entry"` // its number: epoch/sequence
	Words     string          `json:"words"` // the head, to be read over the telephone
	WordsBE   string          `json:"wordsBe"`
}

// DayFigures is one day of a statement.
type DayFigures struct {
	Day     station.Date    `json:"day"`
	Figures station.Figures `json:"figures"`
	Closing int             `json:"closing"`
}

// Movement is what one entry did to some booklets.
type Movement struct {
	Entry  string          `json:"entry"`
	Time   int64           `json:"time"`
	Kind   string          `json:"kind"`
	State  station.State   `json:"state"`
	Blanks []station.Range `json:"blanks"`
	By     string          `json:"by"` // pseudonym
}

// StateBlanks lists the booklets in one state.
type StateBlanks struct {
	State  station.State   `json:"state"`
	Count  int             `json:"count"`
	Blanks []station.Range `json:"blanks"`
}

// Place writes where an entry stands in its chain: epoch and number.
func Place(e journal.Entry) string { return fmt.Sprintf("%d/%d", e.Epoch, e.Sequence) }

// Statement adds the stock up for the days from one to another, in UTC, both included.
func (d *Desk) Statement(ctx context.Context, from, to station.Date) (Statement, error) {
	var entries []journal.Signed
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		entries, err = tx.Entries("")
		return err
	})
	if err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	if to.Before(from) {
		return Statement{}, fmt.Errorf("statement from %s to %s: %w", from, to, station.ErrMalformed)
	}
	out := Statement{Station: d.Charter.Station, Training: d.Training, From: from, To: to}
	if err := out.add(entries, d.pseudonym); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	return out, nil
}

// pseudonym names who signed an entry as everybody outside may know them.
func (d *Desk) pseudonym(keyID string) string {
	if o, ok := d.Charter.Officer(keyID); ok {
		return o.Pseudonym
	}
	if keyID == d.Charter.StationID {
		return d.Charter.Station
	}
	return keyID[:min(8, len(keyID))]
}

// add follows the journal up to the end of the last day.
func (s *Statement) add(entries []journal.Signed, name func(string) string) error {
	b := newBook()
	var moved []Movement // of the entry at hand
	b.moved = func(serial station.Serial, from, to station.State) {
		b.figures.Move(from, to)
		i := slices.IndexFunc(moved, func(m Movement) bool { return m.State == to })
		if i < 0 {
			moved = append(moved, Movement{State: to})
			i = len(moved) - 1
		}
		moved[i].Blanks = append(moved[i].Blanks, station.Range{First: serial, Last: serial})
	}
	var head journal.Hash
	for _, signed := range entries {
		e := signed.Entry
		head, s.Entry = signed.ID(), Place(e)
		day := station.DateOf(time.Unix(e.Time, 0))
		if s.To.Before(day) {
			continue // the head is the newest entry all the same
		}
		if day.Before(s.From) {
			if err := b.take(e); err != nil {
				return err
			}
			moved = nil
			continue
		}
		if n := len(s.Days); n == 0 || s.Days[n-1].Day != day {
			s.Days = append(s.Days, DayFigures{Day: day, Figures: station.Figures{Opening: b.figures.Closing()}})
			b.begin()
		}
		if err := b.take(e); err != nil {
			return err
		}
		last := &s.Days[len(s.Days)-1]
		last.Figures, last.Closing = b.figures, b.figures.Closing()
		for _, m := range moved {
			s.Movements = append(s.Movements, m.of(e, name))
		}
		moved = nil
	}
	s.sum(b)
	s.Head, s.Words, s.WordsBE = head.String(), head.Words(), head.CyrillicWords()
	return nil
}

// of says of which entry the movement is.
func (m Movement) of(e journal.Entry, name func(string) string) Movement {
	serials := make([]station.Serial, len(m.Blanks))
	for i, r := range m.Blanks {
		serials[i] = r.First
	}
	m.Entry, m.Time, m.Kind, m.By, m.Blanks = Place(e), e.Time, e.Kind, name(e.Actor), station.Ranges(serials)
	return m
}

// sum adds the days up and lists the stock at their end.
func (s *Statement) sum(b *book) {
	s.Total.Opening = b.figures.Closing()
	if len(s.Days) > 0 {
		s.Total.Opening = s.Days[0].Figures.Opening
	}
	for _, d := range s.Days {
		s.Total.Received += d.Figures.Received
		s.Total.Issued += d.Figures.Issued
		s.Total.Spoiled += d.Figures.Spoiled
		s.Total.Sent += d.Figures.Sent
		s.Total.Lost += d.Figures.Lost
	}
	s.Closing = s.Total.Closing()
	s.Days = slices.DeleteFunc(s.Days, func(d DayFigures) bool {
		return d.Figures == station.Figures{Opening: d.Figures.Opening}
	})
	held := map[station.State][]station.Serial{}
	for serial, have := range b.books {
		held[have.State] = append(held[have.State], serial)
	}
	order := station.States()
	states := slices.SortedFunc(maps.Keys(held), func(a, b station.State) int {
		return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
	})
	for _, state := range states {
		s.Stock = append(s.Stock, StateBlanks{state, len(held[state]), station.Ranges(held[state])})
	}
}

// CSV writes the statement as rows, the first word of each saying what it is.
func (s Statement) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	figures := func(what, day string, f station.Figures) []string {
		row := []string{what, day}
		for _, n := range []int{f.Opening, f.Received, f.Issued, f.Spoiled, f.Sent, f.Lost, f.Closing()} {
			row = append(row, strconv.Itoa(n))
		}
		return row
	}
	rows := [][]string{
		{"statement", s.Station, s.From.String(), s.To.String(), s.Entry, s.Head, s.Words},
		{"figures", "day", "opening", "received", "issued", "spoiled", "sent", "lost", "closing"},
	}
	for _, d := range s.Days {
		rows = append(rows, figures("day", d.Day.String(), d.Figures))
	}
	rows = append(rows, figures("total", "", s.Total), []string{"stock", "state", "count", "blanks"})
	for _, b := range s.Stock {
		for i, r := range b.Blanks {
			count := ""
			if i == 0 {
				count = strconv.Itoa(b.Count)
			}
			rows = append(rows, []string{"stock", string(b.State), count, r.String()})
		}
	}
	rows = append(rows, []string{"movement", "entry", "time", "kind", "state", "blanks", "by"})
	for _, m := range s.Movements {
		for _, r := range m.Blanks {
			rows = append(rows, []string{"movement", m.Entry, time.Unix(m.Time, 0).UTC().Format(time.RFC3339), m.Kind,
				string(m.State), r.String(), m.By})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	return nil
}
