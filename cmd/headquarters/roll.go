package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/pki"
)

// rollOver is what the officers decide about the next CSCA.
type rollOver struct {
	commonName, organization, curve string
	keyYears, documentYears         int
}

// rollCommand is the ceremony that gives the country a new CSCA key.
func (h *headquarters) rollCommand() *cobra.Command {
	var r rollOver
	var officers []string
	cmd := &cobra.Command{
		Use:   "roll",
		Short: "Make the next CSCA: new key, new root, and the link by which the old one vouches for it",
		Long: `Make a new CSCA key and its root certificate, and a link certificate that the old key signs, with a
name change where the name is new (ICAO Doc 9303-12, 4.3.4). The new key rests for two days, until
other countries can have its certificate; the old key signs meanwhile. Old roots stay published:
their books live on. Stations learn of the new root with their next charter (station renew).`,
		Example: `  headquarters roll --officer anna.token --officer boris.token
  headquarters roll --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --curve P-384 \
      --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.hold(cmd, "roll", officers, r.do)
		},
	}
	flags := cmd.Flags()
	officerFlag(cmd, &officers)
	flags.StringVar(&r.commonName, "common-name", "", "new common name; that of the old CSCA by default")
	flags.StringVar(&r.organization, "organization", "", "new organization; that of the old CSCA by default")
	flags.StringVar(&r.curve, "curve", "", "curve of the new key, or RSA; the old one's by default: "+kindNames())
	flags.IntVar(&r.keyYears, "key-years", 5, "use of the new key, 3 to 5 years")
	flags.IntVar(&r.documentYears, "document-years", 10, "longest validity of a document")
	return cmd
}

// officerFlag is the same for all ceremonies.
func officerFlag(cmd *cobra.Command, into *[]string) {
	cmd.Flags().StringArrayVar(into, "officer", nil,
		"an officer's own token, twice: a key FILE, or pkcs11:LABEL in the library of --pkcs11;\n"+
			"=SECRETFILE behind it holds passphrase or PIN where nobody types")
}

func (r rollOver) do(_ context.Context, a *act) error {
	if r.keyYears < 3 || r.keyYears > 5 || r.documentYears < 1 {
		return fmt.Errorf("%w: a CSCA key is used for 3 to 5 years (ICAO Doc 9303-12, 4.3.2)", errUsage)
	}
	old, err := a.issuer(a.began)
	if err != nil {
		return err
	}
	if old != a.roots[0] {
		return errors.New("the newest CSCA key is still resting: it has to be used before it is replaced")
	}
	oldKey, err := keyOf(a.keys, old)
	if err != nil {
		return err
	}
	curve, err := kindNamed(r.curve, kindLike(old.PublicKey))
	if err != nil {
		return err
	}
	a.say("old CSCA: certificate %x, key use until %s", old.SerialNumber, old.KeyUse.NotAfter.Format(time.DateOnly))
	a.say("making a new key on %s", curve.Name())
	name, key, err := newKey(a.keys, keyCSCA, curve)
	if err != nil {
		return err
	}
	a.say("new key: %s; signing its root certificate", name)
	root, err := pki.NewCSCA(r.spec(old, a.began), key, rand.Reader)
	if err != nil {
		return err
	}
	a.say("new root: certificate %x, key use until %s, valid until %s; the old key signs the link", root.SerialNumber,
		root.KeyUse.NotAfter.Format(time.DateOnly), root.NotAfter.Format(time.DateOnly))
	link, err := pki.NewLink(root, old, oldKey, root.NotBefore, 0, rand.Reader)
	if err != nil {
		return err
	}
	if err := followed(old, link, root); err != nil {
		return err
	}
	a.say("link: certificate %x, name change: %t", link.SerialNumber, link.NameChange)
	if err := a.keep(fileCSCA, fmt.Sprintf("csca-%d.der", len(a.roots))); err != nil {
		return err
	}
	a.put(fileCSCA, root.Raw)
	a.put(fmt.Sprintf("link-%d.der", len(a.roots)+1), link.Raw)
	a.say("the new key rests until %s; give root and link to other countries now",
		root.NotBefore.Add(restOfNewKey).Format(time.RFC3339))
	return nil
}

func (r rollOver) spec(old *pki.Certificate, at time.Time) pki.CSCASpec {
	spec := pki.CSCASpec{
		Subject: old.Subject, AltName: old.SubjectAltName, CRLPoints: old.CRLPoints, NotBefore: at,
		KeyUse: pki.Span{Years: r.keyYears}, SignerKeyUse: pki.Span{Months: 3},
		DocumentValidity: pki.Span{Years: r.documentYears},
	}
	if r.commonName != "" {
		spec.Subject.CommonName = r.commonName
	}
	if r.organization != "" {
		spec.Subject.Organization = r.organization
	}
	return spec
}

// followed proves that somebody who trusts the old root alone comes to trust the new one.
func followed(old, link, root *pki.Certificate) error {
	trust := pki.NewTrustStore()
	if err := trust.AddAnchor(old, "old root"); err != nil {
		return err
	}
	return trust.FollowLink(link, root, root.NotBefore)
}
