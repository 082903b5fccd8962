package watchdog

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
)

// Scanner is a scanner under the watchdog. It implements devices.Scanner.
type Scanner struct {
	driver devices.Scanner
	limits Limits
	state  device
}

// NewScanner puts a scanner under the watchdog.
func NewScanner(s devices.Scanner, l Limits) *Scanner {
	return &Scanner{driver: s, limits: l.withDefaults()}
}

// Identify implements devices.Scanner.
func (s *Scanner) Identify(ctx context.Context) (devices.Identity, error) {
	return call(ctx, &s.state, s.limits.Ask, s.limits.grace(askGrace), s.driver.Identify)
}

// Scan implements devices.Scanner.
func (s *Scanner) Scan(ctx context.Context, set devices.ScanSettings, report devices.Report) (devices.Scan, error) {
	return call(ctx, &s.state, s.limits.Scan, s.limits.grace(askGrace), func(ctx context.Context) (devices.Scan, error) {
		return s.driver.Scan(ctx, set, report)
	})
}

// Printer is a printer under the watchdog. It implements devices.Printer and devices.Feeder.
type Printer struct {
	driver devices.Printer
	limits Limits
	state  device
}

// NewPrinter puts a printer under the watchdog.
func NewPrinter(p devices.Printer, l Limits) *Printer {
	return &Printer{driver: p, limits: l.withDefaults()}
}

// Identify implements devices.Printer.
func (p *Printer) Identify(ctx context.Context) (devices.Identity, error) {
	return call(ctx, &p.state, p.limits.Ask, p.limits.grace(askGrace), p.driver.Identify)
}

// State implements devices.Printer.
func (p *Printer) State(ctx context.Context) (devices.PrinterState, error) {
	return call(ctx, &p.state, p.limits.Ask, p.limits.grace(askGrace), p.driver.State)
}

// Loaded implements devices.Feeder. A printer without eyes returns devices.ErrUnsupported.
func (p *Printer) Loaded(ctx context.Context) (devices.Loaded, error) {
	feeder, ok := p.driver.(devices.Feeder)
	if !ok {
		return devices.Loaded{}, devices.ErrUnsupported
	}
	return call(ctx, &p.state, p.limits.Ask, p.limits.grace(askGrace), feeder.Loaded)
}

// Print implements devices.Printer. Of a job that hangs nobody knows whether it laid ink; one that was
// refused because an earlier call hangs laid none.
func (p *Printer) Print(ctx context.Context, sheet devices.Sheet, report devices.Report) error {
	begun := make(chan struct{})
	_, err := call(ctx, &p.state, p.limits.Print, p.limits.grace(printGrace), func(ctx context.Context) (struct{}, error) {
		close(begun)
		return struct{}{}, p.driver.Print(ctx, sheet, report)
	})
	if !errors.Is(err, devices.ErrHangs) {
		return err
	}
	select {
	case <-begun:
		return fmt.Errorf("%w: %w", devices.ErrPrintInDoubt, err)
	default:
		return err
	}
}
