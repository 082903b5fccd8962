package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// items turns a flag's words into items of a checklist.
func items(words []string) []station.Item {
	out := make([]station.Item, len(words))
	for i, w := range words {
		out[i] = station.Item(w)
	}
	return out
}

// ticking adds the flag for what an officer has looked at.
func ticking(cmd *cobra.Command, words *[]string, which string) *cobra.Command {
	cmd.Flags().StringSliceVar(words, "checked", nil, "what you have looked at, by commas: the items of the profile's "+which)
	return cmd
}

func (p *program) handOverCommand(tokenFile *string) *cobra.Command {
	var h station.Handing
	var old, picture string
	var inspected bool
	cmd := p.verb(tokenFile, "handover CASE", "Read the chip at the desk and give the passport to its holder",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			shown, err := d.Present(ctx, s, t, progress(p.errors))
			if errors.Is(err, issuance.ErrNoOrder) && inspected {
				h.Chip, h.Old = true, station.Custody(old)
				return d.HandOver(ctx, s, t, h)
			}
			if err != nil {
				return err
			}
			findings(p.out, issuance.Examination{Findings: shown.Findings})
			if picture != "" && shown.Picture != nil {
				if err := os.WriteFile(picture, shown.Picture, 0o600); err != nil {
					return err
				}
			}
			h.Chip, h.Old = shown.Chip(), station.Custody(old)
			return d.HandOver(ctx, s, t, h)
		})
	cmd.Long = `Read the chip of a finished book at the desk and, if it is authentic, give the book to its holder. --picture
writes the face that the chip holds, to be compared with the one before you; delete it afterwards. A proxy
must have been registered in person at enrolment; --proxy is the number of the document that they show.`
	cmd.Flags().BoolVar(&h.Present, "holder-present", false, "who collects stands before you")
	cmd.Flags().BoolVar(&h.Match, "portrait-matches", false, "the chip's portrait is the holder's; of a proxy, the document is theirs")
	cmd.Flags().BoolVar(&h.Checked, "data-checked", false, "who collects has read the data, and nothing is wrong")
	cmd.Flags().StringVar(&h.Proxy, "proxy", "", "number of the registered proxy's document")
	cmd.Flags().StringVar(&old, "old-passport", string(station.CustodyHolder), "none, holder (stays with them), kept, returned")
	cmd.Flags().BoolVar(&inspected, "inspected", false, "on new hardware, where the order is gone: \"chip inspect\" found the chip good")
	cmd.Flags().StringVar(&picture, "picture", "", "file for the chip's picture")
	return cmd
}

// second signs another officer in beside the first.
func (p *program) second(o *setup.Office, tokenFile string) (issuance.Seat, error) {
	if tokenFile == "" {
		return issuance.Seat{}, usageError{errors.New("name the second officer's token with --second")}
	}
	return o.SignIn(tokenFile, p.ask)
}

func (p *program) wasteCommand(tokenFile *string) *cobra.Command {
	var cause, reason, other string
	cmd := &cobra.Command{
		Use:   "waste CASE",
		Short: "Make a finished book unusable under two signatures, before it leaves the office",
		Long: `Make a finished book unusable, with the tokens of two officers: --cause typo (headquarters gives the application
back to be corrected, and a new approval follows), dead-chip, damaged (another approval and blank), or
uncollected (nobody came within the profile's days: the case ends). The reason must not name the holder.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, first issuance.Seat) error {
				second, err := p.second(o, other)
				if err != nil {
					return err
				}
				return o.Desk.WasteFinished(cmd.Context(), first, second, station.CaseToken(args[0]), cause, reason)
			})
		},
	}
	cmd.Flags().StringVar(&cause, "cause", "", strings.Join(event.WasteCauses(), ", "))
	cmd.Flags().StringVar(&other, "second", "", "the second officer's token")
	_ = cmd.MarkFlagRequired("cause")
	_ = cmd.MarkFlagRequired("second")
	return reasoned(cmd, &reason, "what was seen, in words; no name")
}

func (p *program) uncollectedCommand(tokenFile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "uncollected",
		Short: "List finished books that nobody collected within the profile's days: the list to destroy",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, _ issuance.Seat) error {
				cases, err := o.Desk.Uncollected(cmd.Context())
				for _, c := range cases {
					fmt.Fprintf(p.out, "%-12s %-10s\n", c.Token, c.Serial)
				}
				return err
			})
		},
	}
}

func (p *program) findCommand(tokenFile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "find TEXT",
		Short: "Find your own open cases by token or name as typed; recorded and counted",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				found, err := o.Desk.Find(cmd.Context(), seat, args[0])
				for _, t := range found {
					fmt.Fprintln(p.out, t)
				}
				return err
			})
		},
	}
}

func (p *program) revealCommand(tokenFile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "reveal CASE FIELD",
		Short: "Show one masked field of an application; each is recorded",
		Long:  "Show one masked field. FIELD is a word of the profile: personal-number, old-passport, ...",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				value, err := o.Desk.Reveal(cmd.Context(), seat, station.CaseToken(args[0]), station.Optional(args[1]))
				if err == nil {
					fmt.Fprintln(p.out, value)
				}
				return err
			})
		},
	}
}

func (p *program) judgeCommand(tokenFile *string) *cobra.Command {
	return p.verb(tokenFile, "judge CASE", "Show an approver's checklist with the program's opinion and the points of the evidence",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			a, hidden, err := d.View(ctx, s, t)
			if err != nil {
				return err
			}
			rules := d.Charter.Profile.Rules
			for _, q := range station.Questions() {
				fmt.Fprintf(p.out, "points %-16s %d\n", q, a.Score(rules, q))
			}
			for _, j := range a.Judge(d.Charter.Profile, station.DateOf(d.Now())) {
				fmt.Fprintf(p.out, "%-6s %s\n", j.Opinion, j.Item)
			}
			for _, f := range hidden {
				fmt.Fprintf(p.out, "masked %s\n", f)
			}
			return nil
		})
}

// bookCommand is what happens to books after they were given away.
func (p *program) bookCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "book", Short: "Report books that were lost, stolen, damaged or found"}
	var tokenFile, as, by, detail string
	report := &cobra.Command{
		Use:   "report NUMBER",
		Short: "Record what became of a book after it was handed over; it is invalid from now on",
		Long: `Record that a book was lost, stolen, spoiled or found. Any office may report any book. The detail goes to
headquarters sealed and may name people; the entry does not. The number goes onto the list of revoked
books. A book that is found stays invalid: put it aside for destruction.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				return o.Desk.ReportBook(cmd.Context(), seat, station.Serial(args[0]), station.Fate(as), by, detail)
			})
		},
	}
	report.Flags().StringVar(&tokenFile, "token", "", "the officer's token")
	report.Flags().StringVar(&as, "as", "", "lost, stolen, spoiled or found")
	report.Flags().StringVar(&by, "by", "holder", "who reports: holder, police, other")
	report.Flags().StringVar(&detail, "detail", "", "what was told, in words; sealed to headquarters")
	for _, f := range []string{"token", "as", "detail"} {
		_ = report.MarkFlagRequired(f)
	}
	cmd.AddCommand(report)
	return cmd
}

// officersCommand lists the office's people by pseudonym.
func (p *program) officersCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "officers",
		Short: "List officers by pseudonym and role, and whose term or vetting ends soon",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := p.load()
			if err != nil {
				return err
			}
			charter, err := setup.Charter(c)
			if err != nil {
				return err
			}
			ending := charter.Endings(station.DateOf(time.Now()))
			if asJSON {
				return p.json(struct {
					Officers []station.Officer `json:"officers"`
					Ending   []station.Ending  `json:"ending"`
				}{charter.Officers, ending})
			}
			for _, o := range charter.Officers {
				roles := make([]string, len(o.Roles))
				for i, r := range o.Roles {
					roles[i] = string(r)
				}
				fmt.Fprintf(p.out, "%-10s %s\n", o.Pseudonym, strings.Join(roles, ", "))
			}
			for _, e := range ending {
				fmt.Fprintf(p.out, "%s: %s ends on %s (%d days)\n", e.Pseudonym, e.What, e.On, e.Days)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}
