package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/say"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func differenceFlag(cmd *cobra.Command, file *string) *cobra.Command {
	cmd.Flags().StringVar(file, "difference", "",
		"write a picture of what differs on the page (PNG); under a specimen or training profile only")
	return cmd
}

// drawDifference writes the picture of an examination, which shows the page: never that of a person.
func drawDifference(d *issuance.Desk, e issuance.Examination, file string) error {
	if file == "" {
		return nil
	}
	if p := d.Charter.Profile; p.Mode == station.ModeIssue || p.Overprint == "" {
		return fmt.Errorf("a picture of a person's page is not written to a disk: %w", station.ErrProfile)
	}
	img := e.Difference()
	if img == nil {
		return nil // the page was not found, which the findings say
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o600)
}

// sayDoubt tells, before anything is scanned, why the scanner is not to be relied upon. One that does not
// answer is told by the verb itself.
func (p *program) sayDoubt(ctx context.Context, d *issuance.Desk) {
	doubt := d.ScannerDoubt(ctx)
	if errors.Is(doubt, issuance.ErrScannerNotCalibrated) || errors.Is(doubt, issuance.ErrScannerExpired) {
		say.Error(p.errors, "stationctl", p.language, doubt)
	}
}
