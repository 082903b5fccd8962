package issuance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Check is one line of the checklist with which a day begins and ends. Word names it in the journal.
type Check struct {
	Word   string `json:"word"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func failed(checks []Check) []string {
	var out []string
	for _, c := range checks {
		if !c.OK {
			out = append(out, c.Word)
		}
	}
	return out
}

// deviceTime bounds the wait for one device's answer.
const deviceTime = 5 * time.Second

// Checklist looks at what a day needs: the devices, the safe, the way to headquarters, the disk, the
// age of cases. It also returns how many blanks and booklets the safe should hold.
func (d *Desk) Checklist(ctx context.Context, counted int) ([]Check, int, error) {
	checks := []Check{
		d.device(ctx, "scanner", d.askScanner), d.device(ctx, "printer", d.askPrinter),
		d.device(ctx, "encoder", d.askEncoder), d.calibrated(ctx),
	}
	expected := 0
	err := d.Store.View(ctx, func(tx Tx) error {
		held, err := safe(tx)
		if err != nil {
			return err
		}
		expected = len(held)
		detail := fmt.Sprintf("%d counted, %d expected", counted, expected)
		checks = append(checks, Check{"stock", counted == expected, detail})
		waiting, err := tx.Unreceipted(maxBatch)
		if err != nil {
			return err
		}
		checks = append(checks, d.sent(waiting))
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		now, err := d.surely(tx)
		checks = append(append(checks, d.ages(cases, now)), d.terms(now)...)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	room, err := d.Store.Room(ctx)
	if err != nil {
		return nil, 0, err
	}
	detail := fmt.Sprintf("%d MiB free, reserve kept: %v", room.Free>>20, room.Reserve)
	return append(checks, Check{"room", room.warning() == nil, detail}), expected, nil
}

func (d *Desk) device(ctx context.Context, word string, ask func(context.Context) error) Check {
	ctx, cancel := context.WithTimeout(ctx, deviceTime)
	defer cancel()
	if err := ask(ctx); err != nil {
		return Check{word, false, Cure(err)}
	}
	return Check{word, true, "answers"}
}

func (d *Desk) askScanner(ctx context.Context) error {
	if d.Scanner == nil {
		return devices.ErrUnreachable
	}
	_, err := within(ctx, deviceTime, d.Scanner.Identify)
	return err
}

func (d *Desk) askPrinter(ctx context.Context) error {
	if d.Printer == nil {
		return devices.ErrUnreachable
	}
	state, err := within(ctx, deviceTime, d.Printer.State)
	for _, c := range state.Conditions {
		if !errors.Is(c, devices.ErrNoBooklet) { // so a printer should stand between booklets
			err = errors.Join(err, c)
		}
	}
	return err
}

func (d *Desk) askEncoder(ctx context.Context) error {
	if d.Encoder == nil {
		return devices.ErrUnreachable
	}
	_, err := d.Encoder.Identify(ctx)
	return err
}

// staleSync is how long entries may wait for headquarters before the checklist says so.
const staleSync = 72 * time.Hour

func (d *Desk) sent(waiting []journal.Signed) Check {
	if len(waiting) == 0 {
		return Check{"sync", true, "headquarters holds every entry"}
	}
	oldest := time.Unix(waiting[0].Entry.Time, 0)
	age := max(0, d.Now().Sub(oldest))
	return Check{"sync", age < staleSync, fmt.Sprintf("entries wait for headquarters, the oldest for %d hours", age/time.Hour)}
}

// ages warns by the desk's clock. It stops nobody, as mayEnrol does by what headquarters has signed.
func (d *Desk) ages(cases []station.Case, now time.Time) Check {
	old := 0
	for _, c := range cases {
		if c.Older(d.Charter.Profile, now) {
			old++
		}
	}
	return Check{"age", old == 0, fmt.Sprintf("%d cases are older than the profile allows", old)}
}
