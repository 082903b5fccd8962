package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/token"
)

// databaseFlag says where the ledger lives, for every command that opens it.
func (h *headquarters) databaseFlag(root *cobra.Command) {
	root.PersistentFlags().StringVar(&h.database, "database", "",
		"the ledger's PostgreSQL database, postgres://USER@HOST/NAME; SQLite in the directory by default")
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
