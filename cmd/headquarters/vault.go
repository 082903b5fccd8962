package main

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/charter"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/token"
)

// vaultCommand opens cases and signs orders, round after round.
func (h *headquarters) vaultCommand() *cobra.Command {
	var url string
	var every time.Duration
	var once bool
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Open cases, recompute data groups, sign production orders",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := h.vaultKeys()
			if err != nil {
				return err
			}
			defer keys.Close()
			store, err := h.storeBeside(keys)
			if err != nil {
				return err
			}
			defer store.Close()
			v, err := h.openVault(keys, store, url)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "vault open")
			return h.rounds(cmd.Context(), v, every, once)
		},
	}
	cmd.Flags().StringVar(&url, "ledger", "https://127.0.0.1:8443", "address of the ledger")
	cmd.Flags().DurationVar(&every, "every", 2*time.Second, "time between two rounds")
	cmd.Flags().BoolVar(&once, "once", false, "do one round and stop")
	return cmd
}

// rounds follows the ledger until it is stopped. A ledger that does not answer is tried again; a
// ledger that contradicts itself ends the vault.
func (h *headquarters) rounds(ctx context.Context, v *vault.Vault, every time.Duration, once bool) error {
	for {
		allocations, err := h.allocations()
		if err != nil {
			return err
		}
		_, err = v.Round(ctx, allocations)
		switch {
		case errors.Is(err, journal.ErrUnreachable) && !once:
			h.log.Warn("ledger unreachable, trying again")
		case err != nil:
			return err
		}
		if once {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(every):
		}
	}
}

func (h *headquarters) openVault(keys *token.Keyring, store keystore, url string) (*vault.Vault, error) {
	key, err := keys.Signer(keyVault)
	if err != nil {
		return nil, err
	}
	opener, err := keys.Opener(keyOpener)
	if err != nil {
		return nil, err
	}
	dsc, err := readCertificate(h.path("public", fileSigner))
	if err != nil {
		return nil, fmt.Errorf("document signer: %w", err)
	}
	signer, err := keyOf(store, dsc)
	if err != nil {
		return nil, fmt.Errorf("document signer: %w", err)
	}
	own, err := h.certificate("vault", "client.der")
	if err != nil {
		return nil, err
	}
	root, err := h.certificate("public", "root.der")
	if err != nil {
		return nil, err
	}
	_, verifier, err := h.ledgerVerifier()
	if err != nil {
		return nil, err
	}
	wireClient, err := client.New(client.Options{
		BaseURL: url, Certificate: wire.Pair(own, key), Root: root, Ledger: verifier, Clock: h.now,
	})
	if err != nil {
		return nil, err
	}
	return &vault.Vault{
		Ledger: wireClient, Key: key, Opener: opener,
		Document: vault.Signer{Key: signer, Certificate: dsc},
		Masters:  func(product string) ([]byte, error) { return keys.Secret(masterPrefix + product) },
		Offices:  func() ([]vault.Office, error) { return h.offices(root.PublicKey.(*ecdsa.PublicKey)) },
		Now:      h.now, Log: h.log,
	}, nil
}

// offices reads every enrolled station.
func (h *headquarters) offices(root *ecdsa.PublicKey) ([]vault.Office, error) {
	found, err := filepath.Glob(h.path("stations", "*", "charter.cose"))
	if err != nil {
		return nil, err
	}
	var out []vault.Office
	for _, path := range found {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c, err := charter.Parse(raw, root)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var key publicKey
		if err := readJSON(filepath.Join(filepath.Dir(path), "station.json"), &key); err != nil {
			return nil, err
		}
		out = append(out, vault.Office{Charter: c, HPKE: key.HPKE, SPKI: key.SPKI})
	}
	return out, nil
}

// allocations reads the manifests that were decided on.
func (h *headquarters) allocations() ([]vault.Allocation, error) {
	found, err := filepath.Glob(h.path("allocations", "*.json"))
	if err != nil {
		return nil, err
	}
	out := make([]vault.Allocation, len(found))
	for i, path := range found {
		if err := readJSON(path, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
