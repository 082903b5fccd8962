package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/printing/paper"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal"
)

// sealKeys puts into a charter the root's short word on the station's and the vault's key. A seal that says
// the same already stays: what was attested under it keeps its date.
func (h *headquarters) sealKeys(c *station.Charter, own []byte, root crypto.Signer) error {
	pub, ok := root.Public().(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("root: %w", journal.ErrUnknownKey)
	}
	for _, s := range []struct {
		name string
		spki []byte
		into *[]byte
	}{{c.Station, own, &c.Seal}, {attest.VaultName, c.VaultSPKI, &c.VaultSeal}} {
		raw, err := attest.SealKey(s.name, s.spki, station.DateOf(h.now()), root)
		if err != nil {
			return err
		}
		fresh, err := attest.OpenSeal(raw, pub)
		if err != nil {
			return err
		}
		old, err := attest.OpenSeal(*s.into, pub)
		if err != nil || old.Name != fresh.Name || !bytes.Equal(old.Key, fresh.Key) {
			*s.into = raw
		}
	}
	return nil
}

func (h *headquarters) keyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Show headquarters' key as anybody can check receipts by it"}
	var pdf, language string
	show := &cobra.Command{
		Use:   "print",
		Short: "Write headquarters' public key as digits, and as a page with its QR code",
		Long: `Write the public key of headquarters' root as digits in groups of four, the last two groups a check over the
others. Whoever has it, on paper or from a web page, checks receipts of holders and lists of revoked books
without any network: "stationctl receipt check" and "stationctl revocations check". --pdf makes a page of
it for a wall, a consulate or a border post. Nothing secret is read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := h.printedKey()
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			if pdf == "" {
				return nil
			}
			raw, err := h.keyPage(text, language)
			if err != nil {
				return err
			}
			return write(pdf, raw, 0o644)
		},
	}
	show.Flags().StringVar(&pdf, "pdf", "", "file for the page")
	show.Flags().StringVar(&language, "language", "be", "of the page: be or en")
	cmd.AddCommand(show)
	return cmd
}

func (h *headquarters) printedKey() (string, error) {
	root, err := h.certificate("public", "root.der")
	if err != nil {
		return "", err
	}
	pub, ok := root.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return "", fmt.Errorf("root: %w", journal.ErrUnknownKey)
	}
	return attest.KeyText(pub)
}

// keyPage sets the key on paper.
func (h *headquarters) keyPage(text, language string) ([]byte, error) {
	texts, err := resources.Texts(language)
	if err != nil {
		return nil, err
	}
	s := paper.New(texts["paper.key.title"], h.now())
	s.Text(texts["paper.key.says"])
	s.Heading(text)
	s.Code(strings.ReplaceAll(text, " ", ""), 70, false)
	s.Text(texts["paper.key.check"])
	s.Keywords(text)
	return s.Bytes()
}

// terming reads the dates of an appointment.
func terming(o *station.Officer, terms string) error {
	for _, t := range strings.FieldsFunc(terms, func(r rune) bool { return r == ';' }) {
		name, date, _ := strings.Cut(t, "=")
		day, err := station.ParseDate(date)
		if err != nil {
			return fmt.Errorf("%s: want YYYY-MM-DD: %w", name, err)
		}
		switch name {
		case "from":
			o.From = day
		case "until":
			o.Until = day
		case "vetted":
			o.Vetted = day
		default:
			return fmt.Errorf("no term %q", name)
		}
	}
	return nil
}
