package devices

import "context"

// ColorMode is what a scanner delivers.
type ColorMode int

// Color modes.
const (
	Color ColorMode = iota
	Gray
)

// Region is a rectangle on the scanner's glass in millimetres from its origin (top left). The
// zero Region asks for the whole glass.
type Region struct {
	XMM, YMM, WidthMM, HeightMM float64
}

// Source is where a scanner takes the paper from.
type Source int

// Sources. AnySource is the glass, or the feeder of a device without glass.
const (
	AnySource Source = iota
	FromGlass
	FromFeeder
)

// ScanSettings say how to scan.
type ScanSettings struct {
	DPI    int
	Color  ColorMode
	Region Region
	Source Source
}

// Scan is one page as the device encoded it.
type Scan struct {
	Data []byte // encoded picture
	Type string // media type found by looking at the bytes: image/jpeg, image/png
	DPI  int    // resolution asked for and granted, in both directions
}

// Scanner takes a picture of a page. Scan returns ErrNothingToScan, ErrBusy, ErrUnreachable or
// ErrUnsupported where a person can help.
type Scanner interface {
	Identify(ctx context.Context) (Identity, error)
	Scan(ctx context.Context, s ScanSettings, report Report) (Scan, error)
}
