package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"padarozhnik/cmd/internal/setup"
	virtualdesk "padarozhnik/devices/virtual/desk"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/portrait"
)

// advance does what comes next at the present stage.
func (d *demo) advance(ctx context.Context, c station.Case) error {
	desk := d.office.Desk
	switch c.Stage {
	case station.StageDraft, station.StageReturned:
		return d.capture(ctx)
	case station.StageSubmitted:
		if err := d.sync(ctx, "seal"); err != nil {
			return err
		}
		return d.approve(ctx)
	case station.StageSpoiled:
		return d.approve(ctx)
	case station.StageApproved:
		return d.awaitOrder(ctx)
	case station.StageOrdered, station.StageProducing:
		return d.produce(ctx, c)
	case station.StagePassed:
		return d.step("hand-over", func() (string, error) {
			table, err := d.training.Desk()
			if err != nil {
				return "", err
			}
			if err := d.as("E-01", func(seat issuance.Seat) error {
				shown, err := desk.Present(ctx, seat, d.token, nil)
				if err != nil {
					return err
				}
				return desk.HandOver(ctx, seat, d.token, station.Handing{
					Present: true, Match: true, Checked: true, Chip: shown.Chip(), Old: station.CustodyHolder,
				})
			}); err != nil {
				return "", err
			}
			return "holder present, chip read at the desk, portrait matches, data checked; the book leaves the desk",
				table.Move(string(c.Serial), virtualdesk.Away)
		})
	case station.StageHanded:
		if err := d.step("receipt", func() (string, error) { return d.receipt(ctx) }); err != nil {
			return err
		}
		return d.close(ctx)
	}
	return fmt.Errorf("case %s is %s: %w", c.Token, c.Stage, station.ErrStage)
}

// capture does the steps of enrolment that the draft still lacks.
func (d *demo) capture(ctx context.Context) error {
	var a station.Application
	err := d.as("E-01", func(seat issuance.Seat) (err error) {
		a, err = d.office.Desk.Application(ctx, seat, d.token)
		return err
	})
	if err != nil {
		return err
	}
	if a.OldPassport == nil {
		if err := d.step("old-passport", func() (string, error) { return d.readOldPassport(ctx) }); err != nil {
			return err
		}
	}
	if len(a.Portrait) == 0 {
		if err := d.step("portrait", func() (string, error) { return d.takePortrait(ctx) }); err != nil {
			return err
		}
	}
	if len(a.Evidence) == 0 {
		if err := d.step("person", func() (string, error) { return d.fillIn(ctx) }); err != nil {
			return err
		}
	}
	return d.step("submit", func() (string, error) {
		return "complete by the domain's rules; a copy is sealed to the vault", d.as("E-01", func(seat issuance.Seat) error {
			return d.office.Desk.Submit(ctx, seat, d.token)
		})
	})
}

func (d *demo) readOldPassport(ctx context.Context) (string, error) {
	if err := d.applicant.LayOldPassport(ctx, d.training.Path("pages", "old-passport.jpg")); err != nil {
		return "", err
	}
	var read ocr.Result
	err := d.as("E-01", func(seat issuance.Seat) (err error) {
		read, err = d.office.Desk.ReadOldPassport(ctx, seat, d.token)
		return err
	})
	if err != nil {
		return "", err
	}
	weakest := 1.0
	for _, line := range read.Chars {
		for _, c := range line {
			weakest = min(weakest, c.Score)
		}
	}
	return fmt.Sprintf("scanned at 300 dpi, turned by %.1f degrees; zone read without a person, weakest character %.2f",
		read.Angle, weakest), nil
}

func (d *demo) takePortrait(ctx context.Context) (string, error) {
	path := d.training.Path("pages.photo.jpg")
	if err := d.applicant.Photograph(path); err != nil {
		return "", err
	}
	img, err := loadPicture(path)
	if err != nil {
		return "", err
	}
	var found portrait.Finding
	err = d.as("E-01", func(seat issuance.Seat) (err error) {
		found, err = d.office.Desk.TakePortrait(ctx, seat, d.token, img)
		return err
	})
	passed := 0
	for _, c := range found.Checks {
		if c.Outcome == portrait.Pass {
			passed++
		}
	}
	return fmt.Sprintf("one face, %.0f px between the eyes; %d of %d checks passed, none failed",
		found.EyeDistance, passed, len(found.Checks)), err
}

func (d *demo) fillIn(ctx context.Context) (string, error) {
	write := func(a *station.Application) error {
		a.Applicant.LocalSurname = d.applicant.Person.LocalSurname
		a.Applicant.LocalGivenNames = d.applicant.Person.LocalGivenNames
		a.Applicant.PlaceOfBirth = d.applicant.Person.PlaceOfBirth
		a.Evidence = d.applicant.Evidence
		for _, item := range d.office.Desk.Charter.Profile.Consents {
			a.Consents = append(a.Consents, station.Consent{Item: item, Given: true})
		}
		return nil
	}
	err := d.as("E-01", func(seat issuance.Seat) error {
		return d.office.Desk.Amend(ctx, seat, d.token, "person", write)
	})
	return "old spelling kept, local names, evidence for three questions, consent per item", err
}

func (d *demo) sync(ctx context.Context, name string) error {
	return d.step(name, func() (string, error) {
		r, err := d.office.Desk.Sync(ctx)
		return fmt.Sprintf("%d entries receipted with inclusion proofs", r.Sent), err
	})
}

func (d *demo) approve(ctx context.Context) error {
	return d.step("approve", func() (string, error) {
		var serial station.Serial
		err := d.as("A-01", func(seat issuance.Seat) (err error) {
			serial, err = d.office.Desk.Approve(ctx, seat, d.token, "evidence complete, interview convincing",
				d.office.Desk.Charter.Profile.Approval...)
			return err
		})
		return fmt.Sprintf("by another officer; blank %s reserved, the station's copy destroyed", serial), err
	})
}

// awaitOrder exchanges with headquarters until its order has come.
func (d *demo) awaitOrder(ctx context.Context) error {
	return d.step("order", func() (string, error) {
		cleared := false
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if _, err := d.office.Desk.Sync(ctx); err != nil {
				return "", err
			}
			c, err := d.office.Desk.Case(ctx, d.token)
			if err != nil {
				return "", err
			}
			if c.Stage != station.StageApproved {
				return "data groups recomputed and signed at headquarters, sealed to this station", nil
			}
			cause, err := d.office.Desk.Declined(ctx, d.token)
			if err != nil {
				return "", err
			}
			if cause != "" {
				return "", fmt.Errorf("%w: %s", issuance.ErrDeclined, cause)
			}
			held, err := d.office.Desk.Held(ctx, d.token)
			if err != nil {
				return "", err
			}
			if held != "" && !cleared {
				// A run that was killed may have had the review done: then the order is on its way.
				if err := d.training.Clear(ctx, d.token); err != nil {
					fmt.Fprintln(d.print, err)
				}
				cleared = true
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(250 * time.Millisecond):
			}
		}
		return "", issuance.ErrNoOrder
	})
}

// produce does the next step on the booklet.
func (d *demo) produce(ctx context.Context, c station.Case) error {
	desk := d.office.Desk
	board, err := desk.Board(ctx)
	if err != nil {
		return err
	}
	switch state := board.Booklets[c.Serial].State; state {
	case station.StateInking:
		return d.decide(ctx, c)
	case station.StatePrinted:
		if err := d.step("files", func() (string, error) { return d.leave(ctx, c) }); err != nil {
			return err
		}
		return d.inspect(ctx)
	default:
		names := map[station.State]string{
			station.StateReserved: "take", station.StateTaken: "encode", station.StateEncoded: "print",
		}
		details := map[station.State]string{
			station.StateReserved: "bar code and chip are the ones of the maker's manifest",
			station.StateTaken:    "written, read back through PACE byte for byte, authenticated, locked, proven locked",
			station.StateEncoded:  "number read again before ink; printed as PWG raster over IPP",
		}
		return d.step(names[state], func() (string, error) {
			return details[state], d.as("O-01", func(seat issuance.Seat) error {
				return desk.Produce(ctx, seat, d.token, nil)
			})
		})
	}
}

// decide is the operator's look at a booklet whose print nobody saw to its end.
func (d *demo) decide(ctx context.Context, c station.Case) error {
	return d.step("decide", func() (string, error) {
		inked, err := d.inked(ctx, c.Serial)
		if err != nil {
			return "", err
		}
		as, reason := station.StateEncoded, "no ink on the page"
		if inked {
			var e issuance.Examination
			err := d.as("O-01", func(seat issuance.Seat) (err error) {
				e, err = d.office.Desk.Examine(ctx, seat, d.token, nil)
				return err
			})
			if err != nil {
				return "", err
			}
			as, reason = station.StateSpoiled, "page not printed to its end"
			if e.PageOK {
				as, reason = station.StatePrinted, "page complete, zone equal to the order"
			}
		}
		return reason + ": " + string(as), d.as("O-01", func(seat issuance.Seat) error {
			return d.office.Desk.Resolve(ctx, seat, d.token, as, reason)
		})
	})
}

func (d *demo) inspect(ctx context.Context) error {
	return d.step("inspect", func() (string, error) {
		var e issuance.Examination
		err := d.as("I-01", func(seat issuance.Seat) (err error) {
			e, err = d.office.Desk.Inspect(ctx, seat, d.token, nil, d.office.Desk.Charter.Profile.Visual...)
			return err
		})
		var good []string
		for _, f := range e.Findings {
			if f.OK {
				good = append(good, f.What)
			}
		}
		return "by another officer: " + strings.Join(good, ", "), err
	})
}

// receipt leaves the holder's receipt, after checking it as anybody can.
func (d *demo) receipt(ctx context.Context) (string, error) {
	texts, err := resources.Texts("be")
	if err != nil {
		return "", err
	}
	var r issuance.Receipt
	if err := d.as("E-01", func(seat issuance.Seat) (err error) {
		r, err = d.office.Desk.Receipt(ctx, seat, d.token, texts)
		return err
	}); err != nil {
		return "", err
	}
	root, err := setup.RootKey(d.office.Config)
	if err != nil {
		return "", err
	}
	said, err := attest.CheckReceipt(r.Text, root)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("for %s, names nobody, checked by headquarters' key alone", said.Serial),
		os.WriteFile(filepath.Join(d.out, "receipt.pdf"), r.PDF, 0o600)
}

func (d *demo) close(ctx context.Context) error {
	return d.step("close", func() (string, error) {
		if _, err := d.office.Desk.Sync(ctx); err != nil {
			return "", err
		}
		if _, err := d.office.Desk.Close(ctx); err != nil {
			return "", err
		}
		if err := d.leaveLedger(ctx); err != nil {
			return "", err
		}
		r, err := d.office.Desk.Sync(ctx)
		return fmt.Sprintf("all receipted; order and keys destroyed; %d last entries sent", r.Sent), err
	})
}
