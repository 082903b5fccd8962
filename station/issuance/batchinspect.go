package issuance

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/station"
)

// InspectRun examines every printed booklet of the run, one after another, by an officer who made none
// of them. What agrees is passed; what does not waits for a person, and the inspection goes on with the
// others. One program at a time inspects: another gets ErrOtherProgram. looked is what the officer ticks for every one of them: each is in their hands before it is read.
// An error is a device's condition, or what refuses the officer.
func (d *Desk) InspectRun(
	ctx context.Context, seat Seat, tell func(RunEvent), looked ...station.Item,
) (RunStatus, error) {
	release, err := d.Store.Hold("inspection")
	if err != nil {
		return RunStatus{}, fmt.Errorf("inspect run: %w", err)
	}
	defer release()
	s, err := d.RunStatus(ctx)
	if err != nil {
		return s, fmt.Errorf("inspect run: %w", err)
	}
	say := func(e RunEvent) {
		if tell != nil {
			tell(e)
		}
	}
	defer d.places.tell(func(m Move) { say(RunEvent{Kind: RunMoves, Serial: m.Put, Move: m}) })()
	for _, row := range s.Rows {
		if row.Standing != station.StandingPrinted {
			continue
		}
		report := func(p devices.Progress) { say(RunEvent{Kind: RunAdvances, Serial: row.Serial, Progress: p}) }
		_, err := d.Inspect(ctx, seat, row.Case, report, looked...)
		switch {
		case errors.Is(err, ErrInspection):
			if err := d.needPerson(ctx, row.Serial, Cure(err)); err != nil {
				return s, fmt.Errorf("inspect run: %w", err)
			}
			say(RunEvent{Kind: RunCalls, Serial: row.Serial, Word: Cure(err)})
		case err != nil:
			return s, fmt.Errorf("inspect run: %w", err)
		default:
			say(RunEvent{Kind: RunSteps, Serial: row.Serial, State: station.StatePassed})
		}
	}
	return d.RunStatus(ctx)
}
