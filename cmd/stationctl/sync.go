package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/say"
	"padarozhnik/cmd/internal/setup"
)

// withOffice runs what needs the desk but no officer.
func (p *program) withOffice(ctx context.Context, do func(*setup.Office) error) error {
	office, err := p.office(ctx)
	if err != nil {
		return err
	}
	err = do(office)
	if err == nil {
		p.warn(ctx, office)
	}
	return errors.Join(err, office.Close())
}

// warn says what will stop the work soon.
func (p *program) warn(ctx context.Context, o *setup.Office) {
	if err := o.Desk.Warning(ctx); err != nil {
		say.Error(p.errors, "stationctl", p.language, err)
	}
}

func (p *program) syncCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "sync", Short: "Exchange signed records with headquarters"}
	var asJSON bool
	now := &cobra.Command{
		Use:   "now",
		Short: "Send what waits, take in directives, close finished cases",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				r, err := o.Desk.Sync(cmd.Context())
				if err != nil {
					return err
				}
				closed, err := o.Desk.Close(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(r)
				}
				if r.Restored {
					fmt.Fprintln(p.errors, "ALARM: headquarters was restored from a backup; what it had lost was sent again")
				}
				fmt.Fprintf(p.out, "%d sent, %d directives taken in, %d orders, %d declined, %d cases closed\n",
					r.Sent, r.Directives, r.Orders, r.Declined, len(closed))
				return nil
			})
		},
	}
	now.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(now, p.exportCommand(), p.importCommand(), p.contactCommand(), p.evidenceCommand(),
		p.acknowledgeCommand())
	return cmd
}

func (p *program) journalCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "journal", Short: "The station's signed journal"}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Verify every signature, number and hash of the journal, and every receipt",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				r, err := o.Desk.VerifyRecords(cmd.Context(), progress(p.errors))
				if err != nil {
					return err
				}
				fmt.Fprintf(p.out, "the journal holds: %d entries, %d receipted by headquarters\n", r.Entries, r.Receipts)
				return nil
			})
		},
	})
	return cmd
}
