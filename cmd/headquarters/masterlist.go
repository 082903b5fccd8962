package main

import (
	"context"
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
	cmd := &cobra.Command{
		Use:   "masterlist [FILE.der ...]",
		Short: "Sign a master list of our own CSCA certificates and those of other countries",
		Long: `Sign a master list (ICAO Doc 9303-12, 9): the country's own roots and links, and the files named, each
a self-signed CSCA certificate that the officers compared with what the other country handed over.
Each is printed with its country, serial number and key identifier before anything is signed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.hold(cmd, "masterlist", officers, func(ctx context.Context, a *act) error {
				return newMasterList(ctx, a, args)
			})
		},
	}
	officerFlag(cmd, &officers)
	return cmd
}

func newMasterList(_ context.Context, a *act, files []string) error {
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
	listed := slices.Concat(a.roots, a.links)
	check := pki.NewTrustStore()
	for _, file := range files {
		c, err := readCertificate(file)
		if err != nil {
			return err
		}
		if err := check.AddAnchor(c, file); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		listed = append(listed, c)
	}
	for _, c := range listed {
		a.say("listed: %s, certificate %x, key %x, valid until %s", c.Subject.Country, c.SerialNumber, c.SubjectKeyID,
			c.NotAfter.Format("2006-01-02"))
	}
	a.say("signing a master list of %d certificates", len(listed))
	list, err := pki.NewMasterList(pki.MasterListSpec{
		Certificates: listed, SigningTime: a.began, Along: a.rootOf(signer),
	}, key, signer)
	if err != nil {
		return err
	}
	trust := pki.NewTrustStore()
	for _, root := range a.roots {
		if err := trust.AddAnchor(root, "own"); err != nil {
			return err
		}
	}
	if err := trust.AddCRL(a.crl); err != nil {
		return err
	}
	if _, err := trust.AddMasterList(list, a.began, fileMasterList); err != nil {
		return err
	}
	a.put(fileMasterList, list.Raw)
	return nil
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
