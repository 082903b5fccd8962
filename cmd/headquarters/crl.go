package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/pki"
)

// crlCommand is the ceremony that signs the next revocation list.
func (h *headquarters) crlCommand() *cobra.Command {
	var revoke, officers []string
	var days int
	cmd := &cobra.Command{
		Use:   "crl",
		Short: "Sign the next revocation list, with signers newly revoked or without",
		Long: `Sign the country's next revocation list: the next number, every entry of the one before, and what is
revoked now. A list is due at least every 90 days, and within 48 hours of a revocation
(ICAO Doc 9303-12, 5.3). Reasons are not given: the profile forbids them. Publish public/csca.crl
afterwards, and give it to stations with their next charters (station renew).`,
		Example: `  headquarters crl --revoke 5e5cd04cfb2663ea132de3e29236f3e5 \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.hold(cmd, "crl", officers, func(ctx context.Context, a *act) error {
				return nextList(ctx, a, revoke, days)
			})
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().StringArrayVar(&revoke, "revoke", nil, "serial number of a signer (hexadecimal); may be repeated")
	cmd.Flags().IntVar(&days, "days", 90, "days until the list after this one is due, at most 90")
	cmd.AddCommand(h.importCRLCommand())
	return cmd
}

func nextList(ctx context.Context, a *act, serials []string, days int) error {
	if days < 1 || days > 90 {
		return fmt.Errorf("%w: --days is 1 to 90", errUsage)
	}
	root, err := a.issuing()
	if err != nil {
		return err
	}
	key, err := keyOf(a.keys, root)
	if err != nil {
		return err
	}
	at, err := a.after(ctx, a.crl.ThisUpdate)
	if err != nil {
		return err
	}
	var revoked []pki.Revocation
	for _, serial := range serials {
		cert, err := a.signer(serial)
		if err != nil {
			return err
		}
		if a.crl.Revokes(cert) {
			return fmt.Errorf("certificate %s is revoked already", serial)
		}
		a.say("revoking certificate %x of %s", cert.SerialNumber, cert.Subject.CommonName)
		revoked = append(revoked, pki.Revocation{SerialNumber: cert.SerialNumber, At: at})
	}
	spec, err := a.crl.Next(at, at.AddDate(0, 0, days), revoked...)
	if err != nil {
		return err
	}
	a.say("revocation list %v after %v, %d entries; CSCA %x signs", spec.Number, a.crl.Number, len(spec.Revoked),
		root.SerialNumber)
	list, err := pki.NewCRL(spec, root, key, rand.Reader)
	if err != nil {
		return err
	}
	for _, cert := range a.signers {
		if in := cert.SerialNumber; list.Revokes(cert) && a.warnsOfUse(cert) {
			a.say("certificate %x is in use and revoked: issue a new signer", in)
		}
	}
	a.put(fileCRL, list.Raw)
	a.say("next list is due by %s", list.NextUpdate.Format(time.RFC3339))
	return nil
}

// warnsOfUse tells whether a certificate is the one that signs today.
func (a *act) warnsOfUse(cert *pki.Certificate) bool {
	for _, file := range []string{fileSigner, fileListSigner} {
		if c, err := a.current(file); err == nil && c != nil && c.SerialNumber.Cmp(cert.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

// after is now in whole seconds, later than the list before: it waits where that is of this second.
func (a *act) after(ctx context.Context, before time.Time) (time.Time, error) {
	for {
		at := a.now().UTC().Truncate(time.Second)
		if at.After(before) {
			return at, nil
		}
		if before.Sub(at) > time.Minute {
			return at, fmt.Errorf("the list before this one is of %s: the clock is wrong", before.Format(time.RFC3339))
		}
		select {
		case <-ctx.Done():
			return at, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
