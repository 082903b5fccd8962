// Command headquarters is the other end of a station: the ceremonies that make the country's keys,
// the administration of stations and stock, the receiving server, and the vault that opens cases
// and signs production orders.
//
// Its directory has two halves that may live on two machines. ledger/ belongs to `serve`, which
// faces the internet and holds no key that opens anything. vault/ belongs to `vault`. public/ holds
// what everybody may have.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/token"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hq := &headquarters{now: time.Now, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	root := &cobra.Command{
		Use:   "headquarters",
		Short: "Ceremonies, receiving server and vault of a passport authority",
		Long: `Ceremonies, receiving server and vault of a passport authority. Everything is in one directory, --dir.

A country begins with "init". Two officers hold it and every ceremony after it: "issue-signer" at the
latest every three months, "crl" at the latest every 90 days, "roll" every three to five years,
"masterlist" whenever other countries' certificates have come. Each leaves a protocol that both signed.
"station" and "stock" appoint offices; "serve" and "vault" run day and night.

With --pkcs11 and --token headquarters' keys are in a PKCS #11 token; without, in a key file (training).
A passphrase or PIN is asked for at the terminal, or read from the first line of a file.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	hq.ledgerCommands(root)
	flags := root.PersistentFlags()
	flags.StringVar(&hq.dir, "dir", "headquarters", "headquarters' directory")
	flags.StringVar(&hq.passphraseFile, "passphrase-file", "", "file with the passphrase of key files")
	flags.StringVar(&hq.device.module, "pkcs11", "", "PKCS #11 library of the token that holds headquarters' keys")
	flags.StringVar(&hq.device.label, "token", "", "label of that token")
	flags.StringVar(&hq.device.serial, "token-serial", "", "serial number of that token, where two have one label")
	flags.StringVar(&hq.device.pinFile, "pin-file", "", "file with the token's PIN, where nobody types it")
	flags.StringVar(&hq.device.label, "token-label", "", "") // its name in older scripts
	_ = flags.MarkHidden("token-label")
	root.AddCommand(hq.initCommand(), hq.serveCommand(), hq.vaultCommand(), hq.stationCommand(),
		hq.stockCommand(), hq.auditCommand(), hq.revokeCommand(), hq.rollCommand(), hq.signerCommand(),
		hq.crlCommand(), hq.masterlistCommand(), hq.officerCommand(), hq.ingestCommand(), hq.exportCommand())
	root.AddCommand(hq.caseCommand(), hq.profileCommand())
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "headquarters:", err)
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "headquarters:", err)
	os.Exit(1)
}

var errUsage = errors.New("usage")

// headquarters is what every command shares.
type headquarters struct {
	dir            string
	database       string // address of the ledger's PostgreSQL, "" for SQLite in dir
	passphraseFile string
	device         device        // that holds headquarters' keys; zero: the vault's key file
	cost           token.Options // of new key files' passphrases; zero: the usual
	now            func() time.Time
	log            *slog.Logger
}
