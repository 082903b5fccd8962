package calibration

import (
	"errors"
	"fmt"
	"image"

	"padarozhnik/printing/measure"
)

// Action is what a technician does next.
type Action string

// Actions of a session.
const (
	ActionPrint Action = "print" // the Sheet on a void page
	ActionScan  Action = "scan"  // the page that was printed last
	ActionDone  Action = "done"
)

// Step is one step of a session, as a window shows it.
type Step struct {
	Action Action `json:"action"`
	Number int    `json:"number"` // of the print, from 1
	Of     int    `json:"of"`
	Verify bool   `json:"verify"` // the print that proves the correction
}

// ErrOutOfTurn: what was handed in is not what the session waits for.
var ErrOutOfTurn = errors.New("not what the calibration waits for")

// PrinterSession leads through the calibration of a printer: three prints of the target, each scanned,
// and one more through the correction that they gave. Its zero value begins with an exact scanner. It
// is used by one goroutine.
type PrinterSession struct {
	Geometry measure.Geometry // of the scanner
	Result   Printer          // after the third scan
	Proof    Verification     // after the last
	Prints   []Print          // as measured
	Sight    Sight            // of the last scan: what was found on it
	printed  bool
	ended    error
	proven   bool
}

// Next is what to do now.
func (s *PrinterSession) Next() Step {
	step := Step{Action: ActionPrint, Number: len(s.Prints) + 1, Of: PrintsWanted + 1}
	switch {
	case s.proven || s.ended != nil:
		return Step{Action: ActionDone, Number: len(s.Prints), Of: PrintsWanted + 1}
	case s.printed:
		step.Action = ActionScan
	}
	step.Verify = len(s.Prints) == PrintsWanted
	return step
}

// Err is why the session ended without a correction that may be used; nil before the end.
func (s *PrinterSession) Err() error { return s.ended }

// Sheet is the picture to print now, at the printer's resolution: the bare target, or the target through
// the correction.
func (s *PrinterSession) Sheet(dpi int) *image.RGBA {
	place := measure.Identity()
	if len(s.Prints) >= PrintsWanted {
		place = s.Result.Error.Inverse()
	}
	return PrinterTarget().Draw(dpi, place)
}

// Printed says that the sheet lies on a page.
func (s *PrinterSession) Printed() error {
	if s.Next().Action != ActionPrint {
		return ErrOutOfTurn
	}
	s.printed = true
	return nil
}

// Take measures the scan of the page that was printed last. A picture on which the target is not found
// changes nothing: the page is laid on the glass again. A result that may not be used ends the session,
// with the reason.
func (s *PrinterSession) Take(img image.Image, dpi int) error {
	if s.Next().Action != ActionScan {
		return ErrOutOfTurn
	}
	p, sight, err := MeasurePrint(img, dpi, s.Geometry)
	if err != nil {
		return err
	}
	s.printed = false
	s.Prints, s.Sight = append(s.Prints, p), sight
	switch len(s.Prints) {
	case PrintsWanted:
		s.Result, s.ended = Solve(s.Prints)
	case PrintsWanted + 1:
		s.Proof = Verify(p)
		if s.proven = s.Proof.OK; !s.proven {
			s.ended = fmt.Errorf("verification: a mark lies %.3f mm off, %.2f mm are allowed: %w",
				s.Proof.WorstMM, VerifyMM, ErrOutOfTolerance)
		}
	}
	return s.ended
}
