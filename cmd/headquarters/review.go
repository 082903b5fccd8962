package main

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
)

// vaultAt is a vault that is opened for one command.
type vaultAt struct {
	*headquarters
	url string
}

// with opens the vault, and closes it after do.
func (w *vaultAt) with(do func(*vault.Vault) error) error {
	keys, err := w.store()
	if err != nil {
		return err
	}
	defer keys.Close()
	v, err := w.openVault(keys, w.url)
	if err != nil {
		return err
	}
	defer v.Diary.Close()
	return do(v)
}

// witnessed is with in the presence of two officers.
func (w *vaultAt) witnessed(specs []string, do func(*vault.Vault, [2]crypto.Signer) error) error {
	officers, err := w.openOfficers(specs)
	if err != nil {
		return err
	}
	defer func() { _ = closeOfficers(officers) }()
	return w.with(func(v *vault.Vault) error {
		return do(v, [2]crypto.Signer{officers[0].token, officers[1].token})
	})
}

// review is what two officers decide about a case.
type review struct {
	clear, duplicate string
	show, asJSON     bool
	officers         []string
}

// reviewCommand lists suspicions, shows one, and decides.
func (w *vaultAt) reviewCommand() *cobra.Command {
	var r review
	cmd := &cobra.Command{
		Use:   "review [CASE]",
		Short: "List orders that wait because an applicant may have another case; look, and decide",
		Long: `Without CASE, list what waits: the case, the cases that it looks like, and what they share. No person
is named, and nothing is opened.

With CASE two officers decide: --clear or --duplicate with a reason in one word. Before, --show opens the
case and those that it looks like and prints the persons side by side; the diary keeps who allowed it.
The running vault makes the order, or refuses it, in its next round; "vault sign" does it at once.`,
		Example: `  headquarters vault review
  headquarters vault review 7KQ2M-XW4PA --show --officer pkcs11:anna --officer pkcs11:boris
  headquarters vault review 7KQ2M-XW4PA --clear namesake --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return w.suspicions(cmd.OutOrStdout(), r.asJSON)
			}
			return w.review(cmd, station.CaseToken(args[0]), r)
		},
	}
	flags := cmd.Flags()
	officerFlag(cmd, &r.officers)
	flags.StringVar(&r.clear, "clear", "", "another person; a reason in one word")
	flags.StringVar(&r.duplicate, "duplicate", "", "the same person; a reason in one word")
	flags.BoolVar(&r.show, "show", false, "open the cases and print the persons")
	flags.BoolVar(&r.asJSON, "json", false, "for another program")
	return cmd
}

func (w *vaultAt) suspicions(out io.Writer, asJSON bool) error {
	keys, err := w.store()
	if err != nil {
		return err
	}
	defer keys.Close()
	d, err := w.openDiary(keys)
	if err != nil {
		return err
	}
	defer d.Close()
	list := d.Suspicions()
	if asJSON {
		return json.NewEncoder(out).Encode(list)
	}
	for _, s := range list {
		fmt.Fprintf(out, "%s of %s\n", s.Case, s.Station)
		for _, l := range s.Like {
			fmt.Fprintf(out, "  like %s: %s\n", l.Case, strings.Join(l.Words, ", "))
		}
	}
	fmt.Fprintf(out, "%d wait for two officers\n", len(list))
	return nil
}

func (w *vaultAt) review(cmd *cobra.Command, token station.CaseToken, r review) error {
	verdict, reason := vault.VerdictClear, r.clear
	if r.duplicate != "" {
		verdict, reason = vault.VerdictDuplicate, r.duplicate
	}
	if r.clear != "" && r.duplicate != "" || reason == "" && !r.show {
		return fmt.Errorf("%w: --show, --clear REASON or --duplicate REASON", errUsage)
	}
	return w.witnessed(r.officers, func(v *vault.Vault, by [2]crypto.Signer) error {
		if r.show {
			if err := show(cmd.Context(), cmd.OutOrStdout(), v, token, by); err != nil {
				return err
			}
		}
		if reason == "" {
			return nil
		}
		if err := v.Diary.Decide(token, verdict, reason, by); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "case %s: %s (%s), signed by two\n", token, verdict, reason)
		return nil
	})
}

// show opens a suspected case and those that it looks like, after both officers have allowed it.
func show(ctx context.Context, out io.Writer, v *vault.Vault, token station.CaseToken, by [2]crypto.Signer) error {
	list := v.Diary.Suspicions()
	i := slices.IndexFunc(list, func(s vault.Suspicion) bool { return s.Case == token })
	if i < 0 {
		return fmt.Errorf("case %s does not wait: %w", token, station.ErrStage)
	}
	cases := []station.CaseToken{token}
	for _, l := range list[i].Like {
		cases = append(cases, l.Case)
	}
	if err := v.Diary.Allow(vault.Reading{Cases: cases, Openings: len(cases), Reason: "review"}, by); err != nil {
		return err
	}
	applications, err := v.Compare(ctx, token)
	if err != nil {
		return err
	}
	for i, a := range applications {
		who, number := a.Applicant, ""
		if a.OldPassport != nil {
			number = a.OldPassport.MRZ[1][:9]
		}
		fmt.Fprintf(out, "%-12s %s, %s | %s, %s | %s %s | %s | old passport %s\n", cases[i], who.Surname, who.GivenNames,
			who.LocalSurname, who.LocalGivenNames, who.Birth, who.Sex, who.PlaceOfBirth, number)
	}
	return nil
}

// signCommand makes the orders that are ready.
func (w *vaultAt) signCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sign",
		Short: "Make the orders that are ready, once",
		Long: `Do one round: give notices and allocations, and answer every approval that nothing holds back. The same
that the running vault does; for a vault that is not to run unattended.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(func(v *vault.Vault) error {
				allocations, err := w.allocations()
				if err != nil {
					return err
				}
				n, err := v.Round(cmd.Context(), allocations)
				waiting := len(v.Diary.Suspicions())
				fmt.Fprintf(cmd.OutOrStdout(), "%d answers and directives; %d wait for two officers\n", n, waiting)
				return err
			})
		},
	}
}

// allowCommand lets the vault open more cases than usual.
func (w *vaultAt) allowCommand() *cobra.Command {
	var officers []string
	r := vault.Reading{}
	cmd := &cobra.Command{
		Use:   "allow",
		Short: "Let the vault open more cases than usual for 24 hours",
		Long: `Two officers allow the vault to open that many cases above the usual number in 24 hours. Every opening is
signed into vault/diary before it happens, and each order on the ledger names it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.Openings < 1 {
				return fmt.Errorf("%w: --openings is 1 or more", errUsage)
			}
			return w.witnessed(officers, func(v *vault.Vault, by [2]crypto.Signer) error {
				return v.Diary.Allow(r, by)
			})
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().IntVar(&r.Openings, "openings", 0, "how many")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "why, in one word")
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

// reindexCommand rebuilds the marks after the diary was lost.
func (w *vaultAt) reindexCommand() *cobra.Command {
	var officers []string
	var openings int
	cmd := &cobra.Command{
		Use:   "reindex",
		Short: "Begin the diary anew after it was lost: open every ordered case and mark it again",
		Long: `The vault refuses to work with a diary that lacks an opening which the ledger names. If the diary is lost,
two officers begin a new one here. An old file is kept beside it under another name.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			old := w.path("vault", fileDiary)
			if info, err := os.Stat(old); err == nil && info.Size() > 0 {
				kept := fmt.Sprintf("%s-%d", old, w.now().Unix())
				if err := os.Rename(old, kept); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "the old diary is kept as", kept)
			}
			return w.witnessed(officers, func(v *vault.Vault, by [2]crypto.Signer) error {
				lost, err := v.Lost(cmd.Context())
				if err != nil {
					return err
				}
				if err := v.Diary.Allow(vault.Reading{Openings: openings, Reason: "reindex", After: lost}, by); err != nil {
					return err
				}
				n, err := v.Reindex(cmd.Context())
				fmt.Fprintf(cmd.OutOrStdout(), "%d cases marked again\n", n)
				return err
			})
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().IntVar(&openings, "openings", 100000, "how many cases may be opened")
	return cmd
}
