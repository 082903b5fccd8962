package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/portrait"
)

// captureCommands are the steps of a draft that have commands of their own.
func (p *program) captureCommands(tokenFile *string) []*cobra.Command {
	return []*cobra.Command{
		p.oldChipCommand(tokenFile), p.casePortraitCommand(tokenFile), p.signatureCommand(tokenFile), p.spellCommand(tokenFile),
	}
}

func (p *program) oldChipCommand(tokenFile *string) *cobra.Command {
	var waive string
	var asJSON bool
	cmd := p.verb(tokenFile, "oldchip CASE", "Read and judge the chip of the old passport; the verdict becomes evidence",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			if waive != "" {
				return d.WaiveOldChip(ctx, s, t, waive)
			}
			verdict, err := d.ReadOldChip(ctx, s, t, progress(p.errors))
			if err != nil {
				return err
			}
			if asJSON {
				return p.json(struct {
					Level  station.ChipLevel   `json:"level"`
					Checks []station.ChipCheck `json:"checks"`
				}{verdict.Level, verdict.Checks})
			}
			fmt.Fprintln(p.out, verdict.Level)
			for _, c := range verdict.Checks {
				mark := map[bool]string{true: "ok  ", false: "NOT "}[c.OK]
				fmt.Fprintf(p.out, "%s %-28s %s\n", mark, c.What, c.Reason)
			}
			return nil
		})
	cmd.Long = `Open the chip of the old passport on the reader with the zone that the case holds, read it and judge it:
genuine, signed, unknown-state, silent or not-authentic, best first. Whatever it is, the case goes on; the
level and its reasons are kept as evidence. No name and no number is printed.`
	cmd.Flags().StringVar(&waive, "waive", "", "do not read it, for this reason (no chip in the book, a dead chip)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func (p *program) signatureCommand(tokenFile *string) *cobra.Command {
	var cannot, picture, region string
	cmd := p.verb(tokenFile, "signature CASE", "Take the signature off a card on the scanner, or record why there is none",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			if cannot != "" {
				return d.CannotSign(ctx, s, t, cannot)
			}
			if picture != "" {
				img, err := loadPicture(picture)
				if err == nil {
					_, err = d.TakeSignature(ctx, s, t, img)
				}
				return err
			}
			part, err := regionOf(region)
			if err == nil {
				_, err = d.ScanSignature(ctx, s, t, part, progress(p.errors))
			}
			return err
		})
	cmd.Flags().StringVar(&cannot, "cannot", "", "the person cannot sign, for this reason")
	cmd.Flags().StringVar(&picture, "picture", "", "take it from this picture and not from the scanner")
	cmd.Flags().StringVar(&region, "region", "", "part of the glass in millimetres: X,Y,WIDTH,HEIGHT")
	cmd.MarkFlagsMutuallyExclusive("cannot", "picture", "region")
	return cmd
}

// regionOf reads "X,Y,WIDTH,HEIGHT" in millimetres; nothing is the whole glass.
func regionOf(text string) (devices.Region, error) {
	if text == "" {
		return devices.Region{}, nil
	}
	var n [4]float64
	parts := strings.Split(text, ",")
	for i := range n {
		if len(parts) != len(n) {
			return devices.Region{}, usageError{fmt.Errorf("region %q: want X,Y,WIDTH,HEIGHT", text)}
		}
		var err error
		if n[i], err = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64); err != nil {
			return devices.Region{}, usageError{fmt.Errorf("region %q: want X,Y,WIDTH,HEIGHT", text)}
		}
	}
	return devices.Region{XMM: n[0], YMM: n[1], WidthMM: n[2], HeightMM: n[3]}, nil
}

func (p *program) spellCommand(tokenFile *string) *cobra.Command {
	var name, card station.LatinName
	var reason string
	cmd := p.verb(tokenFile, "spell CASE", "List the spellings of the applicant's name with their rules, or choose one",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			if name.Surname != "" {
				return d.SpellName(ctx, s, t, name, card, reason)
			}
			a, err := d.Application(ctx, s, t)
			if err != nil {
				return err
			}
			for _, c := range a.NameCandidates(card) {
				notes := ""
				if c.Truncated {
					notes += " shortened"
				}
				if !c.Printable {
					notes += " not for print"
				}
				name := c.Surname + ", " + c.GivenNames
				fmt.Fprintf(p.out, "%-18s %-2s %-44s %s%s\n", c.Source, c.Language, name, c.Zone, notes)
			}
			return nil
		})
	cmd.Long = `Without --surname, list every spelling that the papers and the rules give: the old zone, the old chip, the
residence card, and each rule from the name at home; the last column is what the zone keeps of it. With
--surname, choose one. A spelling that is none of these, or one whose parts come from different languages,
needs --reason, which is kept.`
	cmd.Flags().StringVar(&name.Surname, "surname", "", "the surname as it is to be printed")
	cmd.Flags().StringVar(&name.GivenNames, "given", "", "the given names")
	cmd.Flags().StringVar(&card.Surname, "card-surname", "", "how the residence card has the surname")
	cmd.Flags().StringVar(&card.GivenNames, "card-given", "", "how the residence card has the given names")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in words")
	return cmd
}

// doubtfulPictures writes the picture of each doubtful character of a reading beside its proposal.
func (p *program) doubtfulPictures(dir string, img image.Image, r ocr.Result) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, at := range r.Doubtful {
		name := fmt.Sprintf("line%d-column%02d.png", at.Line+1, at.Column+1)
		if err := savePNG(filepath.Join(dir, name), r.Picture(img, at)); err != nil {
			return err
		}
		c := r.Chars[at.Line][at.Column]
		fmt.Fprintf(p.out, "%s  proposed %c, seen %c", name, r.Lines[at.Line][at.Column], c.Rune)
		if c.Second != 0 {
			fmt.Fprintf(p.out, ", perhaps %c", c.Second)
		}
		fmt.Fprintf(p.out, " (score %.2f, margin %.2f)\n", c.Score, c.Margin)
	}
	return nil
}

// portraitReport prints checks and, for those that do not pass, their cure in plain words.
func (p *program) portraitReport(found portrait.Finding, sitter portrait.Sitter) error {
	texts, err := resources.Texts(p.language)
	if err != nil {
		return err
	}
	for _, c := range found.Checks {
		basis := c.Basis
		if c.Provisional && basis != "provisional" {
			basis += ", provisional"
		}
		fmt.Fprintf(p.out, "%-4s %-20s %8.3g %-13s limit %s (%s)\n", c.Outcome, c.Key, c.Value, c.Unit, c.Limit, basis)
		if c.Outcome != portrait.Pass {
			fmt.Fprintf(p.out, "     %s\n", texts["remedy."+c.Key])
		}
	}
	for _, t := range sitter.Ticks() {
		fmt.Fprintf(p.out, "look %-20s %s\n", t, texts["tick."+t])
	}
	return nil
}

// scannerOf opens the scanner of an address, or of the configuration.
func (p *program) scannerOf(device string) (devices.Scanner, error) {
	if device == "" {
		c, err := p.load()
		if err != nil {
			return nil, err
		}
		device = c.Devices.Scanner
	}
	return setup.OpenScanner(device)
}

// savePNG writes a picture of a person or of their papers, for its owner alone.
func savePNG(path string, img image.Image) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(encodePNG(f, img), f.Close())
}
