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
	at := &vaultAt{headquarters: h}
	var every time.Duration
	var once bool
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Open cases, recompute data groups, sign production orders",
		Long: `Follow the ledger round after round: open the cases that stations sealed, recompute their data groups
and sign production orders. With --pkcs11 every key is used inside the token: the vault's own, the
document signer's, and the half of the sealing key that opens nothing without it. A token that fails
stops the signing; the vault says so and goes on when the token is back. A PIN that it refuses then is
not tried twice: the vault ends.

An applicant who may have another case waits until two officers have looked ("vault review"); what is
over a station's quota waits for the next day or month. vault/diary keeps what was opened, by which
marks applicants are recognised, and what two officers decided: "backup" takes it along where ledger and vault
share a directory; on a machine of its own, "vault backup" does.`,
		Example: `  headquarters vault --ledger https://hq.example.org:8443 \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := h.store()
			if err != nil {
				return err
			}
			defer keys.Close()
			v, err := h.openVault(keys, at.url)
			if err != nil {
				return err
			}
			defer v.Diary.Close()
			fmt.Fprintln(cmd.OutOrStdout(), "vault open")
			return h.rounds(cmd.Context(), v, keys, every, once)
		},
	}
	cmd.PersistentFlags().StringVar(&at.url, "ledger", "https://127.0.0.1:8443", "address of the ledger")
	cmd.Flags().DurationVar(&every, "every", 2*time.Second, "time between two rounds")
	cmd.Flags().BoolVar(&once, "once", false, "do one round and stop")
	cmd.AddCommand(at.reviewCommand(), at.signCommand(), at.allowCommand(), at.reindexCommand(),
		at.signaturesCommand())
	cmd.AddCommand(at.diaryCommands()...)
	return cmd
}

// rounds follows the ledger until it is stopped. A ledger that does not answer and a token that failed
// are tried again; a ledger that contradicts itself ends the vault, and so does a refused PIN.
func (h *headquarters) rounds(
	ctx context.Context, v *vault.Vault, keys keystore, every time.Duration, once bool,
) error {
	for {
		allocations, err := h.allocations()
		if err != nil {
			return err
		}
		if _, err = v.Round(ctx, allocations); err != nil {
			if failure := keys.Failure(); failure != nil {
				err = failure
			}
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case once:
			return err
		case errors.Is(err, token.ErrDevice), errors.Is(err, token.ErrNoToken):
			h.log.Error("token failed, nothing is signed until it is back", "error", err)
		case errors.Is(err, journal.ErrUnreachable):
			h.log.Warn("ledger unreachable, trying again")
		case errors.Is(err, journal.ErrRolledBack):
			h.log.Error("ledger was restored from a backup, it is read again from the start", "error", err)
		default:
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

func (h *headquarters) openVault(keys keystore, url string) (*vault.Vault, error) {
	own, key, err := h.vaultKey(keys)
	if err != nil {
		return nil, err
	}
	opener, err := h.opener(keys)
	if err != nil {
		return nil, err
	}
	dsc, err := readCertificate(h.path("public", fileSigner))
	if err != nil {
		return nil, fmt.Errorf("document signer: %w", err)
	}
	signer, err := keyOf(keys, dsc)
	if err != nil {
		return nil, fmt.Errorf("document signer: %w", err)
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
	marks, err := h.duplicateKey(keys)
	if err != nil {
		return nil, err
	}
	diary, err := h.openDiary(keys)
	if err != nil {
		return nil, err
	}
	return &vault.Vault{
		Notices: h.notices, Allocated: h.allocations, Decided: h.resolutions, Diary: diary, DuplicateKey: marks,
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
		if key.KeyID != c.StationID {
			h.log.Warn("station is being replaced, left as it was", "station", c.Station)
			continue
		}
		out = append(out, vault.Office{Charter: c, HPKE: key.HPKE, SPKI: key.SPKI})
	}
	return out, nil
}

// allocations reads the manifests that were decided on.
func (h *headquarters) allocations() ([]vault.Allocation, error) {
	found, err := filepath.Glob(h.path(dirAllocations, "*.json"))
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
