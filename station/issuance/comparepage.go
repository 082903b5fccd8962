package issuance

import (
	"context"
	"image"

	"padarozhnik/printing/inspection"
	"padarozhnik/station"
)

// comparePage compares a scanned page with the order: its zone under the strict gate, the position of the
// print, every text, the pictures, and the rest of the page for ink that nobody ordered.
func (d *Desk) comparePage(ctx context.Context, o station.Order, img image.Image, e *Examination) error {
	page, err := d.page(o)
	if err != nil {
		return err
	}
	art, err := inspection.DrawArtwork(ctx, d.Layout, string(o.Serial), bookDPI)
	if err != nil {
		return err
	}
	order, err := inspection.Prepare(ctx, page, art)
	if err != nil {
		return err
	}
	g, err := d.geometry(ctx)
	if err != nil {
		return err
	}
	r, err := order.Inspect(ctx, img, g)
	if err != nil {
		return err
	}
	e.Looks, e.Inked, e.PageOK = r, r.Inked, r.OK()
	for _, f := range r.Findings {
		e.add(f.What, f.OK, f.Reason)
	}
	return nil
}

// position is where the print of an examined page lies; the zero value where it was not found.
func (e Examination) position() inspection.Position {
	if e.Looks == nil {
		return inspection.Position{}
	}
	return e.Looks.Position
}

// Difference is a picture of what differs on the page, nil where the page was not found. It shows the page
// and must not be written to a disk in clear.
func (e Examination) Difference() image.Image {
	if e.Looks == nil {
		return nil
	}
	if img := e.Looks.Picture(); img != nil {
		return img
	}
	return nil
}

// Views are the page of an examination as it was ordered and as it was seen, laid on each other, with the
// places that differ; nil where the page was not found. They show the page and must not be written to a disk.
func (e Examination) Views() (want, seen image.Image, places []image.Rectangle) {
	if e.Looks == nil {
		return nil, nil, nil
	}
	a, b, at := e.Looks.Views()
	if a == nil {
		return nil, nil, nil
	}
	return a, b, at
}
