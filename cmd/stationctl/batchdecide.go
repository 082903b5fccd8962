package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) batchPauseCommand() *cobra.Command {
	var tokenFile string
	return tokenFlag(&cobra.Command{
		Use:   "pause",
		Short: "Stop the run between two booklets, wherever it is being carried out; \"run\" goes on with it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				return o.Desk.PauseRun(cmd.Context(), seat)
			})
		},
	}, &tokenFile)
}

// batchBooklet is a command about one booklet of the run.
func (p *program) batchBooklet(
	use, short string, do func(context.Context, *issuance.Desk, issuance.Seat, station.Serial) error,
) *cobra.Command {
	var tokenFile string
	return tokenFlag(&cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				return do(cmd.Context(), o.Desk, seat, station.Serial(args[0]))
			})
		},
	}, &tokenFile)
}

func (p *program) batchSkipCommand() *cobra.Command {
	var reason string
	cmd := p.batchBooklet("skip SERIAL", "Leave an order out of the run; its blank stays bound to it",
		func(ctx context.Context, d *issuance.Desk, seat issuance.Seat, s station.Serial) error {
			return d.SkipInRun(ctx, seat, s, reason)
		})
	return reasoned(cmd, &reason, "why, in words; no name")
}

func (p *program) batchRetryCommand() *cobra.Command {
	return p.batchBooklet("retry SERIAL", "Let the run go on with a booklet that you have looked at",
		func(ctx context.Context, d *issuance.Desk, seat issuance.Seat, s station.Serial) error {
			return d.RetryInRun(ctx, seat, s)
		})
}

func (p *program) batchInspectCommand() *cobra.Command {
	var tokenFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Examine what the run has printed, as another officer than the operator",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				tell, err := p.batchTold(asJSON)
				if err != nil {
					return err
				}
				s, err := o.Desk.InspectRun(cmd.Context(), seat, tell)
				return errors.Join(err, p.batchSum(s, asJSON))
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "every event as a line for another program")
	return tokenFlag(cmd, &tokenFile)
}

func (p *program) batchReportCommand() *cobra.Command {
	var tokenFile, out string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "End the run and sign what became of every booklet: report.json and report.txt",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				r, err := o.Desk.ReportRun(cmd.Context(), seat)
				if err != nil {
					return err
				}
				if _, err := issuance.SaveReport(out, r); err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.out, "%s; see %s\n", r.Report.Sum(), out)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", ".", "directory for the report")
	return tokenFlag(cmd, &tokenFile)
}
