package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/token"
)

// ledgerCommands adds what keeps the ledger safe, and the flag that says where it lives to every
// command that opens it.
func (h *headquarters) ledgerCommands(root *cobra.Command) {
	root.PersistentFlags().StringVar(&h.database, "database", "",
		"the ledger's PostgreSQL database, postgres://USER@HOST/NAME, which any number of servers share; "+
			"its password belongs into a password file (PGPASSFILE); SQLite in the directory by default")
	root.AddCommand(h.backupCommand(), h.restoreCommand())
}

// withLedger opens the ledger's keys, and the ledger with its checkpoint key, for f.
func (h *headquarters) withLedger(f func(*token.Keyring, *ledger.Ledger) error) error {
	keys, err := h.ledgerKeys()
	if err != nil {
		return err
	}
	defer keys.Close()
	l, err := h.openLedger(keys)
	if err != nil {
		return err
	}
	defer l.Close()
	return f(keys, l)
}

// ledgerPlace is where the ledger lives.
func (h *headquarters) ledgerPlace() string {
	if h.database != "" {
		return h.database
	}
	return h.path("ledger")
}

// openLedger opens it with the checkpoint key.
func (h *headquarters) openLedger(keys *token.Keyring) (*ledger.Ledger, error) {
	secret, err := keys.Secret(keyCheckpoint)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(string(secret))
	if err != nil {
		return nil, fmt.Errorf("checkpoint key: %w", err)
	}
	o, err := h.ledgerOptions()
	if err != nil {
		return nil, err
	}
	o.Signer = signer
	return ledger.Open(h.ledgerPlace(), o)
}

func (h *headquarters) ledgerOptions() (ledger.Options, error) {
	_, v, err := h.ledgerVerifier()
	return ledger.Options{Verifier: v, Clock: h.now, Log: h.log}, err
}
