package issuance_test

import (
	"errors"
	"testing"
	"time"

	"padarozhnik/printing/calibration"
	"padarozhnik/printing/inspection"
	"padarozhnik/printing/measure"
	"padarozhnik/station/issuance"
)

// measured is a calibration of the virtual printer, as a session would give it.
func measured(ok bool) issuance.Calibration {
	c := issuance.Calibration{Kind: issuance.KindPrinter, Model: "virtual passport printer", Serial: "V0001", Firmware: "1.0", OK: ok,
		Printer: &calibration.Printer{Error: measure.Identity(), ScaleX: 1, ScaleY: 1, Prints: 3}}
	if !ok {
		c.Cause = issuance.CauseOutOfTolerance
	}
	return c
}

// TestCrashInService ends the program before and after each transaction of a technician's visit and starts
// it again: every step is done or not done, none is half done, and the visit comes to its end.
func TestCrashInService(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; n <= 4; n++ {
			o := newOffice(t, 1)
			if err := o.receive(o.desk(nil)); err != nil {
				t.Fatal(err)
			}
			crashed := o.visitUntilCrash(n, after)
			if !crashed {
				t.Fatalf("transaction %d did not come", n)
			}
			for name := range members {
				o.reopenToken(name)
			}
			d := o.desk(nil)
			kept := len(must(d.Calibrations(t.Context(), issuance.KindPrinter))(t))
			if want := n > 2 || n == 2 && after; (kept == 1) != want {
				t.Errorf("crash at %d, committed %v: %d calibrations kept", n, after, kept)
			}
			o.visit(d)
			if _, err := d.VerifyJournal(t.Context()); err != nil {
				t.Error(err)
			}
			if h := must(d.Health(t.Context(), issuance.KindPrinter))(t); h.Word() != "ok" {
				t.Errorf("after the visit: %+v", h)
			}
		}
	}
}

func (o *office) visitUntilCrash(n int, after bool) (crashed bool) {
	d := o.desk(func(s issuance.Store) issuance.Store { return &crashingStore{Store: s, left: n, after: after} })
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case died:
			crashed = true
		default:
			panic(r)
		}
	}()
	o.visit(d)
	return false
}

// visit is a technician's visit in four transactions.
func (o *office) visit(d *issuance.Desk) {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	tech := o.seat(d, "T")
	if err := d.OpenService(ctx, tech); err != nil {
		t.Fatal(err)
	}
	o.reopenToken("C")
	witness := o.seat(d, "C")
	must(d.SignCalibration(ctx, tech, witness, measured(true)))(t)
	if err := d.AcceptDevice(ctx, tech, witness, issuance.KindPrinter, "as it stands"); err != nil {
		t.Fatal(err)
	}
	if err := d.CloseService(ctx, tech); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		o.reopenToken(name)
	}
}

// TestCalibrationRunsOutAndDrifts: both warn and stop nothing; a new calibration ends both.
func TestCalibrationRunsOutAndDrifts(t *testing.T) {
	o := newOffice(t, 1)
	now := time.Now()
	o.clock = func() time.Time { return now }
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	health := func() issuance.DeviceHealth { return must(d.Health(ctx, issuance.KindPrinter))(t) }
	if h := health(); h.Calibrated != 0 || h.Stops() != nil {
		t.Errorf("a printer that nobody has calibrated: %+v", h)
	}
	o.visit(d)
	o.openDay(d)
	for range 5 {
		if err := d.NoteShift(ctx, inspection.Position{ShiftXMM: 0.4, ShiftYMM: 0.1}); err != nil {
			t.Fatal(err)
		}
	}
	if h := health(); !h.Drifting || h.Stops() != nil || h.DriftXMM != 0.4 {
		t.Errorf("pages 0.4 mm off: %+v", h)
	}
	o.visit(d)
	if h := health(); h.Drifting {
		t.Errorf("drift after a new calibration: %+v", h)
	}
	now = now.Add(200 * 24 * time.Hour)
	if h := health(); !h.Expired || h.Stops() != nil || h.Word() != "expired" {
		t.Errorf("after 200 days: %+v", h)
	}
}

// TestNothingMeasuredNothingSigned: a record without a measurement comes into force for nobody.
func TestNothingMeasuredNothingSigned(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	tech := o.seat(d, "T")
	if _, err := d.SignCalibration(t.Context(), tech, o.seat(d, "C"), measured(true)); !errors.Is(err, issuance.ErrNoService) {
		t.Errorf("outside of service mode: %v", err)
	}
	if err := d.OpenService(t.Context(), tech); err != nil {
		t.Fatal(err)
	}
	o.reopenToken("C")
	if _, err := d.SignCalibration(t.Context(), tech, o.seat(d, "C"), issuance.Calibration{}); !errors.Is(err, issuance.ErrNotMeasured) {
		t.Errorf("without a measurement: %v", err)
	}
}
