package issuance_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// beside is a second program of the office, at which somebody looks at booklets while the first makes them.
type beside struct {
	*office
	desk  *issuance.Desk
	wrong atomic.Bool // the hand takes a foreign book in place of the first
	cable *cable
	lines []station.SheetLine
	tried bool // to carry out the same run
}

// hear hears of the run in the first program, and acts in the second.
func (b *beside) hear(e issuance.RunEvent) {
	t, ctx, operator := b.t, b.t.Context(), b.seat(b.desk, "O")
	if !b.tried {
		b.tried = true
		if _, err := b.desk.CarryOutRun(ctx, operator, nil); !errors.Is(err, issuance.ErrOtherProgram) {
			t.Errorf("two programs carry out one run: %v", err)
		}
		if err := b.desk.SkipInRun(ctx, operator, b.lines[2].Serial, "next week"); err != nil {
			t.Error(err)
		}
	}
	if e.Kind == issuance.RunMoves && e.Move.At == issuance.SpotPrinter {
		b.cable.drop(e.Serial == b.lines[1].Serial)
	}
	if e.Kind != issuance.RunCalls {
		return
	}
	var err error
	switch e.Serial {
	case b.lines[0].Serial:
		b.wrong.Store(false)
		err = b.desk.RetryInRun(ctx, operator, e.Serial)
	case b.lines[1].Serial:
		err = b.desk.Resolve(ctx, operator, b.lines[1].Case, station.StatePrinted, "printed to the end")
	default:
		t.Errorf("called to %s for %s", e.Serial, e.Word)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestDecidedWhileTheRunGoesOn: booklets that wait for a person are decided while the run goes on with the
// others, at the same desk or another program of the station, and the run takes up what was decided without
// being begun again. Neither run nor inspection is carried out twice at a time.
func TestDecidedWhileTheRunGoesOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 4)
	d := o.desk(nil)
	o.batch(d, 4)
	o.layForeign()
	b := &beside{office: o, desk: o.desk(nil), cable: &cable{}, lines: o.sheet(d).Sheet.Lines}
	b.wrong.Store(true)
	hand := o.inSlot()
	hand.foreign = func(s station.Serial, at issuance.Spot) station.Serial {
		if s == b.lines[0].Serial && at == issuance.SpotScanner && b.wrong.Load() {
			return foreignBook
		}
		return s
	}
	d.Hand, d.Printer = hand, o.plug(b.cable)
	ctx := t.Context()
	must(d.BeginRun(ctx, o.seat(d, "O"), o.sheet(d)))(t)
	s := must(d.CarryOutRun(ctx, o.seat(d, "O"), b.hear))(t)
	if s.Tally[station.StandingPrinted] != 3 || s.Tally[station.StandingSkipped] != 1 || !b.tried {
		t.Errorf("after one run: %v", s.Tally)
	}
	looked := d.Charter.Profile.Visual
	asked := false
	tell := func(issuance.RunEvent) {
		if asked {
			return
		}
		asked = true
		if _, err := b.desk.InspectRun(ctx, o.seat(b.desk, "I"), nil, looked...); !errors.Is(err, issuance.ErrOtherProgram) {
			t.Errorf("two programs inspect one run: %v", err)
		}
	}
	s = must(d.InspectRun(ctx, o.seat(d, "I"), tell, looked...))(t)
	if s.Tally[station.StandingGood] != 3 || !asked {
		t.Errorf("after the inspection: %v, %v", s.Tally, s.Needs())
	}
	// What the first program held is free again for the second.
	if s, err := b.desk.CarryOutRun(ctx, o.seat(b.desk, "O"), nil); err != nil || !s.Tally.Ended() {
		t.Errorf("the second program, later: %v, %v", err, s.Tally)
	}
	o.inkedOnce(d)
}
