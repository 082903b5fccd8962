package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/issuance"
)

// pair are the tokens of two officers.
type pair struct{ first, second string }

func (t *pair) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.first, "token", "", "the first officer's token")
	cmd.Flags().StringVar(&t.second, "witness", "", "the second officer's token")
	_ = cmd.MarkFlagRequired("token")
	_ = cmd.MarkFlagRequired("witness")
}

// two runs what needs two officers.
func (p *program) two(
	ctx context.Context, t pair, do func(d *issuance.Desk, first, second issuance.Seat) error,
) error {
	return p.withOffice(ctx, func(o *setup.Office) error {
		first, err := o.SignIn(t.first, p.ask)
		if err != nil {
			return err
		}
		second, err := o.SignIn(t.second, p.ask)
		if err != nil {
			return err
		}
		return do(o.Desk, first, second)
	})
}

func (p *program) dayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "day",
		Short: "Open and close the day: checklist of devices, stock, sync and disk",
		Long: `Work on cases begins when two officers have opened the day with their tokens and the number of blanks
and booklets that they counted in the safe, and ends when the day is closed: what was counted must then be what
the record says, and the day's key is destroyed.`,
	}
	cmd.AddCommand(p.dayOpenCommand(), p.dayCloseCommand())
	return cmd
}

func (p *program) dayOpenCommand() *cobra.Command {
	var tokens pair
	var counted int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Open the day with two tokens and the count of the safe",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.two(cmd.Context(), tokens, func(d *issuance.Desk, first, second issuance.Seat) error {
				checks, err := d.OpenDay(cmd.Context(), first, second, counted)
				return errors.Join(err, p.checklist(checks, asJSON))
			})
		},
	}
	tokens.flags(cmd)
	countFlags(cmd, &counted, &asJSON)
	return cmd
}

func (p *program) dayCloseCommand() *cobra.Command {
	var tokenFile string
	var counted int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Close the day; the day's key is destroyed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				checks, err := o.Desk.CloseDay(cmd.Context(), seat, counted)
				return errors.Join(err, p.checklist(checks, asJSON))
			})
		},
	}
	cmd.Flags().StringVar(&tokenFile, "token", "", "the officer's token")
	_ = cmd.MarkFlagRequired("token")
	countFlags(cmd, &counted, &asJSON)
	return cmd
}

func countFlags(cmd *cobra.Command, counted *int, asJSON *bool) {
	cmd.Flags().IntVar(counted, "counted", 0, "blanks and booklets counted in the safe")
	cmd.Flags().BoolVar(asJSON, "json", false, "for another program")
	_ = cmd.MarkFlagRequired("counted")
}

func (p *program) checklist(checks []issuance.Check, asJSON bool) error {
	if asJSON {
		return p.json(checks)
	}
	for _, c := range checks {
		mark := "ok  "
		if !c.OK {
			mark = "NOT "
		}
		fmt.Fprintf(p.out, "%s %-10s %s\n", mark, c.Word, c.Detail)
	}
	return nil
}

func (p *program) purgeCommand() *cobra.Command {
	var pinFile string
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "EMERGENCY: destroy every key that opens a case; asks for the emergency PIN twice",
		Long: `Destroy the day's key and every key of a case or an order, in memory and on the disk. The journal and the
stock stay. Only the emergency PIN is asked, twice; no token is needed and no try of a token is spent.
A purge that is cut off is completed at the next start, before anything else.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pin, again, err := askPIN(pinFile)
			if err != nil {
				return err
			}
			defer clear(pin)
			defer clear(again)
			return p.purge(cmd.Context(), pin, again)
		},
	}
	cmd.Flags().StringVar(&pinFile, "pin-file", "", "file with the PIN (training)")
	cmd.AddCommand(p.setPINCommand())
	return cmd
}

func (p *program) purge(ctx context.Context, pin, again []byte) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	store, err := setup.OpenStore(ctx, c)
	if err != nil {
		return err
	}
	err = errors.Join(issuance.Purge(ctx, store, pin, again), store.Close())
	if err == nil {
		fmt.Fprintln(p.out, "purged: nothing at this station opens a case")
	}
	return err
}

func (p *program) setPINCommand() *cobra.Command {
	var tokens pair
	var pinFile string
	cmd := &cobra.Command{
		Use:   "set-pin",
		Short: "Set the emergency PIN with the tokens of two officers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.two(cmd.Context(), tokens, func(d *issuance.Desk, first, second issuance.Seat) error {
				pin, again, err := askPIN(pinFile)
				if err != nil {
					return err
				}
				defer clear(pin)
				defer clear(again)
				return d.SetPIN(cmd.Context(), first, second, pin, again)
			})
		},
	}
	tokens.flags(cmd)
	cmd.Flags().StringVar(&pinFile, "pin-file", "", "file with the PIN (training)")
	return cmd
}

func askPIN(file string) (pin, again []byte, err error) {
	if pin, err = passphrase.Read(file, "emergency PIN"); err != nil {
		return nil, nil, err
	}
	again, err = passphrase.Read(file, "emergency PIN again")
	return pin, again, err
}
