package issuance

import (
	"context"
	"errors"
	"fmt"
	"math"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
)

// LayoutOf is the layout of a profile's pages: the one that was signed with it, or Utopia's own.
func LayoutOf(p station.Profile) (printing.Layout, error) {
	if p.PageLayout == "" && p.IssuingState == "UTO" {
		return printing.Utopia()
	}
	l, err := printing.ParseLayout([]byte(p.PageLayout))
	if err == nil && l.Issuer != p.IssuingState {
		err = fmt.Errorf("page layout of issuer %s", l.Issuer)
	}
	if err != nil {
		return printing.Layout{}, fmt.Errorf("profile %s: %w: %w", p.Name, station.ErrMalformed, err)
	}
	return l, nil
}

// lockUp composes the ink of a page for the desk's printer.
func (d *Desk) lockUp(ctx context.Context, page printing.Page, at printing.Placement) (*printing.Forme, error) {
	return printing.Compose(ctx, page, d.Layout, printing.Options{DPI: d.DPI, Place: at})
}

// onLoaded looks through the printer's eyes, where it has any, at the booklet that was put into it: one
// of another number gets no ink, and the ink goes where the page lies, as the printer's calibration places it.
func (d *Desk) onLoaded(
	ctx context.Context, serial station.Serial, page printing.Page, ink *printing.Forme, calibrated printing.Placement,
) (*printing.Forme, error) {
	feeder, ok := d.Printer.(devices.Feeder)
	if !ok {
		return ink, nil
	}
	seen, err := feeder.Loaded(ctx)
	if errors.Is(err, devices.ErrUnsupported) {
		return ink, nil
	}
	if err != nil {
		return nil, err
	}
	if seen.Serial != "" && seen.Serial != string(serial) {
		return nil, fmt.Errorf("the printer took another booklet: %w", devices.ErrWrongBlank)
	}
	if !seen.Measured || seen.XMM == 0 && seen.YMM == 0 && seen.Degrees == 0 {
		return ink, nil
	}
	return d.lockUp(ctx, page, calibrated.After(placed(seen, d.Layout.WidthMM, d.Layout.HeightMM)))
}

// placed is the placement of ink on a page that lies off by a distance and turned about its centre.
func placed(l devices.Loaded, widthMM, heightMM float64) printing.Placement {
	sin, cos := math.Sincos(l.Degrees * math.Pi / 180)
	x, y := widthMM/2, heightMM/2
	return printing.Placement{
		XX: cos, XY: -sin, YX: sin, YY: cos,
		XMM: x - cos*x + sin*y + l.XMM, YMM: y - sin*x - cos*y + l.YMM,
	}
}
