package issuance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// Conditions of the day.
var (
	// ErrDayClosed: work on cases begins with the opening of the day.
	ErrDayClosed = errors.New("day not open")
	// ErrDayOpen: the day is open already.
	ErrDayOpen = errors.New("day open already")
	// ErrStockCount: the safe does not hold what the record says.
	ErrStockCount = errors.New("count of the safe differs from the record")
)

// noteDay holds the open day; there is none while the day is closed.
const noteDay = "day"

// dayPrefix stands before the day's name where a case key is wrapped under the day's key.
const dayPrefix = "day/"

// Day is an open day. Its key is random, in memory, and sealed to the tokens of the two officers who
// opened it, so that one of them can resume the day when the program was killed.
type Day struct {
	ID      string      `cbor:"1,keyasint"`
	Opened  int64       `cbor:"2,keyasint"` // unix seconds
	Openers []string    `cbor:"3,keyasint"` // key identifiers
	Keys    []seal.Wrap `cbor:"4,keyasint"`
}

// Today returns the open day, or ErrDayClosed.
func (d *Desk) Today(ctx context.Context) (Day, error) {
	var day Day
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		day, err = today(tx)
		return err
	})
	return day, err
}

func today(tx Tx) (Day, error) {
	var day Day
	raw, err := tx.Note(noteDay)
	if err != nil {
		return day, err
	}
	if raw == nil {
		return day, ErrDayClosed
	}
	return day, journal.Decode(raw, &day)
}

// dayOpen returns ErrDayClosed unless there is an open day.
func dayOpen(tx Tx) error {
	raw, err := tx.Note(noteDay)
	if err == nil && raw == nil {
		return ErrDayClosed
	}
	return err
}

// OpenDay begins the day with the tokens of two officers, who have counted the safe, and returns the
// checklist that the journal keeps. A device that does not answer stops nobody; a count that
// differs lets the office enrol and decide, and no blank be taken.
func (d *Desk) OpenDay(ctx context.Context, first, second Seat, counted int) ([]Check, error) {
	if err := d.two(first, second); err != nil {
		return nil, fmt.Errorf("open the day: %w", err)
	}
	checks, expected, err := d.Checklist(ctx, counted)
	if err != nil {
		return nil, fmt.Errorf("open the day: %w", err)
	}
	key := seal.NewKey()
	day, err := newDay(key, d.Now().Unix(), first, second)
	if err != nil {
		return nil, fmt.Errorf("open the day: %w", err)
	}
	program, err := d.program()
	if err != nil {
		return nil, fmt.Errorf("open the day: %w", err)
	}
	body := event.Day{Day: day.ID, Counted: counted, Expected: expected, Failed: failed(checks), Program: program}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if _, err := today(tx); !errors.Is(err, ErrDayClosed) {
			return errors.Join(err, ErrDayOpen)
		}
		if err := putDay(tx, day); err != nil {
			return err
		}
		if err := short(tx, counted != expected); err != nil {
			return err
		}
		return d.sign(tx, first, second, pair{
			proposed: event.DayProposed, done: event.DayOpened,
			body: func(id []byte) any { body.Proposed = id; return body },
		})
	})
	if err != nil {
		key.Destroy()
		return nil, fmt.Errorf("open the day: %w", err)
	}
	d.session.begin(key, day.ID)
	return checks, nil
}

// program names the build that runs, so that the journal says by which program a day was worked.
func (d *Desk) program() ([]byte, error) {
	if d.Program == nil {
		return nil, nil
	}
	return d.Program()
}

// two allows what needs two officers: different persons, both signed in and appointed.
func (d *Desk) two(first, second Seat) error {
	if first.Officer.KeyID == second.Officer.KeyID {
		return station.ErrSamePerson
	}
	for _, s := range []Seat{first, second} {
		if err := d.awake(s.Key); err != nil {
			return err
		}
		if len(s.Officer.Roles) == 0 {
			return station.ErrRole
		}
		if err := s.Officer.May(s.Officer.Roles[0], station.DateOf(d.Now())); err != nil {
			return err
		}
	}
	return nil
}

func newDay(key *seal.Key, now int64, openers ...Seat) (Day, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return Day{}, err
	}
	day := Day{ID: hex.EncodeToString(id[:]), Opened: now}
	for _, s := range openers {
		pub, err := seal.ParsePublic(s.Officer.HPKE)
		if err != nil {
			return Day{}, fmt.Errorf("officer %s: %w", s.Officer.Pseudonym, err)
		}
		w, err := key.WrapTo(dayPrefix+day.ID, pub)
		if err != nil {
			return Day{}, err
		}
		day.Keys, day.Openers = append(day.Keys, w...), append(day.Openers, s.Officer.KeyID)
	}
	return day, nil
}

func putDay(tx Tx, day Day) error {
	raw, err := journal.Encode(day)
	if err != nil {
		return err
	}
	return tx.PutNote(noteDay, raw)
}

func lastID(tx Tx) ([]byte, error) {
	last, err := tx.Last()
	if err != nil || last == nil {
		return nil, err
	}
	id := last.ID()
	return id[:], nil
}

// begin keeps the day's key in memory.
func (s *session) begin(key *seal.Key, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetDay()
	s.day, s.dayID = key, id
}

// resume brings the day's key back to memory if the day is open and this officer opened it. The
// others work without: their own tokens open what is theirs.
func (d *Desk) resume(tx Tx, key Key) error {
	if n, err := d.service(tx); n != nil || err != nil {
		return err
	}
	day, err := today(tx)
	if errors.Is(err, ErrDayClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	dayKey, err := seal.Unwrap(key, dayPrefix+day.ID, day.Keys)
	if errors.Is(err, seal.ErrNotRecipient) {
		return nil
	}
	if err != nil {
		return err
	}
	d.session.begin(dayKey, day.ID)
	return nil
}

// CloseDay ends the day: what was counted must be what the day's entries add up to, or the
// *ReconciliationError says which figure is wrong. The day's key and everything wrapped under it are
// destroyed.
func (d *Desk) CloseDay(ctx context.Context, seat Seat, counted int) ([]Check, error) {
	checks, expected, err := d.Checklist(ctx, counted)
	if err != nil {
		return nil, fmt.Errorf("close the day: %w", err)
	}
	program, err := d.program()
	if err != nil {
		return nil, fmt.Errorf("close the day: %w", err)
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		figures, err := reconcile(tx, day, counted)
		if err != nil {
			return err
		}
		if err := short(tx, false); err != nil {
			return err
		}
		if err := endDay(tx); err != nil {
			return err
		}
		if err := d.tellCounters(tx); err != nil {
			return err
		}
		body := event.Day{
			Day: day.ID, Counted: counted, Expected: expected, Failed: failed(checks), Figures: &figures, Program: program,
		}
		return d.record(tx, seat.Key, fact{kind: event.DayClosed, body: body})
	})
	if err != nil {
		return checks, fmt.Errorf("close the day: %w", err)
	}
	d.session.mu.Lock()
	d.session.forgetDay()
	d.session.mu.Unlock()
	return checks, d.Store.Scrub(ctx)
}

// endDay erases the day and what is wrapped under its key.
func endDay(tx Tx) error {
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		kept := withoutDay(f.Keys)
		if len(kept) == len(f.Keys) {
			continue
		}
		f.Keys = kept
		if err := tx.PutFolder(f); err != nil {
			return err
		}
	}
	return tx.EraseNote(noteDay)
}

func withoutDay(wraps []seal.Wrap) []seal.Wrap {
	return slices.DeleteFunc(slices.Clone(wraps), func(w seal.Wrap) bool { return strings.HasPrefix(w.Recipient, dayPrefix) })
}
