package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) statementCommand() *cobra.Command {
	var from, to, csvFile, pdfFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "statement",
		Short: "List every blank and its state; or, for a period, the reconciliation as PDF, CSV or JSON",
		Long: `Without flags, list every blank and its state. With --from, --to, --pdf, --csv or --json, add the stock up for
a period (days in UTC, both included; today by default) from the signed entries: opening, received, issued,
spoiled, sent, lost, and what must be in the safe. No holder, case or officer's name is in it. The head of the
journal is written as six words: read them to headquarters over the telephone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				if from+to+csvFile+pdfFile == "" && !asJSON {
					return p.listStock(cmd, o.Desk)
				}
				first, last, err := period(from, to, time.Now())
				if err != nil {
					return err
				}
				s, err := o.Desk.Statement(cmd.Context(), first, last)
				if err != nil {
					return err
				}
				if err := p.statementFiles(s, csvFile, pdfFile); err != nil {
					return err
				}
				if asJSON {
					return p.json(s)
				}
				p.figures(s)
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "first day, YYYY-MM-DD")
	flags.StringVar(&to, "to", "", "last day, YYYY-MM-DD")
	flags.StringVar(&csvFile, "csv", "", "file to write as CSV")
	flags.StringVar(&pdfFile, "pdf", "", "file to write as PDF")
	flags.BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func (p *program) listStock(cmd *cobra.Command, d *issuance.Desk) error {
	books, err := d.Stock(cmd.Context())
	if err != nil {
		return err
	}
	for _, b := range books {
		fmt.Fprintf(p.out, "%-10s %s\n", b.Serial, b.State)
	}
	return nil
}

// period reads two days; what is missing is today.
func period(from, to string, now time.Time) (first, last station.Date, err error) {
	first, last = station.DateOf(now), station.DateOf(now)
	if from != "" {
		if first, err = station.ParseDate(from); err != nil {
			return first, last, usageError{fmt.Errorf("--from: %w", err)}
		}
	}
	if to != "" {
		if last, err = station.ParseDate(to); err != nil {
			return first, last, usageError{fmt.Errorf("--to: %w", err)}
		}
	}
	return first, last, nil
}

func (p *program) figures(s issuance.Statement) {
	f := s.Total
	fmt.Fprintf(p.out, "%s to %s: opening %d + received %d - issued %d - spoiled %d - sent %d - lost %d = %d\n",
		s.From, s.To, f.Opening, f.Received, f.Issued, f.Spoiled, f.Sent, f.Lost, s.Closing)
	for _, b := range s.Stock {
		fmt.Fprintf(p.out, "%-12s %5d  %v\n", b.State, b.Count, b.Blanks)
	}
	fmt.Fprintf(p.out, "journal %s: %s\n", s.Entry, p.words(s))
}

func (p *program) words(s issuance.Statement) string {
	if p.language == "be" {
		return s.WordsBE
	}
	return s.Words
}

func (p *program) statementFiles(s issuance.Statement, csvFile, pdfFile string) error {
	if csvFile != "" {
		if err := writeNew(csvFile, s.CSV); err != nil {
			return err
		}
	}
	if pdfFile == "" {
		return nil
	}
	texts, err := resources.Texts(p.language)
	if err != nil {
		return err
	}
	sheet := s.Paper(texts, p.words(s))
	return writeNew(pdfFile, func(w io.Writer) error {
		_, err := sheet.WriteTo(w)
		return err
	})
}

// writeNew writes a file whole or not at all.
func writeNew(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, b.Bytes(), 0o600); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, path)
}
