package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/ledger"
)

// auditCommand recomputes the whole ledger from its raw entries.
func (h *headquarters) auditCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Recompute the ledger: signatures, chains, tree, checkpoints, blobs",
		Long: `Recompute the whole ledger from its raw entries: every signature under the key of its time, every
chain, every node of the tree, every signed checkpoint, every blob's digest. The last line is the
verdict. With --backup the directory of a backup is audited instead, without a database.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := h.audit(cmd, dir)
			if err != nil {
				return err
			}
			return verdict(cmd.OutOrStdout(), a)
		},
	}
	cmd.Flags().StringVar(&dir, "backup", "", "audit this backup instead")
	return cmd
}

func (h *headquarters) audit(cmd *cobra.Command, dir string) (*ledger.Audit, error) {
	report := progress(cmd.ErrOrStderr(), "audit")
	if dir != "" {
		_, v, err := h.ledgerVerifier()
		if err != nil {
			return nil, err
		}
		return ledger.VerifyBackup(cmd.Context(), dir, v, report)
	}
	l, err := h.administer()
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.Verify(cmd.Context(), report)
}

// verdict prints every finding and one line.
func verdict(out io.Writer, a *ledger.Audit) error {
	for _, f := range a.Findings {
		fmt.Fprintf(out, "leaf %d: %v\n", f.Leaf, f.Err)
	}
	if !a.OK() {
		return fmt.Errorf("the ledger does not hold: %d findings", len(a.Findings))
	}
	fmt.Fprintf(out, "the ledger holds: %d entries in %d chains, %d checkpoints, %d blobs, root %s\n",
		a.Head.Size, a.Chains, a.Checkpoints, a.Blobs, a.Head.Root)
	return nil
}
