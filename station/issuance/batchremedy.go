package issuance

import (
	"context"
	"errors"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// remedies of a run for a step that failed.
type remedy int

const (
	tryAgain  remedy = iota // a bounded number of times, then a person looks at the booklet
	tryDevice               // the same, then the run stops: nothing goes on without the device
	lookAt                  // a person has to look at the booklet, the run goes on with the others
	stopRun                 // a person has to come before anything goes on
	leaveOff                // the order is not to be made any more
)

// againAfter is how long a run waits before it tries a step again.
const againAfter = 300 * time.Millisecond

// remedyOf finds the remedy for an error. What needs a person's eyes stands before what a device says.
func remedyOf(err error) remedy {
	for _, group := range []struct {
		is   remedy
		errs []error
	}{
		{lookAt, []error{ErrInDoubt, devices.ErrPrintInDoubt, devices.ErrLockedChip, devices.ErrNotAuthentic,
			devices.ErrNotLocked, devices.ErrCannotHold, devices.ErrBegunForAnother}},
		{stopRun, []error{ErrLocked, ErrDayClosed, ErrStockCount, ErrHalted, ErrDiskFull, ErrNotOfficer, ErrStoreDamaged,
			station.ErrSilent, station.ErrRole, station.ErrSamePerson, devices.ErrJammed, devices.ErrInkEmpty,
			devices.ErrCoverOpen, devices.ErrUnsupported, journal.ErrForked}},
		{leaveOff, []error{ErrNoOrder, ErrDeclined, ErrHeld, ErrRevoked, ErrNotForYou, ErrUnknown, station.ErrStage}},
		{tryDevice, []error{devices.ErrUnreachable, devices.ErrServiceStopped, devices.ErrNoReader, devices.ErrBusy,
			devices.ErrProtocol, devices.ErrNoBooklet, devices.ErrNothingToScan, devices.ErrCancelled}},
	} {
		for _, e := range group.errs {
			if errors.Is(err, e) {
				return group.is
			}
		}
	}
	return tryAgain
}

// remedy records what becomes of a booklet whose step failed. again tells that the step is to be tried
// once more.
func (r *runner) remedy(ctx context.Context, line station.RunLine, cause error) (again bool) {
	if ctx.Err() != nil {
		r.stop(ctx.Err())
		return false
	}
	r.desk.Log.Warn("step of the run not done", "serial", line.Serial, "cure", Cure(cause), "error", cause)
	b, err := r.desk.booklet(ctx, line.Serial)
	if err != nil {
		r.stop(err)
		return false
	}
	how := remedyOf(cause)
	if b.State == station.StateTaken && how != stopRun && r.usedUp(b, cause) {
		return r.spoil(ctx, line, cause)
	}
	switch how {
	case stopRun:
		r.pauseFor(ctx, cause)
		return false
	case leaveOff:
		return r.leaveOff(ctx, line, b, cause)
	case lookAt:
		return r.call(ctx, line, Cure(cause))
	}
	return r.tryAgain(ctx, line, b, how, cause)
}

// usedUp tells whether a chip was tried as often as the profile allows.
func (r *runner) usedUp(b station.Booklet, cause error) bool {
	return b.Tries >= r.desk.Charter.Profile.ChipTries ||
		errors.Is(cause, ErrTries) || errors.Is(cause, devices.ErrSpoiled)
}

// tryAgain counts a failed try, and waits a moment before the next.
func (r *runner) tryAgain(
	ctx context.Context, line station.RunLine, b station.Booklet, how remedy, cause error,
) (again bool) {
	tries := 0
	err := r.desk.changeRun(ctx, r.desk.Key, b.Serial,
		func(_ Tx, run station.Run, b station.Booklet) (_ station.Run, _ fact, err error) {
			run, tries, err = run.Failed(b)
			return run, fact{}, err
		})
	switch {
	case err != nil:
		r.stop(err)
		return false
	case tries >= r.desk.Charter.Profile.RunLimits.Tries() && how == tryDevice:
		r.pauseFor(ctx, cause)
		return false
	case tries >= r.desk.Charter.Profile.RunLimits.Tries():
		return r.call(ctx, line, Cure(cause))
	}
	select {
	case <-time.After(againAfter):
		return true
	case <-ctx.Done():
		r.stop(ctx.Err())
		return false
	}
}

// call calls a person to a booklet.
func (r *runner) call(ctx context.Context, line station.RunLine, word string) (again bool) {
	if err := r.desk.needPerson(ctx, line.Serial, word); err != nil {
		r.stop(err)
		return false
	}
	r.say(RunEvent{Kind: RunCalls, Serial: line.Serial, Word: word})
	return false
}

// spoil ends a booklet whose chip was tried as often as the rules allow. Where the officer may not do
// that, a person decides.
func (r *runner) spoil(ctx context.Context, line station.RunLine, cause error) (again bool) {
	word := Cure(cause)
	reason := "chip tried as often as allowed: " + word
	if err := r.desk.Resolve(ctx, r.seat, line.Case, station.StateSpoiled, reason); err != nil {
		r.desk.Log.Warn("booklet not spoiled by the run", "serial", line.Serial, "cure", Cure(err))
		return r.call(ctx, line, "tries")
	}
	r.say(RunEvent{Kind: RunSpoils, Serial: line.Serial, State: station.StateSpoiled, Word: word})
	return false
}

// leaveOff takes an order out of the run that is not to be made any more. Where its blank was begun, a
// person has to look at it; where the officer themself was refused, nothing goes on.
func (r *runner) leaveOff(ctx context.Context, line station.RunLine, b station.Booklet, cause error) (again bool) {
	if err := r.desk.Store.View(ctx, func(tx Tx) error { return r.desk.admitKey(tx, r.seat.Key) }); err != nil {
		r.pauseFor(ctx, err)
		return false
	}
	word := Cure(cause)
	if b.Terminal() {
		if b.State == station.StateRevoked {
			r.say(RunEvent{Kind: RunSkips, Serial: line.Serial, Word: station.ReasonRevoked})
		}
		return false
	}
	if b.State != station.StateReserved {
		return r.call(ctx, line, word)
	}
	err := r.desk.changeRun(ctx, r.desk.Key, b.Serial,
		func(_ Tx, run station.Run, b station.Booklet) (station.Run, fact, error) {
			run, err := run.Skip(b, word)
			body := event.RunBooklet{Run: run.ID, Case: line.Case, Word: word}
			return run, fact{kind: event.RunSkipped, subject: string(b.Serial), body: body}, err
		})
	if err != nil {
		r.stop(err)
		return false
	}
	r.say(RunEvent{Kind: RunSkips, Serial: line.Serial, Word: word})
	return false
}
