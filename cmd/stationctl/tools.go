package main

import (
	"fmt"
	"image"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/portrait"
)

func (p *program) mrzCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mrz", Short: "Read or check a machine readable zone"}
	var asJSON bool
	var dpi int
	var pictures string
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
			if pictures != "" {
				if err := p.doubtfulPictures(pictures, img, r); err != nil {
					return err
				}
			}
			if !r.Accepted {
				return fmt.Errorf("%d characters in doubt: %w", len(r.Doubtful), issuance.ErrDoubtful)
			}
			return nil
		},
	}
	read.Flags().BoolVar(&asJSON, "json", false, "for another program")
	read.Flags().StringVar(&pictures, "pictures", "", "write the picture of each doubtful character into this directory")
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
			for _, odd := range doc.Oddities(time.Now()) {
				fmt.Fprintf(p.errors, "a person should look: the zone's numbers are odd in their %s\n", odd)
			}
			return p.json(doc)
		},
	}
	cmd.AddCommand(read, check, p.namesCommand())
	return cmd
}

// namesCommand shows a name under every rule, as the officer's name screen does.
func (p *program) namesCommand() *cobra.Command {
	var asJSON bool
	var from string
	cmd := &cobra.Command{
		Use:   "names NAME",
		Short: "Write a Cyrillic name in Latin letters under every rule that knows its language",
		Long: `Write a Cyrillic name in Latin letters under every rule that knows its language: the ministry's
instruction for passports (200/2010) and for the population register (288/2008), the table of ICAO
Doc 9303-3, and for Belarusian the traditional Łacinka, which serves the printed form only. The last
column is how the machine readable zone would have it.`,
		Example: `  stationctl mrz names --from be "Юлія Васільева"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := nameForms(args[0], mrz.Language(from))
			if err != nil {
				return err
			}
			if asJSON {
				return p.json(list)
			}
			for _, f := range list {
				fmt.Fprintf(p.out, "%-18s %-40s %s\n", f.Rule, f.Text, f.Zone)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "be", "language of the name: be, ru, uk, bg, sr or mk")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

// nameForm is a spelling with what the zone makes of it.
type nameForm struct {
	mrz.Spelling
	Zone string `json:"zone"`
}

func nameForms(name string, lang mrz.Language) ([]nameForm, error) {
	spellings, err := mrz.Spellings(name, lang)
	if err != nil {
		return nil, err
	}
	var list []nameForm
	for _, s := range spellings {
		zone, err := mrz.EncodeName(s.Text, "", mrz.TD3.NameLength(), mrz.NameOptions{})
		if err != nil {
			return nil, err
		}
		list = append(list, nameForm{s, strings.TrimRight(zone, "<")})
	}
	return list, nil
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
	var years int
	var crop, out string
	check := &cobra.Command{
		Use:   "check IMAGE",
		Short: "Find the face and measure what the rules ask of a portrait",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			img, err := loadPicture(args[0])
			if err != nil {
				return err
			}
			box, err := cropOf(crop)
			if err != nil {
				return err
			}
			sitter := portrait.SitterOf(years)
			found, err := issuance.ExaminePortrait(img, sitter, box)
			if err != nil {
				return fmt.Errorf("%w: %w", issuance.ErrPortrait, err)
			}
			if asJSON {
				err = p.json(found)
			} else {
				err = p.portraitReport(found, sitter)
			}
			if err == nil && out != "" {
				err = savePNG(out, portrait.Crop(img, found.Crop))
			}
			if found.Outcome() == portrait.Fail {
				return issuance.ErrPortrait
			}
			return err
		},
	}
	check.Flags().BoolVar(&asJSON, "json", false, "for another program")
	check.Flags().IntVar(&years, "years", 36, "age of the person: infants and small children have rules of their own")
	check.Flags().StringVar(&crop, "crop", "", "judge this crop: X,Y,WIDTH,HEIGHT in pixels, 7 to 9")
	check.Flags().StringVar(&out, "out", "", "write the cropped portrait to this PNG file")
	cmd.AddCommand(check)
	return cmd
}
