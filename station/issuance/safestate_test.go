package issuance_test

import (
	"errors"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// The safe says what lies in it and since when, which two had it open last, how the last count came out, and when the
// next one is due; nobody opens it alone.
func TestSafeState(t *testing.T) {
	o := bareOffice(t)
	o.stock(3)
	now := time.Now()
	o.clock = func() time.Time { return now }
	d, ctx := o.desk(nil), t.Context()
	if s := must(d.SafeState(ctx))(t); len(s.Inside) != 0 || s.Opened.Kind != event.DayOpened || s.Opened.First != "A" ||
		s.Opened.Second != "C" || s.Counted != s.Opened || s.Differs || !s.DayOpen {
		t.Errorf("an empty safe on an open day: %+v", s)
	}
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	received := now.Unix()
	s := must(d.SafeState(ctx))(t)
	if len(s.Inside) != 1 || s.Inside[0].State != station.StateAvailable || s.Inside[0].Count != 3 ||
		s.Inside[0].Since != received || s.Opened.Kind != event.StockWitnessed || s.Counted.Kind != event.DayOpened {
		t.Errorf("after the delivery: %+v", s)
	}
	now = now.Add(time.Hour)
	first, second, all := o.seat(d, "C"), o.seat(d, "A"), must(d.Safe(ctx))(t)
	if err := d.SurpriseCount(ctx, first, first, all); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("one custodian counts alone: %v", err)
	}
	if err := d.SurpriseCount(ctx, first, o.seat(d, "O"), all); !errors.Is(err, station.ErrRole) {
		t.Errorf("an operator opens the safe: %v", err)
	}
	if err := d.SurpriseCount(ctx, first, second, all[1:]); !errors.Is(err, issuance.ErrStockCount) {
		t.Errorf("one blank is missing: %v", err)
	}
	s = must(d.SafeState(ctx))(t)
	want := issuance.SafeAct{Kind: event.StockChecked, Time: now.Unix(), First: "C", Second: "A"}
	if s.Opened != want || s.Counted != want || !s.Differs {
		t.Errorf("after a count that differs: %+v", s)
	}
	if err := d.SpoilBlanks(ctx, first, second, all[:1], "wet"); err != nil {
		t.Fatal(err)
	}
	if s = must(d.SafeState(ctx))(t); s.Inside[0].Count != 2 || s.Inside[0].Since != received || s.Counted != want ||
		s.Opened.Kind != event.StockSpoiled {
		t.Errorf("after a blank was written off: %+v", s)
	}
}
