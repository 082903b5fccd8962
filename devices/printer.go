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
	Conditions []error // conditions of this package that stop it, most serious first; none when all is well
	Warnings   []error // conditions that do not stop it yet: ErrInkLow, ErrMaintenance
	DPI        []int   // resolutions offered
}

// Loaded is what a printer sees of the booklet that lies in it. XMM and YMM are how far the page lies
// to the right and below where the printer expects it, Degrees by how much it is turned clockwise about
// its centre.
type Loaded struct {
	Serial            string // read from the page's bar code or the chip; "" where it cannot be read
	Measured          bool   // the position was measured
	XMM, YMM, Degrees float64
}

// Feeder is a printer that looks at the booklet before it prints. Loaded returns ErrNoBooklet where
// none lies there, and ErrUnsupported where the printer has no eyes: then the number must be read
// elsewhere before ink, and the page must be laid in straight.
type Feeder interface {
	Loaded(ctx context.Context) (Loaded, error)
}

// Printer puts one sheet on the loaded booklet. Print returns nil only when the printer reported
// the job as completed. It returns ErrNoBooklet, ErrWrongBlank, ErrWrongPage, ErrSkewed, ErrDamaged,
// ErrJammed, ErrInkEmpty, ErrCoverOpen, ErrMaintenance, ErrUnreachable or ErrUnsupported when no ink was
// laid, and an error wrapping ErrPrintInDoubt (with the condition, where known) once ink may have been.
type Printer interface {
	Identify(ctx context.Context) (Identity, error)
	State(ctx context.Context) (PrinterState, error)
	Print(ctx context.Context, s Sheet, report Report) error
}
