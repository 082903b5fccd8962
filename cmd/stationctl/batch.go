package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) batchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Make the booklets of many orders in one run",
		Long: `A batch run makes the booklets of a run sheet, one after another: while a page is printed, the next chip is
written. What nobody can know without looking waits for a person, and the run goes on with the others. A
run that was stopped or killed goes on where its record stands. At the end it is reported, and
good, spoiled and skipped booklets add up to the orders of the sheet.

  batch sheet --token CUSTODIAN --out SHEET     write a sheet of the orders that wait
  batch run SHEET --token OPERATOR              carry it out; the same again after a stop
  batch status                                  from anywhere, also while it runs
  batch pause|skip|retry --token OPERATOR       the same
  batch inspect --token INSPECTOR               another officer examines what is printed
  batch report --token OPERATOR --out DIR       end it: report.json and report.txt, signed

A booklet in doubt is decided with "case examine" and "case resolve".`,
	}
	cmd.AddCommand(p.batchSheetCommand(), p.batchRunCommand(), p.batchStatusCommand(), p.batchPauseCommand(),
		p.batchSkipCommand(), p.batchRetryCommand(), p.batchInspectCommand(), p.batchReportCommand())
	return cmd
}

// tokenFlag adds the flag for the officer's token.
func tokenFlag(cmd *cobra.Command, file *string) *cobra.Command {
	cmd.Flags().StringVar(file, "token", "", "the officer's token")
	_ = cmd.MarkFlagRequired("token")
	return cmd
}

func (p *program) batchSheetCommand() *cobra.Command {
	var tokenFile, out string
	cmd := &cobra.Command{
		Use:   "sheet",
		Short: "Write a run sheet of the orders that wait, by case and serial; no person is named",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				sheet, err := o.Desk.WaitingSheet(cmd.Context(), seat)
				if err != nil {
					return err
				}
				if out == "" {
					return p.json(sheet)
				}
				raw, err := json.MarshalIndent(sheet, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintf(p.out, "%d orders; see %s\n", len(sheet.Sheet.Lines), out)
				return os.WriteFile(out, append(raw, '\n'), 0o600)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file of the sheet (default: the terminal)")
	return tokenFlag(cmd, &tokenFile)
}

func (p *program) batchRunCommand() *cobra.Command {
	var tokenFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "run [SHEET]",
		Short: "Carry a run out, or go on with it; without SHEET, the one that is open or all that wait",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				if err := beginBatch(cmd.Context(), o.Desk, seat, args); err != nil {
					return err
				}
				tell, err := p.batchTold(asJSON)
				if err != nil {
					return err
				}
				s, err := o.Desk.CarryOutRun(cmd.Context(), seat, tell)
				return errors.Join(err, p.batchSum(s, asJSON))
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "every event as a line for another program")
	return tokenFlag(cmd, &tokenFile)
}

// beginBatch begins the run of a sheet file. Without one, the open run goes on, or a sheet of all that
// waits is written.
func beginBatch(ctx context.Context, d *issuance.Desk, seat issuance.Seat, args []string) error {
	if len(args) == 1 {
		raw, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		sheet, err := issuance.ParseSheet(raw)
		if err != nil {
			return err
		}
		_, err = d.BeginRun(ctx, seat, sheet)
		return err
	}
	s, err := d.RunStatus(ctx)
	if err == nil && s.State != station.RunEnded {
		return nil
	}
	if err != nil && !errors.Is(err, issuance.ErrNoRun) {
		return err
	}
	sheet, err := d.WaitingSheet(ctx, seat)
	if err != nil {
		return err
	}
	_, err = d.BeginRun(ctx, seat, sheet)
	return err
}

// batchTold writes what happens in a run, each event on a line.
func (p *program) batchTold(asJSON bool) (func(issuance.RunEvent), error) {
	texts, err := resources.Texts(p.language)
	if err != nil {
		return nil, err
	}
	lines := json.NewEncoder(p.out)
	moved := progress(p.errors)
	return func(e issuance.RunEvent) {
		switch {
		case e.Kind == issuance.RunAdvances:
			if moved != nil {
				moved(e.Progress)
			}
		case asJSON:
			_ = lines.Encode(e) // a terminal that is gone is no reason to stop
		default:
			fmt.Fprintln(p.out, eventLine(texts, e))
		}
	}, nil
}

// eventLine is one event in the language of the operator.
func eventLine(texts map[string]string, e issuance.RunEvent) string {
	word := texts["cure."+e.Word]
	if word == "" {
		word = e.Word
	}
	switch e.Kind {
	case issuance.RunMoves:
		line := fmt.Sprintf("%-9s  "+texts["ui.put."+string(e.Move.At)], "-> ", e.Move.Put)
		if e.Move.Take != "" {
			line += fmt.Sprintf("; "+texts["ui.batch.take"], e.Move.Take)
		}
		return line
	case issuance.RunSteps:
		return fmt.Sprintf("%-9s  %s%s", e.Serial, texts["ui.state."+string(e.State)], leftText(texts, e.Left))
	case issuance.RunPauses:
		return fmt.Sprintf("%-9s  %s %s", "||", texts["ui.batch.paused"], word)
	}
	return fmt.Sprintf("%-9s  %s: %s", e.Serial, texts["ui.standing."+string(e.Kind)], word)
}

// leftText says how long a run will take; nothing where that is not known.
func leftText(texts map[string]string, left time.Duration) string {
	if left <= 0 {
		return ""
	}
	return "; " + fmt.Sprintf(texts["ui.batch.left"], int(left.Round(time.Minute)/time.Minute))
}

func (p *program) batchStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Where the run stands: what needs a person first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				s, err := o.Desk.RunStatus(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(s)
				}
				texts, err := resources.Texts(p.language)
				if err != nil {
					return err
				}
				for _, row := range append(s.Needs(), s.Rows...) {
					why := row.Needs
					if row.Skipped != "" {
						why = row.Skipped
					}
					fmt.Fprintf(p.out, "%-9s  %-12s  %-10s  %s\n", row.Serial, row.Case, row.Standing, why)
				}
				fmt.Fprintf(p.out, "%s %s%s\n", s.ID, s.State, leftText(texts, s.Left))
				return p.batchTally(s)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func (p *program) batchTally(s issuance.RunStatus) error {
	t := s.Tally
	_, err := fmt.Fprintf(p.out, "%d orders: %d good, %d spoiled, %d skipped; %d to inspect, %d to make, %d need a person\n",
		len(s.Rows), t[station.StandingGood], t[station.StandingSpoiled], t[station.StandingSkipped],
		t[station.StandingPrinted], t[station.StandingWaiting]+t[station.StandingWorking], t[station.StandingNeeds])
	return err
}

// batchSum ends a command that worked on the run: what needs a person is no success.
func (p *program) batchSum(s issuance.RunStatus, asJSON bool) error {
	if s.ID == "" {
		return nil
	}
	if asJSON {
		if err := p.json(s); err != nil {
			return err
		}
	} else if err := p.batchTally(s); err != nil {
		return err
	}
	if rows := s.Needs(); len(rows) > 0 {
		return fmt.Errorf("%d booklets, the first is %s: %w", len(rows), rows[0].Serial, issuance.ErrRunWaits)
	}
	return nil
}
