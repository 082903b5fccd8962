package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// noteTally holds what officers looked at on the newest day.
const noteTally = "tally"

// tally counts what officers looked at on one day of the calendar. It names cases by their tokens, so
// that one case that is opened again counts once.
type tally struct {
	Day   station.Date `cbor:"1,keyasint"`
	Lines []tallied    `cbor:"2,keyasint"`
	Told  bool         `cbor:"3,keyasint"` // nothing was counted since headquarters was told
}

type tallied struct {
	event.Looked
	Cases []station.CaseToken `cbor:"60,keyasint"`
}

// act is something that a quota counts.
type act struct {
	what  string
	token station.CaseToken // of a view
}

// Acts that are counted.
const (
	actView   = "views"
	actReveal = "reveals"
	actLookup = "lookups"
	actExport = "exports"
)

// counted carries out fn in one transaction with the count of what it does. Above the quota nothing is
// done, headquarters learns of it, and the error is station.ErrQuota.
func (d *Desk) counted(ctx context.Context, seat Seat, a act, fn func(Tx) error) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		if err := d.count(tx, seat, a); err != nil {
			return err
		}
		return fn(tx)
	})
	if !errors.Is(err, station.ErrQuota) {
		return err
	}
	return errors.Join(err, d.Store.Update(ctx, func(tx Tx) error { return d.refused(tx, seat, a) }))
}

// count adds one act of an officer, if the profile allows it.
func (d *Desk) count(tx Tx, seat Seat, a act) error {
	t, line, err := d.lineOf(tx, seat)
	if err != nil {
		return err
	}
	have, allowed := line.of(a, d.Charter.Profile.Rules)
	if a.what == actView && slices.Contains(line.Cases, a.token) {
		return nil
	}
	if allowed > 0 && *have >= allowed {
		return fmt.Errorf("%d %s: %w", *have, a.what, station.ErrQuota)
	}
	*have++
	if a.what == actView {
		line.Cases = append(line.Cases, a.token)
	}
	t.Told = false
	return putTally(tx, *t)
}

// refused counts what was not allowed, and writes an entry at the first of a day.
func (d *Desk) refused(tx Tx, seat Seat, a act) error {
	t, line, err := d.lineOf(tx, seat)
	if err != nil {
		return err
	}
	line.Refused++
	t.Told = false
	if err := putTally(tx, *t); err != nil || line.Refused > 1 {
		return err
	}
	_, allowed := line.of(a, d.Charter.Profile.Rules)
	body := event.Met{Officer: seat.Officer.KeyID, What: a.what, Allowed: allowed}
	return d.record(tx, d.Key, fact{kind: event.QuotaMet, body: body})
}

// of returns the counter of an act and the most that the profile allows, 0 for no limit.
func (l *tallied) of(a act, r station.Rules) (*int, int) {
	switch a.what {
	case actReveal:
		return &l.Reveals, 0
	case actLookup:
		return &l.Lookups, r.LookupsPerDay
	case actExport:
		return &l.Exports, r.ExportsPerDay
	}
	return &l.Views, r.ViewsPerDay
}

// lineOf reads the tally of today and an officer's line in it. The first act of a new day tells
// headquarters what was counted on the one before; a clock that was set back begins no new day.
func (d *Desk) lineOf(tx Tx, seat Seat) (*tally, *tallied, error) {
	t, err := readTally(tx)
	if err != nil {
		return nil, nil, err
	}
	now, err := d.surely(tx)
	if err != nil {
		return nil, nil, err
	}
	if today := station.DateOf(now); t.Day.IsZero() || t.Day.Before(today) {
		if err := d.tell(tx, &t); err != nil {
			return nil, nil, err
		}
		t = tally{Day: today, Told: true}
	}
	i := slices.IndexFunc(t.Lines, func(l tallied) bool { return l.Officer == seat.Officer.KeyID })
	if i < 0 {
		t.Lines = append(t.Lines, tallied{Looked: event.Looked{Officer: seat.Officer.KeyID}})
		i = len(t.Lines) - 1
	}
	return &t, &t.Lines[i], nil
}

// tell writes what was counted, unless that was done since.
func (d *Desk) tell(tx Tx, t *tally) error {
	if t.Told || len(t.Lines) == 0 {
		return nil
	}
	body := event.Counters{Day: t.Day}
	for _, l := range t.Lines {
		body.Lines = append(body.Lines, l.Looked)
	}
	t.Told = true
	return d.record(tx, d.Key, fact{kind: event.CountersReported, body: body})
}

// tellCounters writes what was counted today, at the close of the day.
func (d *Desk) tellCounters(tx Tx) error {
	t, err := readTally(tx)
	if err != nil {
		return err
	}
	if err := d.tell(tx, &t); err != nil {
		return err
	}
	return putTally(tx, t)
}

// countExport counts an export of the station. Who carries a stick away needs no token for it, so that the
// station itself has the quota.
func (d *Desk) countExport(ctx context.Context) error {
	own := Seat{Officer: station.Officer{Pseudonym: d.Charter.Station, KeyID: d.Key.KeyID()}, Key: d.Key}
	return d.counted(ctx, own, act{what: actExport}, func(Tx) error { return nil })
}

func readTally(tx Tx) (tally, error) {
	var t tally
	raw, err := tx.Note(noteTally)
	if err != nil || raw == nil {
		return tally{Told: true}, err
	}
	return t, journal.Decode(raw, &t)
}

func putTally(tx Tx, t tally) error {
	raw, err := journal.Encode(t)
	if err != nil {
		return err
	}
	return tx.PutNote(noteTally, raw)
}

// Counters returns what officers looked at on the newest day, for the security manager of the office.
func (d *Desk) Counters(ctx context.Context, seat Seat) (event.Counters, error) {
	var out event.Counters
	if err := seat.Officer.May(station.RoleSecurity, station.DateOf(d.Now())); err != nil {
		return out, fmt.Errorf("counters: %w", err)
	}
	err := d.Store.View(ctx, func(tx Tx) error {
		t, err := readTally(tx)
		out.Day = t.Day
		for _, l := range t.Lines {
			out.Lines = append(out.Lines, l.Looked)
		}
		return err
	})
	return out, err
}
