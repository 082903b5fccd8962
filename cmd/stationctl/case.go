package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// desk runs one verb with the officer who holds a token.
func (p *program) desk(
	ctx context.Context, tokenFile string, verb func(*setup.Office, issuance.Seat) error,
) (err error) {
	office, err := p.office(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if end := office.Close(); err == nil {
			err = end
		}
	}()
	seat, err := office.SignIn(tokenFile, p.ask)
	if err != nil {
		return err
	}
	if err = verb(office, seat); err == nil {
		p.warn(ctx, office)
	}
	return err
}

func (p *program) caseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "case",
		Short: "Enrol, submit, decide, produce, inspect, hand over",
		Long: `The life of one application. Each command is done by the officer whose token is named: enrol and
submit by one, approve by another, personalise by an operator, inspect by somebody else again.`,
	}
	var tokenFile string
	cmd.PersistentFlags().StringVar(&tokenFile, "token", "", "the officer's token: a key file, or pkcs11:LABEL")
	_ = cmd.MarkPersistentFlagRequired("token")
	cmd.AddCommand(p.enrolCommand(&tokenFile), p.listCommand(&tokenFile), p.decisions(&tokenFile),
		p.returnCommand(&tokenFile), p.refuseCommand(&tokenFile), p.submitCommand(&tokenFile),
		p.personaliseCaseCommand(&tokenFile), p.inspectCaseCommand(&tokenFile), p.examineCommand(&tokenFile),
		p.resolveCommand(&tokenFile), p.handOverCommand(&tokenFile), p.withdrawCommand(&tokenFile),
		p.signCommand(&tokenFile), p.passOnCommand(&tokenFile))
	cmd.AddCommand(p.makeReceiptCommand(&tokenFile), p.wasteCommand(&tokenFile), p.uncollectedCommand(&tokenFile),
		p.findCommand(&tokenFile), p.revealCommand(&tokenFile), p.judgeCommand(&tokenFile))
	cmd.AddCommand(p.captureCommands(&tokenFile)...)
	return cmd
}

// form is what an officer writes beside what the devices read.
type form struct {
	LocalSurname    string             `json:"localSurname"`
	LocalGivenNames string             `json:"localGivenNames"`
	PlaceOfBirth    string             `json:"placeOfBirth"`
	Evidence        []station.Evidence `json:"evidence"`
	Consents        []station.Consent  `json:"consents"`
	Zone            *[2]string         `json:"zone"`      // typed, where the scan cannot be read
	Applicant       *station.Applicant `json:"applicant"` // whole, where there is no old passport
	Patronymic      string             `json:"patronymic"`
	PersonalNumber  string             `json:"personalNumber"`
	Guardians       []station.Guardian `json:"guardians"`
	Proxies         []station.Proxy    `json:"proxies"`
}

func (p *program) enrolCommand(tokenFile *string) *cobra.Command {
	var formFile, picture, resume, parent string
	cmd := &cobra.Command{
		Use:   "enrol",
		Short: "Open a case: old passport from the scanner, portrait from a file, the rest from a form",
		Long: `Open a case, or go on with one (--case). The old passport's data page is taken from the scanner, the
portrait from a picture file. FORM is JSON: localSurname, localGivenNames, placeOfBirth,
evidence [{kind, note, proven, lost, voucher}], consents [{item, given}], and zone (two lines) where the old
passport cannot be read, or applicant where there is none. What the profile lists may be added: patronymic,
personalNumber, guardians [{name, case, consent, absent, note}], proxies [{name, document}].
A child is enrolled in the session of a parent, --child-of, whose case comes first. Every step is saved,
encrypted, before the next begins. The case token is printed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				token := station.CaseToken(resume)
				var err error
				switch {
				case token != "":
				case parent != "":
					token, err = o.Desk.EnrolChild(cmd.Context(), seat, station.CaseToken(parent))
				default:
					token, err = o.Desk.Enrol(cmd.Context(), seat)
				}
				if err != nil {
					return err
				}
				fmt.Fprintln(p.out, token)
				return fill(cmd.Context(), o.Desk, seat, token, formFile, picture)
			})
		},
	}
	cmd.Flags().StringVar(&formFile, "form", "", "what the officer writes (JSON)")
	cmd.Flags().StringVar(&picture, "portrait", "", "picture of the applicant (JPEG or PNG)")
	cmd.Flags().StringVar(&resume, "case", "", "go on with this draft")
	cmd.Flags().StringVar(&parent, "child-of", "", "the case of a parent, enrolled in the same session")
	cmd.MarkFlagsMutuallyExclusive("case", "child-of")
	_ = cmd.MarkFlagRequired("form")
	_ = cmd.MarkFlagRequired("portrait")
	return cmd
}

// fill carries out the steps of a capture.
func fill(
	ctx context.Context, d *issuance.Desk, seat issuance.Seat, token station.CaseToken, formFile, picture string,
) error {
	raw, err := os.ReadFile(formFile)
	if err != nil {
		return err
	}
	var in form
	if err := json.Unmarshal(raw, &in); err != nil {
		return fmt.Errorf("form %s: %w", formFile, err)
	}
	switch {
	case in.Zone != nil:
		err = d.TypeOldPassport(ctx, seat, token, *in.Zone)
	case in.Applicant == nil:
		_, err = d.ReadOldPassport(ctx, seat, token)
	}
	if err != nil {
		return err
	}
	b, err := os.ReadFile(picture)
	if err != nil {
		return err
	}
	img, err := portrait.Decode(b)
	if err != nil {
		return fmt.Errorf("%w: %w", issuance.ErrPortrait, err)
	}
	if _, err := d.TakePortrait(ctx, seat, token, img); err != nil {
		return err
	}
	return d.Amend(ctx, seat, token, "person", func(a *station.Application) error {
		if in.Applicant != nil {
			a.Applicant = *in.Applicant
		}
		a.Applicant.LocalSurname, a.Applicant.LocalGivenNames = in.LocalSurname, in.LocalGivenNames
		a.Applicant.PlaceOfBirth = in.PlaceOfBirth
		a.Applicant.Patronymic = in.Patronymic
		if in.PersonalNumber != "" {
			a.Applicant.PersonalNumber = in.PersonalNumber
		}
		a.Evidence, a.Consents, a.Proxies = in.Evidence, in.Consents, in.Proxies
		if in.Guardians != nil {
			a.Guardians = in.Guardians
		}
		return a.KeepChip()
	})
}

func (p *program) listCommand(tokenFile *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List open cases by token and stage; no person is named",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, _ issuance.Seat) error {
				board, err := o.Desk.Board(cmd.Context())
				if err != nil {
					return err
				}
				board.Cases = slices.DeleteFunc(board.Cases, func(c station.Case) bool { return !c.Open() })
				if asJSON {
					return p.json(board)
				}
				for _, c := range board.Cases {
					state := board.Booklets[c.Serial].State
					fmt.Fprintf(p.out, "%-12s %-10s %-10s %s\n", c.Token, c.Stage, c.Serial, state)
				}
				fmt.Fprintf(p.out, "%d entries wait for headquarters\n", board.Waiting)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

// verb is a command on one case.
func (p *program) verb(
	tokenFile *string, use, short string, do func(context.Context, *issuance.Desk, issuance.Seat, station.CaseToken) error,
) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, seat issuance.Seat) error {
				return do(cmd.Context(), o.Desk, seat, station.CaseToken(args[0]))
			})
		},
	}
}

func (p *program) submitCommand(tokenFile *string) *cobra.Command {
	return p.verb(tokenFile, "submit CASE", "Close the draft and seal a copy to headquarters",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.Submit(ctx, s, t)
		})
}

func (p *program) withdrawCommand(tokenFile *string) *cobra.Command {
	return p.verb(tokenFile, "withdraw CASE", "End a case that nobody decided on; its copy and its key are destroyed",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.Withdraw(ctx, s, t)
		})
}

// reasoned adds the flag for a decision's reason.
func reasoned(cmd *cobra.Command, reason *string, what string) *cobra.Command {
	cmd.Flags().StringVar(reason, "reason", "", what)
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

func (p *program) decisions(tokenFile *string) *cobra.Command {
	var reason string
	var checked []string
	cmd := p.verb(tokenFile, "approve CASE", "Approve and bind the next blank; prints its serial",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			serial, err := d.Approve(ctx, s, t, reason, items(checked)...)
			if err == nil && serial != "" {
				fmt.Fprintln(p.out, serial)
			}
			return err
		})
	return reasoned(ticking(cmd, &checked, "approval"), &reason, "why, in words")
}

// remarks reads FIELD=TEXT.
func remarks(specs []string) ([]station.Remark, error) {
	out := make([]station.Remark, len(specs))
	for i, s := range specs {
		field, text, ok := strings.Cut(s, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--beside %s: want FIELD=TEXT", s)}
		}
		out[i] = station.Remark{Field: field, Text: text}
	}
	return out, nil
}

func (p *program) returnCommand(tokenFile *string) *cobra.Command {
	var reason string
	var besides []string
	cmd := p.verb(tokenFile, "return CASE", "Send back to the officer who enrolled, with what is wrong",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			marks, err := remarks(besides)
			if err != nil {
				return err
			}
			return d.Return(ctx, s, t, reason, marks...)
		})
	cmd.Flags().StringArrayVar(&besides, "beside", nil, "a remark beside a field: FIELD=TEXT, as applicant.birth=...")
	return reasoned(cmd, &reason, "what is wrong, in words")
}

func (p *program) refuseCommand(tokenFile *string) *cobra.Command {
	var reason string
	cmd := p.verb(tokenFile, "refuse CASE", "Refuse the application; the station's copy is destroyed",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.Refuse(ctx, s, t, reason)
		})
	return reasoned(cmd, &reason, "why, in words")
}

func (p *program) personaliseCaseCommand(tokenFile *string) *cobra.Command {
	return p.verb(tokenFile, "personalise CASE", "Take the blank, write and prove its chip, print its page",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.Personalise(ctx, s, t, progress(p.errors))
		})
}

func (p *program) inspectCaseCommand(tokenFile *string) *cobra.Command {
	var checked []string
	var difference string
	cmd := p.verb(tokenFile, "inspect CASE", "Compare page, chip and order; pass the booklet if all agree",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			if s.Officer.May(station.RoleInspect, station.DateOf(d.Now())) == nil { // who may not is told that alone
				p.sayDoubt(ctx, d)
			}
			e, err := d.Inspect(ctx, s, t, progress(p.errors), items(checked)...)
			findings(p.out, e)
			return errors.Join(err, drawDifference(d, e, difference))
		})
	return ticking(differenceFlag(cmd, &difference), &checked, "inspection (visual)")
}

func (p *program) examineCommand(tokenFile *string) *cobra.Command {
	var difference string
	cmd := p.verb(tokenFile, "examine CASE", "Look at the booklet of a case without changing its record",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			p.sayDoubt(ctx, d)
			e, err := d.Examine(ctx, s, t, progress(p.errors))
			findings(p.out, e)
			return errors.Join(err, drawDifference(d, e, difference))
		})
	return differenceFlag(cmd, &difference)
}

func (p *program) resolveCommand(tokenFile *string) *cobra.Command {
	var reason, as string
	cmd := p.verb(tokenFile, "resolve CASE", "Record what a person decided on a booklet in doubt",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.Resolve(ctx, s, t, station.State(as), reason)
		})
	cmd.Flags().StringVar(&as, "as", "", "encoded (no ink on the page), printed, or spoiled")
	_ = cmd.MarkFlagRequired("as")
	return reasoned(cmd, &reason, "what was seen, in words; no name")
}

func findings(out io.Writer, e issuance.Examination) {
	for _, f := range e.Findings {
		mark := "ok  "
		if !f.OK {
			mark = "NOT "
		}
		fmt.Fprintf(out, "%s %-24s %s\n", mark, f.What, f.Reason)
	}
}
