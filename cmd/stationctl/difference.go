package main

import (
	"bytes"
	"fmt"
	"image/png"
	"os"

	"github.com/spf13/cobra"

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
