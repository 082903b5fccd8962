package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/pki"
)

// Conditions of mission signers.
var (
	// errNoMission: the profile decides whether an office may sign.
	errNoMission = errors.New("the station's profile allows no signer of its own (mission_signing)")
	// errMissionToken: the key is made in the token that goes to the office, nowhere else.
	errMissionToken = fmt.Errorf("%w: --mission needs the label of the office's token (--mission-token)", errUsage)
)

// missionIssue is what the officers decide about the document signer of one office.
type missionIssue struct {
	replacement // the next charter, laid out when the ceremony is in force
	device      device
	orders      int
}

func (m *missionIssue) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.id, "mission", "", "make a document signer for this station, in a token that goes there")
	flags.StringVar(&m.device.module, "mission-pkcs11", "", "PKCS #11 library of that token; that of --pkcs11 by default")
	flags.StringVar(&m.device.label, "mission-token", "", "label of that token")
	flags.StringVar(&m.device.pinFile, "mission-pin-file", "", "file with its PIN, where nobody types it")
	flags.IntVar(&m.orders, "orders", 0, "books that it may sign; as many as the profile says by default")
}

// mission makes the signer of one office: the key in its token, the certificate by the CSCA for a month
// at most, and the station's next charter that names it.
func (s signerIssue) mission(m *missionIssue) func(context.Context, *act) error {
	return func(_ context.Context, a *act) error {
		c, err := a.charterOf(m.id)
		if err != nil {
			return fmt.Errorf("station %s: %w", m.id, err)
		}
		if c.Profile.MissionSigning == station.MissionNever {
			return fmt.Errorf("station %s: %w", m.id, errNoMission)
		}
		m.orders = cmp.Or(m.orders, c.Profile.MissionOrders)
		if m.orders < 1 || m.orders > c.Profile.MissionOrders {
			return fmt.Errorf("%w: --orders is 1 to %d by the profile", errUsage, c.Profile.MissionOrders)
		}
		cert, err := s.missionKey(a, m)
		if err != nil {
			return err
		}
		a.put(fmt.Sprintf("dsc-mission-%s-%x.der", m.id, cert.SerialNumber), cert.Raw)
		c.Version++
		c.Signers = append(c.Signers, station.MissionSigner{Certificate: cert.Raw, Orders: m.orders})
		if err := a.dismiss(&c); err != nil {
			return err
		}
		files, err := m.sign(a, c)
		if err != nil {
			return err
		}
		a.say("station %s may sign %d books with certificate %x, rule %s", m.id, m.orders, cert.SerialNumber,
			c.Profile.MissionSigning)
		h := a.headquarters
		m.apply = func(context.Context) error { return files.layOut(h, m.id) }
		return nil
	}
}

// missionKey makes the key in the office's token and certifies it.
func (s signerIssue) missionKey(a *act, m *missionIssue) (cert *pki.Certificate, err error) {
	if m.device.label == "" {
		return nil, errMissionToken
	}
	if m.device.module == "" {
		m.device.module = a.device.module
	}
	if s.months = cmp.Or(s.months, 1); s.months != 1 {
		return nil, fmt.Errorf("%w: the key of an office's own signer is used for one month", errUsage)
	}
	root, err := a.issuing()
	if err != nil {
		return nil, err
	}
	rootKey, err := keyOf(a.keys, root)
	if err != nil {
		return nil, err
	}
	kind, err := kindNamed(s.curve, kindLike(root.PublicKey))
	if err != nil {
		return nil, err
	}
	office, err := m.device.open()
	if err != nil {
		return nil, fmt.Errorf("token of the office: %w", err)
	}
	defer func() { err = errors.Join(err, office.Close()) }()
	name, key, err := newKey(office, keySigner, kind)
	if err != nil {
		return nil, fmt.Errorf("token of the office: %w", err)
	}
	a.say("new key %s in %s; the CSCA certifies it for one month", name, m.device.where())
	if s.commonName == "" {
		s.commonName = "Document Signer " + m.id
	}
	return s.document(a, key.Public(), root, rootKey)
}

// signaturesCommand holds what the offices have signed against their rule.
func (w *vaultAt) signaturesCommand() *cobra.Command {
	var sods []string
	cmd := &cobra.Command{
		Use:   "signatures",
		Short: "Look for signatures of offices' own signers that break the rule, or that no entry lists",
		Long: `Follow the ledger and hold every signature that an office gave with its own document signer against the
rule: its key's use, its number of books, the quota, who approved, which blank, whether the vault had
cleared the case, and whether the signature in each book is the one that was given for its number.

With --sod, look up the EF.SOD of a book that a border doubts: who signed it, for which number. One that
an office's signer signed and no entry lists means that the signer is in foreign hands: revoke it.`,
		Example: `  headquarters vault signatures
  headquarters vault signatures --sod EF.SOD.bin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return w.with(func(v *vault.Vault) error {
				found, err := v.Findings(cmd.Context())
				if err != nil {
					return err
				}
				return errors.Join(lookUp(cmd, v, sods), reportFindings(cmd.OutOrStdout(), found))
			})
		},
	}
	cmd.Flags().StringArrayVar(&sods, "sod", nil, "EF.SOD of a book; may be repeated")
	return cmd
}

func lookUp(cmd *cobra.Command, v *vault.Vault, files []string) error {
	var errs []error
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at, serial, err := v.ListedSOD(cmd.Context(), raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: signed for %s of station %s\n", path, serial, at)
	}
	return errors.Join(errs...)
}

func reportFindings(out io.Writer, found []vault.Finding) error {
	for _, f := range found {
		fmt.Fprintf(out, "station %s, case %s, number %s: %s\n", f.Station, f.Case, f.Serial, f.Cause)
	}
	if len(found) > 0 {
		return fmt.Errorf("%d signatures break the rule of offices' own signers", len(found))
	}
	fmt.Fprintln(out, "every signature of an office's own signer is in the ledger and keeps the rule")
	return nil
}
