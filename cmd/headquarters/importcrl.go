package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/pki"
)

// crlImport is what the officers decide about another country's revocation list.
type crlImport struct {
	file, origin string
}

// importCRLCommand is the ceremony that takes in another country's revocation list for the stations.
func (h *headquarters) importCRLCommand() *cobra.Command {
	var i crlImport
	var officers []string
	cmd := &cobra.Command{
		Use:   "import FILE.crl",
		Short: "Take in another country's revocation list, so that stations know which of its signers are revoked",
		Long: `Verify another country's revocation list under a CSCA certificate of that country that our stations
believe (masterlist import), and put it into their trust list as that country signed it. It takes the place
of the one before; an older list is refused. Countries publish one every 90 days at the latest (ICAO Doc
9303-12, 5.3), so this is due as often.`,
		Example: `  headquarters crl import ruritania.crl --origin "their PKD page" \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i.file = args[0]
			return h.hold(cmd, "crl-import", officers, i.do)
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().StringVar(&i.origin, "origin", "imported", "where the list came from, in words")
	return cmd
}

func (i crlImport) do(_ context.Context, a *act) error {
	raw, err := readList(i.file)
	if err != nil {
		return err
	}
	list, err := pki.ParseCRL(raw)
	if err != nil {
		return err
	}
	country := list.Issuer.Country
	if strings.EqualFold(country, a.roots[0].Country()) {
		return errors.New("our own revocation list is signed with `headquarters crl`, not imported")
	}
	a.say("revocation list of %s, of %s, %d entries", country, list.ThisUpdate.Format(time.RFC3339), len(list.Revoked))
	if !list.NextUpdate.IsZero() && list.NextUpdate.Before(a.began) {
		a.say("it was due to be replaced on %s: ask for a newer one", list.NextUpdate.Format(time.DateOnly))
	}
	next, _, err := a.trustList()
	if err != nil {
		return err
	}
	fresh := charter.ForeignCRL{Origin: a.origin(i.origin, i.file), CRL: raw}
	if err := i.judge(a, next.Sources, fresh); err != nil {
		return err
	}
	lists := []charter.ForeignCRL{fresh}
	for _, f := range next.Lists {
		old, err := pki.ParseCRL(f.CRL)
		if err != nil {
			return err
		}
		if !strings.EqualFold(old.Issuer.Country, country) {
			lists = append(lists, f)
			continue
		}
		if !list.ThisUpdate.After(old.ThisUpdate) {
			return fmt.Errorf("of %s: %w", old.ThisUpdate.Format(time.RFC3339), errOlderList)
		}
	}
	next.Version, next.Signed, next.Lists = next.Version+1, a.began.Unix(), lists
	return a.signTrust(next)
}

// judge verifies the list under what stations believe of its country.
func (i crlImport) judge(a *act, sources []charter.Source, fresh charter.ForeignCRL) error {
	store, err := a.ownStore()
	if err != nil {
		return err
	}
	err = charter.TrustList{Sources: sources, Lists: []charter.ForeignCRL{fresh}}.AddTo(store)
	if errors.Is(err, pki.ErrUntrusted) {
		return fmt.Errorf("%w: take the CSCA certificate of that country in first (`headquarters masterlist import`)", err)
	}
	return err
}
