package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/pki"
)

// listImport is what the officers decide about another country's master list.
type listImport struct {
	file, origin string
	roots        []string
}

// importCommand is the ceremony that takes in another country's master list for the stations.
func (h *headquarters) importCommand() *cobra.Command {
	var i listImport
	var officers []string
	cmd := &cobra.Command{
		Use:   "import FILE.ml",
		Short: "Take in another country's master list, so that stations can judge passports with it",
		Long: `Verify another country's master list and put it into the stations' trust list, under the root's
signature. The list must be signed under a CSCA certificate that is believed already, or that --root
names: one that its country handed over, which the officers compare with what is printed. The list is
kept as that country signed it, with its origin, and every station verifies it again.

It takes the place of an earlier list of the same country, with the roots of that where no --root is
given. An older list is refused, and so is a list that names a CSCA of our own country which is not
ours. The list is for our stations; it does not go into the master list that we publish.`,
		Example: `  headquarters masterlist import ruritania.ml --root ruritania.der --origin "their PKD page" \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i.file = args[0]
			return h.hold(cmd, "masterlist-import", officers, i.do)
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().StringArrayVar(&i.roots, "root", nil, "CSCA certificate above the list's signer (DER); may be repeated")
	cmd.Flags().StringVar(&i.origin, "origin", "imported", "where the list came from, in words")
	return cmd
}

func (i listImport) do(_ context.Context, a *act) error {
	raw, err := readList(i.file)
	if err != nil {
		return err
	}
	source := charter.Source{Origin: a.origin(i.origin, i.file), List: raw}
	country, list, err := countryOf(source)
	if err != nil {
		return err
	}
	if strings.EqualFold(country, a.roots[0].Country()) {
		return errors.New("our own master list is signed with `headquarters masterlist`, not imported")
	}
	a.say("master list of %s, signed %s, %d certificates", country, signedAt(list).Format(time.RFC3339), list.Len)
	if err := a.onlyOurs(list); err != nil {
		return err
	}
	last, _, err := a.trustList()
	if err != nil {
		return err
	}
	others, before, err := without(last.Sources, country)
	if err != nil {
		return err
	}
	if before != nil {
		if err := newerThan(list, *before); err != nil {
			return err
		}
		source.Roots = before.Roots
	}
	if len(i.roots) > 0 {
		given, err := readRoots(i.roots)
		if err != nil {
			return err
		}
		source.Roots = nil
		for _, c := range given {
			a.listed(c)
			source.Roots = append(source.Roots, c.Raw)
		}
	}
	if err := i.judge(a, others, source); err != nil {
		return err
	}
	return a.putTrust(append(others, source))
}

// judge verifies the list as of today, beside what is believed already, and says what came of it.
func (i listImport) judge(a *act, others []charter.Source, source charter.Source) error {
	store, err := a.ownStore()
	if err != nil {
		return err
	}
	if err := (charter.TrustList{Sources: others}).AddTo(store); err != nil {
		return err
	}
	admission, err := source.AddTo(store, a.began)
	if errors.Is(err, pki.ErrUntrusted) {
		return fmt.Errorf("%w: name the CSCA certificate above the list's signer with --root", err)
	}
	if err != nil {
		return err
	}
	a.say("its signer %x is believed by: %s", admission.Signer.Signer.SerialNumber, admission.Signer.Origin)
	a.say("%d anchors are new, %d were known, %d certificates are passed over", admission.Added, admission.Known,
		len(admission.Passed))
	for _, why := range admission.Passed {
		a.say("passed over: %s", why)
	}
	return nil
}

// without takes the list of a country out of the sources.
func without(sources []charter.Source, country string) (others []charter.Source, was *charter.Source, err error) {
	for _, s := range sources {
		if len(s.List) > 0 {
			of, _, err := countryOf(s)
			if err != nil {
				return nil, nil, err
			}
			if strings.EqualFold(of, country) {
				was = &s
				continue
			}
		}
		others = append(others, s)
	}
	return others, was, nil
}

// newerThan refuses a list that is no newer than the one in force.
func newerThan(list *pki.MasterList, before charter.Source) error {
	_, old, err := countryOf(before)
	switch {
	case err != nil:
		return err
	case slices.Equal(list.Raw, old.Raw):
		return errors.New("this very list is in force already")
	case !signedAt(list).After(signedAt(old)):
		return fmt.Errorf("of %s: %w", signedAt(old).Format(time.RFC3339), errOlderList)
	}
	return nil
}

// readList reads a master list that fits into a trust list.
func readList(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > charter.MaxTrust {
		return nil, fmt.Errorf("%s: a master list of at most %d MiB reaches stations", file, charter.MaxTrust>>20)
	}
	return os.ReadFile(file)
}

// withdrawCommand is the ceremony that takes an imported list away from the stations.
func (h *headquarters) withdrawCommand() *cobra.Command {
	var officers []string
	cmd := &cobra.Command{
		Use:   "withdraw COUNTRY",
		Short: "Take an imported master list out of the stations' trust list",
		Long: `Take the imported master list of a country (two letters) out of the stations' trust list, with the roots
that were named for it. Certificates that reached us on another way stay.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.hold(cmd, "masterlist-withdraw", officers, func(_ context.Context, a *act) error {
				last, _, err := a.trustList()
				if err != nil {
					return err
				}
				others, was, err := without(last.Sources, args[0])
				if err != nil {
					return err
				}
				if was == nil {
					return fmt.Errorf("no list of %s was imported", args[0])
				}
				a.say("withdrawn: master list of %s, %s", strings.ToUpper(args[0]), was.Origin)
				return a.putTrust(others)
			})
		},
	}
	officerFlag(cmd, &officers)
	return cmd
}
