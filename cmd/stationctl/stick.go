package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

func (p *program) exportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write everything that headquarters has not receipted into a sealed file, for a stick",
		Long: `Write everything that headquarters has not receipted into a file that only headquarters can open.
Nothing counts as sent by it: until a receipt comes back, the next export carries it again.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				r, err := o.Export(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(r)
				}
				fmt.Fprintf(p.out, "%s: %d entries until number %d, %d sealed cases; %d wait for another file\n",
					args[0], r.Entries, r.Sequence, r.Blobs, r.Left)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func (p *program) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Take in headquarters' answers from a stick: receipts, directives, orders, a newer charter",
		Long: `Take in headquarters' answers from a stick. A directory stands for the files in it. Files that are
not ours are named and left alone; answers may come twice and in any order.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				letters, err := o.Import(cmd.Context(), args...)
				for _, l := range letters {
					p.sayLetter(l)
				}
				if err != nil {
					return err
				}
				closed, err := o.Desk.Close(cmd.Context())
				if len(closed) > 0 {
					fmt.Fprintf(p.out, "%d cases closed\n", len(closed))
				}
				return err
			})
		},
	}
	return cmd
}

func (p *program) sayLetter(l setup.Letter) {
	switch r := l.Report; {
	case errors.Is(l.Err, journal.ErrForeignFile):
		fmt.Fprintf(p.out, "%s: left alone: %v\n", l.Path, l.Err)
	case l.Err != nil:
		fmt.Fprintf(p.errors, "%s: refused: %v\n", l.Path, l.Err)
	default:
		if r.Restored {
			fmt.Fprintln(p.errors, "ALARM: headquarters was restored from a backup; export again what it had lost")
		}
		fmt.Fprintf(p.out, "%s: %d receipts, %d directives, %d orders, %d declined\n",
			l.Path, r.Receipts, r.Directives, r.Orders, r.Declined)
	}
	if l.Charter > 0 {
		fmt.Fprintf(p.out, "%s: charter version %d is in force\n", l.Path, l.Charter)
	}
}

func (p *program) contactCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say when headquarters was last heard, what waits, and what is wrong",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				b, err := o.Desk.Board(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(struct {
						Waiting int `json:"waiting"`
						issuance.Contact
					}{b.Waiting, b.Contact})
				}
				p.sayContact(b)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func (p *program) sayContact(b issuance.Board) {
	fmt.Fprintf(p.out, "%d entries wait for headquarters\n", b.Waiting)
	switch s := b.Silence; {
	case s.Stop:
		fmt.Fprintf(p.out, "headquarters not heard for %d days: issuing has stopped, enrolling goes on\n", s.Days)
	case s.Warn:
		fmt.Fprintf(p.out, "headquarters not heard for %d days: sync, or carry a stick\n", s.Days)
	case b.Heard.IsZero():
		fmt.Fprintln(p.out, "headquarters was never heard")
	default:
		fmt.Fprintf(p.out, "headquarters last heard %s\n", b.Heard.UTC().Format(time.RFC3339))
	}
	if b.Alarm != "" {
		fmt.Fprintf(p.out, "ALARM: headquarters' ledger was %s; see: stationctl sync evidence\n", b.Alarm)
	}
	if b.Halted {
		fmt.Fprintln(p.out, "LOCKED: this station's journal is not the only one; see: stationctl sync evidence")
	}
}

// evidence is what `sync evidence` prints: signed bytes in base64, for headquarters.
type evidence struct {
	Lock  *issuance.Evidence `json:"lock,omitempty"`
	Alarm *issuance.Evidence `json:"alarm,omitempty"`
}

func (p *program) evidenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "evidence",
		Short: "Print what proves why the station is halted, or what headquarters did",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				var e evidence
				var err error
				if e.Lock, err = o.Desk.Halt(cmd.Context()); err != nil {
					return err
				}
				if e.Alarm, err = o.Desk.Alarm(cmd.Context()); err != nil {
					return err
				}
				return p.json(e)
			})
		},
	}
}

func (p *program) acknowledgeCommand() *cobra.Command {
	var token string
	cmd := &cobra.Command{
		Use:   "acknowledge",
		Short: "End an alarm after speaking with headquarters; an officer signs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				seat, err := o.SignIn(token, p.ask)
				if err != nil {
					return err
				}
				return o.Desk.Acknowledge(cmd.Context(), seat)
			})
		},
	}
	cmd.Flags().StringVar(&token, "token", "", "the officer's token")
	_ = cmd.MarkFlagRequired("token")
	return cmd
}
