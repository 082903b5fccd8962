package devices

import (
	"context"
	"image"
)

// Sheet is one page to print at its true size: bounds in pixels at DPI. Title names the job at
// the printer: a booklet's serial, never a person.
type Sheet struct {
	Image image.Image
	DPI   int
	Title string
}

// PrinterState is what a printer says of itself.
type PrinterState struct {
	Idle       bool
	Conditions []error // conditions of this package, most serious first; none when all is well
	DPI        []int   // resolutions offered
}

// Printer puts one sheet on the loaded booklet. Print returns nil only when the printer reported
// the job as completed. It returns ErrNoBooklet, ErrJammed, ErrInkEmpty, ErrCoverOpen,
// ErrUnreachable or ErrUnsupported when no ink was laid, and an error wrapping ErrPrintInDoubt
// (with the condition, where known) once ink may have been.
type Printer interface {
	Identify(ctx context.Context) (Identity, error)
	State(ctx context.Context) (PrinterState, error)
	Print(ctx context.Context, s Sheet, report Report) error
}
