package issuance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
)

// PageReading is what the recogniser made of an old passport's page. It is held in memory alone, until the
// officer has decided on its doubts or has scanned again.
type PageReading struct {
	Found    bool     // something looks like a zone of two lines
	Accepted bool     // beyond doubt, and saved already
	Poor     bool     // doubtful as a whole: scan again or type it, there is no character to decide on
	Lines    []string // to show first: the characters as seen, or what their fields allow
	Strips   [][]byte // PNG of each line, straight and upright: a character takes 24 x 48 pixels, the first begins at 24
	Doubts   []Doubt  // in the order of reading

	result ocr.Result
	scan   []byte
}

// Doubt is one character for an officer to decide on.
type Doubt struct {
	Line, Column int       // from 0
	Field        mrz.Field // that it belongs to
	Picture      []byte    // PNG: the character between its neighbours
	Seen         rune      // what it looks most like, were any character allowed there
	Proposed     rune      // what Lines shows
	Others       []rune    // what else the field allows there, likeliest first
	Score        float64   // of Seen: 1 is a perfect print
}

// CharDecision is what an officer says a character of a zone is.
type CharDecision struct {
	Line, Column int
	Rune         rune
}

// ScanOldPassport scans the old passport's data page and reads its zone, telling how it stands; ctx cancels.
// A zone beyond doubt becomes the old passport of the case, and what it says of the holder the default of the
// application. Any other changes nothing and is returned with ErrDoubtful: the officer decides on its doubts
// (DecideOldPassport), scans again, or types the zone (TypeOldPassport).
func (d *Desk) ScanOldPassport(
	ctx context.Context, seat Seat, token station.CaseToken, report devices.Report,
) (PageReading, error) {
	c, err := d.Case(ctx, token)
	if err != nil {
		return PageReading{}, err
	}
	if err := c.Edit(seat.Officer, d.Now()); err != nil {
		return PageReading{}, err
	}
	s, err := d.Scanner.Scan(ctx, devices.ScanSettings{DPI: pageDPI, Color: devices.Color}, report)
	if err != nil {
		return PageReading{}, fmt.Errorf("scan old passport: %w", err)
	}
	img, err := decodePicture(s.Data)
	if err != nil {
		return PageReading{}, fmt.Errorf("scan old passport: %w", err)
	}
	report.At("read", 0, 0)
	read, err := readPage(ctx, img, s.DPI)
	if err != nil {
		return read, fmt.Errorf("old passport: %w", err)
	}
	if d.Charter.Profile.Lists(station.FieldOldScan) {
		read.scan = s.Data
	}
	if !read.Accepted {
		return read, fmt.Errorf("old passport: %w", ErrDoubtful)
	}
	old := station.OldPassport{MRZ: [2]string(read.Lines), Accepted: true, Scan: read.scan}
	return read, d.takeOldPassport(ctx, seat, token, old)
}

// readPage reads the zone of a page and cuts out what a person needs to see of it.
func readPage(ctx context.Context, img image.Image, dpi int) (PageReading, error) {
	r, err := ocr.Read(ctx, img, dpi)
	if errors.Is(err, ocr.ErrNoMRZ) {
		return PageReading{}, nil
	}
	if err != nil {
		return PageReading{}, err
	}
	out := PageReading{Lines: r.Lines, Found: len(r.Lines) == 2, result: r}
	out.Accepted = r.Accepted && out.Found
	out.Poor = out.Found && !out.Accepted && len(r.Doubtful) == 0
	for i := range r.Lines {
		strip, err := encodePicture(r.Line(img, i))
		if err != nil {
			return out, err
		}
		out.Strips = append(out.Strips, strip)
	}
	for _, at := range r.Doubtful {
		picture, err := encodePicture(r.Picture(img, at))
		if err != nil {
			return out, err
		}
		c := r.Chars[at.Line][at.Column]
		out.Doubts = append(out.Doubts, Doubt{Line: at.Line, Column: at.Column, Field: c.Field, Picture: picture,
			Seen: c.Rune, Proposed: rune(r.Lines[at.Line][at.Column]), Others: c.Others, Score: c.Score})
	}
	return out, nil
}

func encodePicture(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("picture of a zone: %w", err)
	}
	return b.Bytes(), nil
}

// DecideOldPassport enters a zone that an officer has decided on, character by character: each doubt of the
// reading, and any other where the recogniser was wrong. What was decided is kept with the zone, which counts
// as a person's from then on. A doubt without a decision is station.ErrIncomplete; every check digit must be
// right, or it is ErrDoubtful.
func (d *Desk) DecideOldPassport(
	ctx context.Context, seat Seat, token station.CaseToken, read PageReading, decided []CharDecision,
) error {
	old, err := read.decide(decided)
	if err != nil {
		return fmt.Errorf("old passport: %w", err)
	}
	return d.takeOldPassport(ctx, seat, token, old)
}

// decide puts decisions into what was read.
func (r PageReading) decide(decided []CharDecision) (station.OldPassport, error) {
	if !r.Found || r.Poor || len(r.Lines) != 2 {
		return station.OldPassport{}, ErrDoubtful
	}
	lines := [2][]byte{[]byte(r.Lines[0]), []byte(r.Lines[1])}
	old := station.OldPassport{Scan: r.scan}
	for _, c := range decided {
		if c.Line < 0 || c.Line > 1 || c.Column < 0 || c.Column >= len(lines[c.Line]) || c.Rune < '0' || c.Rune > 'Z' {
			return old, fmt.Errorf("line %d, column %d: %w", c.Line+1, c.Column+1, station.ErrMalformed)
		}
		seen := r.result.Chars[c.Line][c.Column].Rune
		lines[c.Line][c.Column] = byte(c.Rune)
		old.Decided = append(old.Decided, station.ZoneDecision{Line: c.Line, Column: c.Column, Seen: string(seen),
			Chosen: string(c.Rune)})
	}
	for _, doubt := range r.Doubts {
		if !slices.ContainsFunc(decided, func(c CharDecision) bool {
			return c.Line == doubt.Line && c.Column == doubt.Column
		}) {
			return old, fmt.Errorf("line %d, column %d is not decided: %w", doubt.Line+1, doubt.Column+1, station.ErrIncomplete)
		}
	}
	old.MRZ = [2]string{string(lines[0]), string(lines[1])}
	return old, nil
}

// TypeOldPage keeps what the officer read off the printed page of the old passport, to be held against its
// zone and its chip (station.OldPassport.FieldRows). An empty page takes it back.
func (d *Desk) TypeOldPage(ctx context.Context, seat Seat, token station.CaseToken, page station.PrintedPage) error {
	return d.Amend(ctx, seat, token, "old-page", func(a *station.Application) error { return a.TakePage(page) })
}
