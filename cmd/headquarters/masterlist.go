package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"padarozhnik/station/pki"
)

// errNoListSigner: the first step is another ceremony.
var errNoListSigner = errors.New("no master list signer: hold `headquarters issue-signer --purpose masterlist` first")

// masterlistCommand is the ceremony that publishes which CSCA certificates the country has received.
func (h *headquarters) masterlistCommand() *cobra.Command {
	var officers []string
	var origin string
	cmd := &cobra.Command{
		Use:   "masterlist [FILE.der ...]",
		Short: "Sign a master list of our own CSCA certificates and those of other countries",
		Long: `Sign a master list (ICAO Doc 9303-12, 9): the country's own roots and links, and the files named, each
a self-signed CSCA certificate that the officers compared with what the other country handed over.
Each is printed with its country, serial number, key identifier and SHA-256 before anything is signed.
The files named are the whole list: one of an earlier list that is not named again is on it no more.

The root then signs the next trust list, by which stations judge passports of other countries without
a network: the certificates handed over, each with its origin, and the master lists imported with
` + "`masterlist import`" + `. Stations get it with their next charters (` + "`station renew`" + `).`,
		Example: `  headquarters masterlist ruritania.der --origin "handed over by the embassy" \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.hold(cmd, "masterlist", officers, func(_ context.Context, a *act) error {
				return newMasterList(a, args, origin)
			})
		},
	}
	officerFlag(cmd, &officers)
	cmd.Flags().StringVar(&origin, "origin", "handed over", "where the files came from, in words")
	cmd.AddCommand(h.importCommand(), h.withdrawCommand())
	return cmd
}

func newMasterList(a *act, files []string, origin string) error {
	signer, err := a.current(fileListSigner)
	if err != nil {
		return err
	}
	if signer == nil {
		return errNoListSigner
	}
	key, err := keyOf(a.keys, signer)
	if err != nil {
		return err
	}
	given, err := readRoots(files)
	if err != nil {
		return err
	}
	last, _, err := a.trustList()
	if err != nil {
		return err
	}
	handed, err := a.handed(last.Sources, files, given, origin)
	if err != nil {
		return err
	}
	listed := slices.Concat(a.roots, a.links, given)
	for _, c := range listed {
		a.listed(c)
	}
	a.say("signing a master list of %d certificates", len(listed))
	list, err := pki.NewMasterList(pki.MasterListSpec{
		Certificates: listed, SigningTime: a.began, Along: a.rootOf(signer),
	}, key, signer)
	if err != nil {
		return err
	}
	trust, err := a.ownStore()
	if err != nil {
		return err
	}
	if err := trust.AddCRL(a.crl); err != nil {
		return err
	}
	if _, err := trust.AddMasterList(list, a.began, fileMasterList); err != nil {
		return err
	}
	a.put(fileMasterList, list.Raw)
	return a.putTrust(append(handed, imported(last.Sources)...))
}

// listed prints what officers compare.
func (a *act) listed(c *pki.Certificate) {
	a.say("listed: %s, certificate %x, key %x, valid until %s, SHA-256 %x", c.Subject.Country, c.SerialNumber,
		c.SubjectKeyID, c.NotAfter.Format("2006-01-02"), sha256.Sum256(c.Raw))
}

// readRoots reads self-signed CSCA certificates.
func readRoots(files []string) ([]*pki.Certificate, error) {
	check := pki.NewTrustStore()
	var out []*pki.Certificate
	for _, file := range files {
		c, err := readCertificate(file)
		if err != nil {
			return nil, err
		}
		if err := check.AddAnchor(c, file); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		out = append(out, c)
	}
	return out, nil
}

// rootOf is the root that issued a signer, to go along with what it signs.
func (c *country) rootOf(signer *pki.Certificate) []*pki.Certificate {
	for _, root := range c.roots {
		if signer.CheckSignatureFrom(root) == nil {
			return []*pki.Certificate{root}
		}
	}
	return nil
}
