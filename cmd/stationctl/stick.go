package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/hq/bundle"
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
				r, err := export(cmd.Context(), o.Desk, args[0])
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

// export writes one bundle; a file of the final name is whole.
func export(ctx context.Context, d *issuance.Desk, path string) (issuance.ExportReport, error) {
	at, err := d.Places(ctx)
	if err != nil {
		return issuance.ExportReport{}, err
	}
	w, err := bundle.Create(path, bundle.Letter{
		Direction: bundle.ToHeadquarters, Recipient: d.Vault, Signer: d.Key,
		Hello: bundle.Hello{Station: d.Charter.Station, Made: at.Time, Known: at.Known, Own: at.Own, After: at.After},
	})
	if err != nil {
		return issuance.ExportReport{}, err
	}
	r, err := d.Export(ctx, bundle.Outbox{Writer: w})
	if err != nil {
		w.Abort()
		return r, err
	}
	return r, w.Commit()
}

func (p *program) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Take in headquarters' answers from a stick: receipts, directives, orders, a newer charter",
		Long: `Take in headquarters' answers from a stick. A directory stands for the files in it. Files that are
not ours are named and left alone; answers may come twice and in any order.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := filesOf(args)
			if err != nil {
				return err
			}
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				if err := p.importAll(cmd.Context(), o, files); err != nil {
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

// filesOf lists the files that were named, and those in directories that were.
func filesOf(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		info, err := os.Stat(a)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, a)
			continue
		}
		entries, err := os.ReadDir(a)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() {
				out = append(out, filepath.Join(a, e.Name()))
			}
		}
	}
	return out, nil
}

// importAll takes in file after file. One that does not join what is known yet is tried again after
// the others; what is still refused then is named, and the first refusal returned.
func (p *program) importAll(ctx context.Context, o *setup.Office, files []string) error {
	taken := 0
	for len(files) > 0 {
		var later []string
		var errs []error
		for _, f := range files {
			err := p.importFile(ctx, o, f)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, journal.ErrForeignFile):
				fmt.Fprintf(p.out, "%s: left alone: %v\n", f, err)
			case err == nil:
				taken++
			default:
				later, errs = append(later, f), append(errs, err)
			}
		}
		if len(later) == len(files) || len(later) > 0 && !errors.Is(errors.Join(errs...), journal.ErrNotJoined) {
			for i, f := range later {
				fmt.Fprintf(p.errors, "%s: refused: %v\n", f, errs[i])
			}
			return errs[0]
		}
		files = later
	}
	if taken == 0 {
		return journal.ErrForeignFile
	}
	return nil
}

func (p *program) importFile(ctx context.Context, o *setup.Office, path string) error {
	d := o.Desk
	vault := func(bundle.Hello) (*ecdsa.PublicKey, error) { return d.VaultSigner() }
	b, err := bundle.Open(path, bundle.ToStation, d.Key, vault)
	if err != nil {
		return err
	}
	defer b.Close()
	a, err := bundle.OpenAnswer(b, d.Charter.Station, d.Ledger)
	if err != nil {
		return err
	}
	r, err := d.Import(ctx, a, time.Unix(b.Hello.Made, 0))
	if err != nil {
		return err
	}
	if r.Restored {
		fmt.Fprintln(p.errors, "ALARM: headquarters was restored from a backup; export again what it had lost")
	}
	fmt.Fprintf(p.out, "%s: %d receipts, %d directives, %d orders, %d declined\n",
		path, r.Receipts, r.Directives, r.Orders, r.Declined)
	if a.Charter == nil {
		return nil
	}
	trust, err := a.Trust()
	if err != nil {
		return err
	}
	renewed, err := o.Renew(ctx, a.Charter, trust)
	if renewed {
		fmt.Fprintf(p.out, "%s: charter version %d is in force\n", path, d.Charter.Version)
	}
	return err
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
