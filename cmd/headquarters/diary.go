package main

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/vault"
)

// diaryBackup is the vault's diary in the directory of a backup.
const diaryBackup = "vault-diary"

// diaryCommands are for a vault on a machine of its own. Where ledger and vault share a directory,
// backup and restore do the same.
func (at *vaultAt) diaryCommands() []*cobra.Command {
	return []*cobra.Command{{
		Use:   "backup DIR",
		Short: "Bring the copy of the vault's diary and manifests in DIR up to date and read it back",
		Long: `Copy what vault/diary and allocations/ have and DIR does not, and read all of it back, the diary under the
vault's public key. DIR may be that of the ledger's backup. It needs no private key, and the vault goes on
meanwhile. Run it as often as the ledger's: a vault whose diary lacks an opening that the ledger names does not open.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return errors.Join(at.saveAllocations(cmd.OutOrStdout(), args[0]), at.saveDiary(cmd.OutOrStdout(), args[0]))
		},
	}, {
		Use:   "restore DIR",
		Short: "Take the vault's diary and manifests back from the copy in DIR",
		Long: `Bring vault/diary to the state of the copy in DIR, where it is gone or ends earlier. One that goes further
stays as it is. Manifests of allocated blanks that are not here come back. What is damaged is not written
over: move it away first, it may be evidence.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return errors.Join(at.restoreAllocations(cmd.OutOrStdout(), args[0]),
				at.restoreDiary(cmd.OutOrStdout(), args[0]))
		},
	}}
}

// vaultPublic is the key by which a diary is judged.
func (h *headquarters) vaultPublic() (*ecdsa.PublicKey, error) {
	c, err := h.certificate("vault", "client.der")
	if err != nil {
		return nil, err
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("vault's certificate: %w", vault.ErrDiary)
	}
	return key, nil
}

// saveDiary copies the diary of this directory's vault. A vault that has opened nothing yet has none.
func (h *headquarters) saveDiary(out io.Writer, dir string) error {
	return h.copyDiary(out, h.path("vault", fileDiary), filepath.Join(dir, diaryBackup), "safe in "+dir)
}

// restoreDiary takes it back, where the copy has more.
func (h *headquarters) restoreDiary(out io.Writer, dir string) error {
	return h.copyDiary(out, filepath.Join(dir, diaryBackup), h.path("vault", fileDiary), "restored from "+dir)
}

func (h *headquarters) copyDiary(out io.Writer, from, to, done string) error {
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(out, "no diary of a vault there")
		return nil
	}
	key, err := h.vaultPublic()
	if err != nil {
		return err
	}
	n, err := vault.CopyDiary(from, to, key)
	if err == nil {
		fmt.Fprintf(out, "%s: %d entries of the vault's diary\n", done, n)
	}
	return err
}

// hasVault tells whether the vault shares this directory.
func (h *headquarters) hasVault() bool {
	_, err := os.Stat(h.path("vault", "client.der"))
	return err == nil
}
