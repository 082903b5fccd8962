package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/pki"
)

// signerIssue is what the officers decide about a new signer.
type signerIssue struct {
	purpose, commonName, curve string
	types                      []string
	months, documentYears      int
}

// signerCommand is the ceremony that certifies a new document signer or master list signer.
func (h *headquarters) signerCommand() *cobra.Command {
	var s signerIssue
	m := &missionIssue{}
	cmd := &cobra.Command{
		Use:   "issue-signer",
		Short: "Make a new document signer, or a signer of master lists",
		Long: `Make a new key and certify it: for documents, used at most three months, or for master lists
(ICAO Doc 9303-12, 7.1.1). The certificate before it stays published. A running vault goes on with
the old signer until it is started again.

With --mission, make a signer for one office, where its profile allows that: the key in a token that goes
there, used for one month and for so many books. The station's next charter names it; carry
stations/STATION/charter.cose there together with the token.`,
		Example: `  headquarters issue-signer --curve brainpoolP256r1 \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris
  headquarters issue-signer --mission UTO-01 --mission-token mission-01 \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris
  headquarters issue-signer --purpose masterlist --officer anna.token --officer boris.token`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if m.id != "" {
				return m.hold(h, cmd, "issue-mission-signer", s.mission(m))
			}
			return h.hold(cmd, "issue-signer", m.officers, s.do)
		},
	}
	flags := cmd.Flags()
	m.reason = "signer"
	m.flags(cmd)
	officerFlag(cmd, &m.officers)
	flags.StringVar(&s.purpose, "purpose", "documents", "documents or masterlist")
	flags.StringVar(&s.commonName, "common-name", "", "common name; that of the signer before by default")
	flags.StringVar(&s.curve, "curve", "", "curve of the key, or RSA; that of the CSCA by default: "+kindNames())
	flags.StringSliceVar(&s.types, "type", nil, "document codes it may sign; those of the signer before by default")
	flags.IntVar(&s.months, "months", 0, "use of the key; 3 for documents, 12 for master lists and 1 for a mission by default")
	flags.IntVar(&s.documentYears, "document-years", 10, "longest validity of a document")
	return cmd
}

func (s signerIssue) do(_ context.Context, a *act) error {
	root, err := a.issuing()
	if err != nil {
		return err
	}
	rootKey, err := keyOf(a.keys, root)
	if err != nil {
		return err
	}
	curve, err := kindNamed(s.curve, kindLike(root.PublicKey))
	if err != nil {
		return err
	}
	var kind, file string
	var certify func(*act, crypto.PublicKey, *pki.Certificate, crypto.Signer) (*pki.Certificate, error)
	switch s.purpose {
	case "documents":
		kind, file, certify = keySigner, fileSigner, s.document
	case "masterlist":
		kind, file, certify = keyMasterList, fileListSigner, s.masterList
	default:
		return fmt.Errorf("%w: --purpose is documents or masterlist", errUsage)
	}
	a.say("CSCA: certificate %x; making a new key on %s", root.SerialNumber, curve.Name())
	name, key, err := newKey(a.keys, kind, curve)
	if err != nil {
		return err
	}
	a.say("new key: %s; the CSCA certifies it for %s", name, s.purpose)
	cert, err := certify(a, key.Public(), root, rootKey)
	if err != nil {
		return err
	}
	a.say("new signer: certificate %x, key use until %s, valid until %s, document types %v", cert.SerialNumber,
		cert.KeyUse.NotAfter.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly), cert.DocumentTypes)
	before, err := a.current(file)
	if err != nil {
		return err
	}
	if before != nil {
		if err := a.keep(file, fmt.Sprintf("%s-%x.der", file[:len(file)-len(".der")], before.SerialNumber)); err != nil {
			return err
		}
	}
	a.put(file, cert.Raw)
	return nil
}

// current reads a certificate in force, nil where there is none.
func (a *act) current(file string) (*pki.Certificate, error) {
	c, err := readCertificate(a.path("public", file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return c, err
}

// document certifies a document signer. It begins at midnight, so that a book issued on this day lies
// inside the key's use, but not before the root.
func (s signerIssue) document(a *act, public crypto.PublicKey, root *pki.Certificate, rootKey crypto.Signer) (
	*pki.Certificate, error) {
	if s.months == 0 {
		s.months = 3
	}
	if s.months < 1 || s.months > 3 {
		return nil, fmt.Errorf("%w: a document signer's key is used for 1 to 3 months", errUsage)
	}
	before, err := a.current(fileSigner)
	if err != nil {
		return nil, err
	}
	if before != nil && s.types == nil {
		s.types = before.DocumentTypes
	}
	start := a.began.Truncate(24 * time.Hour)
	if start.Before(root.NotBefore) {
		start = root.NotBefore
	}
	return pki.NewDocumentSigner(pki.SignerSpec{
		Subject: s.subject(a, root, before, "Document Signer"), DocumentTypes: s.types, NotBefore: start,
		KeyUse: pki.Span{Months: s.months}, DocumentValidity: pki.Span{Years: s.documentYears},
	}, public, root, rootKey, rand.Reader)
}

func (s signerIssue) masterList(a *act, public crypto.PublicKey, root *pki.Certificate, rootKey crypto.Signer) (
	*pki.Certificate, error) {
	if s.months == 0 {
		s.months = 12
	}
	before, err := a.current(fileListSigner)
	if err != nil {
		return nil, err
	}
	return pki.NewMasterListSigner(pki.MasterListSignerSpec{
		Subject: s.subject(a, root, before, "Master List Signer"), NotBefore: a.began,
		KeyUse: pki.Span{Months: s.months},
	}, public, root, rootKey, rand.Reader)
}

// subject counts signers up in the serial number of the name.
func (s signerIssue) subject(a *act, root, before *pki.Certificate, role string) pki.Name {
	name := pki.Name{
		Country: root.Subject.Country, Organization: root.Subject.Organization,
		CommonName: role + " " + root.SubjectAltName.Locality, SerialNumber: strconv.Itoa(len(a.signers) + 1),
	}
	if before != nil {
		name.CommonName = before.Subject.CommonName
	}
	if s.commonName != "" {
		name.CommonName = s.commonName
	}
	return name
}
