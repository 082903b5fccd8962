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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hq := &headquarters{now: time.Now, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	root := &cobra.Command{
		Use:           "headquarters",
		Short:         "Ceremonies, receiving server and vault of a passport authority",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	hq.ledgerCommands(root)
	flags := root.PersistentFlags()
	flags.StringVar(&hq.dir, "dir", "headquarters", "headquarters' directory")
	flags.StringVar(&hq.passphraseFile, "passphrase-file", "", "file with the key file's passphrase (training)")
	flags.StringVar(&hq.device.module, "pkcs11", "", "PKCS #11 library of the token that holds CSCA and signers")
	flags.StringVar(&hq.device.label, "token-label", "", "label of that token")
	flags.StringVar(&hq.device.serial, "token-serial", "", "serial number of that token")
	flags.StringVar(&hq.device.pinFile, "pin-file", "", "file with the token's PIN (training)")
	root.AddCommand(hq.initCommand(), hq.serveCommand(), hq.vaultCommand(), hq.stationCommand(),
		hq.stockCommand(), hq.auditCommand(), hq.revokeCommand(), hq.rollCommand(), hq.signerCommand(),
		hq.crlCommand(), hq.masterlistCommand())
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
	device         device // that holds the country's keys; zero: the vault's key file
	now            func() time.Time
	log            *slog.Logger
}
