package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// supplyTime bounds the wait for headquarters' allocation of blanks, supplyEvery is its rhythm.
const (
	supplyTime  = time.Minute
	supplyEvery = 100 * time.Millisecond
)

// photograph is the picture of the training office's applicant.
func photograph(office *training.Office) string { return office.Path("pictures", "applicant.jpg") }

// furnish makes and starts a training office in which somebody waits: their old passport lies on
// the scanner, their picture in a folder.
func furnish(ctx context.Context, office *training.Office) error {
	if err := office.Prepare(ctx); err != nil {
		return err
	}
	if err := office.Supply(ctx); err != nil {
		return err
	}
	picture := photograph(office)
	if err := os.MkdirAll(filepath.Dir(picture), 0o700); err != nil {
		return err
	}
	somebody := training.Example()
	if err := somebody.Photograph(picture); err != nil {
		return err
	}
	if err := somebody.LayOldPassport(ctx, office.Path("pages", "old-passport.jpg")); err != nil {
		return err
	}
	return office.Start(ctx)
}

// takeStock waits for the blanks that headquarters allocated and has the two custodians of the
// training office count them into the safe.
func takeStock(ctx context.Context, o options, office *setup.Office) error {
	ctx, cancel := context.WithTimeout(ctx, supplyTime)
	defer cancel()
	for {
		if _, err := office.Desk.Sync(ctx); err != nil {
			return err
		}
		books, err := office.Desk.Stock(ctx)
		if err != nil {
			return err
		}
		var waiting []station.Serial
		usable := false
		for _, b := range books {
			usable = usable || b.State == station.StateAvailable
			if b.State == station.StateAllocated {
				waiting = append(waiting, b.Serial)
			}
		}
		if len(waiting) > 0 {
			return count(ctx, o, office, waiting)
		}
		if usable {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("training office: blanks from headquarters: %w", ctx.Err())
		case <-time.After(supplyEvery):
		}
	}
}

// count has two custodians sign for the blanks.
func count(ctx context.Context, o options, office *setup.Office, blanks []station.Serial) error {
	return custodians(o, office, func(first, second issuance.Seat) error {
		err := office.Desk.ReceiveStock(ctx, first, second, blanks)
		if errors.Is(err, station.ErrNoBlank) {
			return nil
		}
		return err
	})
}

// openDay has the two custodians open the day, unless it is open still.
func openDay(ctx context.Context, o options, office *setup.Office) error {
	if _, err := office.Desk.Today(ctx); !errors.Is(err, issuance.ErrDayClosed) {
		return err
	}
	return custodians(o, office, func(first, second issuance.Seat) error {
		_, expected, err := office.Desk.Checklist(ctx, 0)
		if err != nil {
			return err
		}
		_, err = office.Desk.OpenDay(ctx, first, second, expected)
		return err
	})
}

// custodians signs the two custodians of the training office in for one act.
func custodians(o options, office *setup.Office, do func(first, second issuance.Seat) error) error {
	enter := signIn(office, o)
	first, err := enter("A-01", nil)
	if err != nil {
		return err
	}
	defer office.Desk.SignOut(first)
	second, err := enter("C-01", nil)
	if err != nil {
		return err
	}
	defer office.Desk.SignOut(second)
	return do(first, second)
}
