package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// auditCommand recomputes the whole ledger from its raw entries.
func (h *headquarters) auditCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "Recompute the ledger: signatures, chains, tree, checkpoints, blobs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := h.administer()
			if err != nil {
				return err
			}
			defer l.Close()
			audit, err := l.Verify(cmd.Context(), nil)
			if err != nil {
				return err
			}
			for _, f := range audit.Findings {
				fmt.Fprintln(cmd.OutOrStdout(), f)
			}
			if !audit.OK() {
				return fmt.Errorf("the ledger does not hold: %d findings", len(audit.Findings))
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the ledger holds")
			return nil
		},
	}
}
