package main

import (
	"context"
	"errors"
	"image"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// sittingFlags say where a portrait comes from, and what the officer adds.
type sittingFlags struct {
	camera, scan                  bool
	picture, region, crop, device string
	ticks                         []string
}

func (p *program) casePortraitCommand(tokenFile *string) *cobra.Command {
	var f sittingFlags
	cmd := p.verb(tokenFile, "portrait CASE", "Take the portrait: from the camera, from a photograph on the scanner, or from a file",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			found, err := p.takePortrait(ctx, d, s, t, f)
			if err != nil && !errors.Is(err, issuance.ErrPortrait) {
				return err
			}
			sitter := portrait.Adult
			if a, caseErr := d.Application(ctx, s, t); caseErr == nil && !a.Applicant.Birth.IsZero() {
				sitter = portrait.SitterOf(a.Applicant.Birth.Age(station.DateOf(d.Now())))
			}
			return errors.Join(err, p.portraitReport(found, sitter))
		})
	cmd.Long = `Take the portrait, check it by the rules for the applicant's age, crop it and keep it. The case remembers where it
came from. One that fails a check is not kept; the checks and their cures are printed in either case.`
	cmd.Flags().BoolVar(&f.camera, "camera", false, "from the camera of the configuration")
	cmd.Flags().StringVar(&f.device, "device", "", "from the camera at this address (v4l2:/dev/video0, v4l2:NAME, file:PATH)")
	cmd.Flags().BoolVar(&f.scan, "scan", false, "from a photograph on the scanner")
	cmd.Flags().StringVar(&f.picture, "picture", "", "from this file (JPEG or PNG)")
	cmd.Flags().StringVar(&f.region, "region", "", "part of the scanner's glass in millimetres: X,Y,WIDTH,HEIGHT")
	cmd.Flags().StringVar(&f.crop, "crop", "", "keep this part: X,Y,WIDTH,HEIGHT in pixels, 7 to 9")
	cmd.Flags().StringSliceVar(&f.ticks, "tick", nil, "what the officer has looked at and found right, by the names that the report lists")
	cmd.MarkFlagsMutuallyExclusive("camera", "device", "scan", "picture")
	cmd.MarkFlagsOneRequired("camera", "device", "scan", "picture")
	return cmd
}

func (p *program) takePortrait(
	ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken, f sittingFlags,
) (portrait.Finding, error) {
	sitting := issuance.Sitting{From: issuance.FromFile, Ticks: f.ticks}
	var err error
	if sitting.Crop, err = cropOf(f.crop); err != nil {
		return portrait.Finding{}, err
	}
	switch {
	case f.scan:
		var part devices.Region
		if part, err = regionOf(f.region); err != nil {
			return portrait.Finding{}, err
		}
		return d.ScanPortrait(ctx, s, t, part, sitting, progress(p.errors))
	case f.picture != "":
		img, err := loadPicture(f.picture)
		if err != nil {
			return portrait.Finding{}, err
		}
		return d.TakePortraitOf(ctx, s, t, img, sitting)
	case f.device != "":
		if d.Camera, err = setup.OpenCamera(f.device); err != nil {
			return portrait.Finding{}, err
		}
	}
	return d.CameraPortrait(ctx, s, t, sitting, progress(p.errors))
}

// cropOf reads "X,Y,WIDTH,HEIGHT" in pixels; nothing is the automatic crop.
func cropOf(text string) (image.Rectangle, error) {
	part, err := regionOf(text)
	if err != nil {
		return image.Rectangle{}, err
	}
	at := image.Pt(int(part.XMM), int(part.YMM))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(int(part.WidthMM), int(part.HeightMM)))}, nil
}
