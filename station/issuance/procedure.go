package issuance

import (
	"context"
	"fmt"
	"image"
	"slices"
	"sync"

	"padarozhnik/devices"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station"
)

// Names of the steps of a calibration: what a person does next.
const (
	StepCard  = "card"  // lay the scanner's card on the glass, its full mark at the top left
	StepPrint = "print" // choose a void page; it is looked at, and the target printed on it
	StepScan  = "scan"  // lay the page that was printed last on the glass
	StepSign  = "sign"  // look at what was found; a second person countersigns
	StepDone  = "done"
)

// ProcedureStep is one step of a calibration.
type ProcedureStep struct {
	Name   string `json:"name"`
	Print  int    `json:"print,omitempty"` // which print of the target, from 1; 0 where none is meant
	Verify bool   `json:"verify,omitempty"`
	Done   bool   `json:"done"`
}

// ProcedureState is how far a calibration has come, with what a window shows of it.
type ProcedureState struct {
	Kind      DeviceKind        `json:"kind"`
	Device    devices.Identity  `json:"device"`
	Steps     []ProcedureStep   `json:"steps"` // all of them, in order
	Now       int               `json:"now"`   // place of the step in hand among them
	Sheet     *image.RGBA       `json:"-"`     // the card, or what this step prints, in small
	Sight     calibration.Sight `json:"sight"` // of the last scan; zero before the first
	Result    *Calibration      `json:"result,omitempty"`
	Cancelled bool              `json:"cancelled"`
}

// Step is the step in hand.
func (s ProcedureState) Step() ProcedureStep { return s.Steps[s.Now] }

// Procedure is a calibration that a technician goes through step by step. Do is called by one goroutine at
// a time; State and Cancel by any. Nothing of it is kept before Sign.
type Procedure struct {
	desk    *Desk
	tech    Seat
	session calibration.PrinterSession // Do's own
	page    station.Serial             // Do's own: that was printed on last

	mu    sync.Mutex
	state ProcedureState     // guarded by mu
	stop  context.CancelFunc // guarded by mu; ends the step that is running
}

// sheetDPI is the resolution of the sheet that a window shows.
const sheetDPI = 100

// BeginCalibration begins the calibration of the device of a kind, in service mode. A printer is calibrated
// on a scanner whose own calibration is in force.
func (d *Desk) BeginCalibration(ctx context.Context, tech Seat, kind DeviceKind) (*Procedure, error) {
	p := &Procedure{desk: d, tech: tech, state: ProcedureState{Kind: kind, Steps: procedureSteps(kind)}}
	if err := p.begin(ctx); err != nil {
		return nil, fmt.Errorf("calibrate the %s: %w", kind, err)
	}
	return p, nil
}

func (p *Procedure) begin(ctx context.Context) (err error) {
	d := p.desk
	if err := d.serving(ctx, p.tech); err != nil {
		return err
	}
	if err := calibratedKind(p.state.Kind); err != nil {
		return err
	}
	defer d.atWork()()
	if p.state.Device, err = d.identify(ctx, p.state.Kind); err != nil {
		return err
	}
	if p.state.Kind == KindScanner {
		p.state.Sheet = calibration.ScannerTarget().Draw(sheetDPI, measure.Identity())
		return nil
	}
	g, err := d.geometry(ctx)
	if err != nil {
		return err
	}
	if g.ScaleX == 0 {
		return fmt.Errorf("scanner: %w", ErrNotCalibrated)
	}
	p.session.Geometry = g
	p.state.Sheet = p.session.Sheet(sheetDPI)
	return nil
}

func procedureSteps(kind DeviceKind) []ProcedureStep {
	if kind == KindScanner {
		return []ProcedureStep{{Name: StepCard}, {Name: StepSign}, {Name: StepDone}}
	}
	var out []ProcedureStep
	for n := range calibration.PrintsWanted + 1 {
		verify := n == calibration.PrintsWanted
		out = append(out, ProcedureStep{Name: StepPrint, Print: n + 1, Verify: verify},
			ProcedureStep{Name: StepScan, Print: n + 1, Verify: verify})
	}
	return append(out, ProcedureStep{Name: StepSign}, ProcedureStep{Name: StepDone})
}

// State is how far the calibration has come.
func (p *Procedure) State() ProcedureState {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.Steps = slices.Clone(s.Steps)
	return s
}

// Cancel ends the calibration. A step that is running is broken off; the device is safe when Do returns.
func (p *Procedure) Cancel() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Cancelled = true
	if p.stop != nil {
		p.stop()
	}
}

// Do does the devices' part of the step in hand, once the person has done theirs. page names the void page
// of StepPrint and is not looked at in another step. After an error the same step is in hand again; a page
// that may carry ink by then must not be used for another print. A result that is out of tolerance is no
// error: it ends the measuring, and the step in hand is StepSign.
func (p *Procedure) Do(ctx context.Context, page station.Serial, report devices.Report) error {
	ctx, end, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer end()
	step := p.State().Step()
	if err := p.do(ctx, step, page, report); err != nil {
		return fmt.Errorf("calibrate the %s: %s: %w", p.state.Kind, step.Name, err)
	}
	return nil
}

// enter begins a step that Cancel can end.
func (p *Procedure) enter(ctx context.Context) (context.Context, func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Cancelled {
		return nil, nil, fmt.Errorf("calibrate the %s: %w", p.state.Kind, context.Canceled)
	}
	ctx, p.stop = context.WithCancel(ctx)
	return ctx, p.stop, nil
}

func (p *Procedure) do(ctx context.Context, step ProcedureStep, page station.Serial, report devices.Report) error {
	d := p.desk
	if err := d.serving(ctx, p.tech); err != nil {
		return err
	}
	defer d.atWork()()
	switch step.Name {
	case StepCard:
		return p.scanCard(ctx, report)
	case StepPrint:
		if err := d.printTarget(ctx, &p.session, page, report); err != nil {
			return err
		}
		p.page = page
		p.move(p.State().Sight, nil)
		return nil
	case StepScan:
		err := d.scanTarget(ctx, &p.session, p.page, report)
		if err != nil && p.session.Err() == nil {
			return err
		}
		p.move(p.session.Sight, p.measured())
		return nil
	}
	return calibration.ErrOutOfTurn
}

// move ends the step in hand. With a result what is left to measure is left out.
func (p *Procedure) move(sight calibration.Sight, result *Calibration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.state
	s.Steps = slices.Clone(s.Steps)
	s.Steps[s.Now].Done = true
	s.Now++
	s.Sight = sight
	if result != nil {
		s.Result, s.Sheet = result, nil
		s.Now = len(s.Steps) - 2
	} else if s.Steps[s.Now].Name == StepPrint {
		s.Sheet = p.session.Sheet(sheetDPI)
	}
}

// measured is what a printer's session found; nil while it goes on.
func (p *Procedure) measured() *Calibration {
	s := &p.session
	if s.Next().Action != calibration.ActionDone {
		return nil
	}
	c := newCalibration(KindPrinter, p.State().Device, p.tech)
	c.Printer, c.OK, c.Cause, c.VerifyMM = &s.Result, s.Err() == nil, cause(s.Err()), s.Proof.WorstMM
	return &c
}

// scanCard scans the card that lies on the glass, and measures the scanner by it.
func (p *Procedure) scanCard(ctx context.Context, report devices.Report) error {
	img, err := p.desk.scanPage(ctx, devices.ScanSettings{DPI: calibrationDPI, Color: devices.Gray}, report)
	if err != nil {
		return err
	}
	found, sight, err := calibration.MeasureScanner(img, calibrationDPI)
	if err != nil && cause(err) == "" {
		return err
	}
	c := newCalibration(KindScanner, p.State().Device, p.tech)
	c.Scanner, c.OK, c.Cause = &found, err == nil, cause(err)
	p.move(sight, &c)
	return nil
}

// Result is what was measured; it is in force once it is signed.
func (p *Procedure) Result() (Calibration, error) {
	if c := p.State().Result; c != nil {
		return *c, nil
	}
	return Calibration{}, fmt.Errorf("calibrate the %s: %w", p.state.Kind, ErrNotMeasured)
}

// Sign puts the result in force, as SignCalibration does, and ends the procedure.
func (p *Procedure) Sign(ctx context.Context, witness Seat) (Calibration, error) {
	ctx, end, err := p.enter(ctx)
	if err != nil {
		return Calibration{}, err
	}
	defer end()
	c, err := p.Result()
	if err != nil {
		return c, err
	}
	if p.State().Step().Name != StepSign {
		return c, fmt.Errorf("sign calibration: %w", calibration.ErrOutOfTurn)
	}
	if c, err = p.desk.SignCalibration(ctx, p.tech, witness, c); err != nil {
		return c, err
	}
	p.move(p.State().Sight, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Result = &c
	return c, nil
}
