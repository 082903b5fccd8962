package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal"
	"padarozhnik/station/token"
)

// backupCommand brings the ledger's second place up to date.
func (h *headquarters) backupCommand() *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Bring a backup of the ledger up to date, read it back, and tell stations what is safe",
		Long: `Add to DIR what the ledger has and DIR does not, while the server goes on, and read it back from the
disk. Then the durable mark is set: answers to stations say from now on that so many entries are safe in
a second place, and only those may be a station's reason to erase something. DIR must therefore be on
another machine or disk than the ledger. Nothing that is in DIR already is changed.

DIR holds entries, checkpoints, sealed blobs that entries name, registered keys, and forks with their
evidence, in a form that knows nothing of the database. Where the vault shares this directory, its diary
is there as vault-diary, copied after the ledger, and the manifests of allocated blanks as allocations/; a
vault on a machine of its own has "vault backup".
Private keys are not in it: those are kept by the ceremonies that made them. Neither are public/,
ceremonies/ and stations/, which are plain files: copy them after each ceremony.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.withLedger(func(_ *token.Keyring, l *ledger.Ledger) error {
				return h.backups(cmd, l, args[0], every)
			})
		},
	}
	cmd.Flags().DurationVar(&every, "every", 0, "go on, with this time between two runs")
	return cmd
}

// backups runs once, or until it is stopped. With a time between runs, one that fails is tried again.
func (h *headquarters) backups(cmd *cobra.Command, l *ledger.Ledger, dir string, every time.Duration) error {
	for {
		d, err := h.backUp(cmd, l, dir)
		switch {
		case err == nil:
			if h.database == "" && sameDisk(dir, h.path("ledger")) {
				h.log.Warn("backup lies on the ledger's own disk, which may be lost with it", "dir", dir)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "safe in %s: %d entries, root %s\n", dir, d.Size, d.Root)
		case every == 0 || cmd.Context().Err() != nil:
			return err
		default:
			h.log.Error("backup failed, trying again", "err", err)
		}
		if every == 0 {
			return nil
		}
		select {
		case <-cmd.Context().Done():
			return cmd.Context().Err()
		case <-time.After(every):
		}
	}
}

// backUp runs once. The diary goes last: whatever opening the ledger in the backup names stands in it.
func (h *headquarters) backUp(cmd *cobra.Command, l *ledger.Ledger, dir string) (journal.Durable, error) {
	d, err := l.Backup(cmd.Context(), dir, progress(cmd.ErrOrStderr(), "backup"))
	if err == nil {
		err = h.saveAllocations(cmd.OutOrStdout(), dir)
	}
	if err == nil && h.hasVault() {
		err = h.saveDiary(cmd.OutOrStdout(), dir)
	}
	return d, err
}

// restoreCommand makes a ledger from a backup.
func (h *headquarters) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore DIR",
		Short: "Make the ledger anew from a backup",
		Long: `Make the ledger of this headquarters from the backup in DIR: in the headquarters directory, or with
--database in a PostgreSQL database, which must be empty. It is verified from its raw entries before
anything can open it. A restore that was cut off goes on when it is called again. What came after the
newest run of the backup is gone; stations notice that, say so, and send theirs again. The vault goes on
with directives in a new epoch. Its diary is restored too, where the vault shares this directory and the
backup has more of it, and so are manifests of allocated blanks that are not here.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := h.restore(cmd.Context(), args[0], progress(cmd.ErrOrStderr(), "restore"))
			if err == nil {
				err = h.restoreAllocations(cmd.OutOrStdout(), args[0])
			}
			if err == nil && h.hasVault() {
				err = h.restoreDiary(cmd.OutOrStdout(), args[0])
			}
			if err != nil && !errors.Is(err, vault.ErrDiaryBehind) { // the diary here is the newer one
				return err
			}
			return verdict(cmd.OutOrStdout(), a)
		},
	}
}

func (h *headquarters) restore(ctx context.Context, dir string, report func(done, total int64)) (*ledger.Audit, error) {
	o, err := h.ledgerOptions()
	if err != nil {
		return nil, err
	}
	a, err := ledger.Restore(ctx, dir, h.ledgerPlace(), o, report)
	if errors.Is(err, ledger.ErrNotEmpty) {
		return nil, fmt.Errorf("move what is there away first: %w", err)
	}
	return a, err
}

// sameDisk tells whether two places are on one file system; when in doubt, not.
func sameDisk(a, b string) bool {
	var of [2]uint64
	for i, path := range []string{a, b} {
		info, err := os.Stat(path)
		if err != nil {
			return false
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return false
		}
		of[i] = uint64(stat.Dev)
	}
	return of[0] == of[1]
}

// progress tells on a terminal how far a long command is, ten times a second at most.
func progress(to io.Writer, what string) func(done, total int64) {
	f, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var last time.Time
	return func(done, total int64) {
		if now := time.Now(); done == total || now.Sub(last) > 100*time.Millisecond {
			last = now
			fmt.Fprintf(to, "\r%s: %d of %d entries", what, done, total)
		}
		if done == total {
			fmt.Fprintln(to)
		}
	}
}
