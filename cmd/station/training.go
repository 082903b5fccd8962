package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/station/issuance"
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

// takeStock has the two custodians of the training office take the maker's deliveries into the safe.
func takeStock(ctx context.Context, o options, training *training.Office, office *setup.Office) error {
	return custodians(o, office, func(first, second issuance.Seat) error {
		_, err := training.Receive(ctx, office.Desk, first, second)
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
