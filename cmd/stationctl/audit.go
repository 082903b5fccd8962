package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/issuance"
)

func (p *program) auditCommand() *cobra.Command {
	var icao, asJSON bool
	cmd := &cobra.Command{
		Use:   "audit --icao",
		Short: "Judge the journal by the requirements on the security of issuance",
		Long: `Judge this station's signed journal by what ICAO's guide demands of the security of issuance, requirement by
requirement: pass, fail, or not applicable where the journal holds no case of it, with the entries that prove it
(epoch/number). Every signature is verified; nothing is taken from the settings. The exit status is 1 where a
requirement fails.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !icao {
				return usageError{errors.New("audit: want --icao")}
			}
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				found, err := o.Desk.AuditIssuance(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					err = p.json(found)
				} else {
					p.requirements(found)
				}
				for _, r := range found {
					if r.Verdict == issuance.Fail {
						return errors.Join(err, fmt.Errorf("%s: %w", r.ID, issuance.ErrAudit))
					}
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&icao, "icao", false, "the requirements of ICAO's guide to the security of issuance")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

// shownRows is how many entries a line of text names.
const shownRows = 6

func (p *program) requirements(found []issuance.Requirement) {
	for _, r := range found {
		fmt.Fprintf(p.out, "%-14s %s  %s\n", r.Verdict, r.ID, r.Demands)
		if n := len(r.Rows); n > 0 {
			fmt.Fprintf(p.out, "%-20s %d entries: %v", "", n, r.Rows[:min(n, shownRows)])
			if n > shownRows {
				fmt.Fprint(p.out, " ...")
			}
			fmt.Fprintln(p.out)
		}
		for _, f := range r.Failures {
			fmt.Fprintf(p.out, "%-20s NOT %s: %s\n", "", f.Row, f.Why)
		}
	}
}
