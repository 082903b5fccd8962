package issuance_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"padarozhnik/devices"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/printing/calibration"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// TestProcedure goes through the calibration of a printer step by step, as a window does: every step has a
// name, what was found can be looked at, a poor turn is repeated, and nothing is kept before it is signed.
func TestProcedure(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	if err := v.receive(d); err != nil {
		t.Fatal(err)
	}
	witness := v.serve()
	if _, err := d.BeginCalibration(ctx, v.tech, issuance.KindReader); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a reader is calibrated: %v", err)
	}
	if _, err := d.BeginCalibration(ctx, v.tech, issuance.KindPrinter); !errors.Is(err, issuance.ErrNotCalibrated) {
		t.Errorf("a printer before its scanner: %v", err)
	}
	v.calibrateScanner(witness)
	off := virtualprinter.Shift{XMM: 0.6, YMM: -0.4, JitterMM: 0.01}
	if err := v.printer.Misplace(off); err != nil {
		t.Fatal(err)
	}
	v.cards("P", 4)
	p := must(d.BeginCalibration(ctx, v.tech, issuance.KindPrinter))(t)
	if s := p.State(); len(s.Steps) != 10 || s.Device.Serial != "V0001" || s.Sheet == nil || s.Result != nil {
		t.Fatalf("at the beginning: %d steps, device %+v", len(s.Steps), s.Device)
	}
	if _, err := p.Sign(ctx, witness); !errors.Is(err, issuance.ErrNotMeasured) {
		t.Errorf("signed before the measurement: %v", err)
	}
	pages := []station.Serial{"P1", "P2", "P3", "P4"}
	var heard int
	for p.State().Step().Name != issuance.StepSign {
		v.step(p, pages, func(devices.Progress) { heard++ })
	}
	if heard == 0 {
		t.Error("no progress was reported")
	}
	v.measuredRight(p, off)
	if points, _, err := d.History(ctx, issuance.KindPrinter); err != nil || len(points) != 0 {
		t.Errorf("kept before it was signed: %+v, %v", points, err)
	}
	signed := must(p.Sign(ctx, witness))(t)
	if s := p.State(); s.Step().Name != issuance.StepDone || s.Result.Time != signed.Time {
		t.Errorf("after the signature: %+v", s.Step())
	}
	if _, err := p.Sign(ctx, witness); !errors.Is(err, calibration.ErrOutOfTurn) {
		t.Errorf("signed twice: %v", err)
	}
	v.listed(signed)
}

// step does one step of a procedure, the first of a print with a page that is not void.
func (v *visit) step(p *issuance.Procedure, pages []station.Serial, report devices.Report) {
	t, ctx := v.t, v.t.Context()
	t.Helper()
	before := p.State()
	step := before.Step()
	page := pages[step.Print-1]
	if step.Name == issuance.StepPrint && step.Print == 1 {
		good := must(v.desk.Stock(ctx))(t)[0].Serial
		if err := p.Do(ctx, good, nil); !errors.Is(err, issuance.ErrNotVoid) || p.State().Now != before.Now {
			t.Errorf("a target on a good blank: %v", err)
		}
	}
	if err := p.Do(ctx, page, report); err != nil {
		t.Fatal(err)
	}
	if after := p.State(); !after.Steps[before.Now].Done || after.Now == before.Now {
		t.Errorf("after %+v comes %+v", step, after.Step())
	}
}

// measuredRight looks at what a procedure shows before it is signed.
func (v *visit) measuredRight(p *issuance.Procedure, off virtualprinter.Shift) {
	t := v.t
	t.Helper()
	s := p.State()
	r := s.Result.Printer
	if !s.Result.OK || math.Abs(r.OffsetXMM-off.XMM) > 0.08 || math.Abs(r.OffsetYMM-off.YMM) > 0.08 {
		t.Errorf("measured: %+v", r)
	}
	if s.Sight.Seen == nil || s.Sight.Ways == nil || len(s.Sight.Marks) != 12 {
		t.Fatalf("shown: %+v", s.Sight.Marks)
	}
	worst := 0.0
	for _, m := range s.Sight.Marks {
		worst = max(worst, m.Off.Length())
	}
	if math.Abs(worst-s.Result.VerifyMM) > 1e-9 {
		t.Errorf("marks are off by %.3f mm, the verification says %.3f", worst, s.Result.VerifyMM)
	}
}

// listed looks for a calibration in the list of devices and in the plot.
func (v *visit) listed(c issuance.Calibration) {
	t, d, ctx := v.t, v.desk, v.t.Context()
	t.Helper()
	lines := must(d.DeviceList(ctx))(t)
	if len(lines) != 3 || lines[0].Kind != issuance.KindScanner ||
		lines[2].Kind != issuance.KindReader || lines[2].Word != issuance.WordOK {
		t.Fatalf("devices: %+v", lines)
	}
	if l := lines[1]; l.Kind != issuance.KindPrinter || l.Serial != c.Serial || l.Calibrated != c.Time || l.Due <= l.Calibrated ||
		l.Word != issuance.WordOK || l.Technician != c.Technician || l.Witness != c.Witness || l.Err != nil {
		t.Errorf("printer: %+v", l)
	}
	points, drift, err := d.History(ctx, issuance.KindPrinter)
	if err != nil || len(points) != 1 || len(drift) != 0 || points[0].XMM != c.Printer.OffsetXMM || points[0].VerifyMM != c.VerifyMM {
		t.Errorf("history: %+v, %v, %v", points, drift, err)
	}
	d.Printer = silent{d.Printer}
	if l := must(d.DeviceList(ctx))(t)[1]; l.Word != issuance.WordSilent || !errors.Is(l.Err, devices.ErrUnreachable) ||
		l.Serial != c.Serial || l.Calibrated != c.Time {
		t.Errorf("a printer that does not answer: %+v", l)
	}
}

// silent is a printer that nobody reaches.
type silent struct{ devices.Printer }

// Identify implements devices.Printer.
func (silent) Identify(context.Context) (devices.Identity, error) {
	return devices.Identity{}, devices.ErrUnreachable
}

// TestProcedureCancelled breaks a print off: the step is in hand no more, nothing is kept, and the next
// calibration begins anew.
func TestProcedureCancelled(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	witness := v.serve()
	v.calibrateScanner(witness)
	v.cards("Q", 1)
	p := must(d.BeginCalibration(ctx, v.tech, issuance.KindPrinter))(t)
	err := p.Do(ctx, "Q1", func(devices.Progress) { p.Cancel() })
	if !errors.Is(err, context.Canceled) || !p.State().Cancelled {
		t.Errorf("cancelled in mid-print: %v", err)
	}
	if err := p.Do(ctx, "Q1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("goes on after the cancel: %v", err)
	}
	if history := must(d.Calibrations(ctx, issuance.KindPrinter))(t); len(history) != 0 {
		t.Errorf("kept: %+v", history)
	}
	again := must(d.BeginCalibration(ctx, v.tech, issuance.KindPrinter))(t)
	if s := again.State(); s.Now != 0 || s.Cancelled {
		t.Errorf("the next calibration begins at %+v", s.Step())
	}
}
