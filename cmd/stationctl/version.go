package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/edition"
)

// versionCommand says what "--version" says and the hash of the program's file, which the day's entries hold.
func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which build this is, and the hash of the program, which the day's entries hold",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), cmd.Root().Name()+" version "+edition.Read().Long())
			return err
		},
	}
}
