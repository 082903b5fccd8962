package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/printing/paper"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// maxFile bounds what is read to be checked, in bytes.
const maxFile = 32 << 20

// trustedKey reads headquarters' key: from a file or as it was typed, or the root's of the office's own
// configuration where none is given.
func (p *program) trustedKey(given string) (*ecdsa.PublicKey, error) {
	if given == "" {
		c, err := p.load()
		if err != nil {
			return nil, fmt.Errorf("%w: name headquarters' key with --key", err)
		}
		return setup.RootKey(c)
	}
	if raw, err := readSmall(given); err == nil {
		given = string(raw)
	}
	return attest.ParseKey(given)
}

// readSmall reads a file that is not larger than anything that is checked.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes: %w", path, info.Size(), attest.ErrMalformed)
	}
	return os.ReadFile(path)
}

func (p *program) receiptCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "receipt", Short: "Check the receipt of a passport without any network"}
	var key, list string
	var asJSON bool
	check := &cobra.Command{
		Use:   "check FILE|TEXT",
		Short: "Check a holder's receipt against headquarters' printed key",
		Long: `Check the receipt that a holder shows: our PDF, a picture or scan of its QR code (PNG, JPEG), or the text of
the code. --key is headquarters' key as "headquarters key print" wrote it, typed or in a file; where it is
missing, the root certificate of the office's configuration. --revocations names a list of revoked books
to look the number up in. Nobody is asked over a network, and nothing names a person.`,
		Example: `  stationctl receipt check receipt.pdf --key "PADKEY1:02A1 ..." --revocations list.padr`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := p.trustedKey(key)
			if err != nil {
				return err
			}
			text, err := receiptText(args[0])
			if err != nil {
				return err
			}
			r, err := attest.CheckReceipt(text, root)
			if err != nil {
				return err
			}
			return p.printReceipt(r, root, list, asJSON)
		},
	}
	check.Flags().StringVar(&key, "key", "", "headquarters' printed key, or a file with it")
	check.Flags().StringVar(&list, "revocations", "", "list of revoked books to look in")
	check.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(check)
	return cmd
}

// receiptText finds the text of a receipt in what was named: a PDF, a text, a picture of its code, or the
// text itself.
func receiptText(named string) (string, error) {
	raw, err := readSmall(named)
	if errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(named, ":") {
		return named, nil
	}
	if err != nil {
		return "", err
	}
	if text, err := attest.FindReceipt(raw); err == nil {
		return text, nil
	}
	img, err := portrait.Decode(raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", named, attest.ErrMalformed)
	}
	return paper.ReadCode(img)
}

// errRevokedBook: the receipt is ours and its book is on the list.
var errRevokedBook = fmt.Errorf("book is revoked: %w", issuance.ErrRevoked)

func (p *program) printReceipt(r attest.Receipt, root *ecdsa.PublicKey, list string, asJSON bool) error {
	var row attest.Row
	revoked := false
	if list != "" {
		l, err := readList(list, root)
		if err != nil {
			return err
		}
		row, revoked = l.Find(r.Serial)
	}
	if asJSON {
		out := struct {
			attest.Receipt
			Revoked string `json:"revoked,omitempty"`
		}{r, row.Reason}
		if err := p.json(out); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(p.out, "genuine: passport %s %s of %s, issued %s, valid until %s, handed over %s\nchip signature %X\n",
			r.State, r.Serial, r.Station, r.Issue, r.Expiry, r.Handed, r.SOD)
	}
	if revoked {
		if !asJSON {
			fmt.Fprintf(p.out, "REVOKED since %s: %s\n", row.Since, row.Reason)
		}
		return errRevokedBook
	}
	return nil
}

func readList(path string, root *ecdsa.PublicKey) (attest.Revocations, error) {
	raw, err := readSmall(path)
	if err != nil {
		return attest.Revocations{}, err
	}
	return attest.CheckRevocations(raw, root)
}

func (p *program) revocationsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "revocations", Short: "Carry and check the list of revoked books"}
	export := &cobra.Command{
		Use:   "export FILE",
		Short: "Write the newest list that headquarters has sent to this station",
		Long: `Write the list of revoked books to a file, for a consulate, an airline or a border post. It is signed by
headquarters and names numbers and reasons alone. No token is needed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.load()
			if err != nil {
				return err
			}
			store, err := setup.OpenStore(cmd.Context(), c)
			if err != nil {
				return err
			}
			file, err := issuance.Revocations(cmd.Context(), store)
			if err = errors.Join(err, store.Close()); err != nil {
				return err
			}
			return os.WriteFile(args[0], file, 0o644)
		},
	}
	var key string
	var asJSON bool
	check := &cobra.Command{
		Use:   "check FILE [NUMBER]",
		Short: "Check a list against headquarters' printed key, and look a number up in it",
		Long: `Check that headquarters signed the list, and say whether a number is on it. The exit status is 1 where it is,
or where the list is not headquarters'.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := p.trustedKey(key)
			if err != nil {
				return err
			}
			l, err := readList(args[0], root)
			if err != nil {
				return err
			}
			return p.printList(l, args[1:], asJSON)
		},
	}
	check.Flags().StringVar(&key, "key", "", "headquarters' printed key, or a file with it")
	check.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(export, check)
	return cmd
}

func (p *program) printList(l attest.Revocations, numbers []string, asJSON bool) error {
	if len(numbers) == 0 {
		if asJSON {
			return p.json(l)
		}
		fmt.Fprintf(p.out, "genuine: list %d of %s, made %s, %d rows\n", l.Version, l.State, l.Made, len(l.Rows))
		for _, r := range l.Rows {
			fmt.Fprintf(p.out, "%s %s %s %s\n", r.First, r.Last, r.Since, r.Reason)
		}
		return nil
	}
	serial := station.Serial(strings.ToUpper(numbers[0]))
	row, revoked := l.Find(serial)
	if revoked {
		fmt.Fprintf(p.out, "%s is REVOKED since %s: %s\n", serial, row.Since, row.Reason)
		return errRevokedBook
	}
	fmt.Fprintf(p.out, "%s is not on list %d of %s, made %s\n", serial, l.Version, l.State, l.Made)
	return nil
}

// makeReceiptCommand writes the holder's receipt.
func (p *program) makeReceiptCommand(tokenFile *string) *cobra.Command {
	var out string
	cmd := p.verb(tokenFile, "receipt CASE", "Write the holder's receipt of a passport that was handed over (PDF)",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			texts, err := resources.Texts(p.language)
			if err != nil {
				return err
			}
			r, err := d.Receipt(ctx, s, t, texts)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.out, r.Text)
			return os.WriteFile(out, r.PDF, 0o600)
		})
	cmd.Flags().StringVar(&out, "out", "receipt.pdf", "file for the paper")
	return cmd
}
