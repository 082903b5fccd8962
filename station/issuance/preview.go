package issuance

import (
	"context"
	"fmt"
	"image"

	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// PagePreview is the data page of an order as it will look: the maker's artwork with the ink of the office
// on it. It shows the holder, must not be written to a disk, and is forgotten with its screen.
type PagePreview struct {
	Page  image.Image
	Zones []PageZone
}

// PageZone is one place of the page, in pixels of its picture.
type PageZone struct {
	Name string // as of a finding on a page
	Room image.Rectangle
	Ink  image.Rectangle // empty where the page leaves the zone empty
}

// PreviewPage draws the page of an order before it is printed, at the resolution that books are scanned in.
// Who may open the order may look at it; looking is an event and counts against the officer's quota.
func (d *Desk) PreviewPage(ctx context.Context, seat Seat, token station.CaseToken) (PagePreview, error) {
	o, err := d.Order(ctx, seat, token)
	if err != nil {
		return PagePreview{}, err
	}
	defer Destroy(&o)
	err = d.counted(ctx, seat, act{actView, token}, func(tx Tx) error {
		return d.record(tx, seat.Key, fact{kind: event.CaseViewed, subject: string(token)})
	})
	if err != nil {
		return PagePreview{}, fmt.Errorf("preview of case %s: %w", token, err)
	}
	page, err := d.page(o)
	if err != nil {
		return PagePreview{}, err
	}
	return d.drawPage(ctx, page)
}

func (d *Desk) drawPage(ctx context.Context, page printing.Page) (PagePreview, error) {
	blank, err := printing.RenderBlank(ctx, page.Number, d.Layout, bookDPI)
	if err != nil {
		return PagePreview{}, fmt.Errorf("preview: %w", err)
	}
	ink, err := printing.Render(ctx, page, d.Layout, bookDPI)
	if err != nil {
		return PagePreview{}, fmt.Errorf("preview: %w", err)
	}
	whole, err := printing.Overlay(blank, ink)
	if err != nil {
		return PagePreview{}, fmt.Errorf("preview: %w", err)
	}
	zones, err := d.Layout.Zones(page)
	if err != nil {
		return PagePreview{}, fmt.Errorf("preview: %w", err)
	}
	out := PagePreview{Page: whole}
	for _, z := range zones {
		zone := PageZone{Name: z.Name, Room: z.Room.Pixels(bookDPI)}
		if !z.Empty() {
			zone.Ink = z.Ink.Pixels(bookDPI)
		}
		out.Zones = append(out.Zones, zone)
	}
	return out, nil
}
