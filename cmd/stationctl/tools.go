package main

import (
	"fmt"
	"image"
	"image/png"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/training"
	"padarozhnik/printing"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/portrait"
)

func (p *program) mrzCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mrz", Short: "Read or check a machine readable zone"}
	var asJSON bool
	var dpi int
	read := &cobra.Command{
		Use:   "read IMAGE",
		Short: "Find and read the zone on a picture of a page",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			img, err := loadPicture(args[0])
			if err != nil {
				return err
			}
			r, err := ocr.Read(cmd.Context(), img, dpi)
			if err != nil {
				return fmt.Errorf("%w: %w", issuance.ErrDoubtful, err)
			}
			if asJSON {
				return p.json(r)
			}
			for _, line := range r.Lines {
				fmt.Fprintln(p.out, line)
			}
			if !r.Accepted {
				return fmt.Errorf("%d characters in doubt: %w", len(r.Doubtful), issuance.ErrDoubtful)
			}
			return nil
		},
	}
	read.Flags().BoolVar(&asJSON, "json", false, "for another program")
	read.Flags().IntVar(&dpi, "dpi", 0, "resolution of the picture, where it is known")
	check := &cobra.Command{
		Use:   "check TEXT",
		Short: "Check every check digit of a zone, given in one piece",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			lines, err := splitZone(args[0])
			if err != nil {
				return err
			}
			doc, err := mrz.Parse(lines)
			if err != nil {
				return err
			}
			return p.json(doc)
		},
	}
	cmd.AddCommand(read, check)
	return cmd
}

func loadPicture(path string) (image.Image, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return portrait.Decode(b)
}

func (p *program) portraitCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "portrait", Short: "Check a picture of an applicant"}
	var asJSON bool
	check := &cobra.Command{
		Use:   "check IMAGE",
		Short: "Find the face and measure what the rules ask of a portrait",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			img, err := loadPicture(args[0])
			if err != nil {
				return err
			}
			found, err := portrait.Examine(img)
			if err != nil {
				return fmt.Errorf("%w: %w", issuance.ErrPortrait, err)
			}
			if asJSON {
				err = p.json(found)
			} else {
				for _, c := range found.Checks {
					fmt.Fprintf(p.out, "%-4s %-20s %8.3g %-4s limit %s (%s)\n",
						c.Outcome, c.Key, c.Value, c.Unit, c.Limit, c.Basis)
				}
			}
			if found.Outcome() == portrait.Fail {
				return issuance.ErrPortrait
			}
			return err
		},
	}
	check.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(check)
	return cmd
}

func (p *program) pageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "page", Short: "Draw a data page"}
	var order, out string
	var dpi int
	render := &cobra.Command{
		Use:   "render",
		Short: "Draw the page of an opened order as a PNG: blank and ink together",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := issuance.LoadOrder(order)
			if err != nil {
				return err
			}
			profile, err := training.Profile()
			if err != nil {
				return err
			}
			page, err := issuance.Page(profile, o)
			if err != nil {
				return err
			}
			layout, err := printing.Utopia()
			if err != nil {
				return err
			}
			img, err := training.WholePage(cmd.Context(), page, layout, string(o.Serial), dpi)
			if err != nil {
				return err
			}
			return savePNG(out, img)
		},
	}
	render.Flags().StringVar(&order, "order", "", "directory of the opened order")
	render.Flags().StringVar(&out, "out", "page.png", "file to write")
	render.Flags().IntVar(&dpi, "dpi", 600, "resolution, 300 to 1200")
	_ = render.MarkFlagRequired("order")
	cmd.AddCommand(render)
	return cmd
}

func savePNG(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(f, img); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
