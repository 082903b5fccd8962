package issuance

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/portrait"
)

// Places that a portrait comes from. The old passport's chip is none of them: its face is for comparing.
const (
	FromCamera = "camera"
	FromScan   = "scan"
	FromFile   = "file"
)

// Sitting is how a portrait is taken out of a picture.
type Sitting struct {
	From  string          // FromFile where empty
	Crop  image.Rectangle // moved by the officer; empty for the automatic one
	Ticks []string        // what the officer has seen that no measure tells; see portrait.Sitter.Ticks
}

// TakePortrait checks a picture by the rules for the applicant's age, crops it and keeps it as the portrait
// of chip and page. It returns the checks in any case, and ErrPortrait where one of them fails.
func (d *Desk) TakePortrait(
	ctx context.Context, seat Seat, token station.CaseToken, img image.Image,
) (portrait.Finding, error) {
	return d.TakePortraitOf(ctx, seat, token, img, Sitting{})
}

// TakePortraitOf is TakePortrait with a crop that the officer chose and the ticks that they set.
func (d *Desk) TakePortraitOf(
	ctx context.Context, seat Seat, token station.CaseToken, img image.Image, s Sitting,
) (portrait.Finding, error) {
	if s.From == "" {
		s.From = FromFile
	}
	if !slices.Contains([]string{FromCamera, FromScan, FromFile}, s.From) {
		return portrait.Finding{}, fmt.Errorf("portrait from %q: %w", s.From, station.ErrMalformed)
	}
	a, sitter, err := d.sitterOf(ctx, seat, token)
	if err != nil {
		return portrait.Finding{}, err
	}
	if err := d.notOldFace(ctx, a, img); err != nil {
		return portrait.Finding{}, fmt.Errorf("portrait from %s: %w", s.From, err)
	}
	found, err := ExaminePortrait(img, sitter, s.Crop)
	if err != nil {
		return found, fmt.Errorf("%w: %w", ErrPortrait, err)
	}
	if found.Outcome() == portrait.Fail {
		return found, ErrPortrait
	}
	jpeg, err := portrait.Encode(portrait.Crop(img, found.Crop), d.Charter.Profile.PortraitBytes)
	if err != nil {
		return found, fmt.Errorf("%w: %w", ErrPortrait, err)
	}
	return found, d.Amend(ctx, seat, token, "portrait", func(a *station.Application) error {
		a.Portrait, a.Checks, a.TakenFrom = jpeg, nil, s.From
		for _, c := range found.Checks {
			text := fmt.Sprintf("%s %.4g %s: %s (limit %s)", c.Key, c.Value, c.Unit, c.Outcome, c.Limit)
			a.Checks = append(a.Checks, text)
		}
		asked := sitter.Ticks()
		a.Ticks = slices.DeleteFunc(slices.Clone(s.Ticks), func(t string) bool { return !slices.Contains(asked, t) })
		return nil
	})
}

// PreviewPortrait measures a picture by the rules for the applicant's age and keeps nothing: the Finding holds
// the automatic crop, the checks and the officer's tick-list (Finding.Ticks). A crop that the officer moves is
// measured by portrait.Reframe, and taken by TakePortraitOf.
func (d *Desk) PreviewPortrait(
	ctx context.Context, seat Seat, token station.CaseToken, img image.Image,
) (portrait.Finding, error) {
	_, sitter, err := d.sitterOf(ctx, seat, token)
	if err != nil {
		return portrait.Finding{}, err
	}
	found, err := ExaminePortrait(img, sitter, image.Rectangle{})
	if err != nil {
		return found, fmt.Errorf("%w: %w", ErrPortrait, err)
	}
	return found, nil
}

// ScanPhoto scans a paper photograph, or a card with a signature, and keeps nothing of it.
func (d *Desk) ScanPhoto(ctx context.Context, region devices.Region, report devices.Report) (image.Image, error) {
	img, err := d.scanPicture(ctx, region, report)
	if err != nil {
		return nil, fmt.Errorf("scan photograph: %w", err)
	}
	return img, nil
}

// ExaminePortrait measures a picture, with the crop that an officer chose unless it is empty.
func ExaminePortrait(img image.Image, sitter portrait.Sitter, crop image.Rectangle) (portrait.Finding, error) {
	finder, err := portrait.NewFinder()
	if err != nil {
		return portrait.Finding{}, err
	}
	found, err := finder.ExamineFor(img, sitter)
	if err != nil || crop.Empty() {
		return found, err
	}
	return portrait.Reframe(img, found, crop)
}

// sitterOf looks up the application and how old the applicant is. Without a date of birth they are taken for
// grown: those rules are the stricter.
func (d *Desk) sitterOf(
	ctx context.Context, seat Seat, token station.CaseToken,
) (station.Application, portrait.Sitter, error) {
	c, err := d.Case(ctx, token)
	if err == nil {
		err = c.Edit(seat.Officer, d.Now())
	}
	if err != nil {
		return station.Application{}, portrait.Adult, err
	}
	a, err := d.Application(ctx, seat, token)
	return a, SitterOf(a, station.DateOf(d.Now())), err
}

// ScanPortrait takes the portrait from a paper photograph on the scanner.
func (d *Desk) ScanPortrait(
	ctx context.Context, seat Seat, token station.CaseToken, region devices.Region, s Sitting, report devices.Report,
) (portrait.Finding, error) {
	img, err := d.scanPicture(ctx, region, report)
	if err != nil {
		return portrait.Finding{}, fmt.Errorf("scan portrait: %w", err)
	}
	s.From = FromScan
	return d.TakePortraitOf(ctx, seat, token, img, s)
}

// photoDPI is the resolution at which photographs and signatures are scanned: 35 mm are then 827 pixels.
const photoDPI = 600

// scanPicture scans a part of the glass finely.
func (d *Desk) scanPicture(ctx context.Context, region devices.Region, report devices.Report) (image.Image, error) {
	if region == (devices.Region{}) {
		region = devices.Region{WidthMM: 110, HeightMM: 80}
	}
	s, err := d.Scanner.Scan(ctx, devices.ScanSettings{DPI: photoDPI, Color: devices.Color, Region: region}, report)
	if err != nil {
		return nil, err
	}
	return decodePicture(s.Data)
}

// ErrOldFace: the face on the old passport's chip cannot be shown.
var ErrOldFace = errors.New("face of the old chip cannot be shown")

// ErrSameFace: what is to become the portrait is the picture on the old passport's chip.
var ErrSameFace = errors.New("the old passport's picture as a new portrait")

// OldFace is the face on the old passport's chip, JPEG or JPEG 2000, for the officer to hold beside the
// person. It returns ErrUnknown where there is none, and ErrOldFace where it is broken or in a form that is
// not shown: the case goes on without it.
func (d *Desk) OldFace(ctx context.Context, a station.Application) (image.Image, error) {
	if a.OldPassport == nil || a.OldPassport.Chip == nil || len(a.OldPassport.Chip.Face) == 0 {
		return nil, fmt.Errorf("face of the old chip: %w", ErrUnknown)
	}
	face := a.OldPassport.Chip.Face
	img, err := portrait.Decode(face)
	foreign := errors.Is(err, portrait.ErrNotPicture) && !errors.Is(err, portrait.ErrDamaged)
	if foreign && d.OpenJP2 != nil {
		img, err = d.OpenJP2(ctx, face)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrOldFace, a.OldPassport.Chip.FaceType, err)
	}
	return img, nil
}

// notOldFace refuses a copy of the picture on the old passport's chip, whatever it was called on its way. A face
// that cannot be opened is compared with nothing.
func (d *Desk) notOldFace(ctx context.Context, a station.Application, img image.Image) error {
	old, err := d.OldFace(ctx, a)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && portrait.Same(old, img) {
		return ErrSameFace
	}
	return nil
}
