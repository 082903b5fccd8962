package ui

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// record is what the screens show: read of the desk by a worker and not changed afterwards.
type record struct {
	cases    []station.Case // open ones, newest first
	booklets map[station.Serial]station.Booklet
	waiting  int // entries without headquarters' receipt
	contact  issuance.Contact
	day      bool                // two officers have opened it
	chosen   *file               // nil while no case is chosen
	run      *issuance.RunStatus // nil before the first batch run
}

// file is one case with everything that its screen shows. No person is in it.
type file struct {
	station.Case
	book     station.Booklet
	entries  []journal.Entry // of the case and its booklets, newest first
	declined string          // headquarters' word, where it declined
	held     string          // headquarters' word, where the order waits
	draft    issuance.Draft  // of an order that is made here
}

// readRecord reads the board and, where one is chosen, a case.
func readRecord(ctx context.Context, d *issuance.Desk, token station.CaseToken) (record, error) {
	board, err := d.Board(ctx)
	if err != nil {
		return record{}, err
	}
	r := record{booklets: board.Booklets, waiting: board.Waiting, contact: board.Contact}
	if d.ServiceLeft() > 0 {
		r.day = true
		return r, nil // no case can be listed
	}
	for _, c := range board.Cases {
		if c.Open() {
			r.cases = append(r.cases, c)
		}
	}
	switch _, err := d.Today(ctx); {
	case err == nil:
		r.day = true
	case !errors.Is(err, issuance.ErrDayClosed):
		return record{}, err
	}
	switch run, err := d.RunStatus(ctx); {
	case err == nil:
		r.run = &run
	case !errors.Is(err, issuance.ErrNoRun):
		return record{}, err
	}
	if token == "" {
		return r, nil
	}
	r.chosen, err = readFile(ctx, d, token, board)
	if errors.Is(err, issuance.ErrUnknown) {
		return r, nil
	}
	return r, err
}

func readFile(
	ctx context.Context, d *issuance.Desk, token station.CaseToken, board issuance.Board,
) (*file, error) {
	c, err := d.Case(ctx, token)
	if err != nil {
		return nil, err
	}
	f := &file{Case: c, book: board.Booklets[c.Serial]}
	subjects := []string{string(token)}
	for _, s := range append(slices.Clone(c.Spoiled), c.Serial) {
		if s != "" && !slices.Contains(subjects, string(s)) {
			subjects = append(subjects, string(s))
		}
	}
	for _, subject := range subjects {
		signed, err := d.Journal(ctx, subject)
		if err != nil {
			return nil, err
		}
		for _, s := range signed {
			f.entries = append(f.entries, s.Entry)
		}
	}
	slices.SortFunc(f.entries, func(a, b journal.Entry) int {
		return -cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Sequence, b.Sequence))
	})
	if f.declined, err = d.Declined(ctx, token); err != nil {
		return nil, err
	}
	if f.held, err = d.Held(ctx, token); err != nil {
		return nil, err
	}
	f.draft, err = d.Draft(ctx, token)
	return f, err
}
