package issuance

import (
	"context"
	"errors"
	"fmt"
	"image"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/portrait"
)

// Resolutions at which pages are scanned.
const (
	pageDPI = 300 // an old passport or any other paper
	bookDPI = 300 // a booklet's data page
)

// bookRegion is the corner of the glass where a booklet lies: a page of 125 x 88 mm with room around
// it, a sixth of what a whole glass would take.
func bookRegion() devices.Region { return devices.Region{WidthMM: 170, HeightMM: 130} }

// bookSettings are how the page of a booklet is scanned.
func bookSettings() devices.ScanSettings {
	return devices.ScanSettings{DPI: bookDPI, Color: devices.Color, Region: bookRegion()}
}

// scanBook takes a picture of the booklet on the scanner.
func (d *Desk) scanBook(ctx context.Context, keep *Examination) (image.Image, error) {
	s, err := d.Scanner.Scan(ctx, bookSettings(), nil)
	if err != nil {
		return nil, err
	}
	if keep != nil {
		keep.Page, keep.PageType = s.Data, s.Type
	}
	return decodePicture(s.Data)
}

// decodePicture opens what a scanner sent. What is no picture is the scanner's fault; a picture too large to
// open asks for a lower resolution.
func decodePicture(data []byte) (image.Image, error) {
	img, err := portrait.Decode(data)
	if errors.Is(err, portrait.ErrTooLarge) {
		return nil, fmt.Errorf("picture: %w: %w", devices.ErrUnsupported, err)
	}
	if err != nil {
		return nil, fmt.Errorf("picture: %w: %w", devices.ErrProtocol, err)
	}
	return img, nil
}

// ReadOldPassport is ScanOldPassport without progress, for a caller that has nobody to decide on doubts.
func (d *Desk) ReadOldPassport(ctx context.Context, seat Seat, token station.CaseToken) (ocr.Result, error) {
	read, err := d.ScanOldPassport(ctx, seat, token, nil)
	return read.result, err
}

// TypeOldPassport enters a zone that could not be read. Every check digit must be right.
func (d *Desk) TypeOldPassport(ctx context.Context, seat Seat, token station.CaseToken, zone [2]string) error {
	return d.takeOldPassport(ctx, seat, token, station.OldPassport{MRZ: zone, Typed: true})
}

func (d *Desk) takeOldPassport(ctx context.Context, seat Seat, token station.CaseToken, old station.OldPassport) error {
	doc, err := mrz.Parse(old.MRZ[:])
	if err != nil {
		return fmt.Errorf("old passport: %w: %w", ErrDoubtful, err)
	}
	if doc.Format != mrz.TD3 && doc.Format != mrz.TD2 {
		return fmt.Errorf("old passport: a zone of %v: %w", doc.Format, ErrDoubtful)
	}
	return d.Amend(ctx, seat, token, "old-passport", func(a *station.Application) error {
		kept := old.Again(a.OldPassport)
		a.OldPassport = &kept
		read := station.FromZone(d.Charter.Profile, doc, station.DateOf(d.Now()))
		read.LocalSurname, read.LocalGivenNames = a.Applicant.LocalSurname, a.Applicant.LocalGivenNames
		read.PlaceOfBirth, read.Patronymic = a.Applicant.PlaceOfBirth, a.Applicant.Patronymic
		if read.PersonalNumber == "" {
			read.PersonalNumber = a.Applicant.PersonalNumber
		}
		a.Applicant = read
		return a.KeepChip()
	})
}

// addSerial compares the bar code of a scanned booklet with the expected number.
func (e *Examination) addSerial(img image.Image, want station.Serial) {
	read, err := printing.ReadSerial(img)
	switch {
	case err != nil:
		e.add("page bar code", false, "no bar code could be read")
	case station.Serial(read) != want:
		e.add("page bar code", false, "another booklet's number")
	default:
		e.add("page bar code", true, "the booklet's own number")
	}
}
